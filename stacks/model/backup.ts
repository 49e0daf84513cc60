import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { object, optional, quantity } from "./check/shape";

export interface Backup {
  /**
   * Retention of backups in whole days: in the bucket, where they can't be deleted earlier, and of Aurora and RDS, which
   * restore to any second of it and allow at most 35 days. Snapshots of Elasticsearch are kept as long, in a bucket without a lock.
   * Changes in place. Kurrent Cloud has a `keep` of its own.
   * @default "35d"
   */
  readonly keep?: Duration;
}

export interface BackupSchedule {
  readonly every: Duration;
  readonly keep: Duration;
}

export const schedule = object<BackupSchedule>({ every: quantity(seconds), keep: quantity(seconds) });

export const backupShape = object<Backup>({ keep: optional(quantity(seconds)) });
