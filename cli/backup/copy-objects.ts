import type { BackupPlace } from "./records";
import { reached } from "./records";

/** Requests at the same time. Objects of a stream backup have up to 8 MiB. */
const AT_ONCE = 8;

/** Headers of an object that its copy has too: the type, and metadata such as its SHA-256. */
const KEPT = /^(content-type$|x-amz-meta-)/;

/** Copies all objects with a prefix to another bucket or prefix. Objects that are there already are skipped. @throws Refused */
export async function copyObjects(source: BackupPlace, into: BackupPlace): Promise<void> {
  await reached(async () => {
    const namesIn = async ({ s3, prefix }: BackupPlace) => (await s3.list(prefix)).map(({ key }) => key.slice(prefix.length));
    const there = new Set(await namesIn(into));
    const missing = (await namesIn(source)).filter((name) => !there.has(name));
    for (let start = 0; start < missing.length; start += AT_ONCE) {
      await Promise.all(missing.slice(start, start + AT_ONCE).map((name) => copyObject(name, source, into)));
    }
  });
}

async function copyObject(name: string, source: BackupPlace, into: BackupPlace): Promise<void> {
  const { headers, body } = await source.s3.read(source.prefix + name);
  const kept = Object.entries(headers).flatMap(([key, value]) => (KEPT.test(key) && typeof value === "string" ? [[key, value]] : []));
  await into.s3.create(into.prefix + name, body, undefined, Object.fromEntries(kept));
}
