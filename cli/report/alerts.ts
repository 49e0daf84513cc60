import type { AlertingRule, RuleGroup } from "../../constructs/observability";
import type { MeasuredSite } from "../../stacks/capacity";
import { CLUSTER_NAMES } from "../../stacks/model/derive/clusters";

/** Alert of an environment. */
export interface AlertRow {
  readonly name: string;
  readonly severity: string;
  readonly summary: string;

  /** Address of its runbook, as in its notifications. */
  readonly runbook: string;

  /** Clusters whose Prometheus evaluates it. */
  readonly clusters: readonly string[];
}

const SEVERITIES = ["critical", "warning", "info"];

/** Alerts in the rules that are sent to the clusters, most severe first. */
export function alertsOn(sites: readonly MeasuredSite[]): readonly AlertRow[] {
  const found = new Map<string, AlertRow>();
  for (const { site, objects } of sites) {
    const groups = objects
      .filter(({ kind }) => kind === "PrometheusRule")
      .flatMap(({ spec }) => (spec as { readonly groups: readonly RuleGroup[] }).groups);
    const alerts = groups.flatMap(({ rules }) => rules).filter((rule): rule is AlertingRule => "alert" in rule);
    for (const { alert: name, labels: { severity = "" } = {}, annotations: { summary = "", runbook_url: runbook = "" } = {} } of alerts) {
      const key = `${name} ${severity}`;
      const clusters = [...new Set([...(found.get(key)?.clusters ?? []), CLUSTER_NAMES[site.key]])];
      found.set(key, { name, severity, summary: readable(summary), runbook, clusters });
    }
  }
  const rank = ({ severity }: AlertRow) => SEVERITIES.indexOf(severity);
  return [...found.values()].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}

/** Summary with names in place of Prometheus' templates: `{{ $labels.pod }}` is `<pod>`. */
function readable(template: string): string {
  return template
    .replace(/\{\{\s*\$labels\.(\w+)\s*\}\}/g, "<$1>")
    .replace(/\{\{[^{}]*\}\}/g, "…")
    .trim();
}
