import { type Duration, seconds } from "../../../constructs/core/quantities";
import type { RuleGroup } from "../../../constructs/observability";
import { choice, object, optional, quantity, records, text, value } from "../check/shape";
import { https, nameOf } from "../common";

/** Alert on the application's own metrics. */
export interface DomainAlert {
  /** PromQL; each series of the result is an alert. Use metrics of this domain: `max by (queue) (messages_waiting{namespace="messaging"})`. */
  readonly expr: string;

  /**
   * Time for which the expression must hold.
   * @default - the alert fires at once
   */
  readonly for?: Duration;

  readonly severity: "critical" | "warning" | "info";

  /** One line for the person on call, with the value: `"{{ $value | humanize }} messages wait in {{ $labels.queue }}"`. */
  readonly summary: string;

  /**
   * Runbook.
   * @default - the page `<alert in lower case>.md` of `monitoring.runbooks`
   */
  readonly runbook?: string;
}

/** Settings of a domain for what its applications export. */
export interface DomainMonitoring {
  /**
   * Alerts on the metrics of the domain's applications, by name. They are evaluated on the domain's cluster, and have the label `domain`,
   * by which `monitoring.alerts` routes them. Requires `monitoring.prometheus`.
   * @default - the alerts that every workload has
   */
  readonly alerts?: Readonly<Record<string, DomainAlert>>;

  /**
   * Grafana dashboards, as JSON texts, by name. The data source of metrics has the uid `prometheus`. Requires `monitoring.grafana`.
   * @default - the dashboard that every domain has
   */
  readonly dashboards?: Readonly<Record<string, string>>;
}

/** Prefix of the uids of the platform's dashboards. */
const OURS = "cqrs-";

const dashboard = value((input) => {
  const { uid, title, panels } = parsed(input);
  if (typeof title !== "string" || !Array.isArray(panels) || typeof uid !== "string" || !/^[A-Za-z0-9_-]{1,40}$/.test(uid))
    return { rule: "is not the JSON of a dashboard with uid, title and panels", remedy: "export it from Grafana, and give it a uid" };
  return uid.startsWith(OURS) ? { rule: `has a uid of the platform's dashboards (${OURS}…)`, remedy: "use another uid" } : undefined;
});

/** The uid of a dashboard. Undefined if it has none. */
export function uidOf(json: unknown): string | undefined {
  const { uid } = parsed(json);
  return typeof uid === "string" ? uid : undefined;
}

function parsed(input: unknown): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(String(input))) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** PromQL as far as it is read here: Prometheus drops all rules of a file in which one can't be parsed. */
const expression = value((input) => {
  if (typeof input !== "string" || !/\S/.test(input)) return { rule: "must have text", remedy: "write a word or more" };
  const code = input.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, "0").replace(/#[^\n]*/g, "");
  const open: string[] = [];
  for (const bracket of code.match(/[()[\]{}]/g) ?? []) {
    if (bracket in CLOSING) open.push(CLOSING[bracket] as string);
    else if (open.pop() !== bracket) return { rule: `has a ${bracket} too many`, remedy: "write it as Prometheus reads it" };
  }
  if (open.length > 0) return { rule: `lacks ${open.reverse().join("")}`, remedy: "write it as Prometheus reads it" };
  return /["'`]|[-+*/%^=<>!~,]\s*$/.test(code) ? { rule: "has no end", remedy: "write it as Prometheus reads it" } : undefined;
});

/** Text with templates of Prometheus: `{{ $labels.pod }}`. */
const summary = value((input) => {
  if (typeof input !== "string" || !/^[^\p{Cc}]{1,1000}$/u.test(input))
    return { rule: "must be text", remedy: "write up to 1000 characters on one line" };
  return /\{\{|\}\}/.test(input.replace(/\{\{.*?\}\}/g, ""))
    ? { rule: "has a template without an end", remedy: 'write one like "{{ $labels.pod }}"' }
    : undefined;
});

export const domainMonitoring = {
  alerts: optional(
    records(
      object<DomainAlert>({
        expr: expression,
        for: optional(quantity(seconds)),
        severity: choice(["critical", "warning", "info"], "severity of an alert"),
        summary,
        runbook: optional(https),
      }),
      text(/^[A-Z][A-Za-z0-9]{1,99}$/, "is not a name of an alert", "write one like MessagesWaiting"),
    ),
  ),
  dashboards: optional(records(dashboard, nameOf(40))),
};

/** The alerts of a domain as a rule group. Undefined if it has none. */
export function alertsOf({ name, alerts = {} }: DomainMonitoring & { readonly name: string }): RuleGroup | undefined {
  const rules = Object.entries(alerts).map(([alert, { expr, for: time, severity, summary, runbook }]) => ({
    alert,
    expr,
    ...(time === undefined ? {} : { for: time }),
    labels: { severity, domain: name },
    annotations: { summary, ...(runbook === undefined ? {} : { runbook_url: runbook }) },
  }));
  return rules.length > 0 ? { name: `domain-${name}`, rules } : undefined;
}
