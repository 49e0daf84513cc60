import { seconds } from "../../../constructs/core/quantities";
import { POSTGRES_CLUSTER_SIZES } from "../../../constructs/postgres";
import type { Size } from "../../../constructs/sizing";
import type { BackupSchedule } from "../backup";
import type { Draft, Finding } from "../check/finding";
import { object, optional, quantity, told } from "../check/shape";
import { anotherEngine, type BackedUp, type BackupTarget, COPY_EVENTS, type StoreEngine } from "./engine";
import { streamed } from "./kurrent";
import { type PostgresSettings, postgres, postgresEngine, serverSecrets } from "./postgres";
import { recordSchedule } from "./restore";

/** Event store in PostgreSQL tables. */
export interface PostgresEventsSettings {
  readonly engine: "postgres";

  /** Dedicated PostgreSQL server of the event store. */
  readonly server: PostgresSettings;

  /**
   * Cron schedule (UTC) at which number, last position and hash of all events are recorded: `"0 * * * *"`. A restore can end at the newest
   * record and is compared with it; docs/restore.md. Each record reads all events.
   * @default - none
   */
  readonly records?: string;

  /**
   * Backup of all events in the environment's bucket, in addition to the backups of the server: `{ every: "15m", keep: "28d" }`. Any program
   * can read its objects, and they are restored into a server of another engine or version, which the server's own backups are not. On an
   * existing cluster it requires `backup.bucket` of the environment. docs/data.md#stream-backup-of-events-in-postgresql.
   * @default - none
   */
  readonly streamBackup?: Pick<BackupSchedule, "every" | "keep">;
}

export const postgresEvents: StoreEngine<PostgresEventsSettings> = {
  secrets: (name, { server }) => serverSecrets(server.name ?? name, server),
  server: ({ server }) => server,
  kind: "event-store",
  runs: "cluster",
  shape: object<PostgresEventsSettings>({
    engine: told,
    server: postgres,
    records: optional(recordSchedule),
    streamBackup: optional(
      object<NonNullable<PostgresEventsSettings["streamBackup"]>>({ every: quantity(seconds), keep: quantity(seconds) }),
    ),
  }),
  resolved: ({ server }, sizing) => postgresEngine(server)?.resolved(server, sizing) ?? { settings: {} },
  backup: backups,
  streamBackup: ({ streamBackup }) => streamBackup && { setting: "streamBackup", ...streamBackup },
  problems: ({ server }, context) =>
    (postgresEngine(server)?.problems?.(server as PostgresSettings, context) ?? []).map(({ keys, ...problem }) => ({
      ...problem,
      keys: ["server", ...keys],
    })),
  unacknowledged: unacknowledgedEvents,
  dataLoss: (before, after, sizes) => {
    const [was, now] = [before, after].map(({ server }) => server.name ?? "event-store");
    if (was !== now)
      return [{ at: "server.name", value: now, rule: `was ${was}: a server of another name is another, and empty`, remedy: `keep ${was}` }];
    return serverLoss(before.server, after.server, sizes).map((problem) => ({ ...problem, at: `server.${problem.at}` }));
  },
};

/** Backups of the server, which `npm run backup` makes, and of its events. */
function backups({ server, streamBackup }: Draft<PostgresEventsSettings>, target: BackupTarget): BackedUp | undefined {
  const found = postgresEngine(server)?.backup(server as PostgresSettings, target);
  const streams = (streamBackup ? streamed(streamBackup, target) : []).map(({ onDemand: _, ...method }) => method);
  return found && { ...found, methods: [...found.methods, ...streams] };
}

function serverLoss(before: PostgresSettings, after: PostgresSettings, sizes: Parameters<typeof postgresEvents.dataLoss>[2]) {
  if (before.engine !== after.engine) return [anotherEngine(before.engine, after.engine, "what it holds", COPY_EVENTS)];
  return postgresEngine(before)?.dataLoss(before, after, sizes) ?? [];
}

/** Values that PostgreSQL treats as `on`, or that wait for more (PostgreSQL 17, `synchronous_commit`). */
const FLUSHED = /^(on|true?|tru|t|yes?|ye|y|1|remote_apply)$/i;

/**
 * Settings that let PostgreSQL acknowledge events that it may lose. An acknowledged event must be on the server's disk, and on two servers
 * if there are two.
 */
function unacknowledgedEvents({ server }: Draft<PostgresEventsSettings>, size?: Size): readonly Finding[] {
  if (!server) return [];
  const keys = ["server"];
  const or = "or say in exceptions.asynchronousEvents why that is right here";
  const commit = server.parameters?.synchronous_commit;
  const found: Finding[] =
    commit === undefined || FLUSHED.test(String(commit))
      ? []
      : [
          {
            keys: [...keys, "parameters", "synchronous_commit"],
            value: commit,
            rule: "acknowledges events before a second server has them on its disk",
            remedy: `leave it out, ${or}`,
          },
        ];
  if (!("synchronous" in server) || server.synchronous === undefined) return found;
  const { instances = POSTGRES_CLUSTER_SIZES[server.size ?? size ?? "medium"].instances, synchronous } = server;
  if (instances === 1 || (synchronous !== false && synchronous.durability === "required")) return found;
  const [below, rule] =
    synchronous === false
      ? [[], "acknowledges events that no second server has"]
      : [["durability"], "acknowledges events that no second server has while standbys are away"];
  const value = synchronous === false ? false : synchronous.durability;
  return [
    ...found,
    {
      keys: [...keys, "synchronous", ...below],
      ...(value === undefined ? {} : { value }),
      rule,
      remedy: `use durability "required", ${or}`,
    },
  ];
}
