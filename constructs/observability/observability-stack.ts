import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity/contract";
import { refuse } from "../core/errors";
import { type Bytes, bytes, type Duration, known, type Reading, seconds } from "../core/quantities";
import {
  API_SERVER,
  CustomResources,
  type KubernetesTarget,
  Namespace,
  type Peer,
  PodTraffic,
  type Quota,
  Release,
  type TrafficRule,
} from "../kubernetes";
import { authorityCopy, ProvidedSecret, WorkloadSecret } from "../secrets";
import type { Size } from "../sizing";
import { type Alerts, alertsProblems, RECEIVERS_SECRET } from "./alerts";
import { elasticsearchOf } from "./elastic";
import { type DataSource, elasticsearchSource, GRAFANA_ADMIN, GRAFANA_SECRETS, type GrafanaSettings, jaegerSource } from "./grafana";
import { JAEGER_PORTS } from "./jaeger";
import { METRICS_SENDER, MetricsReceiver, type MetricsReceiverProps, receiverPeer } from "./metrics-receiver";
import { PlatformRules } from "./platform-rules";
import {
  DEFAULT_RETENTION,
  type Hub,
  METRICS,
  type MetricsSettings,
  metricsPods,
  metricsValues,
  nodePods,
  SCRAPE_INTERVAL,
} from "./prometheus";
import { BLOCKS_SHARE, prometheusSize } from "./prometheus-size";
import { metricsPrefixOf, type RuleGroup, type RuleSubject } from "./rules";
import { Collectors, type ElasticStackSettings, type TelemetryProps, TelemetryStores, type TracingSettings } from "./telemetry";

export interface ObservabilityStackProps {
  readonly cluster: KubernetesTarget;

  /** What every series and alert of this cluster carries as `cluster`: `write`. */
  readonly clusterName: string;

  /** What alerts carry as `system`. */
  readonly system: string;

  /** What alerts carry as `environment`. */
  readonly environment: string;

  /**
   * The namespace of everything but node-exporter, which needs a privileged one: `<namespace>-nodes`.
   * @default "observability"
   */
  readonly namespace?: string;

  /**
   * How many series are active at a time, at most. Memory and volume of Prometheus follow from it, and an alert tells when
   * there are more.
   */
  readonly series: number;

  /**
   * How long samples are kept.
   * @default "15d"
   */
  readonly retention?: Duration;

  /**
   * The volume of each Prometheus. When it is nearly full, the oldest samples go before their time.
   * @default - what the series need for the retention
   */
  readonly storage?: Bytes;

  /**
   * How many instances of Prometheus, each of which reads and evaluates everything.
   * @default - two where the cluster has several zones, otherwise one. A hub has one, and so has who sends to it: two would have
   * samples that differ
   */
  readonly replicas?: number;

  /** What is watched by the rules that the platform has: `["kurrentdb", "workloads"]`. */
  readonly rules: readonly RuleSubject[];

  /**
   * Rules beside those.
   * @default - none
   */
  readonly moreRules?: readonly RuleGroup[];

  /**
   * How the names of the application's own metrics begin: `orders`, of `orders_commands_total`.
   * @default - the system's name, with underscores
   */
  readonly metricsPrefix?: string;

  /**
   * Where the pages are to which alerts lead: an address under which `<alert in lower case>.md` is found.
   * @default "docs/runbooks", in the repository of the platform
   */
  readonly runbooks?: string;

  /**
   * Where alerts go.
   * @default - nowhere: they are seen in Alertmanager and Grafana only
   */
  readonly alerts?: Alerts;

  /**
   * Domains by their namespaces: alerts carry the domain that owns the namespace they are about.
   * @default - none: no alert has the label `domain`
   */
  readonly owners?: Readonly<Record<string, string>>;

  /**
   * Grafana, for this cluster and all that send their samples to it.
   * @default - none
   */
  readonly grafana?: GrafanaSettings;

  /**
   * The Prometheus of another cluster to which samples are sent as well, by its name in the network and the place in Secrets Manager
   * where who signed its certificate is said, and its networks. Traces and logs go there as well. Rules are evaluated and alerts sent
   * here all the same.
   * @default - samples stay on this cluster
   */
  readonly hub?: { readonly host: string; readonly authority: string; readonly networks: readonly string[] };

  /**
   * The way in for samples of other clusters, which makes this one the hub. On AWS only.
   * @default - none comes in
   */
  readonly receiver?: Pick<MetricsReceiverProps, "host" | "networks" | "tags">;

  /**
   * OpenTelemetry collectors for workloads, and Jaeger, which stores traces on a volume, or in Elasticsearch if there is one.
   * @default - no traces are collected
   */
  readonly tracing?: TracingSettings;

