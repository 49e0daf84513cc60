import { backup } from "./backup";
import type { Bucket } from "./bucket";
import { runCommand, settingsOf } from "./command";
import { drilled } from "./drill";
import { scratchUrl } from "./environment";
import { PostgresLog } from "./postgres";
import { restoreInPostgres } from "./postgres-restore";

const USAGE = `stream-backup: all events of an event store in PostgreSQL in an S3 bucket
  backup                                     adds new events
  verify [--generation NAME]                 checks every object
  restore [--generation NAME] [--until …]    into an empty store; until sequence:N or position:N, by default the end
          [--sha256 HASH]                    of the last object
  drill                                      restores the newest backup into the store of SCRATCH_URL, an empty one on this machine
Variables: EVENT_STORE_URL, BUCKET, PREFIX, AWS_REGION and credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service;
for backup OBJECT_SIZE (bytes), FULL_EVERY, FULL_BUDGET and QUIET (seconds); for drill SCRATCH_URL, RPO and RTO (seconds), RESULTS, the
prefix of its results, and METRICS_PORT, to expose them to Prometheus; RESULTS_BUCKET and RESULTS_REGION, if BUCKET is a copy of the backups.`;

runCommand({
  usage: USAGE,
  commands: { backup: [], restore: ["generation", "until", "sha256"], drill: [] },
  run: async (command, options, bucket, url) => {
    const store = new PostgresLog(url);
    try {
      if (command === "backup") return await backup(store, bucket, settingsOf(process.env));
      if (command === "drill") return await drill(bucket, store, process.env);
      await restoreInPostgres(bucket, store, options);
      return true;
    } finally {
      store.close();
    }
  },
});

async function drill(bucket: Bucket, source: PostgresLog, env: NodeJS.ProcessEnv): Promise<boolean> {
  const scratch = new PostgresLog(scratchUrl(env, "postgres"));
  const restore = async () => {
    // A restore accepts a store that has exactly the events of the backup.
    if (await scratch.end()) throw new Error("the scratch server is not empty, so that a drill would restore nothing");
    return await restoreInPostgres(bucket, scratch, {});
  };
  try {
    return await drilled(bucket, { source, restore }, env);
  } finally {
    scratch.close();
  }
}
