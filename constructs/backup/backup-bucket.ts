import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { exempt } from "../policy/contract";
import {
  type BucketPlace,
  bucketNames,
  expiringLifecycle,
  loggedBucket,
  type PrivateBucket,
  type PrivateBucketProps,
  type RecoveryRegion,
  refuseOwnRegion,
  replicateBucket,
} from "../storage";

export interface BackupBucketProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;
  readonly region: string;

  /** Customer-managed key that encrypts it, by ARN. */
  readonly key: string;

  /** Retention of a backup in days: protected from deletion until then, deleted afterwards. */
  readonly keepDays: number;

  /**
   * Locks backups and protects the bucket from deletion.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * Mode of the object lock, if `protect` is set.
   * @default "governance"
   */
  readonly lock?: BackupLock;

  /**
   * Copy in another region.
   * @default - none: backups are lost with the region
   */
  readonly recovery?: RecoveryRegion;
}

/**
 * Mode of the lock on backups until their retention ends. `governance`: principals with a special permission can remove the lock.
 * `compliance`: no principal can remove it, not even the account owner.
 */
export type BackupLock = "governance" | "compliance";

/** Longest retention of an S3 object lock in days: 100 years (Amazon S3, object lock). */
export const MAX_LOCK_DAYS = 36_500;

/** Names of all buckets with backups of an environment, known before a bucket exists. */
export function backupBuckets(place: BucketPlace, recoveryRegion?: string): ReturnType<typeof bucketNames> {
  return bucketNames("backups", place, recoveryRegion);
}

/** Bucket for backups: locked until they expire, with access logs, and copied to another region under another key. */
export class BackupBucket extends Construct {
  readonly id: string;
  readonly arn: string;

  /** Bucket of its access logs, which further buckets can share. */
  readonly accessLogs: PrivateBucket;

  /** The copy, if there is one. */
  readonly copy?: { readonly id: string; readonly arn: string };

  constructor(scope: Construct, id: string, props: BackupBucketProps) {
    super(scope, id);
    const { keepDays, protect = true, lock, recovery } = props;
    if (!Number.isInteger(keepDays) || keepDays < 1 || keepDays > MAX_LOCK_DAYS) {
      refuse(
        this,
        [{ value: keepDays, rule: "must be a number of days that S3 can lock", remedy: `use a whole number from 1 to ${MAX_LOCK_DAYS}` }],
        "keepDays",
      );
    }
    refuseOwnRegion(this, props.region, recovery);

    const [name, logsName, copyName = "", copyLogs = ""] = backupBuckets(props, recovery?.region);
    const shared = {
      protect,
      strictKey: true,
      lifecycle: [expiringLifecycle("backups", "", keepDays)],
      lock: protect ? { days: keepDays, ...(lock ? { mode: lock } : {}) } : {},
    };
    const bucketIn = (where: string, settings: Pick<PrivateBucketProps, "bucket" | "key" | "provider">, named: string) =>
      loggedBucket(this, where, { ...shared, ...settings }, { bucket: named, account: props.account, keepDays });
    const { bucket, logs } = bucketIn("primary", { bucket: name, key: props.key }, logsName);
    this.id = bucket.id;
    this.arn = bucket.arn;
    this.accessLogs = logs;
    if (!recovery) {
      exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "no recovery region is given: a lost region takes the backups along");
      return;
    }

    const { key, provider } = recovery;
    const { bucket: copy } = bucketIn("copy", { bucket: copyName, key, provider }, copyLogs);
    this.copy = { id: copy.id, arn: copy.arn };
    replicateBucket(this, {
      name: [...props.name, "backup-replication"],
      account: props.account,
      from: { bucket, key: props.key },
      to: { bucket: copy, key },
    });
  }
}
