import { TABLE_ACTIONS, TABLE_KEY_ACTIONS } from "../subject-keys/contract";

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
   * Domains of its DNS records, each with all names below it: Route 53 has no conditions on tags of zones.
   * @default - none: deployments of other environments may change its records
   */
  readonly domains?: readonly string[];

  /**
   * OIDC providers that it makes, as patterns of their names: `oidc.eks.eu-west-1.amazonaws.com/id/*`.
   * @default - none
   */
  readonly oidcProviders?: readonly string[];

  /**
   * Other environments from whose backups it is restored: their names, and the names of their backup buckets. It may read these backups and
   * change nothing.
   * @default - none
   */
  readonly origins?: readonly RestoredEnvironment[];

  /**
   * Table of data keys of another environment, and the alias of its KMS key, which workloads of this one use.
   * @default - none
   */
  readonly subjectKeys?: SharedSubjectKeys;

  /**
   * ARNs of Aurora global databases of another environment, which servers of this one are part of.
   * @default - none
   */
  readonly globalDatabases?: readonly string[];

  /**
   * ARN of the connection to GitHub of its runners.
   * @default - none: it has no runners, and its deployment no rights on CodeBuild
   */
  readonly connection?: string;
}

/** Environment whose backups another one reads. */
export interface RestoredEnvironment {
  readonly name: string;
  readonly buckets: readonly string[];

  /** Aliases of the KMS keys of its backups and databases: `alias/orders-production-backup`. */
  readonly keys: readonly string[];
}

/** Data keys of data subjects in another environment. */
export interface SharedSubjectKeys {
  readonly tableArn: string;

  /** Alias of the KMS key: `alias/orders-production-subject-keys`. */
  readonly key: string;
}

/** The environment of a deploy role, and the state of its account. */
export interface Territory extends DeployedEnvironment {
  readonly system: string;
  readonly account: string;
  readonly state: StateArns;

  /** Environments of the account. */
  readonly environments: readonly DeployedEnvironment[];
}

