import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { RUNBOOKS, type RuleGroup, type RuleSubject, rulesAbout, withRunbooks } from "./rules";

export interface PlatformRulesProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the PrometheusRule objects. The Prometheus operator must select rules in it. */
  readonly namespace: string;

  /** Subjects of the rules: `["kurrentdb", "workloads"]`. */
  readonly rules: readonly RuleSubject[];

  /**
   * Additional rules.
   * @default - none
   */
  readonly moreRules?: readonly RuleGroup[];

  /**
   * Prefix of the application's own metrics: `orders` for `orders_commands_total`.
   * @default "orchestrix"
   */
  readonly metricsPrefix?: string;

  /**
   * Base URL of the runbooks. An alert links to `<base>/<alert in lower case>.md`.
   * @default "docs/runbooks", in the repository of the platform
   */
  readonly runbooks?: string;

  /** Resources that must exist first: the CRDs of the Prometheus operator, the namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** Rules for any Prometheus that the Prometheus operator runs: one PrometheusRule object for each subject. */
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