  /**
   * Elasticsearch and Kibana, and an agent on each node that collects the logs of its containers.
   * @default - logs stay on their nodes
   */
  readonly elasticStack?: ElasticStackSettings;

  /**
   * Namespaces of workloads that may send telemetry.
   * @default - none
   */
  readonly workloads?: readonly string[];

  /**
   * Names of fields with personal data, which are masked in logs and traces in addition to `PERSONAL_FIELDS`.
   * @default - none
   */
  readonly maskedFields?: readonly string[];

  /**
   * Size of the collectors.
   * @default "medium"
   */
  readonly size?: Size;

  /**
   * Whether Elasticsearch is protected from deletion.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * Who may query Prometheus from other namespaces: an autoscaler, a page of one's own.
   * @default - nobody
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /** What has to be there before: the definitions of the Prometheus operator, the controller of secrets. */
  readonly after?: readonly ITerraformDependable[];
}

/** Default alerts of kube-prometheus-stack that rules of the platform stand in for. */
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

/**
 * What watches a cluster: Prometheus with the rules of the platform, Alertmanager, kube-state-metrics, node-exporter, and
 * Grafana where it is wanted. It reads whatever tells the Prometheus operator where its metrics are.
 */
export class ObservabilityStack extends Construct {
  /** Where Prometheus answers within the cluster: `http://metrics-prometheus.observability.svc:9090`. */
  readonly prometheusUrl: string;

