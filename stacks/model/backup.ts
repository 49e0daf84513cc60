import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { object, optional, quantity } from "./check/shape";

export interface Backup {
  /**
   * Retention of backups in whole days: in the bucket, where they can't be deleted earlier, and of Aurora and RDS, which
   * restore to any second of it and allow at most 35 days. Snapshots of Elasticsearch are kept as long, in a bucket without a lock.
   * Changes in place. A store can have a `backup.keep` of its own.
   * @default "35d"
   */
  readonly keep?: Duration;
}

/** What the backups of one store are for. Checked against what its engine and its schedule can do, and printed. */
export interface BackupObjectives {
  /**
   * Recovery point objective: the longest time whose writes may be lost with the store.
   * @default - what the schedule allows
   */
  readonly rpo?: Duration;

  /**
   * Recovery time objective: the longest time that a restore may take.
   * @default - "1h", "2h" or "4h" by size, or the next whole hour in which a restore can end at all
   */
  readonly rto?: Duration;
}

/** Backups at a distance that you choose, each kept for a time that you choose. */
export interface BackupSchedule extends BackupObjectives {
  /** Time between two backups. */
  readonly every: Duration;

  /** Retention of each. */
  readonly keep: Duration;
}

/** Backups of a server that AWS runs. */
export interface ManagedBackup extends BackupObjectives {
  /**
   * Retention in whole days, at most 35. Changes in place.
   * @default - `backup.keep` of the environment
   */
  readonly keep?: Duration;
}

/** Backups of a server of CloudNativePG. `backup.keep` of the environment is their retention: its bucket deletes them. */
export interface ArchiveBackup extends BackupObjectives {
  /**
   * Time between two base backups: 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d or 7d. A restore replays the write-ahead log since the last one, so
   * that fewer make it slower. Changes in place.
   * @default "1d"
   */
  readonly every?: Duration;
}

/** Snapshots of a cache: one a day, in its backup window. */
export interface CacheBackup {
  /**
   * Retention in whole days, at most 35. Changes in place.
   * @default - 7 days, or no snapshots with the exception `disposable`
   */
  readonly keep?: Duration;
}

const objectives = { rpo: optional(quantity(seconds)), rto: optional(quantity(seconds)) };
const keep = optional(quantity(seconds));

export const schedule = object<BackupSchedule>({ every: quantity(seconds), keep: quantity(seconds), ...objectives });

export const managedBackup = object<ManagedBackup>({ keep, ...objectives });

export const archiveBackup = object<ArchiveBackup>({ every: optional(quantity(seconds)), ...objectives });

export const cacheBackup = object<CacheBackup>({ keep });

export const backupShape = object<Backup>({ keep });
