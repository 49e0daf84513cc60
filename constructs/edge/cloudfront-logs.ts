import { CloudwatchLogDelivery } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery";
import { CloudwatchLogDeliveryDestination } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-destination";
import { CloudwatchLogDeliverySource } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-source";
import { Construct } from "constructs";
import { bucketName, cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import { PrivateBucket } from "../storage";

export interface CloudFrontLogsProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;

  /** ARN of the distribution whose requests are logged. */
  readonly distribution: string;

  /** ARN of the customer-managed key that encrypts them. Its policy must allow log delivery. */
  readonly key: string;

  /** Protects the logs from deletion. */
  readonly protect: boolean;

  /**
   * Log retention in days.
   * @default 365
   */
  readonly logDays?: number | undefined;
}

/** Region of CloudFront, its firewall, its certificates and their logs. */
export const CLOUDFRONT_REGION = "us-east-1";

/** Logged fields of a request (CloudFront, standard logging v2): all that an incident needs, and no cookie. */
const FIELDS = [
  "timestamp(ms)",
  "x-edge-location",
  "x-edge-request-id",
  "c-ip",
  "cs-method",
  "x-host-header",
  "cs-uri-stem",
  "cs-uri-query",
  "sc-status",
  "sc-bytes",
  "cs-bytes",
  "time-taken",
  "time-to-first-byte",
  "x-edge-result-type",
  "x-edge-detailed-result-type",
  "cs(User-Agent)",
  "cs-protocol-version",
  "ssl-protocol",
  "ssl-cipher",
] as const;

/** Returns the name of a distribution's log bucket. */
export function edgeLogsBucket(account: string, name: readonly string[]): string {
  return bucketName(account, CLOUDFRONT_REGION, ...name, "edge-logs");
}

/** The access logs of a distribution, in a bucket. */
export class CloudFrontLogs extends Construct {
  constructor(scope: Construct, id: string, { name, account, distribution, key, protect, logDays = 365 }: CloudFrontLogsProps) {
    super(scope, id);
    const bucket = new PrivateBucket(this, "bucket", {
      bucket: edgeLogsBucket(account, name),
      key,
      protect,
      lifecycle: [
        {
          id: "logs",
          status: "Enabled",
          filter: [{ prefix: "" }],
          expiration: [{ days: logDays }],
          noncurrentVersionExpiration: [{ noncurrentDays: 30 }],
        },
      ],
      statements: (arn) => [delivery(arn, account)],
    });
    exempt(bucket.node.findChild("bucket"), "CKV_AWS_18", "it holds logs itself");
    exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "the requests of an edge are worth nothing in another region");

    const named = cloudName("logDelivery", ...name, "edge");
    const source = new CloudwatchLogDeliverySource(this, "source", { name: named, logType: "ACCESS_LOGS", resourceArn: distribution });
    const destination = new CloudwatchLogDeliveryDestination(this, "destination", {
      name: named,
      outputFormat: "json",
      deliveryDestinationConfiguration: [{ destinationResourceArn: bucket.arn }],
      dependsOn: [bucket.policy],
    });
    new CloudwatchLogDelivery(this, "delivery", {
      deliverySourceName: source.name,
      deliveryDestinationArn: destination.arn,
      recordFields: [...FIELDS],
    });
  }
}

// Required bucket policy for log delivery (CloudWatch Logs, permissions of V2 logs to S3).
function delivery(arn: string, account: string): object {
  return {
    Sid: "EdgeLogs",
    Effect: "Allow",
    Principal: { Service: "delivery.logs.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `${arn}/AWSLogs/${account}/CloudFront/*`,
    Condition: {
      StringEquals: { "aws:SourceAccount": account, "s3:x-amz-acl": "bucket-owner-full-control" },
      ArnLike: { "aws:SourceArn": `arn:aws:logs:${CLOUDFRONT_REGION}:${account}:delivery-source:*` },
    },
  };
}
