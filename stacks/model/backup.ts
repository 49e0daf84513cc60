import type { BackupLock } from "../../constructs/backup";
import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { scheduleProblems } from "../../constructs/workload";
import { choice, flag, list, object, optional, quantity, text, value } from "./check/shape";
import { address, anything, mailAddress, name, secretKey } from "./common";

/** Backups of an environment: retention, lock, recipients of notices, and storage outside of AWS. */
export interface Backup {
  /**
   * Retention of backups in whole days: in the bucket and in the vaults, where they can't be deleted earlier. Automated backups of Aurora
   * and RDS, for point-in-time recovery, are kept for 35 days at most. Snapshots of Elasticsearch are kept equally long, in a bucket
   * without a lock. Changes in place. A store can override it with its own `backup.keep`.
   * @default "35d"
   */
  readonly keep?: Duration;

  /**
   * Mode of the lock on backups in the bucket and on snapshots of databases until their retention ends. `governance`: a user with a special
   * permission can remove the lock. `compliance`: no user can, and the bucket and the vaults can't be destroyed while they contain backups;
   * the lock of the vaults is final after 7 days, and then the shortest retention can't change. Not allowed with `disposable`.
   * @default "governance", or no lock with the exception `disposable`
   */
  readonly lock?: BackupLock;

  /**
   * Email addresses that are notified about missed and failed snapshots, copies and restore tests of databases, and about objects that could
   * not be copied to `aws.recoveryRegion`: `["oncall@example.com"]`. Each recipient must confirm the subscription first.
   * @default - none: alarms are visible in CloudWatch only
   */
  readonly notify?: readonly string[];

  /**
   * Restore drills of stream backups read the copy in `aws.recoveryRegion`, in place of the bucket in the environment's region. They then
   * prove that the copy can be restored; the measured data loss contains the time of the copy, up to 15 minutes. Changes in place.
   * @default false
   */
  readonly drillCopies?: boolean;

  /**
   * Maximum age of the newest on-demand backup (`npm run backup`) at an apply: `"24h"`. Without such a backup, `npm run apply` refuses before
   * anything is planned. The first deployment, `--stores` and, in an emergency, `--without-backup` are exempt. Changes nothing deployed.
   * @default - an apply requires no backup
   */
  readonly beforeRelease?: Duration;

  /**
   * Bucket of an S3-compatible storage for backups of `cloudnative-pg`, and for stream backups, of stores on existing clusters.
   * @default - none: stores on existing clusters have no backups; a protected environment then needs the exception `noBackup`
   */
  readonly bucket?: OutsideBucket;
}

/**
 * Existing bucket of an S3-compatible storage: MinIO, Ceph, R2. The environment writes below `<system>-<environment>/`. CloudNativePG deletes
 * its backups after `backup.keep`, so it needs the right to delete; versioning or object lock of the bucket protect them from that right.
 * Stream backups require conditional writes (`If-None-Match`), lists of object versions (`ListObjectVersions`), and a lifecycle rule of the
 * bucket that deletes their objects after `backup.keep`, not before.
 */
export interface OutsideBucket {
  /** URL of the storage: `https://s3.example.com:9000`. */
  readonly endpoint: string;

  /** Name of the bucket. */
  readonly bucket: string;

  /** @default "us-east-1" */
  readonly region?: string;

  /** Secret with the keys `access-key-id` and `secret-access-key`, which you create in the namespace of each store that is backed up. */
  readonly credentials: { readonly secret: string };

  /**
   * Secret with the CA certificate of the endpoint, which you create in the same namespaces.
   * @default - a public CA
   */
  readonly authority?: {
    readonly secret: string;

    /** @default "ca.crt" */
    readonly key?: string;
  };
}

/** Recovery objectives of the backups of one store. Checked against its engine and its schedule, and printed. */
export interface BackupObjectives {
  /**
   * Recovery point objective: the maximum data loss, as a period of time.
   * @default - the data loss that the schedule implies
   */
  readonly rpo?: Duration;

  /**
   * Recovery time objective: the maximum duration of a restore.
   * @default - "1h", "2h" or "4h" by size, or the next whole hour in which a restore is possible
   */
  readonly rto?: Duration;
}

/** Backups with a configurable interval and retention. */
export interface BackupSchedule extends BackupObjectives {
  /** Time between two backups. */
  readonly every: Duration;

