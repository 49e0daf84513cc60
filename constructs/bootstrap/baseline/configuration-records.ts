import { ConfigConfigurationRecorder } from "@cdktf/provider-aws/lib/config-configuration-recorder";
import { ConfigConfigurationRecorderStatus } from "@cdktf/provider-aws/lib/config-configuration-recorder-status";
import { ConfigDeliveryChannel } from "@cdktf/provider-aws/lib/config-delivery-channel";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable, TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { bucketName, cloudName } from "../../core/names";
import { policyDocument } from "../../core/policy-document";
import { CustomerKey } from "../../encryption";
import { exempt } from "../../policy/contract";
import { expiringLifecycle, loggedBucket } from "../../storage";

export interface ConfigurationRecordsProps {
  readonly system: string;
  readonly account: string;

  /** Region of the bucket, in which resources without a region (IAM) are recorded. */
  readonly region: string;

  /** Provider of each region in which resources are recorded. */
  readonly regions: ReadonlyMap<string, TerraformProvider>;
}

/** Retention of records in days. */
const KEEP_DAYS = 365;

/**
 * AWS Config: records the settings of all resources whenever they change, in a bucket of the account. An account has one recorder and one
 * delivery channel for each region.
 */
export class ConfigurationRecords extends Construct {
  /** Recorders that run, by region. */
  readonly ready: ReadonlyMap<string, ITerraformDependable>;

  constructor(scope: Construct, id: string, { system, account, region, regions }: ConfigurationRecordsProps) {
    super(scope, id);
    const key = new CustomerKey(this, "key", {
      alias: cloudName("alias", system, "terraform-config"),
      description: `AWS Config of ${account}`,
      account,
      protect: true,
    });
    // The prefix is that of the state bucket, which no environment may have as its name: deploy roles have no rights on it.
    const { bucket } = loggedBucket(
      this,
      "records",
      {
        bucket: bucketName(account, region, system, "terraform-config"),
        key: key.arn,
        protect: true,
        lifecycle: [expiringLifecycle("records", "", KEEP_DAYS)],
      },
      { bucket: bucketName(account, region, system, "terraform-config", "logs"), account, keepDays: KEEP_DAYS },
    );
    exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "AWS Config answers questions from its own copy of the last settings");
    const role = new IamRole(this, "role", {
      name: cloudName("role", system, "terraform-config"),
      assumeRolePolicy: policyDocument([
        {
          Effect: "Allow",
          Principal: { Service: "config.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "aws:SourceAccount": account } },
        },
      ]),
    });
    const rights = [
      new IamRolePolicyAttachment(this, "reads", { role: role.name, policyArn: "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole" }),
      new IamRolePolicy(this, "delivers", {
        name: "delivers",
        role: role.id,
        policy: policyDocument(delivery(bucket.arn, account, key.arn)),
      }),
    ];
    this.ready = new Map(
      [...regions].map(([each, provider]) => {
        const place = { provider, name: `${system}-account` };
        const recorder = new ConfigConfigurationRecorder(this, `recorder-${each}`, {
          ...place,
          roleArn: role.arn,
          // Resources without a region would be recorded, and charged, once for each.
          recordingGroup: { allSupported: true, includeGlobalResourceTypes: each === region },
        });
        if (each !== region) exempt(recorder, "CKV2_AWS_48", "resources without a region are recorded in one region");
        const channel = new ConfigDeliveryChannel(this, `channel-${each}`, {
          ...place,
          s3BucketName: bucket.id,
          s3KmsKeyArn: key.arn,
          dependsOn: [recorder, ...rights],
        });
        const { name } = recorder;
        return [
          each,
          new ConfigConfigurationRecorderStatus(this, `running-${each}`, { provider, name, isEnabled: true, dependsOn: [channel] }),
        ];
      }),
    );
  }
}

/** Rights to deliver records (AWS Config, IAM role for the delivery channel). */
function delivery(bucket: string, account: string, key: string): object[] {
  return [
    { Effect: "Allow", Action: "s3:GetBucketAcl", Resource: bucket },
    { Effect: "Allow", Action: "s3:PutObject", Resource: `${bucket}/AWSLogs/${account}/Config/*` },
    { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: key },
  ];
}
