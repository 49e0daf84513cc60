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
import { policyDocument } from "../core/policy-document";
import { exempt } from "../policy/contract";

export interface PrivateBucketProps {
  /** Bucket name, globally unique in AWS. */
  readonly bucket: string;

  /**
   * ARN of the customer-managed key that encrypts it.
   * @default - S3's own key, the only one that supports access log delivery
   */
  readonly key?: string;

  /** Protects the bucket and its objects from deletion. */
  readonly protect: boolean;

  /**
   * Enables Object Lock. Only possible when the bucket is created; with `days` every version is locked for that time, in governance mode by
   * default; deploy roles are denied the permission to bypass it.
   * @default - disabled
   */
  readonly lock?: { readonly days?: number; readonly mode?: "governance" | "compliance" };

  /**
   * Requires that uploads that set an encryption name the key by its ARN. An object under another key would stay unnoticed, and could not
   * be replicated.
   * @default false
   */
  readonly strictKey?: boolean;

  /**
   * Target bucket of access logs, in the same region.
   * @default - none
   */
  readonly accessLogs?: PrivateBucket;

  /** Lifecycle rules of its objects. Incomplete uploads are always removed. */
  readonly lifecycle?: readonly S3BucketLifecycleConfigurationRule[];

  /**
   * Policy statements in addition to those that deny plain HTTP and old TLS versions.
   * @default - none
   */
  readonly statements?: (arn: string) => readonly object[];

  /**
   * The provider, for a bucket in another region.
   * @default - the stack's
   */
  readonly provider?: TerraformProvider;
}

/** A private bucket: no public access, encrypted, versioned, and accessible over TLS only. */
export class PrivateBucket extends Construct {
  readonly id: string;
  readonly arn: string;

  /** Dependency of the bucket's replication. */
  readonly versioning: S3BucketVersioningA;

  /** Dependency of access log delivery to the bucket. */
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
      policy: policyDocument([...guards(bucket.arn, props), ...(props.statements?.(bucket.arn) ?? [])]),
      dependsOn: [closed], // S3 rejects two concurrent changes of a bucket's access
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      ...common,
      rule: [...(props.lifecycle ?? []), UNFINISHED_UPLOADS],
      dependsOn: [this.versioning],
    });
    if (props.lock?.days !== undefined) {
      new S3BucketObjectLockConfigurationA(this, "lock", {
        ...common,
        rule: { defaultRetention: { mode: (props.lock.mode ?? "governance").toUpperCase(), days: props.lock.days } },
        dependsOn: [this.versioning],
      });
    }
    if (props.accessLogs) {
      new S3BucketLoggingA(this, "access-logs", {
        ...common,
        targetBucket: props.accessLogs.id,
        targetPrefix: `${props.bucket}/`,
        dependsOn: [props.accessLogs.policy], // S3 rejects a target that doesn't allow log delivery yet
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
    // An upload without an encryption header uses the bucket's own.
    ...(key
      ? [{ Sid: "NoOtherEncryption", ...upload, Condition: { Null: { [named]: "false" }, StringNotEquals: { [named]: "aws:kms" } } }]
      : []),
    ...(key && strictKey
      ? [
          { Sid: "NoOtherKey", ...upload, Condition: { Null: { [namedKey]: "false" }, StringNotEquals: { [namedKey]: key } } },
          // Without a key, aws:kms uses S3's own key instead of the bucket's.
          { Sid: "NoNamelessKey", ...upload, Condition: { Null: { [named]: "false", [namedKey]: "true" } } },
        ]
      : []),
  ];
}
