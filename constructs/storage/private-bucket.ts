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
   * Whether its versions can be locked. It is decided when the bucket is made, once for all; with `days`
   * every version is locked for so long (governance mode), and deploy roles are denied the way around it.
   * @default - they can't
   */
  readonly lock?: { readonly days?: number };

  /**
   * Whether an upload that names an encryption must name the key by its ARN. One under another key would lie
   * there unnoticed, and could not be replicated.
   * @default false
   */
  readonly strictKey?: boolean;

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
      objectLockEnabled: props.lock !== undefined,
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
        Statement: [...guards(bucket.arn, props), ...(props.statements?.(bucket.arn) ?? [])],
      }),
      dependsOn: [closed], // S3 refuses two changes of a bucket's access at once
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      ...common,
      rule: [...(props.lifecycle ?? []), UNFINISHED_UPLOADS],
      dependsOn: [this.versioning],
    });
    if (props.lock?.days !== undefined) {
      new S3BucketObjectLockConfigurationA(this, "lock", {
        ...common,
        rule: { defaultRetention: { mode: "GOVERNANCE", days: props.lock.days } },
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

function guards(arn: string, { key, strictKey }: PrivateBucketProps): object[] {
  const deny = { Effect: "Deny", Principal: "*" };
  const everything = { ...deny, Action: "s3:*", Resource: [arn, `${arn}/*`] };
  const upload = { ...deny, Action: "s3:PutObject", Resource: `${arn}/*` };
  const [named, namedKey] = ["s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"];
  return [
    { Sid: "TlsOnly", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "NoOldTls", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
    // An upload that names no encryption gets the bucket's own.
    ...(key
      ? [{ Sid: "NoOtherEncryption", ...upload, Condition: { Null: { [named]: "false" }, StringNotEquals: { [named]: "aws:kms" } } }]
      : []),
    ...(key && strictKey
      ? [
          { Sid: "NoOtherKey", ...upload, Condition: { Null: { [namedKey]: "false" }, StringNotEquals: { [namedKey]: key } } },
          // Named without its key, aws:kms means the key of S3 itself and not that of the bucket.
          { Sid: "NoNamelessKey", ...upload, Condition: { Null: { [named]: "false", [namedKey]: "true" } } },
        ]
      : []),
  ];
}
