import { requested } from "../capacity";
import type { PodGroup } from "../capacity/contract";
import { type Bytes, type Duration, type Reading, seconds } from "../core/quantities";
import type { KubernetesTarget } from "../kubernetes";
import { type Asked, deployed, resources, spread } from "../platform";
import { type Alerts, alertmanagerConfig, RECEIVERS_SECRET } from "./alerts";
import { type DataSource, GRAFANA, type GrafanaSettings, grafanaValues } from "./grafana";
import type { Dependencies } from "./inhibitions";
import type { PrometheusSize } from "./prometheus-size";

/** Services, ports and pod labels of the components of the chart. */
export const METRICS = {
  prometheus: { service: "metrics-prometheus", port: 9090, labels: { "app.kubernetes.io/name": "prometheus", prometheus: "metrics" } },
  alertmanager: {
    service: "metrics-alertmanager",
    port: 9093,
    labels: { "app.kubernetes.io/name": "alertmanager", alertmanager: "metrics" },
  },
  operator: { port: 8080, labels: { app: "kube-prometheus-stack-operator" } },
  states: { service: "kube-state-metrics", port: 8080, labels: { "app.kubernetes.io/name": "kube-state-metrics" } },
  grafana: { service: "grafana", port: 3000, labels: { "app.kubernetes.io/name": "grafana" } },
} as const;

/** Prefix of the names of the chart's objects. */
const NAME = "metrics";

