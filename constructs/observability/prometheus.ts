import type { PodGroup } from "../capacity/contract";
import { type Bytes, bytes, type Cores, type Duration, known, millicores } from "../core/quantities";
import type { KubernetesTarget } from "../kubernetes";
import { type Asked, deployed, resources, spread } from "../platform";
import { type Alerts, alertmanagerConfig, RECEIVERS_SECRET } from "./alerts";
import { type DataSource, GRAFANA, type GrafanaSettings, grafanaValues } from "./grafana";
import type { PrometheusSize } from "./prometheus-size";

/** Names and ports by which the parts that the chart brings are reached in their namespace. */
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

/** How the chart's objects begin. */
const NAME = "metrics";

const ASKED = {
  reloader: { cpu: "10m", memory: "64Mi" },
  alertmanager: { cpu: "50m", memory: "96Mi" },
  operator: { cpu: "100m", memory: "256Mi" },
  states: { cpu: "20m", memory: "128Mi" },
  nodeExporter: { cpu: "20m", memory: "32Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/** Silences and what was told: small, and missed when it is lost. */
const ALERTMANAGER_STORAGE: Bytes = "5Gi";

/** How often targets are read that say nothing else: the chart's habit, which the default rules are written for. */
export const SCRAPE_INTERVAL: Duration = "30s";

/** The path of Prometheus to which samples are written. */
export const WRITE_PATH = "/api/v1/write";

export const DEFAULT_RETENTION: Duration = "15d";

export interface MetricsSettings {
  readonly cluster: KubernetesTarget;

  /** What series and alerts carry as `cluster`. */
  readonly clusterName: string;

  /** What alerts carry as `system` and `environment`. */
  readonly system: string;
  readonly environment: string;

  readonly retention: Duration;
  readonly size: PrometheusSize;

  /** How many instances of Prometheus and of Alertmanager. */
  readonly replicas: { readonly prometheus: number; readonly alertmanager: number };

  /** Where node-exporter runs, which sees the whole node. */
  readonly nodesNamespace: string;

  /** @default - alerts are seen in Alertmanager only */
  readonly alerts?: Alerts;

  /**
   * Where samples are sent as well.
   * @default - nowhere
   */
  readonly hub?: Hub;

  /** Whether samples of other clusters come in. */
  readonly receives: boolean;

  /** Whether applications send metrics by OTLP, through the collector. */
  readonly takesOtlp: boolean;

  /** Domains by their namespaces. */
  readonly owners: Readonly<Record<string, string>>;

  /** @default - no Grafana */
  readonly grafana?: GrafanaSettings;
  readonly sources: readonly DataSource[];

  /** Default alerts of the chart that better ones stand in for. */
  readonly replacedAlerts: readonly string[];
}

/** A Prometheus of another cluster that keeps the samples of this one too. */
export interface Hub {
  /** Its name, for which its certificate is good: `metrics.orders.internal`. */
  readonly host: string;

  /** The Secret with `ca.crt` of who signed its certificate. */
  readonly authority: string;

  /** The Secret with the `username` and `password` that it asks for. */
  readonly credentials: string;
}

/** What kube-prometheus-stack is told. */
export function metricsValues(settings: MetricsSettings): object {
  const { cluster, nodesNamespace, grafana, sources, replacedAlerts } = settings;
  return {
    fullnameOverride: NAME,
    cleanPrometheusOperatorObjectNames: true,
    // Their definitions have a release of their own, which charts before this one need.
    crds: { enabled: false },
    ...(cluster.mirror ? { global: { imageRegistry: cluster.mirror } } : {}),
    defaultRules: { create: true, disabled: Object.fromEntries(replacedAlerts.map((alert) => [alert, true])) },
    // They listen where Prometheus can't come: EKS hides them, kubeadm binds them to the node's own address.
    ...Object.fromEntries(HIDDEN.map((part) => [part, { enabled: false }])),
    kubelet: { serviceMonitor: { interval: SCRAPE_INTERVAL, cAdvisorInterval: SCRAPE_INTERVAL } },
    prometheusOperator: {
      // Rules are tested where they are written; without webhooks nothing waits for them, and no job makes their certificate.
      admissionWebhooks: { enabled: false },
      tls: { enabled: false },
      resources: resources(ASKED.operator),
      prometheusConfigReloader: { resources: resources(ASKED.reloader) },
    },
    prometheus: prometheus(settings),
    alertmanager: alertmanager(settings),
    "kube-state-metrics": { fullnameOverride: METRICS.states.service, resources: resources(ASKED.states) },
    "prometheus-node-exporter": {
      fullnameOverride: "node-exporter",
      namespaceOverride: nodesNamespace,
      resources: resources(ASKED.nodeExporter),
    },
    grafana: grafana ? grafanaValues(cluster, grafana, sources) : { enabled: false },
  };
}

const HIDDEN = ["kubeEtcd", "kubeScheduler", "kubeControllerManager", "kubeProxy"];

function prometheus(settings: MetricsSettings): object {
  const { cluster, clusterName, environment, system, retention, size, replicas, owners, hub, receives, takesOtlp } = settings;
  const { prometheus: count } = replicas;
  const all = Object.fromEntries(
    ["rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"].map((kind) => [`${kind}SelectorNilUsesHelmValues`, false]),
  );
  return {
    podDisruptionBudget: { enabled: count > 1 },
    // Each has read what it has at moments of its own: a person's graphs come from one.
    service: { sessionAffinity: "ClientIP" },
    prometheusSpec: {
      replicas: count,
      ...all,
      scrapeInterval: SCRAPE_INTERVAL,
      evaluationInterval: SCRAPE_INTERVAL,
      // Every series says which cluster it comes from, for rules and for a hub of several clusters.
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
      topologySpreadConstraints: spread(METRICS.prometheus.labels),
    },
  };
}

/** A cluster that could not send for a while sends what is old, later. */
const RECEIVING = {
  enableRemoteWriteReceiver: true,
  remoteWriteReceiverMessageVersions: ["V1.0", "V2.0"],
};

/** Samples as they were read. What rules make of them, the hub makes again of its own, and would not take twice. */
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
 * Every cluster tells of what happens on it by itself, also when it can't reach the hub. The hub, which evaluates the rules for the
 * series of all of them, tells of its own and of what concerns the whole system.
 */
function ownAlerts(clusterName: string): object {
  return { source_labels: ["cluster", "scope"], separator: ";", regex: `${clusterName};.*|.*;system`, action: "keep" };
}

/** Alerts say which domain they belong to. */
function owned(owners: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(owners).map(([namespace, domain]) => ({
    source_labels: ["namespace"],
    regex: namespace,
    target_label: "domain",
    replacement: domain,
  }));
}

function alertmanager({ cluster, alerts, replicas }: MetricsSettings): object {
  const { alertmanager: count } = replicas;
  return {
    podDisruptionBudget: { enabled: count > 1 },
    config: alertmanagerConfig(alerts),
    alertmanagerSpec: {
      replicas: count,
      retention: "120h",
      automountServiceAccountToken: false,
      ...(alerts ? { secrets: [RECEIVERS_SECRET] } : {}),
      resources: resources(ASKED.alertmanager),
      storage: volume(cluster, ALERTMANAGER_STORAGE),
      topologySpreadConstraints: spread(METRICS.alertmanager.labels),
    },
  };
}

/** Samples can be read anew only as they come: what is lost is missed for a while, and in no backup. */
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

/** The pod that looks at each node, apart from the others. */
export function nodePods(namespace: string): PodGroup {
  return { name: `${namespace}/node-exporter`, pods: "each-node", request: requested(ASKED.nodeExporter) };
}

function requested({ cpu, memory }: { readonly cpu: Cores; readonly memory: Bytes }) {
  return { millicores: known(millicores(cpu)), memoryBytes: known(bytes(memory)) };
}
