import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity/contract";
import { refuse } from "../core/errors";
import { type Bytes, bytes, type Duration, known, type Reading, seconds } from "../core/quantities";
import {
  API_SERVER,
  CustomResources,
  HTTPS,
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
import { CloudWatchExporter } from "./cloudwatch-exporter";
import type { CloudWatchScope } from "./cloudwatch-jobs";
import { elasticsearchOf } from "./elastic";
import { PORTS } from "./elastic-objects";
import type { ElasticBackup } from "./elastic-options";
import { type DataSource, elasticsearchSource, GRAFANA_ADMIN, GRAFANA_SECRETS, type GrafanaSettings, jaegerSource } from "./grafana";
import type { Dependencies } from "./inhibitions";
import { JAEGER_PORTS } from "./jaeger";
import { METRICS_SENDER, MetricsReceiver, type MetricsReceiverProps, receiverPeer } from "./metrics-receiver";
import { PlatformRules } from "./platform-rules";
import { Probes, type ProbeTarget } from "./probes";
import {
  DEFAULT_RETENTION,
  type Hub,
  METRICS,
  type MetricsSettings,
  metricsPods,
  metricsValues,
  NODE_CRITICAL,
  nodePods,
  SCRAPE_INTERVAL,
  scrapeSeconds,
} from "./prometheus";
import { BLOCKS_SHARE, prometheusSize } from "./prometheus-size";
import { metricsPrefixOf, type RuleGroup, type RuleSubject } from "./rules";
import { Collectors, type ElasticStackSettings, type TelemetryProps, TelemetryStores, type TracingSettings } from "./telemetry";

export interface ObservabilityStackProps {
  readonly cluster: KubernetesTarget;

  /** Value of the label `cluster` of every series and alert of this cluster: `write`. */
  readonly clusterName: string;

  /** Value of the label `system` of alerts. */
  readonly system: string;

  /** Value of the label `environment` of alerts. */
  readonly environment: string;

  /**
   * Namespace of all pods except node-exporter and log agents. Those need host access and run in `<namespace>-nodes`.
   * @default "observability"
   */
  readonly namespace?: string;

  /**
   * Maximum number of active series. It determines the memory and the volume of Prometheus. An alert fires if there are more.
   */
  readonly series: number;

  /**
   * Scrape interval of monitors that name none: kubelet, controllers, workloads. From 5s to 30s, because rules need samples at least as
   * often as 30s. Half the interval doubles the volume.
   * @default "30s"
   */
  readonly scrapeInterval?: Duration;

  /**
   * Retention of samples.
   * @default "15d"
   */
  readonly retention?: Duration;

  /**
   * Volume of each Prometheus. If it is nearly full, Prometheus deletes the oldest samples before the retention ends.
   * @default - what the series need for the retention
   */
  readonly storage?: Bytes;

  /**
   * Number of Prometheus instances. Each scrapes all targets and evaluates all rules.
   * @default - 2 on a cluster with several zones, otherwise 1. A hub and a cluster that sends to a hub have 1: two instances would
   * store different samples
   */
  readonly replicas?: number;

  /** Rules of the platform to install, by subject: `["kurrentdb", "workloads"]`. */
  readonly rules: readonly RuleSubject[];

  /**
   * Additional rules.
   * @default - none
   */
  readonly moreRules?: readonly RuleGroup[];

  /**
   * Prefix of the application's own metrics: `orders` for `orders_commands_total`.
   * @default - the system's name, with underscores
   */
  readonly metricsPrefix?: string;

  /**
   * Base URL of the runbooks. An alert links to `<base>/<alert in lower case>.md`.
   * @default "docs/runbooks", in the repository of the platform
   */
  readonly runbooks?: string;

  /**
   * Receivers of alerts and their routes.
   * @default - none: alerts are visible in Alertmanager and Grafana only
   */
  readonly alerts?: Alerts;

  /**
   * Domains by namespace. An alert gets the label `domain` from its `namespace`.
   * @default - none: alerts have no label `domain`
   */
  readonly owners?: Readonly<Record<string, string>>;

  /**
   * Dependents of stores, and number of gateways. While a store or a gateway is down, alerts about its consequences are suppressed, and only
   * about those.
   * @default - consequences are assumed in the domain that owns the store, or in the whole cluster; there is one gateway
   */
  readonly dependencies?: Dependencies;

  /**
   * Grafana, for this cluster and the clusters that send samples to it.
   * @default - none
   */
  readonly grafana?: GrafanaSettings;

  /**
   * The hub to which this cluster sends samples, traces and logs: its host name, its networks, and the name under which its CA is
   * published in Secrets Manager. This cluster still evaluates its rules and sends its alerts itself.
   * @default - none: data stays on this cluster
   */
  readonly hub?: { readonly host: string; readonly authority: string; readonly networks: readonly string[] };

  /**
   * Ingress for samples, traces and logs of other clusters, which makes this cluster the hub. Only on AWS.
   * @default - none
   */
  readonly receiver?: Pick<MetricsReceiverProps, "host" | "networks" | "tags">;

  /**
   * Metrics of AWS services by CloudWatch: the services, and the tags of their resources. The role of `CLOUDWATCH_EXPORTER` must exist
   * first. Only on AWS.
   * @default - none
   */
  readonly cloudWatch?: CloudWatchScope;

  /**
   * Addresses that are probed, with the certificates that they serve.
   * @default - none
   */
  readonly probes?: readonly ProbeTarget[];

  /**
   * OpenTelemetry collectors for workloads, and Jaeger. Jaeger stores traces in Elasticsearch if `elasticStack` is set, otherwise on
   * a volume.
   * @default - no traces are collected
   */
  readonly tracing?: TracingSettings;

  /**
   * Elasticsearch and Kibana, and an agent on each node that collects the logs of its containers.
   * @default - logs stay on their nodes
   */
  readonly elasticStack?: ElasticStackSettings;

  /**
   * Bucket and role for daily snapshots of Elasticsearch: logs, traces and security settings.
   * @default - none: logs and traces are lost if the volumes are
   */
  readonly snapshots?: ElasticBackup;

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
   * Protects Elasticsearch from deletion.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * PriorityClass of the pods. Jaeger has none, because its chart has no setting for it. Pods on each node have `system-node-critical`: if they
   * were preempted, they could not run elsewhere.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /**
   * Pods in other namespaces that may query Prometheus, such as KEDA.
   * @default - none
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /** Resources that must exist first: the CRDs of the Prometheus operator, external-secrets, cert-manager for a `receiver`. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Monitoring of a cluster: Prometheus with the rules of the platform, Alertmanager, kube-state-metrics and node-exporter; on request
 * Grafana, OpenTelemetry collectors, Jaeger, Elasticsearch and Kibana. Prometheus scrapes every ServiceMonitor, PodMonitor, Probe and
 * ScrapeConfig of the cluster.
 */
export class ObservabilityStack extends Construct {
  /** URL of Prometheus in the cluster: `http://metrics-prometheus.observability.svc:9090`. */
  readonly prometheusUrl: string;

  /** Dependencies of resources that are created after it. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id);
    const { cluster, namespace = "observability", alerts, after = [] } = props;
    const nodes = `${namespace}-nodes`;
    for (const { path, ...problem } of alerts ? alertsProblems(alerts) : []) refuse(this, [problem], `alerts.${path}`);
    refuse(this, unreadable(props.storage, bytes), "storage");
    refuse(this, unreadable(props.retention, seconds), "retention");
    refuse(this, scrapeProblems(props.scrapeInterval), "scrapeInterval");
    refuse(this, seriesProblems(props.series), "series");
    const settings = settled(props, nodes);
    const prioritized = props.priority ? { priority: props.priority } : {};
    const pods = metricsPods(settings).map((group) => ({ ...group, ...cluster.ledger.priorityOf(props.priority) }));
    const telemetry = telemetryOf(props, namespace, nodes);

    const home = new Namespace(this, "namespace", { cluster, name: namespace, quota: quotaOf(pods, telemetry !== undefined) });
    // node-exporter and log agents read the network, the processes and the files of the node.
    const privileged = new Namespace(this, "namespace-nodes", { cluster, name: nodes, quota: NODES_QUOTA, podSecurity: "privileged" });
    const before = [...after, ...home.ready, ...privileged.ready];
    const secrets = this.secrets(props, namespace, [...after, ...home.ready]);
    const traffic = Object.entries(trafficOf(props)).map(
      ([name, { labels, ingress, egress }]) =>
        new PodTraffic(this, `traffic-${name}`, { namespace, name, labels, ingress, egress, after: home.ready }).policy,
    );
    cluster.ledger.add({ ...nodePods(nodes), ...cluster.ledger.priorityOf(NODE_CRITICAL) });
    const stores =
      telemetry && !telemetry.hub ? [new TelemetryStores(this, "stores", { ...telemetry, after: [...before, ...secrets] })] : [];
    const { release } = new Release(this, "metrics", {
      cluster,
      chart: "kube-prometheus-stack",
      namespace,
      values: metricsValues(settings),
      pods,
      // A dozen images are pulled, and Prometheus replays its write-ahead log before it is ready.
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
          ...prioritized,
          telemetry: telemetry !== undefined,
          after: [...before, release, ...collectors],
        }).ready
      : [];
    if (props.probes?.length)
      new Probes(this, "probes", { cluster, namespace, targets: props.probes, ...prioritized, after: [...before, release] });
    if (props.cloudWatch)
      new CloudWatchExporter(this, "cloudwatch", { cluster, namespace, ...props.cloudWatch, ...prioritized, after: [...before, release] });
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

/** The credentials for a hub, and the CA of its certificate. */
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

/** Props of traces and logs. Undefined if both are off. */
function telemetryOf(props: ObservabilityStackProps, namespace: string, nodesNamespace: string): TelemetryProps | undefined {
  const {
    cluster,
    clusterName,
    environment,
    tracing,
    elasticStack,
    snapshots,
    workloads = [],
    maskedFields = [],
    size = "medium",
    hub,
  } = props;
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
    ...(props.priority ? { priority: props.priority } : {}),
    ...(tracing ? { tracing } : {}),
    ...(elasticStack ? { elasticStack } : {}),
    ...(snapshots ? { snapshots } : {}),
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

/** Quota for the Gateway for other clusters, the health page and pods of jobs, in addition to the pods of the chart. */
const BESIDE = { millicores: 2000, mebibytes: 2048, pods: 20 } as const;

/** Quota for collectors, Jaeger, Elasticsearch and Kibana, each twice: up to 9 Elasticsearch nodes of 16Gi. */
const TELEMETRY = { millicores: 20_000, mebibytes: 320 * 1024, pods: 60, volumes: 20 } as const;

/** Quota for agents, one on each node, on clusters of up to 1,000 nodes. */
const NODES_QUOTA: Quota = { cpu: 100, memory: "200Gi", pods: 1000 };

/** Quota for each pod twice, because a rollout runs the old and the new one. */
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
  // Invalid values are reported elsewhere.
  const scrapeInterval = scrapeProblems(props.scrapeInterval).length > 0 ? SCRAPE_INTERVAL : (props.scrapeInterval ?? SCRAPE_INTERVAL);
  const retention = typeof seconds(props.retention) === "number" ? (props.retention as Duration) : DEFAULT_RETENTION;
  const several = cluster.zones.length > 1;
  const reckoned = prometheusSize({ series, interval: scrapeInterval, retention });
  return {
    cluster,
    clusterName,
    system,
    environment,
    scrapeInterval,
    retention,
    size: storage && typeof bytes(storage) === "number" ? { ...reckoned, ...volumeOf(storage) } : reckoned,
    replicas: { prometheus: props.replicas ?? (several && !hub && !receiver ? 2 : 1), alertmanager: several ? 3 : 1 },
    nodesNamespace,
    owners,
    sources: sourcesOf(props),
    takesOtlp: props.tracing !== undefined || props.elasticStack !== undefined,
    receives: receiver !== undefined,
    ...(hub ? { hub: hubOf(hub) } : {}),
    ...(alerts ? { alerts } : {}),
    ...(props.dependencies ? { dependencies: props.dependencies } : {}),
    ...(grafana ? { grafana } : {}),
    ...(props.priority ? { priority: props.priority } : {}),
  };
}

/** A given volume, and the share of it that blocks may use. */
function volumeOf(storage: Bytes): { readonly storage: Bytes; readonly retentionSize: Bytes } {
  return { storage, retentionSize: `${Math.floor((known(bytes(storage)) * BLOCKS_SHARE) / 2 ** 20)}Mi` };
}

function unreadable(value: unknown, read: (input: unknown) => Reading) {
  const reading = value === undefined ? 0 : read(value);
  return typeof reading === "number" ? [] : [{ value, ...reading }];
}

function scrapeProblems(value: unknown) {
  const reading = value === undefined ? 30 : scrapeSeconds(value);
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

/** Metrics ports on nodes: kubelet, node-exporter. */
const NODE_PORTS = [10250, 9100];

/** Ingress and egress of the pods of the chart. */
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
      // Monitors set the ports of their targets, so the ports are known only as the unprivileged range.
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
    ...(grafana
      ? { grafana: grafanaTraffic(grafana, [...(tracing ? [JAEGER_PORTS.ui] : []), ...(elasticStack ? [PORTS.http] : [])]) }
      : {}),
  };
}

/** Alertmanager instances share sent notifications on this port. */
const GOSSIP_PORT = 9094;

/** Metrics port of the config-reloader. */
const RELOADER_PORT = 8080;

/** Users connect by `kubectl port-forward`, which network policies allow. The sidecars read dashboards from the API server. */
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

/** The memory and the volume are calculated for this number of series. */
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
          description:
            "Its memory and its volume are calculated for fewer series. Find the metric that has grown, or raise the planned number.",
        },
      },
    ],
  };
}