  /** Retention of each backup. */
  readonly keep: Duration;
}

/** Restore drills of the backups of one store. */
export interface Drilled {
  /**
   * Restore drills: cron schedule (UTC) at which a job restores the newest backup into a temporary server, compares it, and measures data
   * loss and duration. A drill fails, with an alert, if one exceeds its objective. `false`: none. Changes in place. docs/drills.md.
   * @default "30 5 * * 0" (Sunday), or none if `rto` of the store's backup is not set or the environment is disposable
   */
  readonly drill?: string | false;
}

/** Backups of a server that AWS runs. */
export interface ManagedBackup extends BackupObjectives {
  /**
   * Interval between snapshots of AWS Backup: 6h, 8h, 12h or 1d. They remain if the database is lost and, if copied, if its region is;
   * automated backups support point-in-time recovery, but only in the region. Changes in place.
   * @default "1d"
   */
  readonly every?: Duration;

  /**
   * Retention of snapshots in whole days. Automated backups are kept equally long, but 35 days at most. Changes in place.
   * @default - `backup.keep` of the environment
   */
  readonly keep?: Duration;
}

/** Backups of a server of CloudNativePG. Their retention is `backup.keep` of the environment: the bucket deletes them. */
export interface ArchiveBackup extends BackupObjectives {
  /**
   * Interval between base backups: 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d or 7d. A restore replays the write-ahead log since the last base backup,
   * so a longer interval makes it slower. Changes in place.
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

/** Snapshots of the volumes of a store on a cluster. */
export interface VolumeSnapshotSchedule {
  /** Time between two snapshots: 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d. */
  readonly every: Duration;

  /** Retention of each snapshot. On a cluster that the environment creates in whole days, during which EBS locks it like `backup.lock`. */
  readonly keep: Duration;

  /**
   * VolumeSnapshotClass on an existing cluster, with `deletionPolicy: Delete`.
   * @default - on a cluster that the environment creates: a class of EBS
   */
  readonly class?: string;
}

/** Default schedule of restore drills. */
const DEFAULT_DRILL = "30 5 * * 0";

/** Schedule of the drills of a store's backups. Undefined if there are none. */
export function drillSchedule(
  { drill }: { readonly drill?: string | false | undefined },
  { rto, isProtected }: { readonly rto: Duration | undefined; readonly isProtected: boolean },
): string | undefined {
  if (drill === false) return undefined;
  return drill ?? (isProtected && rto !== undefined ? DEFAULT_DRILL : undefined);
}

export const drill = optional(
  value((input) => (input === false ? undefined : scheduleProblems(typeof input === "string" ? input : "")[0])),
);

const objectives = { rpo: optional(quantity(seconds)), rto: optional(quantity(seconds)) };
const keep = optional(quantity(seconds));

export const schedule = object<BackupSchedule>({ every: quantity(seconds), keep: quantity(seconds), ...objectives });

export const drilledSchedule = object<BackupSchedule & Drilled>({
  every: quantity(seconds),
  keep: quantity(seconds),
  ...objectives,
  drill,
});

export const managedBackup = object<ManagedBackup>({ every: optional(quantity(seconds)), keep, ...objectives });

export const archiveBackup = object<ArchiveBackup & Drilled>({ every: optional(quantity(seconds)), ...objectives, drill });

export const volumeSnapshotSchedule = object<VolumeSnapshotSchedule & Drilled>({
  every: quantity(seconds),
  keep: quantity(seconds),
  class: optional(name),
  drill,
});

export const cacheBackup = object<CacheBackup>({ keep });

const outsideBucket = object<OutsideBucket>({
  endpoint: address(/^https:\/\/[^\s/]+$/, "must be an https address without a path", "write one like https://s3.example.com:9000"),
  bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not a valid bucket name", "write one like orders-backups"),
  region: optional(anything),
  credentials: object<OutsideBucket["credentials"]>({ secret: name }),
  authority: optional(object<NonNullable<OutsideBucket["authority"]>>({ secret: name, key: optional(secretKey) })),
});

export const backupShape = object<Backup>({
  keep,
  lock: optional(choice(["governance", "compliance"], "lock")),
  notify: optional(list(mailAddress, "name one or several, or leave it out")),
  drillCopies: optional(flag),
  beforeRelease: optional(quantity(seconds)),
  bucket: optional(outsideBucket),
});
