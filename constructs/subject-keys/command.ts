import { parseArgs } from "node:util";
import { type ErasureRecord, eraseSubject, required, TYPE, trailOf } from "./erasure";
import { hashOf, SubjectKeyClient, subjectKeysFromEnvironment } from "./subject-keys";

const USAGE = `Usage:
  node subject-keys.mjs erase <subject> --actor <name>
  node subject-keys.mjs prove <subject> --record <key>

erase  deletes the data key of a data subject, confirms it by a consistent read, and writes audit records of kind access before and
       after it, with the SHA-256 of the subject's id. The second is the proof. Repeat it after a failure.
prove  confirms that the subject has no data key, or a newer one, and that the record proves the erasure

  --actor <name>  who erases, for the record; without personal data where that isn't needed
  --record <key>  key of the audit record, as erase printed it

Reads SUBJECT_KEYS_TABLE, SUBJECT_KEYS_KEY, AUDIT_BUCKET, AWS_REGION and AWS credentials from the environment; erase also AUDIT_PATH, and
SUBJECT_KEYS_RECOVERY_DAYS in a region with a copy of the table.

Exit codes:
  0  erased, or proven
  1  not proven: each reason is printed
  2  stopped: wrong arguments, or AWS refused a request`;

interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

const CONSOLE: Output = { out: (line) => void process.stdout.write(`${line}\n`), error: (line) => void process.stderr.write(`${line}\n`) };

/** Erases a subject, or proves an erasure, as a command line says. Returns the exit code. */
export async function command(args: readonly string[], { out, error }: Output = CONSOLE, env = process.env): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    out(USAGE);
    return 0;
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { actor: { type: "string" }, record: { type: "string" } },
      allowPositionals: true,
    });
    const [action, subject, ...more] = positionals;
    if ((action !== "erase" && action !== "prove") || !subject || more.length > 0) throw new Error(USAGE);
    return action === "erase"
      ? await erase(subject, required(values.actor, "--actor"), env, out)
      : await prove(subject, required(values.record, "--record"), env, out);
  } catch (failure) {
    error(failure instanceof Error ? failure.message : String(failure));
    return 2;
  }
}

async function erase(subject: string, actor: string, env: NodeJS.ProcessEnv, out: Output["out"]): Promise<number> {
  const { subject: hash, keyId, final, record } = await eraseSubject(subject, actor, env);
  out(keyId ? `erased: data key ${keyId} of ${hash}` : `absent: ${hash} had no data key`);
  out(`record: ${record}`);
  out(`final: ${final.toISOString()}`);
  return 0;
}

async function prove(subject: string, key: string, env: NodeJS.ProcessEnv, out: Output["out"]): Promise<number> {
  const props = subjectKeysFromEnvironment(env);
  const content = await trailOf(env).get(key);
  const current = await new SubjectKeyClient(props).keyIdOf(subject);
  const { type, subject: hash, result, data, time }: Partial<ErasureRecord> = content ? JSON.parse(String(content)) : {};
  const problems = [
    ...(content ? [] : [`${key}: does not exist`]),
    ...(content && (type !== TYPE || result === "begun") ? [`${key}: is not the record of a completed erasure`] : []),
    ...(content && hash !== hashOf(subject) ? [`${key}: is about another subject`] : []),
    ...(content && data?.table !== props.table ? [`${key}: is about another table`] : []),
    ...(current !== undefined && (data?.keyId === undefined || current === data.keyId) ? [`data key ${current} exists`] : []),
  ];
  for (const problem of problems) out(problem);
  if (problems.length > 0 || !data) return 1;
  out(`${data.keyId ? `data key ${data.keyId}` : "a data key"} of ${hash} does not exist; erased at ${time}`);
  if (current) out(`data key ${current} was created since: the subject has new data`);
  const isFinal = Date.parse(data.final) <= Date.now();
  out(isFinal ? `final since ${data.final}: no backup has the key` : `final from ${data.final}: until then a backup can restore the key`);
  return 0;
}
