import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { REPLICATION_RULE } from "../storage";
import { type NoticeTopicProps, noticeTopic } from "./notice-topic";

export interface CopyNoticesProps extends NoticeTopicProps {
  /** Buckets and the buckets to which S3 copies them, by what they contain: `{ audit: { from: "…", to: "…" } }`. */
  readonly copies: Readonly<Record<string, { readonly from: string; readonly to: string }>>;
}

/** Notifications about objects that S3 could not copy to another region. S3 does not try those again. */
export class CopyNotices extends Construct {
  constructor(scope: Construct, id: string, { copies, ...props }: CopyNoticesProps) {
    super(scope, id);
    const { topic } = noticeTopic(this, "copies", props);
    for (const [content, { from, to }] of Object.entries(copies)) {
      new CloudwatchMetricAlarm(this, content, {
        alarmName: cloudName("alarm", ...props.name, "not-copied", content),
        alarmDescription: `S3 failed to copy objects from ${from} to ${to}`,
        namespace: "AWS/S3",
        metricName: "OperationsFailedReplication",
        dimensions: { SourceBucket: from, DestinationBucket: to, RuleId: REPLICATION_RULE },
        statistic: "Sum",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        period: 3600,
        evaluationPeriods: 1,
        // The metric has no value while nothing is copied.
        treatMissingData: "notBreaching",
        alarmActions: [topic.arn],
        okActions: [topic.arn],
      });
    }
  }
}
