import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { RUNBOOKS, type RuleGroup, type RuleSubject, rulesAbout, withRunbooks } from "./rules";

export interface PlatformRulesProps {
  readonly cluster: KubernetesTarget;

  /** Where they are: any namespace whose rules the Prometheus operator reads. */
  readonly namespace: string;

  /** What they are about: `["kurrentdb", "workloads"]`. */
  readonly rules: readonly RuleSubject[];

  /**
   * Rules beside those of the platform.
   * @default - none
   */
  readonly moreRules?: readonly RuleGroup[];

  /**
   * How the names of the application's own metrics begin: `orders`, of `orders_commands_total`.
   * @default "orchestrix"
   */
  readonly metricsPrefix?: string;

  /**
   * Where the pages are to which alerts lead: an address under which `<alert in lower case>.md` is found.
   * @default "docs/runbooks", in the repository of the platform
   */
  readonly runbooks?: string;

  /** What has to be there before: the definitions of the Prometheus operator, the namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** Rules for a Prometheus, ours or another's that an operator of Prometheus runs: an object for each subject. */
export class PlatformRules extends Construct {
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PlatformRulesProps) {
    super(scope, id);
    const { cluster, namespace, rules, metricsPrefix, moreRules = [], runbooks = RUNBOOKS, after = [] } = props;
    const subjects: readonly (readonly [string, readonly RuleGroup[]])[] = [
      ...[...new Set(rules)].map((subject) => [subject, rulesAbout(subject, metricsPrefix)] as const),
      ...(moreRules.length > 0 ? [["more", moreRules] as const] : []),
    ];
    const { release } = new CustomResources(this, "objects", {
      cluster,
      namespace,
      name: "platform-rules",
      objects: subjects.map(([name, groups]) => ({
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: `platform-${name}`, namespace },
        spec: { groups: withRunbooks(groups, runbooks) },
      })),
      after,
    });
    this.release = release;
  }
}
