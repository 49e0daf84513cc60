import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { S3Client, s3FromEnvironment } from "../../aws-client";
import { FolderTrail } from "./folder";
import { requireP256 } from "./signer";
import { type Verification, verifyTrail } from "./verifier";

/** Arguments of a verification. */
export const VERIFY_ARGUMENTS = "--key <file> (--folder <folder> | --bucket <name>)\n    [--as-of <time>] [--head <sha256>] [--json]";

/** Text of `--help` for a program that is called like this. */
export function verifyUsage(call: string): string {
  return `Usage:
  ${call}

Verifies an audit trail: signatures of its digests, their chain, and every record.

  --key <file>       public key that signed the digests, as PEM; repeat it after a change of the key
  --folder <folder>  a copy of the bucket, made by: aws s3 sync s3://<bucket> <folder>
  --bucket <name>    the bucket itself, with AWS_REGION and AWS credentials in the environment
  --as-of <time>     time at which the copy was made, like 2026-11-28T18:00:00Z; now by default
  --head <sha256>    SHA-256 of a digest, noted earlier at another place, that must be in the chain
  --json             prints the result as JSON

Exit codes:
  0  the trail is complete and unchanged
  1  records or digests are altered, missing, inserted or out of order; each is named
  2  nothing was verified: wrong arguments, or the trail can't be read`;
}

/** Exit code if nothing was verified, because arguments are wrong or the trail can't be read. */
export const NOTHING_VERIFIED = 2;

interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

const CONSOLE: Output = { out: (line) => void process.stdout.write(`${line}\n`), error: (line) => void process.stderr.write(`${line}\n`) };

/** Verifies the trail that a command line names, prints the result, and returns the exit code. */
export async function verifyCommand(args: readonly string[], { out, error }: Output = CONSOLE): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    out(verifyUsage(`node audit-verify.mjs ${VERIFY_ARGUMENTS}`));
    return 0;
  }
  try {
    const { trail, json, ...settings } = read(args);
    const result = await verifyTrail(trail, settings);
    for (const line of json ? [JSON.stringify(result, null, 1)] : report(result)) out(line);
    return result.problems.length > 0 ? 1 : 0;
  } catch (failure) {
    error(failure instanceof Error ? failure.message : String(failure));
    return NOTHING_VERIFIED;
  }
}

const OPTIONS = {
  key: { type: "string", multiple: true },
  folder: { type: "string" },
  bucket: { type: "string" },
  "as-of": { type: "string" },
  head: { type: "string" },
  json: { type: "boolean" },
} as const;

function read(args: readonly string[]) {
  const unknown = args.find((word) => word.startsWith("-") && !Object.hasOwn(OPTIONS, word.replace(/^--|=.*/gs, "")));
  const names = Object.keys(OPTIONS).map((name) => `--${name}`);
  if (unknown) throw new Error(`${unknown}: not an option here; use ${names.join(", ")}`);
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { key = [], folder, bucket, "as-of": time, head, json = false } = values;
  if (key.length === 0) throw new Error("--key: is missing; give the file of the public key that signed the digests");
  if ((folder === undefined) === (bucket === undefined)) throw new Error("--folder, --bucket: give exactly one of them");
  if (folder !== undefined && !existsSync(folder)) throw new Error(`--folder: "${folder}" does not exist; give the folder of a copy`);
  const asOf = time === undefined ? Date.now() : Date.parse(time);
  if (Number.isNaN(asOf)) throw new Error(`--as-of: "${time}" is not a time; write one like 2026-11-28T18:00:00Z`);
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head))
    throw new Error(`--head: "${head}" is not a SHA-256; write 64 hexadecimal digits`);
  const trail = folder === undefined ? new S3Client(s3FromEnvironment(process.env, bucket ?? "")) : new FolderTrail(folder);
  return { trail, json, asOf, keys: key.map(publicKey), ...(head === undefined ? {} : { head }) };
}

function publicKey(file: string): KeyObject {
  const key = createPublicKey(readFileSync(file));
  requireP256(key, `--key: "${file}"`);
  return key;
}

function report({ problems, digests, records, expired, pending, late, versions, head }: Verification): readonly string[] {
  return [
    ...problems.map(({ kind, key, reason }) => `${kind.toUpperCase()} ${key}: ${reason}`),
    `${digests} digests, ${records} records verified, ${late} of them late, ${expired} expired, ${pending} without a digest yet`,
    ...(versions ? [] : ["versions were not read: a record that was deleted before its digest leaves no other trace"]),
    ...(head ? [`newest digest: ${head}`] : []),
    problems.length > 0 ? `${problems.length} problems` : "no problems: the trail is complete and unchanged",
  ];
}