  /** What comes after it. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id);
    const { cluster, namespace = "observability", alerts, after = [] } = props;
    const nodes = `${namespace}-nodes`;
    for (const { path, ...problem } of alerts ? alertsProblems(alerts) : []) refuse(this, [problem], `alerts.${path}`);
    refuse(this, unreadable(props.storage, bytes), "storage");
    refuse(this, unreadable(props.retention, seconds), "retention");
    refuse(this, seriesProblems(props.series), "series");
    const settings = settled(props, nodes);
    const pods = metricsPods(settings);
    const telemetry = telemetryOf(props, namespace, nodes);

    const home = new Namespace(this, "namespace", { cluster, name: namespace, quota: quotaOf(pods, telemetry !== undefined) });
    // It looks at the node itself: its network, its processes, its file systems.
    const privileged = new Namespace(this, "namespace-nodes", { cluster, name: nodes, quota: NODES_QUOTA, podSecurity: "privileged" });
    const before = [...after, ...home.ready, ...privileged.ready];
    const secrets = this.secrets(props, namespace, [...after, ...home.ready]);
    const traffic = Object.entries(trafficOf(props)).map(
      ([name, { labels, ingress, egress }]) =>
        new PodTraffic(this, `traffic-${name}`, { namespace, name, labels, ingress, egress, after: home.ready }).policy,
    );
    cluster.ledger.add(nodePods(nodes));
    const stores =
      telemetry && !telemetry.hub ? [new TelemetryStores(this, "stores", { ...telemetry, after: [...before, ...secrets] })] : [];
    const { release } = new Release(this, "metrics", {
      cluster,
      chart: "kube-prometheus-stack",
      namespace,
      values: metricsValues(settings),
      pods,
      // It pulls a dozen images, and reads its log on a volume before it is ready.
      timeout: "20m",
      after: [...before, ...traffic, ...secrets, ...stores.flatMap(({ ready }) => ready)],
    });
    const collectors = telemetry
      ? new Collectors(this, "collectors", { ...telemetry, stores: stores[0], after: [...before, release] }).ready
      : [];
    const rules = new PlatformRules(this, "rules", {
      cluster,
      namespace,
      rules: props.rules,
      metricsPrefix: props.metricsPrefix ?? metricsPrefixOf(props.system),
      moreRules: [plannedSeries(props.series), ...(props.moreRules ?? [])],
      ...(props.runbooks ? { runbooks: props.runbooks } : {}),
      after: [release],
    });
    const receiver = props.receiver
      ? new MetricsReceiver(this, "receiver", {
          cluster,
          namespace,
          ...props.receiver,
          telemetry: telemetry !== undefined,
          after: [...before, release, ...collectors],
        }).ready
      : [];
    this.prometheusUrl = `http://${METRICS.prometheus.service}.${namespace}.svc:${METRICS.prometheus.port}`;
    this.ready = [release, rules.release, ...receiver, ...collectors];
  }

  private secrets(
    { cluster, alerts, grafana, hub }: ObservabilityStackProps,
    namespace: string,
    after: readonly ITerraformDependable[],
  ): readonly ITerraformDependable[] {
    const provided = [...(alerts ? [RECEIVERS_SECRET] : []), ...(grafana?.oidc ? [GRAFANA_SECRETS.oidc] : [])];
    return [
      ...(grafana ? [new WorkloadSecret(this, GRAFANA_ADMIN.name, { cluster, namespace, spec: GRAFANA_ADMIN, after }).release] : []),
      ...(hub ? sending(this, cluster, namespace, hub.authority, after) : []),
      ...provided.flatMap((name) => new ProvidedSecret(this, name, { cluster, namespace, name, after }).ready),
    ];
  }
}

/** What it takes to send samples to a hub: as whom, and who signed its certificate. */
function sending(
  scope: Construct,
  cluster: KubernetesTarget,
  namespace: string,
  authority: string,
  after: readonly ITerraformDependable[],
): readonly ITerraformDependable[] {
  const objects = [authorityCopy({ namespace, secretName: authority, remoteName: authority })];
  return [
    new WorkloadSecret(scope, METRICS_SENDER.name, { cluster, namespace, spec: METRICS_SENDER, after }).release,
    new CustomResources(scope, "hub-authority", { cluster, namespace, objects, after }).release,
  ];
}

function hubOf({ host, authority }: NonNullable<ObservabilityStackProps["hub"]>): Hub {
  return { host, authority, credentials: METRICS_SENDER.name };
}

/** What collects traces and logs. Undefined if neither is asked for. */
function telemetryOf(props: ObservabilityStackProps, namespace: string, nodesNamespace: string): TelemetryProps | undefined {
  const { cluster, clusterName, environment, tracing, elasticStack, workloads = [], maskedFields = [], size = "medium", hub } = props;
  if (!tracing && !elasticStack) return undefined;
  return {
    cluster,
    clusterName,
    environment,
    namespace,
    nodesNamespace,
    size,
    workloads,
    maskedFields,
    protect: props.protect ?? true,
    senders: props.receiver ? [receiverPeer(namespace)] : [],
    ...(tracing ? { tracing } : {}),
    ...(elasticStack ? { elasticStack } : {}),
    ...(hub ? { hub: { ...hubOf(hub), networks: hub.networks } } : {}),
  };
}

/** Data sources of Grafana, in addition to Prometheus and Alertmanager. */
function sourcesOf({ namespace = "observability", grafana, tracing, elasticStack }: ObservabilityStackProps): readonly DataSource[] {
  if (!grafana) return [];
  return [
    ...(tracing ? [jaegerSource(namespace, elasticStack !== undefined)] : []),
    ...(elasticStack ? [elasticsearchSource(elasticsearchOf({ namespace }), tracing !== undefined)] : []),
  ];
}

/** What the Gateway for other clusters, a page of health and passing pods take beside those of the chart. */
const BESIDE = { millicores: 2000, mebibytes: 2048, pods: 20 } as const;

/** Collectors, Jaeger, Elasticsearch and Kibana, each of them twice: up to 9 nodes of Elasticsearch with 16Gi each. */
const TELEMETRY = { millicores: 20_000, mebibytes: 320 * 1024, pods: 60, volumes: 20 } as const;

/** Pods of agents, one for each node: of as many nodes as a cluster is likely to have. */
const NODES_QUOTA: Quota = { cpu: 100, memory: "200Gi", pods: 1000 };

/** Each pod twice, as while it is replaced. */
function quotaOf(groups: readonly PodGroup[], telemetry: boolean): Quota {
  const total = (of: (group: PodGroup) => number) => groups.reduce((sum, group) => sum + Number(group.pods) * of(group), 0);
  const more = telemetry ? TELEMETRY : { millicores: 0, mebibytes: 0, pods: 0, volumes: 0 };
  return {
    cpu: `${2 * total(({ request }) => request.millicores) + BESIDE.millicores + more.millicores}m`,
    memory: `${2 * Math.ceil(total(({ request }) => request.memoryBytes) / 2 ** 20) + BESIDE.mebibytes + more.mebibytes}Mi`,
    pods: 2 * total(() => 1) + BESIDE.pods + more.pods,
    volumes: total(({ request }) => request.volumes ?? 0) + more.volumes,
  };
}

function settled(props: ObservabilityStackProps, nodesNamespace: string): MetricsSettings {
  const { cluster, clusterName, system, environment, series, storage, alerts, owners = {}, grafana, hub, receiver } = props;
  // What can't be read is refused.
  const retention = typeof seconds(props.retention) === "number" ? (props.retention as Duration) : DEFAULT_RETENTION;
  const several = cluster.zones.length > 1;
  const reckoned = prometheusSize({ series, interval: SCRAPE_INTERVAL, retention });
  return {
    cluster,
    clusterName,
    system,
    environment,
    retention,
    size: storage && typeof bytes(storage) === "number" ? { ...reckoned, ...volumeOf(storage) } : reckoned,
    replicas: { prometheus: props.replicas ?? (several && !hub && !receiver ? 2 : 1), alertmanager: several ? 3 : 1 },
    nodesNamespace,
    owners,
    sources: sourcesOf(props),
    takesOtlp: props.tracing !== undefined || props.elasticStack !== undefined,
    replacedAlerts: REPLACED_ALERTS,
    receives: receiver !== undefined,
    ...(hub ? { hub: hubOf(hub) } : {}),
    ...(alerts ? { alerts } : {}),
    ...(grafana ? { grafana } : {}),
  };
}

/** A volume that somebody chose, and what of it blocks may take. */
function volumeOf(storage: Bytes): { readonly storage: Bytes; readonly retentionSize: Bytes } {
  return { storage, retentionSize: `${Math.floor((known(bytes(storage)) * BLOCKS_SHARE) / 2 ** 20)}Mi` };
}

function unreadable(value: unknown, read: (input: unknown) => Reading) {
  const reading = value === undefined ? 0 : read(value);
  return typeof reading === "number" ? [] : [{ value, ...reading }];
}

function seriesProblems(series: number) {
  return Number.isSafeInteger(series) && series > 0
    ? []
    : [{ value: series, rule: "must be a whole number above 0", remedy: "use the number of series that are active, as 100000" }];
}

interface Traffic {
  readonly labels: Readonly<Record<string, string>>;
  readonly ingress: readonly TrafficRule[];
  readonly egress: readonly TrafficRule[];
}

/** Ports on which what runs on nodes tells how it is: kubelet, node-exporter. */
const NODE_PORTS = [10250, 9100];

const HTTPS: TrafficRule = { name: "https", peer: "anywhere", ports: [443] };

/** Who may come to the pods of the chart, and where they go. */
function trafficOf({ alerts, clients = [], grafana, tracing, elasticStack }: ObservabilityStackProps): Readonly<Record<string, Traffic>> {
  const { prometheus, alertmanager, operator, states } = METRICS;
  const within = (port: number): TrafficRule => ({ name: "namespace", peer: "namespace", ports: [port] });
  return {
    prometheus: {
      labels: prometheus.labels,
      ingress: [
        { name: "namespace", peer: "namespace", ports: [prometheus.port, RELOADER_PORT] },
        ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: [prometheus.port] }] : []),
      ],
      // Whoever is watched says on which port, so no port of a pod is known here but that it is not a privileged one.
      egress: [
        API_SERVER,
        { name: "targets", peer: "cluster", ports: [{ from: 1025, to: 65_535 }] },
        { name: "nodes", peer: "anywhere", ports: NODE_PORTS },
      ],
    },
    alertmanager: {
      labels: alertmanager.labels,
      ingress: [{ name: "namespace", peer: "namespace", ports: [alertmanager.port, GOSSIP_PORT, RELOADER_PORT] }],
      egress: [{ name: "peers", peer: "namespace", ports: [GOSSIP_PORT] }, ...(alerts ? [HTTPS] : [])],
    },
    operator: { labels: operator.labels, ingress: [within(operator.port)], egress: [API_SERVER] },
    states: { labels: states.labels, ingress: [within(states.port)], egress: [API_SERVER] },
    ...(grafana ? { grafana: grafanaTraffic(grafana, [...(tracing ? [JAEGER_PORTS.ui] : []), ...(elasticStack ? [9200] : [])]) } : {}),
  };
}

