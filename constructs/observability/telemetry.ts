import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Bytes, Duration } from "../core/quantities";
import { API_SERVER, type KubernetesTarget, Namespace, type Peer } from "../kubernetes";
import { labels } from "../platform";
import type { Size } from "../sizing";
import { AGENTS, GATEWAY, NodeAgents, samplerOf, type TailSampling, TelemetryGateway, telemetryEndpoints } from "./collector";
import { ECK_OPERATOR, EckOperator } from "./eck-operator";
import { ElasticStack } from "./elastic";
import type { Elasticsearch } from "./elastic-contract";
import type { ElasticBackup } from "./elastic-options";
import { JAEGER, Jaeger } from "./jaeger";
import { PERSONAL_FIELDS } from "./masking";
import { type Hub, METRICS, NODE_CRITICAL } from "./prometheus";
import type { TelemetryDestination } from "./telemetry-destinations";

/** Collection and storage of traces. */
export interface TracingSettings {
  /**
   * Retention of traces, in whole days.
   * @default "7d"
   */
  readonly keep?: Duration;

  /**
   * Volume of traces. Not used if `elasticStack` stores them.
   * @default "20Gi"
   */
  readonly volume?: Bytes;

  /**
   * Sampling of traces.
   * @default - all traces that SDKs send are kept
   */
  readonly sampling?: TailSampling;
}

/** Collection and storage of logs. */
export interface ElasticStackSettings {
  /**
   * Elasticsearch nodes: 1, or 3 and more.
   * @default 3 on a cluster with several zones, otherwise 1
   */
  readonly nodes?: number;

  /**
   * Volume of each node.
   * @default "100Gi"
   */
  readonly storage?: Bytes;

  /**
   * Memory of each node: request and limit.
   * @default "4Gi"
   */
  readonly memory?: Bytes;

  /**
   * Retention of log entries, in whole days.
   * @default "30d"
   */
  readonly keep?: Duration;
}

/** Props of the parts that collect and store traces and logs of a cluster. */
export interface TelemetryProps {
  readonly cluster: KubernetesTarget;
  readonly clusterName: string;
  readonly environment: string;
  readonly namespace: string;

  /** A namespace that allows privileged pods, for agents that read the logs of nodes. */
  readonly nodesNamespace: string;
  readonly size: Size;
  readonly tracing?: TracingSettings;
  readonly elasticStack?: ElasticStackSettings;

  /** Bucket and role for snapshots of Elasticsearch. */
  readonly snapshots?: ElasticBackup;

  /** Hub to which traces and logs are sent instead of being stored on this cluster. */
  readonly hub?: Hub & { readonly networks: readonly string[] };

  /** Namespaces of workloads, which may send telemetry. */
  readonly workloads: readonly string[];

  /** Pods that may send telemetry in addition to workloads: a Gateway for other clusters. */
  readonly senders: readonly Exclude<Peer, "anywhere">[];

  /** Names of fields with personal data, in addition to `PERSONAL_FIELDS`. */
  readonly maskedFields: readonly string[];

  /** Protects Elasticsearch from deletion. */
  readonly protect: boolean;

  /** PriorityClass of all pods except Jaeger's. @default - the cluster's own default */
  readonly priority?: string;
}

type StoresProps = TelemetryProps & { readonly after: readonly ITerraformDependable[] };

/** Stores of traces and logs. A cluster that sends to a hub has none. */
export class TelemetryStores extends Construct {
  /** Dependencies of Grafana and collectors. */
  readonly ready: readonly ITerraformDependable[];
  readonly elasticsearch?: Elasticsearch;
  readonly jaeger?: Jaeger;

  constructor(scope: Construct, id: string, props: StoresProps) {
    super(scope, id);
    const { cluster, namespace, tracing, elasticStack, snapshots, protect, after } = props;
    const gateway = peer(namespace, GATEWAY);
    const tracesFrom = tracing?.sampling ? peer(namespace, samplerOf(GATEWAY)) : gateway;
    const readers = [{ namespace, labels: METRICS.grafana.labels }];
    const ready: ITerraformDependable[] = [];
    if (elasticStack) {
      const operator = this.operator(props);
      const { nodes, storage, memory, keep } = elasticStack;
      const jaeger = tracing ? [peer(namespace, JAEGER)] : [];
      const elastic = new ElasticStack(this, "elastic", {
        cluster,
        namespace,
        ...(nodes === undefined ? {} : { nodes }),
        ...(storage ? { storage } : {}),
        ...(memory ? { memory } : {}),
        retention: { ...(keep ? { logs: keep } : {}), ...(tracing?.keep ? { traces: tracing.keep } : {}) },
        ...(snapshots ? { backup: snapshots } : {}),
        clients: [gateway, ...jaeger, ...readers],
        metricsFrom: namespace,
        protect,
        ...(props.priority ? { priority: props.priority } : {}),
        after: [...after, ...operator],
      });
      this.elasticsearch = elastic.elasticsearch;
      ready.push(...elastic.ready);
    }
    if (tracing) {
      const { elasticsearch } = this;
      const { keep, volume } = tracing;
      this.jaeger = new Jaeger(this, "jaeger", {
        cluster,
        namespace,
        storage: elasticsearch
          ? {
              engine: "elasticsearch",
              endpoint: elasticsearch.url as `https://${string}`,
              peer: elasticsearch.peers,
              authority: { secretName: elasticsearch.authority.secretName },
              secretName: elasticsearch.users.jaeger.user.secret.name,
              indexPrefix: props.environment,
              copies: elasticsearch.replicas,
            }
          : { engine: "badger", ...(volume ? { volume } : {}) },
        ...(keep ? { keep } : {}),
        senders: [tracesFrom],
        readers,
        metricsFrom: namespace,
        after: [...after, ...ready],
      });
      ready.push(...this.jaeger.ready);
    }
    this.ready = ready;
  }

