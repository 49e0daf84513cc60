import type { Construct } from "constructs";
import { bucketName } from "../core/names";
import { exempt } from "../policy/contract";
import { logLifecycle } from "./lifecycle";
import { PrivateBucket, type PrivateBucketProps } from "./private-bucket";

/** Bucket that receives the access logs of other buckets. */
export interface AccessLogBucket {
  /** Bucket name, globally unique in AWS. */
  readonly bucket: string;

  /** Account from which S3 accepts access logs. */
  readonly account: string;

  /** Retention of the objects whose access is logged, in days. Logs are kept as long, but at least a year. */
  readonly keepDays: number;
}

/** Location of a bucket, and the prefix of its name, most general part first. */
export interface BucketPlace {
  readonly account: string;
  readonly region: string;
  readonly name: readonly string[];
}

/** Names of a bucket and of the bucket with its access logs, then of their copies in another region, known before they exist. */
export function bucketNames(
  use: string,
  { account, region, name }: BucketPlace,
  recoveryRegion?: string,
): readonly [string, string, ...(readonly string[])] {
  const named = (where: string, ...which: readonly string[]) => bucketName(account, where, ...name, use, ...which);
  const copies = recoveryRegion ? [named(recoveryRegion, "copy"), named(recoveryRegion, "copy", "logs")] : [];
  return [named(region), named(region, "logs"), ...copies];
}

/** Creates a bucket, and a second one for its access logs, whose construct has the same ID with `-logs` at its end. */
export function loggedBucket(
  scope: Construct,
  id: string,
  settings: Omit<PrivateBucketProps, "accessLogs">,
  { bucket, account, keepDays }: AccessLogBucket,
): { readonly bucket: PrivateBucket; readonly logs: PrivateBucket } {
  const logs = new PrivateBucket(scope, `${id}-logs`, {
    bucket,
    protect: settings.protect,
    lifecycle: [logLifecycle(keepDays)],
    statements: (arn) => [logDelivery(arn, account)],
    ...(settings.provider ? { provider: settings.provider } : {}),
  });
  exemptLogBucket(logs);
  return { bucket: new PrivateBucket(scope, id, { ...settings, accessLogs: logs }), logs };
}

function logDelivery(arn: string, account: string): object {
  return {
    Sid: "AccessLogs",
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `${arn}/*`,
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  };
}

function exemptLogBucket(logs: PrivateBucket): void {
  const bucket = logs.node.findChild("bucket");
  exempt(bucket, "CKV_AWS_145", "S3 delivers access logs only to buckets under its own key");
  exempt(bucket, "CKV_AWS_144", "access logs are worth nothing in another region");
}
