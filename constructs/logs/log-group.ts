import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DataAwsCloudwatchLogGroups } from "@cdktf/provider-aws/lib/data-aws-cloudwatch-log-groups";
import type { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type Duration, daysIn } from "../core/quantities";
import { exempt } from "../policy/contract";

export interface LogGroupProps {
  readonly name: string;

  /** ARN of the customer-managed KMS key for its events. The key's policy must allow CloudWatch Logs. */
  readonly key: string;

  /**
   * Retention of events in days, one of the periods that CloudWatch Logs supports.
   * @default 365: an incident is often found months after it began
   */
  readonly days?: number | undefined;

  /**
   * Imports an existing group instead of failing. Needed if an AWS service recreates the group by writing logs after its resource and the
   * group are deleted, so that an environment can be created again.
   * @default false
   */
  readonly madeByService?: boolean;
}

/** Retention periods of CloudWatch Logs, in days (PutRetentionPolicy, retentionInDays). */
const PERIODS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] as const;

/** Default retention of logs in days, with and without deletion protection of the environment. */
const DEFAULT_DAYS = { protected: 365, disposable: 30 } as const;

/** Checkov (CKV_AWS_338) requires a year. */
const YEAR = 365;

/** A CloudWatch log group, encrypted with a customer-managed key, and with a retention period. */
export class LogGroup extends CloudwatchLogGroup {
  private readonly left?: DataAwsCloudwatchLogGroups;

  constructor(scope: Construct, id: string, { name, key, days = DEFAULT_DAYS.protected, madeByService = false }: LogGroupProps) {
    super(scope, id, { name, retentionInDays: days, kmsKeyId: key });
    if (madeByService) this.left = new DataAwsCloudwatchLogGroups(scope, `${id}-left`, { logGroupNamePrefix: name });
    const problem = retentionProblem(days);
    if (problem) refuse(this, [{ value: days, ...problem }], "days");
    if (days < YEAR) exempt(this, "CKV_AWS_338", "the environment asks for a shorter retention of its logs");
  }

  /** Adds a conditional import: cdktf supports imports of existing resources only. Terraform skips a group that is in the state already. */
  override toTerraform() {
    if (!this.left) return super.toTerraform();
    const found = `data.aws_cloudwatch_log_groups.${this.left.friendlyUniqueId}.log_group_names`;
    const same = `\${toset([for name in ${found} : name if name == "${this.nameInput}"])}`;
    const to = `${this.terraformResourceType}.${this.friendlyUniqueId}`;
    return { ...super.toTerraform(), import: [{ for_each: same, to, id: "${each.value}" }] };
  }
}

/** Retention of an environment's logs, in days. */
export function logDays(retention: Duration | undefined, protect: boolean): number {
  if (retention === undefined) return protect ? DEFAULT_DAYS.protected : DEFAULT_DAYS.disposable;
  return daysIn(retention);
}

/** Problem of a retention period in days that CloudWatch Logs doesn't support. */
export function retentionProblem(days: number): Omit<Problem, "path" | "value"> | undefined {
  if ((PERIODS as readonly number[]).includes(days)) return undefined;
  const above = PERIODS.find((period) => period > days) ?? PERIODS.at(-1);
  return { rule: "is not a retention period of CloudWatch Logs", remedy: `use "${above}d", or one of ${PERIODS.join(", ")} days` };
}
