/** ARNs of the state bucket and its KMS key. */
export interface StateArns {
  readonly bucketArn: string;
  readonly keyArn: string;
}

/** An environment of an account, and how its resources are distinguished from others. */
export interface DeployedEnvironment {
  /** Must not be a prefix of another name up to a hyphen: buckets are distinguished by it. */
  readonly name: string;

  /** Regions in which its deployment may change resources, including the region of the state. */
  readonly regions: readonly string[];

  /** Names of its clusters. */
  readonly clusters: readonly string[];

  /** Names of its buckets: S3 has no conditions on bucket tags. */
  readonly buckets: readonly string[];

  /**
   * OIDC providers that it makes, as patterns of their names: `oidc.eks.eu-west-1.amazonaws.com/id/*`.
   * @default - none
   */
  readonly oidcProviders?: readonly string[];
}

/** The environment of a deploy role, and the state of its account. */
export interface Territory extends DeployedEnvironment {
  readonly system: string;
  readonly account: string;
  readonly state: StateArns;
}

/** Deny statements for a deployment and the roles that it creates. They override every allow. */
export function guards({ system, name, regions, clusters, state }: Territory): object[] {
  return [
    {
      Sid: "OtherRegions",
      Effect: "Deny",
      NotAction: ["iam:*", "sts:*", "route53:*", "cloudfront:*", "waf:*", "wafv2:*", "shield:*", "support:*", "s3:ListAllMyBuckets"],
      Resource: "*",
      // Global services keep certificates and web ACLs in us-east-1.
      Condition: { StringNotEquals: { "aws:RequestedRegion": [...new Set([...regions, "us-east-1"])] } },
    },
    // An access point would expose a bucket under another name.
    {
      Sid: "LocksAndBackDoors",
      Effect: "Deny",
      Action: ["s3:BypassGovernanceRetention", "s3:CreateAccessPoint*", "backup:DeleteBackupVaultLockConfiguration"],
      Resource: "*",
    },
    { Sid: "StateKeyStays", Effect: "Deny", NotAction: STATE_KEY_USES, Resource: state.keyArn },
    {
      Sid: "OtherEnvironments",
      Effect: "Deny",
      Action: "*",
      NotResource: state.keyArn,
      Condition: {
        StringEquals: { "aws:ResourceTag/system": system },
        StringNotEquals: { "aws:ResourceTag/environment": name },
      },
    },
    // EKS sets this tag on resources that it creates: Auto Scaling groups, instances, security groups.
    {
      Sid: "OtherClusters",
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: {
        StringNotEquals: { "aws:ResourceTag/eks:cluster-name": clusters },
        Null: { "aws:ResourceTag/eks:cluster-name": "false" },
      },
    },
  ];
}

/** KMS actions that writing state requires. */
export const STATE_KEY_USES = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];

/** Access to the buckets of an environment, including those of added stacks: their names have its prefix. */
export function ownBuckets({ system, name, buckets }: Territory): object {
  const prefix = `${system}-${name}-`;
  // Shortened names don't have the prefix.
  const names = [`${prefix}*`, ...buckets.filter((bucket) => !bucket.startsWith(prefix))];
  return {
    Sid: "Buckets",
    Effect: "Allow",
    Action: "s3:*",
    Resource: names.flatMap((one) => [`arn:aws:s3:::${one}`, `arn:aws:s3:::${one}/*`]),
  };
}
