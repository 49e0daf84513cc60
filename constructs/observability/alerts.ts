import type { Problem } from "../core/errors";
import { type Dependencies, inhibitions } from "./inhibitions";

/**
 * A receiver of alerts. Its secret (a URL with a token, or a key) is a value of the Secret `alert-receivers`, under the name of the
 * receiver. Alertmanager reads it from a file.
 */
export type Receiver =
  | {
      /** A Slack channel. The secret is the URL of an incoming webhook. */
      readonly kind: "slack";

      /** `#orders`. */
      readonly channel: string;
    }
  | {
      /** A PagerDuty service. The secret is its integration key for Events API v2. */
      readonly kind: "pagerduty";
    }
  | {
      /** An Opsgenie team. The secret is its API key. */
      readonly kind: "opsgenie";
    }
  | {
      /** Any HTTPS endpoint that accepts Alertmanager's JSON: a chat, a ticket system, a heartbeat monitor. The secret is its URL. */
      readonly kind: "webhook";
    };

/** One receiver for all alerts, or one for each severity. */
export type Recipients = string | { readonly critical: string; readonly warning: string };

/** Receivers and routes of alerts. */
export interface Alerts {
  /** Receivers, by name. */
  readonly receivers: Readonly<Record<string, Receiver>>;

  /** Receivers of alerts without a domain, and of domains without receivers of their own. */
  readonly default: Recipients;

  /**
   * Receivers of the alerts of a domain, by the domain's name.
   * @default - the default recipients
   */
  readonly domains?: Readonly<Record<string, Recipients>>;

  /**
   * Receiver of a heartbeat that is sent every minute, a webhook (dead man's switch). The service behind it must raise an alarm if the
   * heartbeat stops, because Prometheus and Alertmanager can't report their own failure.
   * @default - none: a failure of the monitoring itself is not reported
   */
  readonly heartbeat?: string;
}

/** Secret with the URLs and keys of receivers, one key for each receiver. */
export const RECEIVERS_SECRET = "alert-receivers";

/** Mount path of the Secret (Prometheus operator, `Alertmanager.spec.secrets`). */
const FILES = `/etc/alertmanager/secrets/${RECEIVERS_SECRET}`;

/** Receiver of alerts that are not sent. */
const NOBODY = "nobody";

/** Alertmanager repeats a notification at a group interval if the last one is older than `repeat_interval`. */
const HEARTBEAT = { group_interval: "1m", repeat_interval: "50s" } as const;

/** Problems of receivers and routes, by their path below `alerts`. */
export function alertsProblems({ receivers, default: everyone, domains = {}, heartbeat }: Alerts): readonly Problem[] {
  const known = Object.keys(receivers);
  const unknown = (path: string, name: string): Problem[] =>
    known.includes(name)
      ? []
      : [
          {
            path,
            value: name,
            rule: "must be one of the receivers",
            remedy: known.length > 0 ? `use ${known.join(" or ")}, or describe it in receivers` : "describe it in receivers",
          },
        ];
  const names = Object.entries(receivers).flatMap(([name]): Problem[] =>
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && name !== NOBODY
      ? []
      : [
          {
            path: `receivers.${name}`,
            rule: `must have a name of lower-case letters, digits and hyphens other than ${NOBODY}`,
            remedy: "rename it",
          },
        ],
  );
  const beats = heartbeat === undefined ? undefined : receivers[heartbeat];
  return [
    ...names,
    ...each(everyone).flatMap((name) => unknown("default", name)),
    ...Object.entries(domains).flatMap(([domain, of]) => each(of).flatMap((name) => unknown(`domains.${domain}`, name))),
    ...(heartbeat === undefined ? [] : unknown("heartbeat", heartbeat)),
    ...(beats && beats.kind !== "webhook"
      ? [
          {
            path: "heartbeat",
            value: heartbeat,
            rule: "must be a webhook: other receivers would get a message every minute",
            remedy: "name a webhook",
          },
        ]
      : []),
  ];
}

/** Configuration of Alertmanager, without secrets. */
export function alertmanagerConfig(alerts: Alerts | undefined, dependencies: Dependencies = {}): object {
  const { receivers = {}, default: everyone = NOBODY, domains = {}, heartbeat = NOBODY } = alerts ?? {};
  return {
    global: { resolve_timeout: "5m" },
    route: {
      receiver: warningOf(everyone),
      // One notification for all pods of a workload or store.
      group_by: ["cluster", "domain", "namespace", "alertname"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [
        { receiver: heartbeat, matchers: ['alertname="Watchdog"'], group_wait: "0s", ...HEARTBEAT },
        { receiver: NOBODY, matchers: ['severity!~"critical|warning"'] },
        ...Object.entries(domains).flatMap(([domain, of]) => routesTo(of, [`domain="${domain}"`])),
        ...routesTo(everyone, []),
      ],
    },
    inhibit_rules: inhibitions(dependencies).map(({ source, target, equal }) => ({
      source_matchers: source,
      target_matchers: target,
      equal,
    })),
    receivers: [{ name: NOBODY }, ...Object.entries(receivers).map(([name, receiver]) => ({ name, ...configOf(name, receiver) }))],
  };
}

/** Routes alerts to recipients. Critical alerts are repeated every hour. */
function routesTo(of: Recipients, matchers: readonly string[]): readonly object[] {
  return [
    { receiver: criticalOf(of), matchers: [...matchers, 'severity="critical"'], repeat_interval: "1h" },
    ...(matchers.length > 0 ? [{ receiver: warningOf(of), matchers }] : []),
  ];
}

function criticalOf(of: Recipients): string {
  return typeof of === "string" ? of : of.critical;
}

function warningOf(of: Recipients): string {
  return typeof of === "string" ? of : of.warning;
}

function each(of: Recipients): readonly string[] {
  return typeof of === "string" ? [of] : [...new Set([of.critical, of.warning])];
}

const TITLE = "{{ .GroupLabels.alertname }} ({{ .CommonLabels.environment }}, {{ .CommonLabels.severity }})";

const TEXT = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";

function configOf(name: string, receiver: Receiver): object {
  const file = `${FILES}/${name}`;
  switch (receiver.kind) {
    case "slack":
      return { slack_configs: [{ api_url_file: file, channel: receiver.channel, send_resolved: true, title: TITLE, text: TEXT }] };
    case "pagerduty":
      return {
        pagerduty_configs: [
          {
            routing_key_file: file,
            send_resolved: true,
            severity: "{{ .CommonLabels.severity }}",
            description: TITLE,
            details: { alerts: TEXT },
          },
        ],
      };
    case "opsgenie":
      return { opsgenie_configs: [{ api_key_file: file, send_resolved: true, message: TITLE, description: TEXT }] };
    case "webhook":
      return { webhook_configs: [{ url_file: file, send_resolved: true }] };
  }
}