/** Deny statements for a deployment and the roles that it creates. They override every allow. */
export function guards(territory: Territory): object[] {
  const { regions, clusters, state } = territory;
  return [
    {
      Sid: "OtherRegions",
      Effect: "Deny",
      NotAction: ["iam:*", "sts:*", "route53:*", "cloudfront:*", "waf:*", "wafv2:*", "shield:*", "support:*", "s3:ListAllMyBuckets"],
      Resource: "*",
      // Global services keep certificates and web ACLs in us-east-1.
      Condition: { StringNotEquals: { "aws:RequestedRegion": [...new Set([...regions, "us-east-1"])] } },
    },
    // An access point would expose a bucket under another name. Settings of the account are not the environment's.
    {
      Sid: "LocksAndBackDoors",
      Effect: "Deny",
      Action: [
        "s3:BypassGovernanceRetention",
        "s3:CreateAccessPoint*",
        "s3:PutAccountPublicAccessBlock",
        "backup:DeleteBackupVaultLockConfiguration",
        "backup:Update*Settings",
        // Takes a host name from another distribution.
        "cloudfront:AssociateAlias",
        "ec2:UnlockSnapshot",
        "ec2:Disable*BlockPublicAccess",
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:EnableSerialConsoleAccess",
        "ec2:ModifyEbsDefaultKmsKeyId",
        "ec2:ModifyVpcBlockPublicAccessOptions",
        "ec2:ResetEbsDefaultKmsKeyId",
        // Sends the events of all log groups elsewhere.
        "logs:*AccountPolicy",
        "rds:ModifyCertificates",
      ],
      Resource: "*",
    },
    { Sid: "StateKeyStays", Effect: "Deny", NotAction: STATE_KEY_USES, Resource: state.keyArn },
    ...otherEnvironments(territory),
    ...otherRecords(territory),
    otherFunctions(territory),
    ...sharedKeyGuards(territory),
    ...globalDatabaseGuards(territory),
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

/** Actions on a source that a restore requires: to read its backups, with its keys. AWS reads with a grant of the key. */
const RESTORE_READS = [
  "kms:CreateGrant",
  "kms:Decrypt",
  "kms:DescribeKey",
  "rds:RestoreDBClusterFromSnapshot",
  "rds:RestoreDBClusterToPointInTime",
  "rds:RestoreDBInstanceFromDBSnapshot",
  "rds:RestoreDBInstanceToPointInTime",
];

function otherEnvironments({
  system,
  name,
  state: { keyArn },
  origins = [],
  subjectKeys,
  globalDatabases = [],
}: Territory): readonly object[] {
  const shared = [...(subjectKeys ? [subjectKeys.tableArn] : []), ...globalDatabases];
  // Of a resource without aliases, this is true.
  const ofOtherKeys = subjectKeys ? { "ForAllValues:StringNotEquals": { "kms:ResourceAliases": subjectKeys.key } } : {};
  const deny = (sid: string, actions: object, but: string | readonly string[]) => ({
    Sid: sid,
    Effect: "Deny",
    ...actions,
    NotResource: shared.length > 0 ? [keyArn, ...shared] : keyArn,
    Condition: {
      StringEquals: { "aws:ResourceTag/system": system },
      StringNotEquals: { "aws:ResourceTag/environment": but },
      ...ofOtherKeys,
    },
  });
  if (origins.length === 0) return [deny("OtherEnvironments", { Action: "*" }, name)];
  return [
    deny("OtherEnvironments", { NotAction: RESTORE_READS }, name),
    deny("OtherBackups", { Action: RESTORE_READS }, [name, ...origins.map((origin) => origin.name)]),
    {
      Sid: "OtherKeys",
      Effect: "Deny",
      Action: RESTORE_READS.filter((action) => action.startsWith("kms:")),
      NotResource: keyArn,
      Condition: {
        StringEquals: { "aws:ResourceTag/system": system, "aws:ResourceTag/environment": origins.map((origin) => origin.name) },
        "ForAllValues:StringNotEquals": {
          "kms:ResourceAliases": [...origins.flatMap(({ keys }) => keys), ...(subjectKeys ? [subjectKeys.key] : [])],
        },
      },
    },
  ];
}

const RECORDS = "route53:ChangeResourceRecordSetsNormalizedRecordNames";

/** Changes of DNS records of other environments. The domain of one may be below that of another. */
function otherRecords({ name, domains: own = [], environments }: Territory): readonly object[] {
  const all = environments.flatMap((one) => (one.name === name ? [] : (one.domains ?? [])));
  const above = all.filter((domain) => own.some((one) => one.endsWith(`.${domain}`)));
  const deny = (sid: string, domains: readonly string[], condition: object = {}) =>
    domains.length === 0
      ? []
      : [
          {
            Sid: sid,
            Effect: "Deny",
            Action: "route53:ChangeResourceRecordSets",
            Resource: "*",
            Condition: { "ForAnyValue:StringLike": { [RECORDS]: withNamesBelow(domains) }, ...condition },
          },
        ];
  return [
    ...deny(
      "OtherRecords",
      all.filter((domain) => !above.includes(domain)),
    ),
    ...deny("RecordsAbove", above, { "ForAnyValue:StringNotLike": { [RECORDS]: withNamesBelow(own) } }),
  ];
}

function withNamesBelow(domains: readonly string[]): readonly string[] {
  return domains.flatMap((domain) => [domain, `*.${domain}`]);
}

/** CloudFront has no conditions on tags of functions, whose code sees every request. */
function otherFunctions({ system, name, account }: Territory): object {
  return {
    Sid: "OtherFunctions",
    Effect: "Deny",
    Action: ["cloudfront:DeleteFunction", "cloudfront:PublishFunction", "cloudfront:UpdateFunction"],
    NotResource: `arn:aws:cloudfront::${account}:function/${system}-${name}-*`,
  };
}

/** Actions on a table of data keys that workloads require. */
const SUBJECT_KEY_USES = [...new Set([...TABLE_ACTIONS.users, ...TABLE_ACTIONS.erasers])].sort();

/** Of the data keys of another environment, single ones are used, and nothing is administered. */
function sharedKeyGuards({ subjectKeys }: Territory): readonly object[] {
  if (!subjectKeys) return [];
  return [
    {
      Sid: "SharedKeyIsUsedOnly",
      Effect: "Deny",
      NotAction: TABLE_KEY_ACTIONS,
      Resource: "*",
      Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": subjectKeys.key } },
    },
    { Sid: "SharedTableIsUsedOnly", Effect: "Deny", NotAction: SUBJECT_KEY_USES, Resource: subjectKeys.tableArn },
  ];
}

/** Actions on the global database of another environment: its servers there join and leave it. */
const GLOBAL_DATABASE_USES = ["rds:CreateDBCluster", "rds:DescribeGlobalClusters", "rds:RemoveFromGlobalCluster"];

/** A deployment of a secondary neither deletes the global database nor makes another cluster its primary. */
function globalDatabaseGuards({ globalDatabases = [] }: Territory): readonly object[] {
  if (globalDatabases.length === 0) return [];
  return [{ Sid: "GlobalDatabaseIsJoinedOnly", Effect: "Deny", NotAction: GLOBAL_DATABASE_USES, Resource: globalDatabases }];
}

/** Access to single data keys of another environment. */
export function sharedSubjectKeys({ subjectKeys }: Territory): readonly object[] {
  return subjectKeys ? [{ Sid: "SharedSubjectKeys", Effect: "Allow", Action: SUBJECT_KEY_USES, Resource: subjectKeys.tableArn }] : [];
}

/** Read access to the backups of other environments that this one is restored from. */
export function originBuckets({ origins = [] }: Territory): readonly object[] {
  const buckets = origins.flatMap((origin) => origin.buckets);
  if (buckets.length === 0) return [];
  return [
    {
      Sid: "BackupsOfOrigins",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:ListBucket"],
      Resource: buckets.flatMap((one) => [`arn:aws:s3:::${one}`, `arn:aws:s3:::${one}/*`]),
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

/** Access to the tables of an environment, including those of added stacks: their names have its prefix. An account can turn tags of tables off. */
export function ownTables({ system, name, account, regions }: Territory): object {
  return {
    Sid: "Tables",
    Effect: "Allow",
    Action: "dynamodb:*",
    Resource: regions.map((region) => `arn:aws:dynamodb:${region}:${account}:table/${system}-${name}-*`),
  };
}
