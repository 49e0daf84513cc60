import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { known, seconds } from "../core/quantities";
import type { BackedUpDatabase } from "./database-backups";
import { type NoticeTopicProps, noticeTopic } from "./notice-topic";
import { snapshotLoss } from "./snapshot-schedule";

export interface BackupNoticesProps extends NoticeTopicProps {
  /** Name of the vault whose jobs are watched. */
  readonly vault: string;

  readonly databases: readonly Pick<BackedUpDatabase, "type" | "every">[];
}

/** Final states of a job that made no backup or only a part of it. */
const FAILED = ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"];

/**
 * Notifications about jobs of AWS Backup: failed jobs by their events, and jobs that never started by an alarm on missing completions,
 * because those raise no event.
 */
export class BackupNotices extends Construct {
  constructor(scope: Construct, id: string, { vault, databases, ...props }: BackupNoticesProps) {
    super(scope, id);
    const { name } = props;
    const { topic, policy } = noticeTopic(this, "backups", props);
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
