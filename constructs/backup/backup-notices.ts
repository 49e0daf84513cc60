import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import { known, seconds } from "../core/quantities";
import type { BackedUpDatabase } from "./database-backups";
import { snapshotLoss } from "./snapshot-schedule";

export interface BackupNoticesProps {
  readonly name: readonly string[];
  readonly account: string;

  /** Key of the topic, by ARN. Its policy must allow EventBridge and CloudWatch to use it. */
  readonly key: string;

  /** Name of the vault whose jobs are watched. */
  readonly vault: string;

  readonly databases: readonly Pick<BackedUpDatabase, "type" | "every">[];

  /** @default - no recipients */
  readonly notify?: readonly string[];
}

/** Final states of a job that made no backup or only a part of it. */
const FAILED = ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"];

/**
 * Notifications about jobs of AWS Backup: failed jobs by their events, and jobs that never started by an alarm on missing completions,
 * because those raise no event.
 */
export class BackupNotices extends Construct {
  constructor(scope: Construct, id: string, { name, account, key, vault, databases, notify = [] }: BackupNoticesProps) {
    super(scope, id);
    const topic = new SnsTopic(this, "topic", { name: cloudName("topic", ...name, "backups"), kmsMasterKeyId: key });
    const policy = new SnsTopicPolicy(this, "policy", {
      arn: topic.arn,
      policy: policyDocument(publishers(topic.arn, account)),
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
        // Events of restore jobs have this field as `status`.
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
        // The metric has no value if no job ran.
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