  private operator({ cluster, namespace: metricsFrom, priority, after }: StoresProps) {
    const { namespace, network } = ECK_OPERATOR;
    const { webhookPorts = [], metricsPorts = [], egress } = network ?? {};
    const home = new Namespace(this, "namespace-elastic", {
      cluster,
      name: namespace,
      quota: { cpu: 2, memory: "2Gi", pods: 10 },
      ingress: [
        { name: "webhooks", peer: "anywhere", ports: webhookPorts },
        { name: "metrics", peer: { namespace: metricsFrom }, ports: metricsPorts },
      ],
      egress: [API_SERVER, { name: "pods", peer: "cluster", ports: egress?.pods ?? [] }],
    });
    return new EckOperator(this, "eck-operator", {
      cluster,
      namespace,
      metrics: true,
      ...(priority ? { priority } : {}),
      after: [...after, ...home.ready],
    }).ready;
  }
}

/** Collectors of a cluster: a gateway for workloads, and agents that read the logs of nodes if logs are kept. */
export class Collectors extends Construct {
  readonly ready: readonly ITerraformDependable[];

  constructor(
    scope: Construct,
    id: string,
    props: TelemetryProps & { readonly stores: TelemetryStores | undefined; readonly after: readonly ITerraformDependable[] },
  ) {
    super(scope, id);
    const { cluster, clusterName, environment, namespace, nodesNamespace, size, tracing, elasticStack, hub, stores, after } = props;
    const mask = { fields: [...new Set([...PERSONAL_FIELDS, ...props.maskedFields])] };
    const priority = props.priority ? { priority: props.priority } : {};
    const common = { cluster, clusterName, environment, mask, metricsFrom: namespace, ...priority, after };
    const agents = peer(nodesNamespace, AGENTS);
    const traces = hub
      ? toHub(hub)
      : stores?.jaeger && ({ protocol: "grpc", endpoint: stores.jaeger.otlp, peer: stores.jaeger.peer } as const);
    const logs = hub ? toHub(hub) : stores?.elasticsearch && toElasticsearch(stores.elasticsearch);
    const { prometheus } = METRICS;
    const gateway = new TelemetryGateway(this, "gateway", {
      ...common,
      namespace,
      size,
      senders: [...props.workloads.map((of) => ({ namespace: of })), ...props.senders, ...(elasticStack ? [agents] : [])],
      metricsTo: {
        protocol: "http",
        endpoint: `http://${prometheus.service}.${namespace}.svc:${prometheus.port}/api/v1/otlp`,
        peer: { namespace, labels: prometheus.labels },
      },
      ...(tracing && traces ? { tracesTo: traces } : {}),
      ...(tracing?.sampling && !hub ? { sampling: tracing.sampling } : {}),
      ...(elasticStack && logs ? { logsTo: logs } : {}),
    });
    const readers = elasticStack
      ? new NodeAgents(this, "agents", {
          ...common,
          namespace: nodesNamespace,
          priority: NODE_CRITICAL,
          gateway: { protocol: "grpc", endpoint: telemetryEndpoints({ namespace }).otlpGrpc as `http://${string}`, peer: gateway.peer },
          after: [...after, ...gateway.ready],
        }).ready
      : [];
    this.ready = [...gateway.ready, ...readers];
  }
}

function peer(namespace: string, name: string): Exclude<Peer, string> {
  return { namespace, labels: labels(name, name) };
}

/** Destination: the receiver of the hub, which accepts OTLP over HTTP from its user only. */
function toHub({ host, authority, credentials, networks }: NonNullable<TelemetryProps["hub"]>) {
  return {
    protocol: "http",
    endpoint: `https://${host}`,
    peer: networks.map((cidr) => ({ cidr })),
    authority: { secretName: authority },
    credentials: { secretName: credentials },
  } as const;
}

function toElasticsearch({ url, peers, authority, users }: Elasticsearch): TelemetryDestination {
  return {
    protocol: "elasticsearch",
    endpoint: url as `https://${string}`,
    peer: peers,
    authority: { secretName: authority.secretName },
    credentials: { secretName: users.collector.user.secret.name },
  };
}