/** Alertmanagers tell each other what they have sent. */
const GOSSIP_PORT = 9094;

/** Where what reads configuration again says how it is. */
const RELOADER_PORT = 8080;

/** A person comes by a forwarded port, which needs no leave. It reads dashboards from the API server. */
function grafanaTraffic({ oidc }: GrafanaSettings, stores: readonly number[]): Traffic {
  const { prometheus, alertmanager, grafana } = METRICS;
  return {
    labels: grafana.labels,
    ingress: [{ name: "namespace", peer: "namespace", ports: [grafana.port] }],
    egress: [
      API_SERVER,
      { name: "sources", peer: "namespace", ports: [prometheus.port, alertmanager.port, ...stores] },
      ...(oidc ? [HTTPS] : []),
    ],
  };
}

/** Memory and volume were reckoned for so many series: more of them fill one or the other. */
function plannedSeries(series: number): RuleGroup {
  return {
    name: "prometheus-planned",
    rules: [
      {
        alert: "PrometheusSeriesAbovePlan",
        expr: `max by (cluster, pod) (prometheus_tsdb_head_series{job="${METRICS.prometheus.service}"}) > ${series}`,
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: `Prometheus {{ $labels.pod }} of {{ $labels.cluster }} holds {{ $value | humanize }} series, and was planned for ${series}`,
          description: "Its memory and its volume were reckoned for fewer. Find out which metric has grown, or plan for more series.",
        },
      },
    ],
  };
}
