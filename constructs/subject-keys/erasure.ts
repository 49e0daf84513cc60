import { randomUUID } from "node:crypto";
import { S3Client, s3FromEnvironment } from "../aws-client";
import { type Erasure, SubjectKeyClient, subjectKeysFromEnvironment } from "./subject-keys";

/** Type of the audit records of erasures. */
export const TYPE = "EraseSubjectKey";

/** Audit record of an erasure. */
export interface ErasureRecord {
  readonly time: string;
  readonly kind: "access";
  readonly type: typeof TYPE;
  readonly id: string;
  readonly actor: { readonly id: string };

  /** SHA-256 of the subject's id. */
  readonly subject: string;

  /** `begun`: written before the deletion. `absent`: the subject had no data key, or an earlier attempt deleted it. */
  readonly result: "begun" | "erased" | "absent";
  readonly data: { readonly table: string; readonly keyId?: string; readonly final: string };
}

/** An erasure with the key of the audit record that proves it. */
export interface RecordedErasure extends Erasure {
  readonly record: string;
}

/**
 * Deletes the data key of a subject, and writes audit records before and after it. Repeat it after a failure. Reads the variables of workloads
 * that erase: those of data keys, `AUDIT_BUCKET` and `AUDIT_PATH`.
 */
export async function eraseSubject(subject: string, actor: string, env: NodeJS.ProcessEnv = process.env): Promise<RecordedErasure> {
  const props = subjectKeysFromEnvironment(env);
  const keys = new SubjectKeyClient(props);
  const path = required(env.AUDIT_PATH, "AUDIT_PATH");
  const trail = trailOf(env);
  const write = async (result: ErasureRecord["result"], { subject: hash, keyId, final }: Erasure) => {
    const [time, id] = [new Date().toISOString(), randomUUID()];
    const data = { table: props.table, ...(keyId ? { keyId } : {}), final: final.toISOString() };
    const content: ErasureRecord = { time, kind: "access", type: TYPE, id, actor: { id: actor }, subject: hash, result, data };
    const key = `access/${time.slice(0, 13).replace(/[-T]/g, "/")}/${path}/${id}.json`;
    // False: the answer to the first attempt was lost.
    await trail.create(key, Buffer.from(JSON.stringify(content)));
    return key;
  };
  // A trail that can't be written stops the erasure before it begins.
  await write("begun", await keys.prepare(subject));
  const erasure = await keys.erase(subject);
  return { ...erasure, record: await write(erasure.keyId ? "erased" : "absent", erasure) };
}

/** Bucket of the audit trail. */
export function trailOf(env: NodeJS.ProcessEnv): S3Client {
  const bucket = required(env.AUDIT_BUCKET, "AUDIT_BUCKET");
  return new S3Client(s3FromEnvironment(env, bucket));
}

/** A value that must be given. */
export function required(value: string | undefined, name: string): string {
  if (!value) throw new Error(`${name}: is missing`);
  return value;
}