const ASKED = {
  reloader: { cpu: "10m", memory: "64Mi" },
  alertmanager: { cpu: "50m", memory: "96Mi" },
  operator: { cpu: "100m", memory: "256Mi" },
  states: { cpu: "20m", memory: "128Mi" },
  nodeExporter: { cpu: "20m", memory: "32Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/** Silences and sent notifications: small, but a lost silence notifies again. */
const ALERTMANAGER_STORAGE: Bytes = "5Gi";

/** Default scrape interval of monitors that name none: the chart's. Its rules, and those of the platform, need samples at least as often. */
export const SCRAPE_INTERVAL: Duration = "30s";

/** Parses a scrape interval, in seconds. */
export function scrapeSeconds(value: unknown): Reading {
  const reading = seconds(value);
  return typeof reading === "number" && (reading < 5 || reading > 30)
    ? { rule: "is not an interval that rules and exporters are made for", remedy: 'use "5s" to "30s"' }
    : reading;
}

/** Interval of rule evaluations, for which `for` of the rules is written. */
const EVALUATION_INTERVAL: Duration = "30s";

/** Path of the remote-write endpoint. */
export const WRITE_PATH = "/api/v1/write";

/** Default retention of metrics. */
export const DEFAULT_RETENTION: Duration = "15d";

export interface MetricsSettings {
  readonly cluster: KubernetesTarget;

  /** Value of the label `cluster` of series and alerts. */
  readonly clusterName: string;

  /** Values of the labels `system` and `environment` of alerts. */
  readonly system: string;
  readonly environment: string;

  /** Scrape interval of monitors that name none. */
  readonly scrapeInterval: Duration;

  readonly retention: Duration;
  readonly size: PrometheusSize;

  /** PriorityClass of all pods. @default - none */
  readonly priority?: string;

  /** Numbers of instances. */
  readonly replicas: { readonly prometheus: number; readonly alertmanager: number };

  /** Namespace of node-exporter, which needs host access. */
  readonly nodesNamespace: string;

  /** @default - alerts are visible in Alertmanager only */
  readonly alerts?: Alerts;

  /**
   * Remote-write target.
   * @default - none
   */
  readonly hub?: Hub;

  /** Set if other clusters send samples. */
  readonly receives: boolean;

  /** Set if applications send metrics by OTLP, through the collector. */
  readonly takesOtlp: boolean;

  /** Domains by their namespaces. */
  readonly owners: Readonly<Record<string, string>>;

  readonly dependencies?: Dependencies;

  /** @default - no Grafana */
  readonly grafana?: GrafanaSettings;
  readonly sources: readonly DataSource[];
}

/** The receiver of another cluster. */
export interface Hub {
  /** Host name in its certificate: `metrics.orders.internal`. */
  readonly host: string;

  /** Secret with the CA of its certificate in `ca.crt`. */
  readonly authority: string;

  /** Secret with `username` and `password`. */
  readonly credentials: string;
}

/** Values of kube-prometheus-stack. */
export function metricsValues(settings: MetricsSettings): object {
  const { cluster, nodesNamespace, grafana, scrapeInterval, sources } = settings;
  const priority = classOf(settings);
  return {
    fullnameOverride: NAME,
    cleanPrometheusOperatorObjectNames: true,
    // The CRDs are installed by the platform, because other charts need them earlier.
    crds: { enabled: false },
    ...(cluster.mirror ? { global: { imageRegistry: cluster.mirror } } : {}),
    defaultRules: { create: true, disabled: Object.fromEntries(REPLACED_ALERTS.map((alert) => [alert, true])) },
    // Not available: EKS hides their metrics, and kubeadm binds them to the loopback address of the node.
    ...Object.fromEntries(HIDDEN.map((part) => [part, { enabled: false }])),
    kubelet: { serviceMonitor: { interval: scrapeInterval, cAdvisorInterval: scrapeInterval } },
    prometheusOperator: {
      // The rules are tested before they are shipped. Without the webhook no job has to create its certificate.
      admissionWebhooks: { enabled: false },
      tls: { enabled: false },
      resources: resources(ASKED.operator),
      ...priority,
      prometheusConfigReloader: { resources: resources(ASKED.reloader) },
    },
    prometheus: prometheus(settings),
    alertmanager: alertmanager(settings),
    "kube-state-metrics": { fullnameOverride: METRICS.states.service, resources: resources(ASKED.states), ...priority },
    "prometheus-node-exporter": {
      fullnameOverride: "node-exporter",
      namespaceOverride: nodesNamespace,
      resources: resources(ASKED.nodeExporter),
      priorityClassName: NODE_CRITICAL,
    },
    grafana: grafana ? { ...grafanaValues(cluster, grafana, sources), ...priority } : { enabled: false },
  };
}

/** PriorityClass of pods that run on each node. If one were preempted, it could not run elsewhere. */
export const NODE_CRITICAL = "system-node-critical";

function classOf({ priority }: Pick<MetricsSettings, "priority">): object {
  return priority ? { priorityClassName: priority } : {};
}

/** Default alerts of the chart that the rules of the platform replace. */
const REPLACED_ALERTS: readonly string[] = [
  "KubePodCrashLooping",
  "KubePodNotReady",
  "KubeContainerWaiting",
  "KubeDeploymentReplicasMismatch",
  "KubeDeploymentRolloutStuck",
  "KubeStatefulSetReplicasMismatch",
  "KubeStatefulSetUpdateNotRolledOut",
  "KubeDaemonSetRolloutStuck",
  "KubeJobFailed",
  "KubeJobNotCompleted",
  "KubeHpaMaxedOut",
  "KubeHpaReplicasMismatch",
  "KubePdbNotEnoughHealthyPods",
  "KubeQuotaAlmostFull",
  "KubeQuotaFullyUsed",
  "CPUThrottlingHigh",
  "KubePersistentVolumeFillingUp",
  "KubeNodeNotReady",
  "KubeNodeUnreachable",
  "KubeNodePressure",
  "NodeFilesystemSpaceFillingUp",
  "NodeFilesystemAlmostOutOfSpace",
  "NodeMemoryHighUtilization",
  "TargetDown",
  "PrometheusRemoteWriteBehind",
  "PrometheusRemoteStorageFailures",
  "PrometheusRuleFailures",
  "PrometheusNotConnectedToAlertmanagers",
  "PrometheusErrorSendingAlertsToAnyAlertmanager",
  "AlertmanagerFailedToSendAlerts",
  "AlertmanagerClusterFailedToSendAlerts",
];

const HIDDEN = ["kubeEtcd", "kubeScheduler", "kubeControllerManager", "kubeProxy"];

function prometheus(settings: MetricsSettings): object {
  const { cluster, clusterName, environment, system, retention, size, replicas, owners, hub, receives, takesOtlp } = settings;
  const { prometheus: count } = replicas;
  const all = Object.fromEntries(
    ["rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"].map((kind) => [`${kind}SelectorNilUsesHelmValues`, false]),
  );
  return {
    podDisruptionBudget: { enabled: count > 1 },
    // Instances scrape at different times, so all graphs of a client come from one instance.
    service: { sessionAffinity: "ClientIP" },
    prometheusSpec: {
      replicas: count,
      ...all,
      scrapeInterval: settings.scrapeInterval,
      evaluationInterval: EVALUATION_INTERVAL,
      // Rules and a hub of several clusters need the cluster of every series.
      scrapeClasses: [{ name: "cluster", default: true, relabelings: [{ targetLabel: "cluster", replacement: clusterName }] }],
      externalLabels: { cluster: clusterName, environment, system },
      additionalAlertRelabelConfigs: [...owned(owners), ...(receives ? [ownAlerts(clusterName)] : [])],
      ...(hub ? { remoteWrite: [sentTo(hub)] } : {}),
      ...(receives ? RECEIVING : {}),
      ...(takesOtlp ? { enableOTLPReceiver: true } : {}),
      ...(receives || takesOtlp ? { tsdb: { outOfOrderTimeWindow: "2h" } } : {}),
      enableFeatures: ["exemplar-storage"],
      retention,
      retentionSize: `${size.retentionSize}B`,
      resources: resources(size),
      storageSpec: volume(cluster, size.storage),
      ...classOf(settings),
      topologySpreadConstraints: spread(METRICS.prometheus.labels),
    },
  };
}

/** Settings of a hub. */
const RECEIVING = {
  enableRemoteWriteReceiver: true,
  remoteWriteReceiverMessageVersions: ["V1.0", "V2.0"],
};

/** Sends scraped samples only. The hub records its own series; recorded samples of both would collide. */
function sentTo({ host, authority, credentials }: Hub): object {
  const secret = (key: string) => ({ name: credentials, key });
  return {
    name: "hub",
    url: `https://${host}${WRITE_PATH}`,
    messageVersion: "V2.0",
    sendExemplars: true,
    basicAuth: { username: secret("username"), password: secret("password") },
    tlsConfig: { ca: { secret: { name: authority, key: "ca.crt" } }, serverName: host },
    writeRelabelConfigs: [{ sourceLabels: ["__name__"], regex: ".*:.*|ALERTS|ALERTS_FOR_STATE", action: "drop" }],
  };
}

/**
 * Keeps only the alerts of the hub's own cluster, and those with `scope: system`. The hub evaluates the rules for the series of all
 * clusters, but each cluster notifies about itself, even if it can't reach the hub.
 */
function ownAlerts(clusterName: string): object {
  return { source_labels: ["cluster", "scope"], separator: ";", regex: `${clusterName};.*|.*;system`, action: "keep" };
}

/** Sets the label `domain` of alerts from their namespace. */
function owned(owners: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(owners).map(([namespace, domain]) => ({
    source_labels: ["namespace"],
    regex: namespace,
    target_label: "domain",
    replacement: domain,
  }));
}

function alertmanager({ cluster, alerts, dependencies, replicas, priority }: MetricsSettings): object {
  const { alertmanager: count } = replicas;
  return {
    podDisruptionBudget: { enabled: count > 1 },
    config: alertmanagerConfig(alerts, dependencies),
    alertmanagerSpec: {
      replicas: count,
      retention: "120h",
      automountServiceAccountToken: false,
      ...(alerts ? { secrets: [RECEIVERS_SECRET] } : {}),
      resources: resources(ASKED.alertmanager),
      storage: volume(cluster, ALERTMANAGER_STORAGE),
      ...(priority ? { priorityClassName: priority } : {}),
      topologySpreadConstraints: spread(METRICS.alertmanager.labels),
    },
  };
}

/** Volumes without backup: lost samples only leave a temporary gap. */
function volume({ scratchClass: storageClass }: KubernetesTarget, storage: Bytes): object {
  return {
    volumeClaimTemplate: { spec: { storageClassName: storageClass, accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } } },
  };
}

/** Pods of the chart, as the ledger counts them. */
export function metricsPods({ size, replicas, grafana }: MetricsSettings): readonly PodGroup[] {
  const { reloader } = ASKED;
  const withVolume = (group: PodGroup): PodGroup => ({ ...group, request: { ...group.request, volumes: 1 } });
  const set = (name: string, count: number, asked: readonly Asked[]) => withVolume(deployed({ name, replicas: count, asked, surge: 0 }));
  return [
    set("prometheus", replicas.prometheus, [size, reloader]),
    set("alertmanager", replicas.alertmanager, [ASKED.alertmanager, reloader]),
    deployed({ name: "operator", replicas: 1, asked: [ASKED.operator] }),
    deployed({ name: "kube-state-metrics", replicas: 1, asked: [ASKED.states] }),
    ...(grafana
      ? [withVolume(deployed({ name: "grafana", replicas: 1, asked: [GRAFANA.grafana, GRAFANA.sidecar, GRAFANA.sidecar], surge: 0 }))]
      : []),
  ];
}

/** node-exporter on each node. */
export function nodePods(namespace: string): PodGroup {
  return { name: `${namespace}/node-exporter`, pods: "each-node", request: requested([ASKED.nodeExporter]) };
}
