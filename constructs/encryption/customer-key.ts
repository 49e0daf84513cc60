import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { KmsReplicaKey } from "@cdktf/provider-aws/lib/kms-replica-key";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { policyDocument } from "../core/policy-document";

export interface CustomerKeyProps {
  /** Alias of the key, without `alias/`. */
  readonly alias: string;

  /** Description of what it encrypts, shown in the console. */
  readonly description: string;

  /** The account that administers it, and whose identity policies control its use. */
  readonly account: string;

  /** Protects the key from deletion. Data that it encrypts is lost with it. */
  readonly protect: boolean;

  /**
   * Policy statements for AWS services that use it under their own identity.
   * @default - none
   */
  readonly statements?: readonly object[];

  /**
   * The provider, for a key in another region.
   * @default - the stack's
   */
  readonly provider?: TerraformProvider;

  /**
   * Makes it a multi-Region key: a copy in another region has the same ID and material, and decrypts the same data. The copy in the region of
   * the provider `copyIn` has the same alias; without one there is none. A change from or to a multi-Region key replaces the key.
   * @default - a key of one region
   */
  readonly multiRegion?: { readonly copyIn?: TerraformProvider };
}

/** A symmetric customer-managed key, rotated every year. */
export class CustomerKey extends Construct {
  readonly arn: string;

  /** ARN of its copy in another region. */
  readonly copyArn?: string;

  constructor(scope: Construct, id: string, props: CustomerKeyProps) {
    super(scope, id);
    const place = props.provider ? { provider: props.provider } : {};
    const settings = {
      description: props.description,
      deletionWindowInDays: props.protect ? 30 : 7, // KMS's maximum and minimum
      policy: policyDocument([administration(props.account), ...(props.statements ?? [])]),
      lifecycle: { preventDestroy: props.protect },
    };
    const key = new KmsKey(this, "key", {
      ...place,
      ...settings,
      enableKeyRotation: true,
      ...(props.multiRegion ? { multiRegion: true } : {}),
    });
    const name = `alias/${props.alias}`;
    new KmsAlias(this, "alias", { ...place, name, targetKeyId: key.keyId });
    this.arn = key.arn;
    const provider = props.multiRegion?.copyIn;
    if (provider) {
      const copy = new KmsReplicaKey(this, "copy", { provider, ...settings, primaryKeyArn: key.arn });
      new KmsAlias(this, "copy-alias", { provider, name, targetKeyId: copy.keyId });
      this.copyArn = copy.arn;
    }
  }
}

/** Returns a statement that lets CloudWatch Logs encrypt the log groups of one account and region. */
export function logsMayUse(account: string, region: string): object {
  return {
    Sid: "CloudWatchLogs",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    Resource: "*",
    Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${account}:log-group:*` } },
  };
}

/** Returns statements that let EventBridge and CloudWatch publish to encrypted topics of one account (SNS, key management). */
export function noticesMayUse(account: string): object[] {
  const use = { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "*" };
  return [
    {
      Sid: "Alarms",
      ...use,
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    },
    // With a condition on the source, EventBridge delivers nothing to an encrypted topic (SNS, key management).
    { Sid: "Events", ...use, Principal: { Service: "events.amazonaws.com" } },
  ];
}

/** Returns a statement that lets log delivery encrypt logs in buckets of one account (CloudWatch Logs, V2 logs to S3). */
export function deliveryMayUse(account: string, region: string): object {
  return {
    Sid: "DeliveryOfLogs",
    Effect: "Allow",
    Principal: { Service: "delivery.logs.amazonaws.com" },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: {
      StringEquals: { "aws:SourceAccount": account },
      ArnLike: { "aws:SourceArn": `arn:aws:logs:${region}:${account}:delivery-source:*` },
    },
  };
}

/**
 * Returns a statement that lets EBS encrypt disks of one account and region for all who may start instances there, including Auto Scaling.
 */
export function disksMayUse(account: string, region: string): object {
  return {
    Sid: "Disks",
    Effect: "Allow",
    // Names no role: Auto Scaling's doesn't exist before an account's first group, and KMS would reject it.
    Principal: { AWS: "*" },
    Action: ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": `ec2.${region}.amazonaws.com` } },
  };
}

// The account administers the key: if only the role that created it could, the key would be lost with that role.
function administration(account: string): object {
  return { Sid: "Account", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" };
}
