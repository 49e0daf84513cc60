import type { Bucket } from "./bucket";
import { type Link, start, unpack } from "./format";
import { checked, contentsOf, type Generation, tampered } from "./generations";
import { log } from "./log";

/** Checks every object of the backup. Returns the problems, each with the key of its object. */
export async function verify(bucket: Bucket, only?: string): Promise<readonly string[]> {
  const contents = await contentsOf(bucket);
  const { generations, foreign } = contents;
  const problems = foreign.map((key) => `${key}: was not written by this program`);
  const { deleted, overwritten } = await tampered(bucket, contents);
  for (const key of deleted) problems.push(`${key}: was deleted, and its versions are hidden by a delete marker`);
  for (const key of overwritten) problems.push(`${key}: was overwritten, and an earlier version is the right one`);
  let restorable = false;
  for (const generation of generations.toReversed()) {
    if (only && generation.name !== only) continue;
    // The bucket deletes old objects at the end of their retention, the first ones first. A newer generation has replaced them.
    if (restorable && hasExpired(generation)) {
      log("expired", { generation: generation.name });
      continue;
    }
    const { problems: found, link } = await verifyGeneration(bucket, generation);
    problems.push(...found);
    if (found.length === 0 && link.complete) restorable = true;
  }
  if (!restorable) problems.push(`bucket ${bucket.name}: no complete generation without problems, so there is nothing to restore`);
  return problems;
}

/** Only its first objects are missing. */
function hasExpired({ name, keys, gap }: Generation): boolean {
  const first = Number(keys[0]?.slice(name.length + 1, name.length + 9));
  return (
    gap !== undefined && first > 1 && keys.every((key, index) => Number(key.slice(name.length + 1, name.length + 9)) === first + index)
  );
}

async function verifyGeneration(
  bucket: Bucket,
  { name, keys, gap }: Generation,
): Promise<{ readonly problems: readonly string[]; readonly link: Link }> {
  const problems = gap ? [gap] : [];
  let [link, last]: [Link, Link | undefined] = [start(name), gap ? undefined : start(name)];
  for (const key of keys) {
    const { body, recorded } = await bucket.read(key);
    try {
      ({ link } = checked(key, () => unpack(key, body, recorded, last)));
      last = gap ? undefined : link;
    } catch (error) {
      problems.push((error as Error).message);
      // The next object is compared with itself only: one damage is reported once.
      last = undefined;
    }
  }
  if (problems.length === 0) {
    const { sequence, total: events, through, complete, made } = link;
    log("verified", { generation: name, objects: sequence, events, through: through?.position.commit.toString() ?? null, complete, made });
  }
  return { problems, link };
}
