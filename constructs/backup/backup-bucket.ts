import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { bucketName } from "../core/names";
import { exempt } from "../policy/contract";
import {
  expiringLifecycle,
  loggedBucket,
  type PrivateBucket,
  type PrivateBucketProps,
  type RecoveryRegion,
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
export function backupBuckets(place: BucketPlace, recoveryRegion?: string): readonly string[] {
  return [...names(place, ""), ...(recoveryRegion ? names({ ...place, region: recoveryRegion }, COPY) : [])];
}

type BucketPlace = Pick<BackupBucketProps, "account" | "region" | "name">;

const COPY = "copy";

/** Names of a bucket and of the bucket with its access logs. */
function names({ account, region, name }: BucketPlace, which: string): readonly [string, string] {
  const called = (...use: readonly string[]) => bucketName(account, region, ...name, "backups", ...(which ? [which] : []), ...use);
  return [called(), called("logs")];
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
    if (recovery?.region === props.region) {
      refuse(
        this,
        [{ value: recovery.region, rule: "is the region of the bucket itself, and is lost with it", remedy: "choose another region" }],
        "recovery.region",
      );
    }

    const shared = {
      protect,
      strictKey: true,
      lifecycle: [expiringLifecycle("backups", "", keepDays)],
      lock: protect ? { days: keepDays, ...(lock ? { mode: lock } : {}) } : {},
    };
    const { bucket, logs } = this.loggedBucket("", { ...shared, key: props.key }, props.region, props);
    this.id = bucket.id;
    this.arn = bucket.arn;
    this.accessLogs = logs;
    if (!recovery) {
      exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "no recovery region is given: a lost region takes the backups along");
      return;
    }

    const { bucket: copy } = this.loggedBucket(COPY, { ...shared, key: recovery.key, provider: recovery.provider }, recovery.region, props);
    this.copy = { id: copy.id, arn: copy.arn };
    replicateBucket(this, {
      name: [...props.name, "backup-replication"],
      account: props.account,
      from: { bucket, key: props.key },
      to: { bucket: copy, key: recovery.key },
    });
  }

  private loggedBucket(
    which: string,
    settings: Omit<PrivateBucketProps, "bucket">,
    region: string,
    props: BackupBucketProps,
  ): { readonly bucket: PrivateBucket; readonly logs: PrivateBucket } {
    const [bucket, logs] = names({ ...props, region }, which);
    return loggedBucket(
      this,
      which || "primary",
      { ...settings, bucket },
      { bucket: logs, account: props.account, keepDays: props.keepDays },
    );
  }
}
