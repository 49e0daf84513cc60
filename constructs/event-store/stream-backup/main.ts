import { backup } from "./backup";
import type { Bucket } from "./bucket";
import { runCommand, settingsOf } from "./command";
import { drilled } from "./drill";
import { numberOf, scratchUrl } from "./environment";
import { follow, promote } from "./follow";
import { restore, type Wanted } from "./restore";
import { Store } from "./store";

const USAGE = `stream-backup: all events of KurrentDB in an S3 bucket
  backup                                     adds new events
  verify [--generation NAME]                 checks every object
  restore [--generation NAME] [--until …]    into an empty store; until sequence:N or position:N, by default the end
          [--sha256 HASH]                    of the last object, as in the record of a backup
  drill                                      restores the newest backup into the store of SCRATCH_URL, an empty one on this machine
  follow                                     adds events of new objects of another store's backup; into an empty store, or one that follows
  promote [--until sequence:N]               ends following: completes the store, and compares all events
Variables: EVENT_STORE_URL, BUCKET, PREFIX, AWS_REGION and credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service;
for backup OBJECT_SIZE (bytes), FULL_EVERY, FULL_BUDGET and QUIET (seconds); for follow MAX_LAG (seconds); for drill
SCRATCH_URL, RPO and RTO (seconds), RESULTS, the prefix of its results, and METRICS_PORT, to expose them to
Prometheus; RESULTS_BUCKET and RESULTS_REGION, if BUCKET is a copy of the backups.`;

runCommand({
  usage: USAGE,
  commands: { backup: [], restore: ["generation", "until", "sha256"], follow: [], promote: ["until"], drill: [] },
  run: async (command, options, bucket, url) => {
    const store = new Store(url);
    try {
      return await run(command, options, bucket, store, process.env);
    } finally {
      store.close();
    }
  },
});

async function run(command: string, options: Wanted, bucket: Bucket, store: Store, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (command === "backup") return backup(store, bucket, settingsOf(env));
  if (command === "drill") return drill(bucket, store, env);
  if (command === "follow") return follow(store, bucket, { maxLag: numberOf(env, "MAX_LAG", 2 * 3600) });
  if (command === "restore") await restore(bucket, store, options);
  else await promote(store, bucket, sequenceOf(options));
  return true;
}

function sequenceOf({ until }: Wanted): number | undefined {
  if (until && "position" in until) throw new Error("a promotion ends with an object: --until sequence:N");
  return until?.sequence;
}

async function drill(bucket: Bucket, source: Store, env: NodeJS.ProcessEnv): Promise<boolean> {
  const scratch = new Store(scratchUrl(env, "kurrentdb"));
  try {
    return await drilled(bucket, { source, restore: () => restore(bucket, scratch, {}) }, env);
  } finally {
    scratch.close();
  }
}
