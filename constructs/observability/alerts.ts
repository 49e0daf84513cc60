import type { Problem } from "../core/errors";

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
export function alertmanagerConfig(alerts: Alerts | undefined): object {
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
    inhibit_rules: INHIBITIONS,
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

/** Labels that must be equal for one alert to inhibit another. */
const STORE = ["cluster", "namespace", "store"];
const WORKLOAD = ["cluster", "namespace", "workload"];
const CLAIM = ["cluster", "namespace", "persistentvolumeclaim"];
const NAMESPACE = ["cluster", "namespace"];

/** Alerts of services that fire if a dependency is down. */
const REQUESTS = "RequestErrors|RequestsSlow|ErrorBudgetBurns.+";

/** Those, and alerts of workloads: their pods end or are not ready, and queries of autoscalers fail. */
const DEPENDENTS = `${REQUESTS}|WorkloadReplicasUnavailable|WorkloadCrashLooping|WorkloadAutoscalerFailing`;

/** Endpoints whose requests pass a gateway: not those of stores in the cluster. */
const OUTSIDE = 'instance!~".+[.]svc.*"';

/** Alerts that fire if pods can't resolve names. */
const UNRESOLVED = [
  DEPENDENTS,
  "WorkloadDown|EndpointDown|ReadModel.+|ScrapeTargetsDown|RemoteWriteBehind|RemoteWriteFailing|ExternalDnsNotSynced|ControllerErrors",
  "KurrentDbGossipFails|KurrentDbSubscription.+|NatsConsumer(Stuck|Behind)|CollectorLosingData|CollectorRefusing|CollectorQueueNearlyFull",
  "JaegerNotStoring|Secret.+|CertificateIssuerNotReady|CloudWatchExporterFails|AlertNotificationsFailing|JobFailed|CronJobFailed",
].join("|");

/** Alerts that fire if a node is down, because replicas and pods ran on it. */
const ON_NODES = [
  "KurrentDbNodeDown|KurrentDbNodeNotInRole|PostgresInstanceDown|PostgresStandbyNotStreaming|NatsServerDown|ValkeyReplicaDown",
  "ValkeyReplicaDisconnected|ControllerDown|ObservabilityPartDown|ScrapeTargetsDown",
  // Of causes that a node doesn't have, people are told: it may be away for days.
  "Workload(ReplicasUnavailable|RolloutStuck|PodsUnschedulable|ContainerWaiting|DisruptionBudgetAtLimit|AutoscalerFailing)",
].join("|");

/** Inhibitions: while an alert about a cause fires, alerts about its consequences are suppressed. An alert can't inhibit itself. */
const INHIBITIONS: readonly object[] = [
  inhibited(['severity="critical"'], ['severity=~"warning|info"'], ["cluster", "namespace", "alertname"]),
  inhibited(['severity="warning"'], ['severity="info"'], ["cluster", "namespace", "alertname"]),
  // As in the chart of Prometheus: informational alerts are sent only while another alert fires.
  inhibited(['alertname="InfoInhibitor"'], ['severity="info"'], NAMESPACE),
  // Within one store or workload. Labels that are missing in both alerts count as equal, so the matchers require them.
  inhibited(['severity="critical"', 'store=~".+"'], ['severity="warning"', 'store=~".+"'], STORE),
  inhibited(['severity="critical"', 'workload=~".+"'], ['severity="warning"', 'workload=~".+"'], WORKLOAD),

  // If a store is down: its other alerts, its pods, and the services that depend on it.
  inhibited([named("KurrentDbDown|KurrentDbNoLeader")], [named("KurrentDb.+|StreamBackup.+")], STORE),
  inhibited([named("PostgresDown")], [named("PostgresNoSynchronousStandby|PostgresArchivingFails")], STORE),
  inhibited([named("PostgresDown")], [named("ReadModel.+")], ["cluster", "store"]),
  ...neededBy("KurrentDbDown|KurrentDbNoLeader", "ReadModelNotSeen"),
  inhibited([named("NatsDown|NatsNoMetaLeader")], [named("NatsStreamNoLeader|NatsJetStreamDisabled|NatsConsumer.+")], STORE),
  inhibited([named("(KurrentDb|Postgres|Nats|Valkey)Down")], ['severity="warning"', 'workload=~".+"'], NAMESPACE),
  inhibited([named("KurrentDbFlushSlow")], [named("KurrentDbAppendsSlow|KurrentDbQueueSlow")], STORE),
  inhibited([named("KurrentDbFlushSlow")], [named("VolumeThrottled"), 'persistentvolumeclaim=~"data-.+"'], NAMESPACE),
  ...neededBy("KurrentDbDown|KurrentDbNoLeader|PostgresDown|PostgresPoolerDown|NatsDown|NatsNoMetaLeader", `${DEPENDENTS}|WorkloadDown`),
  // Services go on without a cache, so one that is down has another cause.
  ...neededBy("ValkeyDown", DEPENDENTS),

  // What a job is for, instead of the job.
  inhibited(
    [named("StreamBackup.+|AuditDigestLate|RestoreDrillFailed|RestoreObjectiveExceeded")],
    [named("CronJob.+")],
    ["cluster", "namespace", "cronjob"],
  ),
  // A drill that is slow fails, and one that fails, or does not start, has no success.
  inhibited([named("CronJobLate|CronJobSuspended")], [named("RestoreDrillMissing")], ["cluster", "namespace", "cronjob"]),
  inhibited([named("RestoreObjectiveExceeded")], [named("RestoreDrillFailed|RestoreDrillMissing")], ["cluster", "namespace", "cronjob"]),
  inhibited([named("RestoreDrillFailed")], [named("RestoreDrillMissing")], ["cluster", "namespace", "cronjob"]),

  // Volumes of stores. KurrentDB and NATS report disk usage themselves, without the label of the claim.
  inhibited([named("Postgres(Wal|Disk).+|ValkeyDiskFull")], [named("VolumeFillingUp|VolumeNearlyFull")], CLAIM),
  inhibited([named("KurrentDbDisk.+")], [named("VolumeFillingUp|VolumeNearlyFull"), 'persistentvolumeclaim=~"data-.+"'], NAMESPACE),
  inhibited([named("NatsStorage.+")], [named("VolumeFillingUp|VolumeNearlyFull"), 'persistentvolumeclaim=~".+-js-.+"'], NAMESPACE),

  // If an exporter fails, alerts on its metrics have no meaning. Such an alert is a warning, so it suppresses only warnings.
  inhibited([named("ValkeyExporterFails")], [named("Valkey.+"), 'severity="warning"'], STORE),
  inhibited([named("ReadModelsUnknown")], [named("ReadModel.+"), 'severity="warning"'], STORE),

  inhibited([named("NodeNotReady|NodesNotReady")], [named(ON_NODES), 'severity=~"warning|info"'], ["cluster"]),
  inhibited([named("ClusterDnsDown")], [named(UNRESOLVED)], ["cluster"]),
  inhibited([named("GatewayDown")], [named("WorkloadDown")], WORKLOAD),
  inhibited([named("GatewayDown")], [named("EndpointDown|CdnErrors|LoadBalancer.+"), OUTSIDE], ["cluster"]),
  inhibited([named("LoadBalancerWithoutHealthyTargets")], [named("EndpointDown|CdnErrors"), OUTSIDE], ["cluster"]),
  // Autoscalers read their metrics from these, and Karpenter makes nodes.
  inhibited([named("ControllerDown"), 'workload=~"keda.*|metrics-server"'], [named("WorkloadAutoscalerFailing")], ["cluster"]),
  inhibited([named("ControllerDown"), 'workload=~".*karpenter"'], [named("WorkloadPodsUnschedulable")], ["cluster"]),
  inhibited([named("WorkloadDown")], [named(REQUESTS)], NAMESPACE),
  inhibited([named("RequestErrors")], [named("ErrorBudgetBurns.+")], NAMESPACE),
  // Sent only if no other critical alert explains it.
  inhibited(['severity="critical"', 'alertname!="SystemUnhealthy"'], [named("SystemUnhealthy")], ["cluster"]),
];

/** Dependents of a store: its domain's services, or all services of the cluster if no domain owns the store. */
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
