import { published } from "../../drill/contract";
import { numberOf, scratchUrl } from "../stream-backup/environment";
import { log } from "../stream-backup/log";
import { Store } from "../stream-backup/store";
import { DrillClaim } from "../volume-snapshots/claim";
import { KubernetesApi } from "../volume-snapshots/kubernetes";
import { drill } from "./drill";
import { Pod } from "./pod";

/*
 * Restore drill of the newest snapshot of a volume of KurrentDB, on which a server of this pod runs. Variables: EVENT_STORE_URL, SCRATCH_URL
 * (the server), CLAIM, POD, NAMESPACE, API, API_CA, TOKEN, RPO and RTO (seconds), PAUSE (milliseconds), BUCKET, RESULTS (prefix), AWS_REGION
 * and credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service; METRICS_PORT, to expose the result to Prometheus.
 */
async function main(env: NodeJS.ProcessEnv): Promise<boolean> {
  const needed = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const api = new KubernetesApi({ url: needed("API"), ca: env.API_CA, token: needed("TOKEN") }, needed("NAMESPACE"));
  const settings = {
    claim: new DrillClaim(api, needed("CLAIM")),
    pod: new Pod(api, needed("POD")),
    rpo: numberOf(env, "RPO"),
    rto: numberOf(env, "RTO"),
    pause: numberOf(env, "PAUSE", 5000),
  };
  const [source, scratch] = [new Store(needed("EVENT_STORE_URL")), new Store(scratchUrl(env, "kurrentdb"))];
  return published(env, () => drill({ ...settings, source, scratch }));
}

// Ends also if a comparison still runs, of a drill that took too long.
const end = (code: number) => process.stdout.write("", () => process.exit(code));

main(process.env).then(
  (passed) => end(passed ? 0 : 1),
  (error: unknown) => {
    log("failed", { error: error instanceof Error ? error.message : String(error) });
    end(1);
  },
);
