import type { Problem } from "../core/errors";

/**
 * Someone who is told of alerts. What it takes to reach them (an address with a token in it, a key) is a value of the
 * Secret `alert-receivers`, under the receiver's name, and is read by Alertmanager from a file.
 */
export type Receiver =
  | {
      /** A channel of Slack, by an incoming webhook, whose address is the secret. */
      readonly kind: "slack";

      /** `#orders`. */
      readonly channel: string;
    }
  | {
      /** A service of PagerDuty, by its integration key for Events API v2, which is the secret. */
      readonly kind: "pagerduty";
    }
  | {
      /** A team of Opsgenie, by its API key, which is the secret. */
      readonly kind: "opsgenie";
    }
  | {
      /** Anything that takes Alertmanager's JSON at an address of https, which is the secret: a chat, a ticket system, a heartbeat monitor. */
      readonly kind: "webhook";
    };

/** Who is told: the same receiver of everything, or another one of what wakes somebody than of what waits for the day. */
export type Recipients = string | { readonly critical: string; readonly warning: string };

/** Where alerts go. */
export interface Alerts {
  /** Receivers, by name. */
  readonly receivers: Readonly<Record<string, Receiver>>;

  /** Who is told of what no domain owns. */
  readonly default: Recipients;

  /**
   * Who is told of what happens in a domain, by the domain's name.
   * @default - the default recipients
   */
  readonly domains?: Readonly<Record<string, Recipients>>;

  /**
   * The receiver, a webhook, of a signal that is sent every minute while everything works. Whoever gets it has to raise the
   * alarm when it stays away, because nothing else tells that Prometheus or Alertmanager itself is down.
   * @default - none: a monitoring system that is down is noticed by nobody
   */
  readonly heartbeat?: string;
}

/** The Secret with the values by which receivers are reached, a key for each receiver. */
export const RECEIVERS_SECRET = "alert-receivers";

/** Where Alertmanager finds the files of a Secret that it is given (Prometheus operator, `Alertmanager.spec.secrets`). */
const FILES = `/etc/alertmanager/secrets/${RECEIVERS_SECRET}`;

/** The receiver of what nobody is told. */
const NOBODY = "nobody";

/** The heartbeat is sent again at each interval of its group: what is to be repeated has to be older than `repeat_interval`. */
const HEARTBEAT = { group_interval: "1m", repeat_interval: "50s" } as const;

/** What is wrong with where alerts go, by its path below `alerts`. */
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
            rule: "must be a webhook: everyone else would be told every minute",
            remedy: "name a webhook",
          },
        ]
      : []),
  ];
}

