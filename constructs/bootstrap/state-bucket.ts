import { Construct } from "constructs";
import { bucketName, cloudName } from "../core/names";
import { CustomerKey } from "../encryption";
import { exempt } from "../policy/contract";
import { PrivateBucket } from "../storage";

export interface StateBucketProps {
  readonly system: string;
  readonly account: string;
  readonly region: string;
}

/** Location of a system's Terraform state in one account. Other stacks compute it from names. */
export interface StateLocation {
  readonly bucket: string;
  readonly region: string;

  /** The KMS key with which state is written: the ARN of its alias. */
  readonly key: string;
}

/** Location of a `StateBucket`, computed before it exists. */
export function stateLocation({ system, account, region }: StateBucketProps): StateLocation {
  return {
    bucket: bucketName(account, region, system, "terraform-state"),
    region,
    key: `arn:aws:kms:${region}:${account}:alias/${stateAlias(system)}`,
  };
}

/** Days for which older versions of a state are kept. */
const OLD_VERSIONS_DAYS = 90;

/**
 * The bucket of Terraform's state, with a separate KMS key and every version of the last 90 days. Both always have deletion protection:
 * without state, nothing else can be changed.
 */
export class StateBucket extends Construct {
  readonly arn: string;
  readonly keyArn: string;

  constructor(scope: Construct, id: string, props: StateBucketProps) {
    super(scope, id);
    const key = new CustomerKey(this, "key", {
      alias: stateAlias(props.system),
      description: `Terraform state of ${props.system}`,
      account: props.account,
      protect: true,
    });
    const bucket = new PrivateBucket(this, "bucket", {
      bucket: stateLocation(props).bucket,
      key: key.arn,
      protect: true,
      lifecycle: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: OLD_VERSIONS_DAYS }],
        },
      ],
    });
    const resource = bucket.node.findChild("bucket");
    exempt(resource, "CKV_AWS_18", "who reads and writes state is in CloudTrail; an access-log bucket would need state of its own first");
    exempt(resource, "CKV_AWS_144", "a lost region loses what its state describes; versions guard against all else");
    this.arn = bucket.arn;
    this.keyArn = key.arn;
  }
}

function stateAlias(system: string): string {
  return cloudName("alias", system, "terraform-state");
}
