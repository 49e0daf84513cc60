import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { S3Client, s3FromEnvironment } from "../aws-client";
import type { DrillResult } from "./result";

export { measure, type Objectives } from "./measure";
export type { DrillResult };

/** Metadata of an object that records its SHA-256. */
const RECORDED = "x-amz-meta-sha256";

/** Stores a result as an object of its own, named by the time of the drill: `<prefix>/20261128T180000Z.json`. */
export async function publish(s3: Pick<S3Client, "create" | "headersOf">, prefix: string, result: DrillResult): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(result, undefined, 2)}\n`);
  const key = `${prefix}/${result.time.replace(/[-:]|\.\d+/g, "")}.json`;
  const headers = { "content-type": "application/json", [RECORDED]: hashOf(body) };
  if (await s3.create(key, body, undefined, headers)) return;
  // The answer of an earlier attempt may have been lost.
  if ((await s3.headersOf(key))[RECORDED] !== hashOf(body)) throw new Error(`${key}: another drill has written it`);
}

/** Reads the newest result below a prefix. Undefined if there is none. @throws Error if it is damaged */
export async function newestResult(s3: Pick<S3Client, "bucket" | "list" | "read">, prefix: string): Promise<DrillResult | undefined> {
  const keys = (await s3.list(`${prefix}/`)).map(({ key }) => key).filter((key) => /\/\d{8}T\d{6}Z\.json$/.test(key));
  const newest = keys.sort().at(-1);
  if (newest === undefined) return undefined;
  const { headers, body } = await s3.read(newest);
  const place = `s3://${s3.bucket}/${newest}`;
  if (headers[RECORDED] !== hashOf(body)) {
    throw new Error(`${place}: its SHA-256 is ${hashOf(body)}, and ${headers[RECORDED] ?? "none"} was recorded`);
  }
  const result = parsed(String(body));
  if (typeof result?.passed !== "boolean" || typeof result.time !== "string" || !Array.isArray(result.problems)) {
    throw new Error(`${place}: is not the result of a drill`);
  }
  return result as DrillResult;
}

function parsed(text: string): Partial<DrillResult> | null {
  try {
    return JSON.parse(text) as Partial<DrillResult> | null;
  } catch {
    return null;
  }
}

function hashOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Drills, and stores the result in `BUCKET`, below `RESULTS`. Returns true if the drill passed. @throws Error if one is not set */
export async function published(env: NodeJS.ProcessEnv, drill: () => Promise<DrillResult>): Promise<boolean> {
  const { BUCKET: bucket, RESULTS: prefix } = env;
  if (!bucket) throw new Error("BUCKET is not set");
  if (!prefix) throw new Error("RESULTS is not set");
  const s3 = new S3Client(s3FromEnvironment({ AWS_ROLE_SESSION_NAME: "restore-drill", ...env }, bucket));
  const { passed } = await exposed(env, async () => {
    const result = await drill();
    process.stdout.write(`${JSON.stringify({ message: "drilled", ...result })}\n`);
    await publish(s3, prefix, result);
    return result;
  });
  return passed;
}

/** Time in seconds for which a result is exposed: two scrapes at the longest interval, and a quarter of a minute. */
const EXPOSED = 75;

/**
 * Runs a drill and, with `METRICS_PORT`, exposes its result to Prometheus before the pod ends. Until there is one, the endpoint answers
 * without series, so that it counts as up.
 */
export async function exposed<Result extends DrillResult>(env: NodeJS.ProcessEnv, drill: () => Promise<Result>): Promise<Result> {
  const { METRICS_PORT: port, METRICS_SECONDS: seconds = EXPOSED } = env;
  if (port === undefined) return await drill();
  let text = "";
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(Number(port), resolve));
  try {
    const result = await drill();
    text = metricsOf(result);
    await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
    return result;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A result in the text format of Prometheus. A duration that could not be measured is NaN, which replaces that of an earlier drill. */
export function metricsOf({ time, passed, restoreSeconds, lossSeconds, rpoSeconds, rtoSeconds }: DrillResult): string {
  const series: readonly (readonly [name: string, value: number | null])[] = [
    ["restore_drill_timestamp_seconds", Date.parse(time) / 1000],
    ["restore_drill_passed", passed ? 1 : 0],
    ['restore_drill_seconds{objective="rpo"}', lossSeconds],
    ['restore_drill_seconds{objective="rto"}', restoreSeconds],
    ['restore_drill_objective_seconds{objective="rpo"}', rpoSeconds],
    ['restore_drill_objective_seconds{objective="rto"}', rtoSeconds],
  ];
  return series.map(([name, value]) => `${name} ${value ?? "NaN"}\n`).join("");
}
