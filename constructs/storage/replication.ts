import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { S3BucketReplicationConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-replication-configuration";
import type { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import type { PrivateBucket } from "./private-bucket";

/** Region of a copy. */
export interface RecoveryRegion {
  readonly region: string;

  /** Customer-managed key in that region, by ARN. */
  readonly key: string;

  /** Terraform provider of that region. */
  readonly provider: TerraformProvider;
}

/** Replication of a bucket to another region. */
export interface ReplicationProps {
  /** Name of the role, most general part first. */
  readonly name: readonly string[];

  readonly account: string;

  /** Bucket whose new objects are copied, and its key. */
  readonly from: { readonly bucket: PrivateBucket; readonly key: string };

  /** Bucket in another region, and its key. */
  readonly to: { readonly bucket: PrivateBucket; readonly key: string };
}

/** Refuses a copy in the region of its bucket. */
export function refuseOwnRegion(scope: Construct, region: string, recovery: RecoveryRegion | undefined): void {
  if (recovery?.region !== region) return;
  const rule = "is the region of the bucket itself, and is lost with it";
  refuse(scope, [{ value: region, rule, remedy: "choose another region" }], "recovery.region");
}

/** Id of the rule that copies all objects, a dimension of its metrics. */
export const REPLICATION_RULE = "everything";

/** Copies every new object of a bucket, with its lock, to a bucket in another region: within 15 minutes, and no deletions. */
export function replicateBucket(scope: Construct, { name, account, from, to }: ReplicationProps): void {
  const role = new IamRole(scope, "replication-role", {
    name: cloudName("role", ...name),
    assumeRolePolicy: policyDocument([
      {
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
    ]),
  });
  const policy = new IamRolePolicy(scope, "replication-policy", {
    role: role.id,
    policy: policyDocument(replicationRights(from.bucket.arn, to.bucket.arn, from.key, to.key)),
  });
  new S3BucketReplicationConfigurationA(scope, "replication", {
    bucket: from.bucket.id,
    role: role.arn,
    rule: [
      {
        id: REPLICATION_RULE,
        status: "Enabled",
        filter: { prefix: "" },
        // A deletion in one region must not delete the copy in the other region.
        deleteMarkerReplication: { status: "Disabled" },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
        destination: {
          bucket: to.bucket.arn,
          encryptionConfiguration: { replicaKmsKeyId: to.key },
          metrics: { status: "Enabled", eventThreshold: { minutes: 15 } },
          replicationTime: { status: "Enabled", time: { minutes: 15 } }, // S3 replication time control: 15 is the only value
        },
      },
    ],
    dependsOn: [from.bucket.versioning, to.bucket.versioning, policy],
  });
}

// Permissions that S3 needs to copy encrypted objects (S3, replication permissions; SSE-KMS replication).
function replicationRights(from: string, to: string, key: string, copyKey: string): object[] {
  return [
    { Effect: "Allow", Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"], Resource: from },
    {
      Effect: "Allow",
      Action: [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
      ],
      Resource: `${from}/*`,
    },
    { Effect: "Allow", Action: ["s3:ReplicateObject", "s3:ReplicateTags"], Resource: `${to}/*` },
    {
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: key,
      Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": `${from}*` } },
    },
    {
      Effect: "Allow",
      Action: "kms:Encrypt",
      Resource: copyKey,
      Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": `${to}*` } },
    },
  ];
}
