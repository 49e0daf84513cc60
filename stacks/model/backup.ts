import type { BackupLock } from "../../constructs/backup";
import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { choice, list, object, optional, quantity, text } from "./check/shape";

export interface Backup {
  /**
   * Retention of backups in whole days: in the bucket and in the vaults, where they can't be deleted earlier. Automated backups of
   * Aurora and RDS, which restore to any second, are kept for 35 days at most. Snapshots of Elasticsearch are kept as long,
   * in a bucket without a lock. Changes in place. A store can have a `backup.keep` of its own.
   * @default "35d"
   */
  readonly keep?: Duration;

  /**
   * How backups in the bucket and snapshots of databases are locked until their retention ends. `governance`: a person with the right
   * to do so can take the lock away. `compliance`: nobody can, and the bucket and the vaults can't be destroyed while they hold any;
   * the vaults' lock is final after 7 days, and the shortest retention can't change from then on. Refused with `disposable`.
   * @default "governance", or no lock with the exception `disposable`
   */
  readonly lock?: BackupLock;

  /**
   * Mail addresses that are told of missed and failed snapshots, copies and restore tests of databases: `["oncall@example.com"]`. Each
   * has to confirm a mail first.
   * @default - none: alarms show in CloudWatch only
   */
  readonly notify?: readonly string[];
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
   * Time between two snapshots of AWS Backup: 6h, 8h, 12h or 1d. They outlive the database and, copied,
   * its region; automated backups restore to any second, and only in the region. Changes in place.
   * @default "1d"
   */
  readonly every?: Duration;

  /**
   * Retention of snapshots in whole days. Automated backups are kept as long, and 35 days at most. Changes in place.
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

export const managedBackup = object<ManagedBackup>({ every: optional(quantity(seconds)), keep, ...objectives });

export const archiveBackup = object<ArchiveBackup>({ every: optional(quantity(seconds)), ...objectives });

export const cacheBackup = object<CacheBackup>({ keep });

const address = text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "must be a mail address", "write one like oncall@example.com");

export const backupShape = object<Backup>({
  keep,
  lock: optional(choice(["governance", "compliance"], "lock")),
  notify: optional(list(address, "name one or several, or leave it out")),
});
