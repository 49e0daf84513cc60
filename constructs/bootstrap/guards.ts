/** The state bucket and its key, by ARN. */
export interface StateArns {
  readonly bucketArn: string;
  readonly keyArn: string;
}

/** What a deployment may never do, by itself or through a role that it makes, whatever else it is allowed. */
export function guards(state: StateArns, regions: readonly string[]): object[] {
  return [
    {
      Sid: "OtherRegions",
      Effect: "Deny",
      NotAction: ["iam:*", "sts:*", "route53:*", "cloudfront:*", "waf:*", "wafv2:*", "shield:*", "support:*", "s3:ListAllMyBuckets"],
      Resource: "*",
      // us-east-1 is where the global services keep certificates and web ACLs.
      Condition: { StringNotEquals: { "aws:RequestedRegion": [...new Set([...regions, "us-east-1"])] } },
    },
    // An access point would answer for the state bucket under another name.
    { Sid: "LocksAndBackDoors", Effect: "Deny", Action: ["s3:BypassGovernanceRetention", "s3:CreateAccessPoint*"], Resource: "*" },
    {
      Sid: "StateBucketStays",
      Effect: "Deny",
      Action: [
        "s3:DeleteBucket*",
        "s3:PutBucket*",
        "s3:PutEncryption*",
        "s3:PutInventory*",
        "s3:PutLifecycle*",
        "s3:PutReplication*",
        "s3:DeleteObjectVersion*",
      ],
      Resource: [state.bucketArn, `${state.bucketArn}/*`],
    },
    {
      Sid: "StateKeyStays",
      Effect: "Deny",
      Action: ["kms:CreateGrant", "kms:DeleteAlias", "kms:DisableKey*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:UpdateAlias"],
      Resource: state.keyArn,
    },
  ];
}

// ReadOnlyAccess reads data as well as configuration; a pull request has no business with data.
export function noData(stateBucketArn: string): object[] {
  return [
    { Sid: "NoObjects", Effect: "Deny", Action: "s3:GetObject*", NotResource: `${stateBucketArn}/*` },
    // AWS publishes its own images and endpoints as parameters.
    { Sid: "NoParameters", Effect: "Deny", Action: "ssm:GetParameter*", NotResource: "arn:aws:ssm:*::parameter/aws/service/*" },
    {
      Sid: "NoData",
      Effect: "Deny",
      Action: [
        "athena:GetQueryResults*",
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:GetRecords",
        "dynamodb:Query",
        "dynamodb:Scan",
        "kinesis:GetRecords",
        "lambda:GetFunction",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:GetLogRecord",
        "logs:StartQuery",
        "rds:DownloadDBLogFilePortion",
        "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue",
        "sqs:ReceiveMessage",
      ],
      Resource: "*",
    },
  ];
}
