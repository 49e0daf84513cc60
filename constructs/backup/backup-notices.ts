import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { known, seconds } from "../core/quantities";
import type { BackedUpDatabase } from "./database-backups";
import { snapshotLoss } from "./snapshot-schedule";

export interface BackupNoticesProps {
  readonly name: readonly string[];
  readonly account: string;

  /** The key of the topic, by ARN. It lets EventBridge and CloudWatch use it. */
  readonly key: string;

  /** The vault whose jobs are watched, by name. */
  readonly vault: string;

  readonly databases: readonly Pick<BackedUpDatabase, "type" | "every">[];

  /** @default - nobody */
  readonly notify?: readonly string[];
}

/** How a job ends that made nothing, or not all of it. */
const FAILED = ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"];

/**
 * Notices of jobs of AWS Backup: of those that failed by their events, and of those that never started by the lack of completed ones,
 * because they raise no event.
 */
export class BackupNotices extends Construct {
  constructor(scope: Construct, id: string, { name, account, key, vault, databases, notify = [] }: BackupNoticesProps) {
    super(scope, id);
    const topic = new SnsTopic(this, "topic", { name: cloudName("topic", ...name, "backups"), kmsMasterKeyId: key });
    const policy = new SnsTopicPolicy(this, "policy", {
      arn: topic.arn,
      policy: JSON.stringify({ Version: "2012-10-17", Statement: publishers(topic.arn, account) }),
    });
    for (const [index, endpoint] of notify.entries()) {
      new SnsTopicSubscription(this, `subscription-${index}`, { topicArn: topic.arn, protocol: "email", endpoint });
    }
    const failed = new CloudwatchEventRule(this, "failed", {
      name: cloudName("eventRule", ...name, "backups-failed"),
      description: "Backup, copy and restore jobs that made nothing, or not all of it",
      eventPattern: JSON.stringify({
        source: ["aws.backup"],
        "detail-type": ["Backup Job State Change", "Copy Job State Change", "Restore Job State Change"],
        // Events of restore jobs call it status.
        $or: [{ detail: { state: FAILED } }, { detail: { status: FAILED } }],
      }),
    });
    new CloudwatchEventTarget(this, "failed-target", { rule: failed.name, arn: topic.arn, dependsOn: [policy] });
    for (const type of [...new Set(databases.map((database) => database.type))]) {
      const apart = databases.filter((database) => database.type === type).map(({ every }) => known(seconds(every)));
      const hours = Math.ceil(snapshotLoss(Math.min(...apart)) / 3600);
      new CloudwatchMetricAlarm(this, `missed-${type.toLowerCase()}`, {
        alarmName: cloudName("alarm", ...name, "backups-missed", type.toLowerCase()),
        alarmDescription: `No snapshot of ${type} was completed in ${hours} hours`,
        namespace: "AWS/Backup",
        metricName: "NumberOfBackupJobsCompleted",
        dimensions: { BackupVaultName: vault, ResourceType: type },
        statistic: "Sum",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        period: 3600,
        evaluationPeriods: hours,
        datapointsToAlarm: hours,
        // The metric has no value while there are no jobs.
        treatMissingData: "breaching",
        alarmActions: [topic.arn],
        okActions: [topic.arn],
      });
    }
  }
}

function publishers(topic: string, account: string): object[] {
  const publish = { Effect: "Allow", Action: "sns:Publish", Resource: topic };
  return [
    {
      Sid: "AlarmsOfThisAccount",
      ...publish,
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    },
    // EventBridge does not support conditions in policies of topics.
    { Sid: "Events", ...publish, Principal: { Service: "events.amazonaws.com" } },
  ];
}
