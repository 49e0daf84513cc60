import { type Bytes, bytes, seconds } from "../../../constructs/core/quantities";
import { LEAST_SCRATCH_POSTGRES, scratchPostgresProblem } from "../../../constructs/event-store";
import { POSTGRES_CLUSTER_SIZES } from "../../../constructs/postgres";
import type { Size } from "../../../constructs/sizing";
import { drill, drillSchedule } from "../backup";
import type { Draft, Finding } from "../check/finding";
import { object, optional, quantity, told } from "../check/shape";
import { anotherEngine, type BackedUp, type BackupTarget, COPY_EVENTS, type StoreEngine } from "./engine";
import { type StreamBackupSchedule, streamed } from "./kurrent";
import { type PostgresSettings, postgres, postgresEngine, serverSecrets, serverStorage } from "./postgres";
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
   * existing cluster it requires `backup.bucket` of the environment. Objectives are those of the server's `backup`.
   * docs/data.md#stream-backup-of-events-in-postgresql.
   * @default - none
   */
  readonly streamBackup?: PostgresStreamBackup;
}

/** Stream backup of events in PostgreSQL. */
export interface PostgresStreamBackup extends StreamBackupSchedule {
  /**
   * Size of the volume of restore drills, at least 2Gi: for all events with their indexes, and up to 1 GiB of write-ahead log. It exists only
   * during a drill. Changes in place.
   * @default - `storage` of the server, at least 2Gi; for Aurora, whose storage grows with its data, that of RDS of its size
   */
  readonly drillStorage?: Bytes;
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
      object<PostgresStreamBackup>({ every: quantity(seconds), keep: quantity(seconds), drill, drillStorage: optional(quantity(bytes)) }),
    ),
  }),
  resolved: ({ server }, sizing) => postgresEngine(server)?.resolved(server, sizing) ?? { settings: {} },
  backup: backups,
  streamBackup: ({ server, streamBackup }, of = "medium") => {
    if (!server || !streamBackup) return undefined;
    const { every, keep, drillStorage: storage = defaultDrillStorage(server, of) } = streamBackup;
    return { setting: "streamBackup", every, keep, scratch: { engine: "postgres", storage } };
  },
  problems: ({ server, streamBackup }, context) => [
    ...(postgresEngine(server)?.problems?.(server as PostgresSettings, context) ?? []).map(({ keys, ...problem }) => ({
      ...problem,
      keys: ["server", ...keys],
    })),
    ...drillStorageProblems(streamBackup),
  ],
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
  const schedule = drillSchedule(streamBackup ?? {}, { ...target, rto: server?.backup?.rto });
  const streams = (streamBackup ? streamed(streamBackup, target, schedule) : []).map(({ onDemand: _, ...method }) => method);
  return found && { ...found, methods: [...found.methods, ...streams] };
}

function defaultDrillStorage(server: Draft<PostgresSettings>, of: Size): Bytes {
  const storage = serverStorage(server, of);
  return scratchPostgresProblem({ storage }) ? LEAST_SCRATCH_POSTGRES : storage;
}

function drillStorageProblems({ drillStorage: storage }: Draft<PostgresStreamBackup> = {}): readonly Finding[] {
  const problem = storage === undefined ? undefined : scratchPostgresProblem({ storage });
  return problem ? [{ keys: ["streamBackup", "drillStorage"], ...problem }] : [];
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
