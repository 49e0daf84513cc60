import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketLoggingA } from "@cdktf/provider-aws/lib/s3-bucket-logging";
import { S3BucketObjectLockConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { exempt } from "../policy/contract";

export interface PrivateBucketProps {
  /** Its name in the one namespace that all of AWS shares. */
  readonly bucket: string;

  /**
   * The customer-managed key that encrypts it, by ARN.
   * @default - S3's own key, the only one that access logs can be delivered under
   */
  readonly key?: string;

  /** Whether the bucket and what lies in it are guarded against deletion. */
  readonly protect: boolean;

  /**
   * Days for which nobody can delete a version without a permission that no role here has
   * (object lock, governance mode).
   * @default - no lock
   */
  readonly lockDays?: number;

  /**
   * Where it writes down who asked for what. In the same region.
   * @default - nowhere
   */
  readonly accessLogs?: PrivateBucket;

  /** What becomes of its objects with time. Uploads that never ended are removed in any case. */
  readonly lifecycle?: readonly S3BucketLifecycleConfigurationRule[];

  /**
   * Statements of its policy, beside those that refuse plain HTTP and old TLS.
   * @default - none
   */
  readonly statements?: (arn: string) => readonly object[];

  /**
   * The provider, of another region than the stack's.
   * @default - the stack's
   */
  readonly provider?: TerraformProvider;
}

/** A bucket that nobody outside the account sees, encrypted, versioned, and read over TLS only. */
export class PrivateBucket extends Construct {
  readonly id: string;
  readonly arn: string;

  /** What has to be there before the bucket may be replicated. */
  readonly versioning: S3BucketVersioningA;

  /** What has to be there before access logs may be delivered to the bucket. */
  readonly policy: S3BucketPolicy;

  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id);
    const bucket = new S3Bucket(this, "bucket", {
      ...place(props),
      bucket: props.bucket,
      forceDestroy: !props.protect,
      objectLockEnabled: props.lockDays !== undefined,
      lifecycle: { preventDestroy: props.protect },
    });
    const common = { ...place(props), bucket: bucket.id };
    this.id = bucket.id;
    this.arn = bucket.arn;

    this.versioning = new S3BucketVersioningA(this, "versioning", { ...common, versioningConfiguration: { status: "Enabled" } });
    new S3BucketServerSideEncryptionConfigurationA(this, "encryption", { ...common, rule: [encryption(props.key)] });
    const closed = new S3BucketPublicAccessBlock(this, "public-access", {
      ...common,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "ownership", { ...common, rule: { objectOwnership: "BucketOwnerEnforced" } });
    this.policy = new S3BucketPolicy(this, "policy", {
      ...common,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [...guards(bucket.arn, props.key !== undefined), ...(props.statements?.(bucket.arn) ?? [])],
      }),
      dependsOn: [closed], // S3 refuses two changes of a bucket's access at once
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      ...common,
      rule: [...(props.lifecycle ?? []), UNFINISHED_UPLOADS],
      dependsOn: [this.versioning],
    });
    if (props.lockDays !== undefined) {
      new S3BucketObjectLockConfigurationA(this, "lock", {
        ...common,
        rule: { defaultRetention: { mode: "GOVERNANCE", days: props.lockDays } },
        dependsOn: [this.versioning],
      });
    }
    if (props.accessLogs) {
      new S3BucketLoggingA(this, "access-logs", {
        ...common,
        targetBucket: props.accessLogs.id,
        targetPrefix: `${props.bucket}/`,
        dependsOn: [props.accessLogs.policy], // S3 refuses a target that does not admit log delivery yet
      });
    }
    exempt(bucket, "CKV2_AWS_62", "nothing waits for events of this bucket");
  }
}

const UNFINISHED_UPLOADS: S3BucketLifecycleConfigurationRule = {
  id: "unfinished-uploads",
  status: "Enabled",
  filter: [{ prefix: "" }],
  abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
};

function place({ provider }: PrivateBucketProps) {
  return provider ? { provider } : {};
}

function encryption(key: string | undefined) {
  return key
    ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key }, bucketKeyEnabled: true }
    : { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
}

function guards(arn: string, customerKey: boolean): object[] {
  const deny = { Effect: "Deny", Principal: "*", Resource: [arn, `${arn}/*`] };
  return [
    { Sid: "TlsOnly", ...deny, Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "NoOldTls", ...deny, Action: "s3:*", Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
    ...(customerKey
      ? [
          {
            Sid: "NoOtherEncryption",
            ...deny,
            Resource: [`${arn}/*`],
            Action: "s3:PutObject",
            // An upload that names no encryption gets the bucket's own, so only a named other one is refused.
            Condition: {
              Null: { "s3:x-amz-server-side-encryption": "false" },
              StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" },
            },
          },
        ]
      : []),
  ];
}
