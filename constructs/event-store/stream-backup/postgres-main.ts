import { backup } from "./backup";
import { runCommand, settingsOf } from "./command";
import { PostgresLog } from "./postgres";
import { restoreInPostgres } from "./postgres-restore";

const USAGE = `stream-backup: all events of an event store in PostgreSQL in an S3 bucket
  backup                                     adds new events
  verify [--generation NAME]                 checks every object
  restore [--generation NAME] [--until …]    into an empty store; until sequence:N or position:N, by default the end
          [--sha256 HASH]                    of the last object
Variables: EVENT_STORE_URL, BUCKET, PREFIX, AWS_REGION and credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service;
for backup OBJECT_SIZE (bytes), FULL_EVERY, FULL_BUDGET and QUIET (seconds).`;

runCommand({
  usage: USAGE,
  commands: { backup: [], restore: ["generation", "until", "sha256"] },
  run: async (command, options, bucket, url) => {
    const store = new PostgresLog(url);
    try {
      if (command === "backup") return await backup(store, bucket, settingsOf(process.env));
      await restoreInPostgres(bucket, store, options);
      return true;
    } finally {
      store.close();
    }
  },
});
