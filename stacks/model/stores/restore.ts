import { scheduleProblems } from "../../../constructs/workload";
import { object, optional, text, value, whole } from "../check/shape";
import { name } from "../common";

/**
 * Creation of a PostgreSQL server from a backup of another one, whose data and archive stay as they are. Only read when the server is
 * created: an existing server is never restored in place. docs/restore.md has the steps.
 */
export interface Restore {
  readonly from: RestoreSource;
  readonly target: RestoreTarget;

  /**
   * Record of the events at the target or before it, as printed by the job `<server>-record` (`records` of the event store). After the restore, a job compares number,
   * last position and hash of the restored events with it, and fails if they differ. Only for events in PostgreSQL.
   * @default - all events are read, which finds damaged pages, and compared with nothing
   */
  readonly record?: EventRecord;
}

/** Server whose backup is restored. Same engine, version and database. */
export interface RestoreSource {
  /**
   * Environment of this program with the server. On AWS it must have the same account, and the same region or this one as
   * `aws.recoveryRegion`.
   * @default - the environment itself: the new server stands beside the old one, under another name
   */
  readonly environment?: string;

  /**
   * Name of the server there.
   * @default - the name of the new one
   */
  readonly server?: string;
}

/** End of the restore. Exactly one setting: without a target, recovery would silently end at the first damaged WAL file. */
export interface RestoreTarget {
  /**
   * Time in UTC, to the second: `2026-11-21T02:15:00Z`. Transactions committed later are not restored. It must not be later than the last
   * archived transaction.
   */
  readonly time?: string;

  /** Position in the write-ahead log: `0/5000060`. The position of a record restores exactly the events of that record. `cloudnative-pg` only. */
  readonly lsn?: string;

  /** ARN of a snapshot of RDS or Aurora in the region of the environment, for example a copy by AWS Backup. `aurora` and `rds` only. */
  readonly snapshot?: string;

  /** Restores up to the position of `record`, the newest one that is known. Requires `record`. `cloudnative-pg` only. */
  readonly latest?: true;
}

/** Events of a store up to a position, as recorded while the store was running. */
export interface EventRecord {
  readonly id: string;

  /** Time in UTC. */
  readonly time: string;

  /** Position in the write-ahead log, after the last of these events and before the next. */
  readonly lsn: string;

  /** Position of the last event. */
  readonly position: number;

  /** Number of events up to this position. */
  readonly count: number;

  /** SHA-256 chain over these events, in hexadecimal digits. */
  readonly hash: string;
}

const isTime = (input: unknown, pattern: RegExp) =>
  typeof input === "string" &&
  pattern.test(input) &&
  !Number.isNaN(Date.parse(input)) &&
  new Date(input).toISOString().startsWith(input.slice(0, 19));

const toTheSecond = value((input) =>
  isTime(input, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    ? undefined
    : { rule: "must be a time in UTC, to the second", remedy: "write one like 2026-11-21T02:15:00Z" },
);

const recorded = value((input) =>
  isTime(input, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    ? undefined
    : { rule: "is not the time of a record", remedy: "copy the record as it was printed" },
);

const lsn = text(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, "must be a position in the write-ahead log", "write one like 0/5000060");

const snapshot = text(
  /^arn:aws:(rds:[a-z0-9-]+:\d{12}:(cluster-)?snapshot|backup:[a-z0-9-]+:\d{12}:recovery-point):\S+$/,
  "must be the ARN of a snapshot",
  "write one like arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:awsbackup:copyjob-0a1b",
);

const only = value((input) => (input === true ? undefined : { rule: "can only be true", remedy: "use true, or time or lsn instead" }));

export const restore = object<Restore>({
  from: object<RestoreSource>({ environment: optional(name), server: optional(name) }),
  target: object<RestoreTarget>({ time: optional(toTheSecond), lsn: optional(lsn), snapshot: optional(snapshot), latest: optional(only) }),
  record: optional(
    object<EventRecord>({
      id: text(/^[0-9a-f-]{36}$/, "is not the id of a record", "copy the record as it was printed"),
      time: recorded,
      lsn,
      position: whole(0, Number.MAX_SAFE_INTEGER),
      count: whole(0, Number.MAX_SAFE_INTEGER),
      hash: text(/^[0-9a-f]{64}$/, "is not the hash of a record", "copy the record as it was printed"),
    }),
  ),
});

/** Schedule of records of events. */
export const recordSchedule = value((input) => scheduleProblems(typeof input === "string" ? input : "")[0]);

/** The target's kind and value. */
export function targetOf({ target, record }: Restore): { readonly kind: "time" | "lsn" | "snapshot"; readonly value: string } | undefined {
  if (target.time !== undefined) return { kind: "time", value: target.time };
  if (target.snapshot !== undefined) return { kind: "snapshot", value: target.snapshot };
  const position = target.lsn ?? (target.latest ? record?.lsn : undefined);
  return position === undefined ? undefined : { kind: "lsn", value: position };
}