/** The configuration of Alertmanager, without a secret in it. */
export function alertmanagerConfig(alerts: Alerts | undefined): object {
  const { receivers = {}, default: everyone = NOBODY, domains = {}, heartbeat = NOBODY } = alerts ?? {};
  return {
    global: { resolve_timeout: "5m" },
    route: {
      receiver: warningOf(everyone),
      // One message for each subject, not for each pod of it.
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
    inhibit_rules: INHIBITIONS,
    receivers: [{ name: NOBODY }, ...Object.entries(receivers).map(([name, receiver]) => ({ name, ...configOf(name, receiver) }))],
  };
}

/** What is critical is repeated until somebody has seen to it. */
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

/** Labels by which two alerts are about the same subject. */
const STORE = ["cluster", "namespace", "store"];
const WORKLOAD = ["cluster", "namespace", "workload"];
const CLAIM = ["cluster", "namespace", "persistentvolumeclaim"];
const NAMESPACE = ["cluster", "namespace"];

/** What services report when something that they need is down. */
const REQUESTS = "RequestErrors|RequestsSlow|ErrorBudgetBurns.+";

/** What is missed while a node is away: copies and pods that were on it. */
const ON_NODES = [
  "KurrentDbNodeDown|KurrentDbNodeNotInRole|PostgresInstanceDown|PostgresStandbyNotStreaming|NatsServerDown|ValkeyReplicaDown",
  "ValkeyReplicaDisconnected|Workload.+|ControllerDown|ObservabilityPartDown|ScrapeTargetsDown",
].join("|");

/** One cause is told once: what follows from it is held back while it is firing. An alert can't hold back itself. */
const INHIBITIONS: readonly object[] = [
  inhibited(['severity="critical"'], ['severity=~"warning|info"'], ["cluster", "namespace", "alertname"]),
  inhibited(['severity="warning"'], ['severity="info"'], ["cluster", "namespace", "alertname"]),
  // As the chart of Prometheus has it: what only informs is told while something else fires.
  inhibited(['alertname="InfoInhibitor"'], ['severity="info"'], NAMESPACE),
  // Of one store or workload. Labels that two alerts both lack are equal, so they have to be there.
  inhibited(['severity="critical"', 'store=~".+"'], ['severity="warning"', 'store=~".+"'], STORE),
  inhibited(['severity="critical"', 'workload=~".+"'], ['severity="warning"', 'workload=~".+"'], WORKLOAD),

  // A store that is down: its other alerts, its pods, and who needs it.
  inhibited([named("KurrentDbDown|KurrentDbNoLeader")], [named("KurrentDb.+")], STORE),
  inhibited([named("PostgresDown")], [named("PostgresNoSynchronousStandby|PostgresArchivingFails")], STORE),
  inhibited([named("PostgresDown")], [named("ReadModel.+")], ["cluster", "store"]),
  ...neededBy("KurrentDbDown|KurrentDbNoLeader", "ReadModelNotSeen"),
  inhibited([named("NatsDown|NatsNoMetaLeader")], [named("NatsStreamNoLeader|NatsJetStreamDisabled|NatsConsumer.+")], STORE),
  inhibited([named("(KurrentDb|Postgres|Nats|Valkey)Down")], ['severity="warning"', 'workload=~".+"'], NAMESPACE),
  ...neededBy("KurrentDbDown|KurrentDbNoLeader|PostgresDown", REQUESTS),

  // Volumes of stores. KurrentDB and NATS measure by themselves, and know no claim.
  inhibited([named("Postgres(Wal|Disk).+|ValkeyDiskFull")], [named("VolumeFillingUp|VolumeNearlyFull")], CLAIM),
  inhibited([named("KurrentDbDisk.+")], [named("VolumeFillingUp|VolumeNearlyFull"), 'persistentvolumeclaim=~"data-.+"'], NAMESPACE),
  inhibited([named("NatsStorage.+")], [named("VolumeFillingUp|VolumeNearlyFull"), 'persistentvolumeclaim=~".+-js-.+"'], NAMESPACE),

  // What can't be read says nothing. It can wait, so it holds back nothing that can't.
  inhibited([named("ValkeyExporterFails")], [named("Valkey.+"), 'severity="warning"'], STORE),
  inhibited([named("ReadModelsUnknown")], [named("ReadModel.+"), 'severity="warning"'], STORE),

  inhibited([named("NodeNotReady|NodesNotReady")], [named(ON_NODES), 'severity=~"warning|info"'], ["cluster"]),
  inhibited([named("LoadBalancerWithoutHealthyTargets")], [named("EndpointDown|CdnErrors")], ["cluster"]),
  inhibited([named("WorkloadDown")], [named(REQUESTS)], NAMESPACE),
  inhibited([named("RequestErrors")], [named("ErrorBudgetBurns.+")], NAMESPACE),
  // Told where nothing else explains it.
  inhibited(['severity="critical"', 'alertname!="SystemUnhealthy"'], [named("SystemUnhealthy")], ["cluster"]),
];

/** A store of a domain is needed by the domain, and one that no domain owns by everybody on its cluster. */
function neededBy(down: string, suffering: string): readonly object[] {
  return [
    inhibited([named(down), 'domain=""'], [named(suffering)], ["cluster"]),
    inhibited([named(down), 'domain=~".+"'], [named(suffering)], ["cluster", "domain"]),
  ];
}

function named(names: string): string {
  return `alertname=~"${names}"`;
}

function inhibited(source: readonly string[], target: readonly string[], equal: readonly string[]): object {
  return { source_matchers: source, target_matchers: target, equal };
}
