/** The state bucket and its key, by ARN. */
export interface StateArns {
  readonly bucketArn: string;
  readonly keyArn: string;
}

/** An environment of an account, and how its resources are told from those of the others. */
export interface DeployedEnvironment {
  /** No name begins another, up to a hyphen: buckets are told apart by it. */
  readonly name: string;

  /** Regions in which its deployment may change anything: that of the state is one. */
  readonly regions: readonly string[];

  /** Its clusters, by name. */
  readonly clusters: readonly string[];

  /** Its buckets, by name: S3 compares no tags of buckets. */
  readonly buckets: readonly string[];

  /**
   * OIDC providers that it makes, as patterns of their names: `oidc.eks.eu-west-1.amazonaws.com/id/*`.
   * @default - none
   */
  readonly oidcProviders?: readonly string[];
}

/** The environment of a deploy role, and where its account keeps state. */
export interface Territory extends DeployedEnvironment {
  readonly system: string;
  readonly account: string;
  readonly state: StateArns;
}

/** What a deployment may never do, by itself or through a role that it makes, whatever else it is allowed. */
export function guards({ system, name, regions, clusters, state }: Territory): object[] {
  return [
    {
      Sid: "OtherRegions",
      Effect: "Deny",
      NotAction: ["iam:*", "sts:*", "route53:*", "cloudfront:*", "waf:*", "wafv2:*", "shield:*", "support:*", "s3:ListAllMyBuckets"],
      Resource: "*",
      // us-east-1 is where the global services keep certificates and web ACLs.
      Condition: { StringNotEquals: { "aws:RequestedRegion": [...new Set([...regions, "us-east-1"])] } },
    },
    // An access point would answer for a bucket under another name.
    { Sid: "LocksAndBackDoors", Effect: "Deny", Action: ["s3:BypassGovernanceRetention", "s3:CreateAccessPoint*"], Resource: "*" },
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
    // So EKS tags what it makes itself: Auto Scaling groups, instances, security groups.
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

/** What writing state takes of its key. */
export const STATE_KEY_USES = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];

/** The buckets of an environment, those of stacks that are added to it included: their names begin with its own. */
export function ownBuckets({ system, name, buckets }: Territory): object {
  const prefix = `${system}-${name}-`;
  // A name that was too long has lost the prefix.
  const names = [`${prefix}*`, ...buckets.filter((bucket) => !bucket.startsWith(prefix))];
  return {
    Sid: "Buckets",
    Effect: "Allow",
    Action: "s3:*",
    Resource: names.flatMap((one) => [`arn:aws:s3:::${one}`, `arn:aws:s3:::${one}/*`]),
  };
}
