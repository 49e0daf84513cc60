import { Cloudtrail } from "@cdktf/provider-aws/lib/cloudtrail";
import { Construct } from "constructs";
import { refuse } from "../../core/errors";
import { bucketName, cloudName } from "../../core/names";
import { CustomerKey } from "../../encryption";
import { exempt } from "../../policy/contract";
import { expiringLifecycle, loggedBucket } from "../../storage";

export interface AccountTrailProps {
  readonly system: string;
  readonly account: string;

  /** Region of the trail and of its bucket. Events of all regions are recorded. */
  readonly region: string;

  /** Retention of events in days. Log files are locked for that time, in governance mode. */
  readonly keepDays: number;

  /** Names of buckets whose object reads and writes are recorded, in addition to all changes of the account. They may not exist yet. */
  readonly buckets: readonly string[];
}

/** Values of a selector of a trail (CloudTrail, quotas: 500 for all selectors). */
const MOST_BUCKETS = 250;

/**
 * CloudTrail for the account: changes in all regions, and the reads and writes of objects in the named buckets. Log files are encrypted,
 * locked, and listed by signed digests, which `aws cloudtrail validate-logs` verifies.
 */
export class AccountTrail extends Construct {
  constructor(scope: Construct, id: string, props: AccountTrailProps) {
    super(scope, id);
    const { system, account, region, keepDays, buckets } = props;
    if (buckets.length > MOST_BUCKETS) {
      refuse(this, [{ value: buckets.length, rule: "is more than a trail can name", remedy: `use up to ${MOST_BUCKETS}` }], "buckets");
    }
    const name = `${system}-account`;
    const arn = `arn:aws:cloudtrail:${region}:${account}:trail/${name}`;
    const key = new CustomerKey(this, "key", {
      alias: cloudName("alias", system, "terraform-trail"),
      description: `CloudTrail of ${account}`,
      account,
      protect: true,
      statements: [
        {
          Sid: "Trail",
          Effect: "Allow",
          Principal: TRAIL,
          Action: ["kms:DescribeKey", "kms:GenerateDataKey*"],
          Resource: "*",
          Condition: { StringEquals: { "aws:SourceArn": arn } },
        },
      ],
    });
    // The prefix is that of the state bucket, which no environment may have as its name: deploy roles have no rights on it.
    const { bucket } = loggedBucket(
      this,
      "files",
      {
        bucket: bucketName(account, region, system, "terraform-trail"),
        key: key.arn,
        protect: true,
        lock: { days: keepDays },
        lifecycle: [expiringLifecycle("events", "", keepDays)],
        statements: (bucketArn) => delivery(bucketArn, account, arn),
      },
      { bucket: bucketName(account, region, system, "terraform-trail", "logs"), account, keepDays },
    );
    exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "its digests prove the files in this bucket, and are verified with them");
    const trail = new Cloudtrail(this, "trail", {
      name,
      s3BucketName: bucket.id,
      kmsKeyId: key.arn,
      enableLogging: true,
      enableLogFileValidation: true,
      includeGlobalServiceEvents: true,
      isMultiRegionTrail: true,
      advancedEventSelector: [
        { name: "changes, and reads of settings", fieldSelector: [{ field: "eventCategory", equalTo: ["Management"] }] },
        ...(buckets.length > 0
          ? [
              {
                name: "objects",
                fieldSelector: [
                  { field: "eventCategory", equalTo: ["Data"] },
                  { field: "resources.type", equalTo: ["AWS::S3::Object"] },
                  { field: "resources.ARN", startsWith: buckets.map((one) => `arn:aws:s3:::${one}/`) },
                ],
              },
            ]
          : []),
      ],
      dependsOn: [bucket.policy],
    });
    exempt(trail, "CKV_AWS_252", "files are read when something happened; who wants to know at once has GuardDuty");
    exempt(trail, "CKV2_AWS_10", "a copy in CloudWatch Logs would cost as much again, and prove nothing");
  }
}

const TRAIL = { Service: "cloudtrail.amazonaws.com" };

/** Rights of CloudTrail on its bucket, for one trail (CloudTrail, bucket policy). */
function delivery(bucket: string, account: string, trail: string): object[] {
  const own = { Effect: "Allow", Principal: TRAIL };
  return [
    { Sid: "TrailReadsAcl", ...own, Action: "s3:GetBucketAcl", Resource: bucket, Condition: { StringEquals: { "aws:SourceArn": trail } } },
    {
      Sid: "TrailWrites",
      ...own,
      Action: "s3:PutObject",
      Resource: `${bucket}/AWSLogs/${account}/*`,
      Condition: { StringEquals: { "aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control" } },
    },
  ];
}
