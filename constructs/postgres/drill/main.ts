import { readFileSync } from "node:fs";
import { published } from "../../drill/contract";
import { drill } from "./drill";
import { ScratchCluster } from "./kubernetes";
import { Server } from "./server";

/*
 * Restore drill of a server of CloudNativePG. Variables: MANIFEST (file of the scratch Cluster), API, API_CA, TOKEN, POD and POD_UID (its
 * owner), SOURCE_URL, SCRATCH_URL, DIGEST (file; of an event store), RPO and RTO (seconds), BUCKET, RESULTS (prefix), AWS_REGION and
 * credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service; METRICS_PORT, to expose the result to Prometheus.
 */
async function main(env: NodeJS.ProcessEnv): Promise<boolean> {
  const needed = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const seconds = (name: string): number => {
    const text = needed(name);
    if (!/^\d{1,9}$/.test(text)) throw new Error(`${name}: ${text} must be a whole number`);
    return Number(text);
  };
  const pause = Number(env.PAUSE ?? 5000);
  const digest = env.DIGEST ? readFileSync(env.DIGEST, "utf8") : undefined;
  const access = { url: needed("API"), ca: env.API_CA, token: needed("TOKEN") };
  return published(env, () =>
    drill({
      scratch: new ScratchCluster(access, JSON.parse(readFileSync(needed("MANIFEST"), "utf8")), pause),
      owner: { name: needed("POD"), uid: needed("POD_UID") },
      source: new Server(needed("SOURCE_URL"), digest),
      restored: new Server(needed("SCRATCH_URL"), digest),
      rpo: seconds("RPO"),
      rto: seconds("RTO"),
      upload: Number(env.UPLOAD ?? 60),
      pause,
    }),
  );
}

main(process.env).then(
  (passed) => {
    process.exitCode = passed ? 0 : 1;
  },
  (error: unknown) => {
    process.stdout.write(`${JSON.stringify({ message: "failed", error: error instanceof Error ? error.message : String(error) })}\n`);
    process.exitCode = 1;
  },
);
