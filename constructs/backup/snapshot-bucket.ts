import { Construct } from "constructs";
import { bucketName } from "../core/names";
import { exempt } from "../policy/contract";
import { PrivateBucket } from "../storage";

export interface SnapshotBucketProps {
  /** Prefix of its name, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;
  readonly region: string;

  /** Customer-managed key that encrypts it, by ARN. */
  readonly key: string;

  /** Bucket of its access logs, in the same region. */
  readonly accessLogs: PrivateBucket;

  /**
   * Protects the bucket from deletion.
   * @default true
   */
  readonly protect?: boolean;
}

/** Days for which a deleted or replaced object can be restored: two weeks, so that there is time to notice a deletion. */
const DELETED_DAYS = 14;

/** Name of the bucket, known before it exists. */
export function snapshotBucket({ account, region, name }: Pick<SnapshotBucketProps, "account" | "region" | "name">): string {
  return bucketName(account, region, ...name, "snapshots");
}

/**
 * Bucket of a repository whose application replaces and deletes objects itself, such as Elasticsearch snapshots. It has no object lock,
 * which would make those deletions fail: versioning keeps deleted objects for 14 days.
 */
export class SnapshotBucket extends Construct {
  readonly id: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: SnapshotBucketProps) {
    super(scope, id);
    const { key, accessLogs, protect = true } = props;
    const bucket = new PrivateBucket(this, "snapshots", {
      bucket: snapshotBucket(props),
      key,
      strictKey: true,
      protect,
      accessLogs,
      lifecycle: [
        {
          id: "deleted",
          status: "Enabled",
          filter: [{ prefix: "" }],
          expiration: [{ expiredObjectDeleteMarker: true }],
          noncurrentVersionExpiration: [{ noncurrentDays: DELETED_DAYS }],
        },
      ],
    });
    exempt(
      bucket.node.findChild("bucket"),
      "CKV_AWS_144",
      "S3 replicates objects in no order, so the copy of a repository is not always one",
    );
    this.id = bucket.id;
    this.arn = bucket.arn;
  }
}
