import { readFileSync } from "node:fs";
import { KmsClient, kmsFromEnvironment, S3Client, s3FromEnvironment } from "../../aws-client";
import { Digester, type DigesterSettings } from "./digester";
import { keySigner, kmsSigner, type Signer } from "./signer";

/** One line of JSON on standard output. The log keeps the hash of each digest outside of the bucket. */
function log(message: string, fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...fields })}\n`);
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function settings(bucket: string): DigesterSettings {
  const { LOCK_MODE: lock } = process.env;
  if (lock && lock !== "GOVERNANCE" && lock !== "COMPLIANCE") throw new Error(`LOCK_MODE: ${lock} must be GOVERNANCE or COMPLIANCE`);
  return { bucket, keepDays: JSON.parse(required("KEEP_DAYS")), ...(lock ? { lock: lock as "GOVERNANCE" | "COMPLIANCE" } : {}) };
}

function signer(): Signer {
  const { SIGNING_KEY_FILE: file } = process.env;
  return file
    ? keySigner(readFileSync(file, "utf8"))
    : kmsSigner(new KmsClient(kmsFromEnvironment(process.env)), required("SIGNING_KEY_ARN"));
}

async function main(): Promise<void> {
  const bucket = required("BUCKET");
  const trail = new S3Client(s3FromEnvironment(process.env, bucket));
  const head = await new Digester(trail, signer(), settings(bucket), log).run(Date.now());
  log("complete", { newest: head?.digest.end ?? null, sha256: head?.sha256 ?? null });
}

main().catch((error: unknown) => {
  log("failed", { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
});
