import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";

export interface CustomerKeyProps {
  /** Its name, without `alias/`. */
  readonly alias: string;

  /** What it encrypts, for the one who finds it in the console. */
  readonly description: string;

  /** The account that administers it, and whose identity policies decide who uses it. */
  readonly account: string;

  /** Whether the key is guarded against deletion. What it encrypts is lost with it. */
  readonly protect: boolean;

  /**
   * Statements for AWS services that use it in their own name.
   * @default - none
   */
  readonly statements?: readonly object[];

  /**
   * The provider, of another region than the stack's.
   * @default - the stack's
   */
  readonly provider?: TerraformProvider;
}

/** A symmetric key of our own, rotated every year. */
export class CustomerKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: CustomerKeyProps) {
    super(scope, id);
    const place = props.provider ? { provider: props.provider } : {};
    const key = new KmsKey(this, "key", {
      ...place,
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: props.protect ? 30 : 7, // the longest and the shortest that KMS allows
      policy: JSON.stringify({ Version: "2012-10-17", Statement: [administration(props.account), ...(props.statements ?? [])] }),
      lifecycle: { preventDestroy: props.protect },
    });
    new KmsAlias(this, "alias", { ...place, name: `alias/${props.alias}`, targetKeyId: key.keyId });
    this.arn = key.arn;
  }
}

/** Lets CloudWatch Logs encrypt the log groups of one account and region. */
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

/** Lets the delivery of logs encrypt what services write into buckets of one account (CloudWatch Logs, V2 logs to S3). */
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

/** Lets EBS encrypt disks of one account and region for whoever of it may start instances, Auto Scaling's own role included. */
export function disksMayUse(account: string, region: string): object {
  return {
    Sid: "Disks",
    Effect: "Allow",
    // No role is named: that of Auto Scaling doesn't exist before an account's first group, and KMS would refuse it.
    Principal: { AWS: "*" },
    Action: ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": `ec2.${region}.amazonaws.com` } },
  };
}

// Administration stays with the account: a key that names the role which made it is lost with that role.
function administration(account: string): object {
  return { Sid: "Account", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" };
}
