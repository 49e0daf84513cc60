import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { evenly, type PodGroup, requested } from "../capacity";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes, type Cores, type Duration, known, millicores, seconds } from "../core/quantities";
import {
  API_SERVER,
  disruptionBudget,
  imageFrom,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  RESTRICTED,
  Release,
  VolumeClaims,
} from "../kubernetes";
import { replicas as availableReplicas, labels, resources, spread } from "../platform";
import { exempt } from "../policy/contract";
import { type Size, shrinkProblems } from "../sizing";
import {
  agentConfig,
  COLLECTOR_PORTS,
  type CollectorConfig,
  gatewayConfig,
  type SamplingRules,
  type Signals,
  STATE,
  samplerConfig,
} from "./collector-config";
import { type MaskRules, maskProblems } from "./masking";
import { destinationProblems, egressOf, type OtlpDestination, SECRETS_PATH, type TelemetryDestination } from "./telemetry-destinations";

/** Distribution with all components that are used here; the chart sets its version. */
const IMAGE = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib";

const CHART = "opentelemetry-collector";

/** User of the image. */
const USER = 10_001;

const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Volume claim template of queues. */
const TEMPLATE = "queue";

/** Maximum share of a volume for queues: a queue's database frees pages later than it allocates new ones. */
const QUEUE_SHARE = 0.6;

/** Settings of a size. */
export interface CollectorSettings {
  /** Number of pods. One on a cluster with a single zone. */
  readonly replicas: number;

  readonly cpu: Cores;

  /** Request and limit. Above 80% of it, data is rejected until memory is freed (`memory_limiter`). */
  readonly memory: Bytes;

  /** Volume of each pod for queues of data that its destinations have not accepted yet. It grows in place and never shrinks. */
  readonly queue: Bytes;
}

/** Settings of the OpenTelemetry collector by size of the environment. */
export const COLLECTOR_SIZES: Readonly<Record<Size, CollectorSettings>> = {
  small: { replicas: 1, cpu: "50m", memory: "256Mi", queue: "2Gi" },
  medium: { replicas: 2, cpu: "200m", memory: "512Mi", queue: "10Gi" },
  large: { replicas: 3, cpu: "500m", memory: "1Gi", queue: "50Gi" },
};

/**
 * Sampling of whole traces by their result: keeps every trace with an error, every slow one, and a share of the others. A second layer of
 * collectors, which receives all spans of a trace, makes the decision. Traces that wait for it are in memory: they are decided early if a
 * pod is stopped, and lost if it is killed.
 */
export interface TailSampling {
  /** Percentage of traces to keep that are neither slow nor in error: 0 to 100. */
  readonly percentage: number;

  /** Duration above which a trace is kept. @default "1s" */
  readonly slowerThan?: Duration;

  /**
   * Time for which spans of a trace are collected before the decision.
   * @default "30s"
   */
  readonly wait?: Duration;

  /**
   * CPU and memory of the second layer. Half of its memory holds traces, at 25 KiB each (25 spans of 1 KiB).
   * @default - those of the gateway, with twice its memory
   */
  readonly pods?: Partial<CollectorSettings>;
}

/** Settings of every collector. */
export interface CollectorProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /** Value of `deployment.environment.name`. */
  readonly environment: string;

  /** Value of `k8s.cluster.name`, and of the label `cluster` of series: `write`, `read`. */
  readonly clusterName: string;

  /** Rules for personal data that is replaced by `****` in spans and log records. */
  readonly mask?: MaskRules;

  /**
   * Namespace of Prometheus, which then scrapes the collector. Requires the CRDs of the Prometheus operator.
   * @default - not scraped
   */
  readonly metricsFrom?: string;

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace, the Secrets of its destinations. */
  readonly after?: readonly ITerraformDependable[];
}

export interface TelemetryGatewayProps extends CollectorProps, Partial<CollectorSettings> {
  /**
   * Its name, and the name of its Service.
   * @default "collector"
   */
  readonly name?: string;

  /** @default "medium" */
  readonly size?: Size;

  /** Pods that may send telemetry: namespaces of workloads, of node agents, of the ingress gateway. */
  readonly senders: readonly Exclude<Peer, "anywhere">[];

  /**
   * Destination of traces.
   * @default - none: clients are told that traces are not supported
   */
  readonly tracesTo?: OtlpDestination;

  /**
   * Destination of metrics that applications send by OTLP: `http://metrics-prometheus.observability.svc:9090/api/v1/otlp`.
   * @default - none
   */
  readonly metricsTo?: OtlpDestination;

  /**
   * Destination of logs.
   * @default - none
   */
  readonly logsTo?: TelemetryDestination;

  /**
   * Sampling of traces.
   * @default - all traces that SDKs send are kept
   */
  readonly sampling?: TailSampling;

  /**
   * Generates metrics of requests, errors and durations from spans, before sampling, and sends them to the destination of metrics:
   * `traces_span_metrics_calls_total` and `traces_span_metrics_duration_seconds`.
   * @default - if both traces and metrics have a destination
   */
  readonly spanMetrics?: boolean;
}

/**
 * OpenTelemetry collectors that workloads and node agents send to: OTLP on 4317 (gRPC) and 4318 (HTTP), Jaeger's Thrift over HTTP on 14268.
 * They add metadata of the pod, the environment and the cluster, mask personal data, and send each signal to its store. Data that a
 * destination has not accepted waits in a queue on a volume, so neither a restart nor an outage of the destination loses it. A full queue
 * rejects data, and SDKs retry for a limited time.
 *
 * Correlation and causation identifiers are kept as the attributes `correlation.id` and `causation.id`. A collector cannot take them from
 * W3C baggage: SDKs must copy them from baggage to spans and log records (their baggage span and log processors).
 */
export class TelemetryGateway extends Construct {
  readonly ready: readonly ITerraformDependable[];

  /** Addresses for workloads. */
  readonly endpoints: TelemetryEndpoints;

  /** Its pods, for the ingress policies of its destinations. With sampling, traces are sent by other pods. */
  readonly peer: Exclude<Peer, "anywhere">;
  readonly tracesPeer: Exclude<Peer, "anywhere">;

  constructor(scope: Construct, id: string, props: TelemetryGatewayProps) {
    super(scope, id);
    const { namespace, name = GATEWAY, senders, sampling, tracesTo, metricsTo, logsTo, after = [] } = props;
    const settings = resolveCollector(props);
    const signals = given({ traces: tracesTo, metrics: metricsTo, logs: logsTo }) as Signals;
    const second = samplerSettings(settings, sampling?.pods);
    const problems = { ...settingsProblems(settings), ...gatewayProblems(props) };
    for (const [property, found] of Object.entries(problems)) refuse(this, found, property);
    const sound = Object.values(problems).every((found) => found.length === 0);

    const layer = samplerOf(name);
    const sampled = sampling !== undefined && tracesTo !== undefined;
    this.endpoints = telemetryEndpoints({ name, namespace });
    this.peer = { namespace, labels: labels(name, name) };
    this.tracesPeer = sampled ? { namespace, labels: labels(layer, layer) } : this.peer;
    const toLayer = { name: "sampler", peer: this.tracesPeer, ports: [COLLECTOR_PORTS.grpc] };
    const ready: ITerraformDependable[] = [];
    if (sampled)
      ready.push(
        ...this.collectors("sampler", {
          ...props,
          name: layer,
          settings: second,
          rendered: () => samplerConfig(tracesTo, samplingRules(sampling, second), queueBytes(second)),
          sound,
          headless: true,
          readsPods: false,
          ports: ["otlp"],
          ingress: [{ name: "gateway", peer: this.peer, ports: [COLLECTOR_PORTS.grpc] }],
          egress: [egressOf("traces", tracesTo)],
          after,
        }),
      );
    ready.push(
      ...this.collectors("gateway", {
        ...props,
        name,
        settings,
        rendered: () =>
          gatewayConfig({
            ...props,
            ...signals,
            queueBytes: queueBytes(settings),
            spanMetrics: props.spanMetrics ?? true,
            ...(sampled ? { sampler: { hostname: `${layer}.${namespace}.svc.cluster.local`, port: COLLECTOR_PORTS.grpc } } : {}),
          }),
        sound,
        headless: false,
        readsPods: true,
        ports: ["otlp", "otlp-http", ...(tracesTo ? ["jaeger-thrift"] : [])],
        ingress:
          senders.length > 0
            ? [{ name: "senders", peer: senders, ports: [COLLECTOR_PORTS.grpc, COLLECTOR_PORTS.http, COLLECTOR_PORTS.thrift] }]
            : [],
        egress: [
          API_SERVER,
          ...Object.entries(signals).map(([signal, to]) => (signal === "traces" && sampled ? toLayer : egressOf(signal, to))),
        ],
        after: [...after, ...ready],
      }),
    );
    this.ready = ready;
  }

  /** Creates a StatefulSet of collectors with their volumes. */
  private collectors(id: string, layer: Layer): readonly ITerraformDependable[] {
    const { cluster, namespace, name, settings, sound, after, metricsFrom } = layer;
    const scope = new Construct(this, id);
    const matchLabels = labels(name, name);
    const pods = podsOf(cluster, settings.replicas);
    const { policy } = new PodTraffic(scope, "traffic", {
      namespace,
      name,
      labels: matchLabels,
      ingress: [...layer.ingress, ...metricsIngress(metricsFrom)],
      egress: layer.egress,
      after,
    });
    const { claims } = new VolumeClaims(scope, "queues", {
      cluster,
      namespace,
      template: TEMPLATE,
      set: name,
      count: sound ? pods : 0,
      size: settings.queue,
      protect: false,
      after,
    });
    for (const claim of claims) {
      exempt(claim, "data-is-kept", "what waits there is sent within minutes, and is telemetry");
      exempt(claim, "data-lives-apart", "what waits there is sent within minutes, and is telemetry");
    }
    const { config, secretNames } = sound ? layer.rendered() : NOTHING;
    const { release } = new Release(scope, "chart", {
      cluster,
      chart: CHART,
      name,
      namespace,
      after: [...after, policy, ...claims],
      values: {
        ...common(layer, config, secretNames, settings),
        mode: "statefulset",
        fullnameOverride: name,
        nameOverride: name,
        replicaCount: pods,
        clusterRole: readsPods(name, layer.readsPods),
        serviceAccount: { create: true, automountServiceAccountToken: layer.readsPods },
        podSecurityContext: RESTRICTED_POD,
        securityContext: RESTRICTED,
        ports: openPorts(layer.ports, metricsFrom !== undefined),
        service: { ...(layer.headless ? { clusterIP: "None" } : {}) },
        serviceMonitor: { enabled: metricsFrom !== undefined, metricsEndpoints: [SCRAPED] },
        extraVolumeMounts: [{ name: TEMPLATE, mountPath: STATE }, ...secretMounts(secretNames)],
        statefulset: {
          podManagementPolicy: "Parallel",
          // The claims are created beforehand. The template never creates one, and must never change.
          volumeClaimTemplates: [
            {
              metadata: { name: TEMPLATE },
              spec: { accessModes: ["ReadWriteOnce"], storageClassName: cluster.storageClass, resources: { requests: { storage: "1Gi" } } },
            },
          ],
          persistentVolumeClaimRetentionPolicy: { enabled: true, whenDeleted: "Retain", whenScaled: "Retain" },
        },
        topologySpreadConstraints: zoned(cluster, matchLabels),
      },
      pods: sound ? [{ ...statefulPods(name, settings, cluster), ...cluster.ledger.priorityOf(layer.priority) }] : [],
    });
    disruptionBudget(scope, { cluster, namespace, name, most: pods, matchLabels });
    return [release];
  }
}

/** Differences between the layers. */
interface Layer extends CollectorProps {
  readonly name: string;
  readonly settings: CollectorSettings;
  readonly rendered: () => CollectorConfig;
  readonly sound: boolean;
  readonly headless: boolean;
  readonly readsPods: boolean;
  readonly ports: readonly string[];
  readonly ingress: ConstructorParameters<typeof PodTraffic>[2]["ingress"];
  readonly egress: ConstructorParameters<typeof PodTraffic>[2]["egress"];
  readonly after: readonly ITerraformDependable[];
}

const NOTHING: CollectorConfig = { config: {}, secretNames: [] };

/** Addresses of a gateway. */
export interface TelemetryEndpoints {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT` for gRPC. */
  readonly otlpGrpc: `http://${string}`;

  /** `OTEL_EXPORTER_OTLP_ENDPOINT` for HTTP. */
  readonly otlpHttp: `http://${string}`;

  /** Jaeger's Thrift over HTTP: `JAEGER_ENDPOINT` of clients that support no other protocol. */
  readonly jaegerThrift: `http://${string}`;
}

/** Addresses of a gateway with that name, from any namespace. */
export function telemetryEndpoints({ name = GATEWAY, namespace }: Pick<TelemetryGatewayProps, "name" | "namespace">): TelemetryEndpoints {
  const at = (port: number) => `http://${name}.${namespace}.svc:${port}` as const;
  return {
    otlpGrpc: at(COLLECTOR_PORTS.grpc),
    otlpHttp: at(COLLECTOR_PORTS.http),
    jaegerThrift: `${at(COLLECTOR_PORTS.thrift)}/api/traces`,
  };
}

export interface NodeAgentsProps extends CollectorProps {
  /** Destination of logs: a `TelemetryGateway`, or any other receiver of OTLP. */
  readonly gateway: OtlpDestination;

  /**
   * Namespaces whose containers' logs are not collected.
   * @default - none
   */
  readonly without?: readonly string[];

  /** @default "50m" */
  readonly cpu?: Cores;

  /**
   * Request and limit.
   * @default "256Mi"
   */
  readonly memory?: Bytes;

  /**
   * Queue on the disk of each node. More data than that stays in the containers' log files.
   * @default "256Mi"
   */
  readonly queue?: Bytes;
}

/** Default name of a gateway. */
export const GATEWAY = "collector";

/** Name of the second layer of a gateway. */
export function samplerOf(gateway: string): string {
  return `${gateway}-sampler`;
}

/** Name of the DaemonSet. The chart appends `-agent` to its own name. */
export const AGENTS = "collector-agent";

/**
 * A collector on every node that reads the logs of its containers, and sends them to a gateway. JSON lines become attributes, with
 * severity, trace and span in their OpenTelemetry fields. Its namespace must allow privileged pods: it reads the node's files as root,
 * without any capability. It stores its read positions on the node, and stops reading while the gateway is unavailable.
 */
export class NodeAgents extends Construct {
  readonly ready: readonly ITerraformDependable[];
  readonly peer: Exclude<Peer, "anywhere">;

  constructor(scope: Construct, id: string, props: NodeAgentsProps) {
    super(scope, id);
    const { cluster, namespace, gateway, without = [], metricsFrom, after = [] } = props;
    const settings = { cpu: props.cpu ?? "50m", memory: props.memory ?? "256Mi", queue: props.queue ?? "256Mi" };
    const problems = {
      ...settingsProblems({ ...settings, replicas: 1 }),
      mask: maskProblems(props.mask ?? {}),
      gateway: destinationProblems(gateway),
    };
    for (const [property, found] of Object.entries(problems)) refuse(this, found, property);
    const sound = Object.values(problems).every((found) => found.length === 0);
    const matchLabels = labels(AGENTS, AGENTS);
    this.peer = { namespace, labels: matchLabels };
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name: AGENTS,
      labels: matchLabels,
      ingress: metricsIngress(metricsFrom),
      egress: sound ? [API_SERVER, egressOf("gateway", gateway)] : [],
      after,
    });
    const { config, secretNames } = sound
      ? agentConfig({ ...props, gateway, without, itself: `${namespace}_${AGENTS}-*`, queueBytes: known(bytes(settings.queue)) })
      : NOTHING;
    const host = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });
    const { extraVolumes, ...values } = common(props, config, secretNames, settings);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: CHART,
      name: AGENTS,
      namespace,
      after: [...after, policy],
      values: {
        ...values,
        mode: "daemonset",
        fullnameOverride: AGENTS.replace(/-agent$/, ""),
        nameOverride: AGENTS,
        // Cluster-wide name, so it differs from that of the gateway.
        clusterRole: readsPods(AGENTS, true),
        serviceAccount: { create: true, name: AGENTS },
        podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
        // Log files belong to root, and no other user can read them.
        securityContext: { ...RESTRICTED, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
        ports: openPorts([], metricsFrom !== undefined),
        // Otherwise lines would be acknowledged in a batch of the reader before they are in the queue (pkg/stanza 0.158, alpha).
        command: { ...values.command, extraArgs: ["--feature-gates=stanza.synchronousLogEmitter"] },
        podMonitor: { enabled: metricsFrom !== undefined, metricsEndpoints: [SCRAPED] },
        tolerations: [{ operator: "Exists" }],
        rollout: { strategy: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
        extraVolumes: [
          host("pod-logs", "/var/log/pods", "Directory"),
          host("state", `${STATE}/${namespace}-${AGENTS}`, "DirectoryOrCreate"),
          ...extraVolumes,
        ],
        extraVolumeMounts: [
          { name: "pod-logs", mountPath: "/var/log/pods", readOnly: true },
          { name: "state", mountPath: STATE },
          ...secretMounts(secretNames),
        ],
      },
      pods: sound
        ? [
            {
              name: AGENTS,
              pods: "each-node",
              request: requested([settings]),
              ...cluster.ledger.priorityOf(props.priority),
            } satisfies PodGroup,
          ]
        : [],
    });
    this.ready = [release];
  }
}

/** Chart values that are common to all kinds of collector. */
function common(
  { cluster, priority }: Pick<CollectorProps, "cluster" | "priority">,
  config: object,
  secretNames: readonly string[],
  { cpu, memory }: Pick<CollectorSettings, "cpu" | "memory">,
) {
  return {
    image: { repository: imageFrom(cluster, IMAGE) },
    command: { name: "otelcol-contrib" },
    // Replaces the whole configuration: the chart's own has receivers and exporters that are not used here.
    alternateConfig: config,
    ...(priority ? { priorityClassName: priority } : {}),
    resources: resources({ cpu, memory }),
    useGOMEMLIMIT: true,
    terminationGracePeriodSeconds: 60,
    extraVolumes: secretNames.map((secretName) => ({ name: `secret-${secretName}`, secret: { secretName, defaultMode: 0o440 } })),
  };
}

function secretMounts(secretNames: readonly string[]) {
  return secretNames.map((secretName) => ({ name: `secret-${secretName}`, mountPath: `${SECRETS_PATH}/${secretName}`, readOnly: true }));
}

const SCRAPED = { port: "metrics" } as const;

/** Enables or disables every port of the chart, without host ports. */
function openPorts(open: readonly string[], metrics: boolean) {
  const ports = ["otlp", "otlp-http", "jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin"];
  return {
    ...Object.fromEntries(ports.map((port) => [port, { enabled: open.includes(port), hostPort: 0 }])),
    metrics: { enabled: metrics, containerPort: COLLECTOR_PORTS.metrics, servicePort: COLLECTOR_PORTS.metrics },
  };
}

/** ClusterRole that reads pods and their owners, for the processor `k8s_attributes`. */
function readsPods(name: string, create: boolean) {
  const rule = (apiGroup: string, ...kinds: readonly string[]) => ({
    apiGroups: [apiGroup],
    resources: kinds,
    verbs: ["get", "list", "watch"],
  });
  return {
    create,
    name,
    clusterRoleBinding: { name },
    rules: create ? [rule("", "pods", "namespaces"), rule("apps", "replicasets")] : [],
  };
}

function metricsIngress(metricsFrom: string | undefined) {
  return metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [COLLECTOR_PORTS.metrics] }] : [];
}

/** Requires a spread over zones: a volume is bound to the zone in which its pod first runs, so two pods in one zone would stay there. */
function zoned(cluster: KubernetesTarget, matchLabels: Readonly<Record<string, string>>) {
  return spread(matchLabels).map((constraint, index) =>
    index === 0 && cluster.zones.length > 1 ? { ...constraint, whenUnsatisfiable: "DoNotSchedule" } : constraint,
  );
}

function statefulPods(name: string, settings: CollectorSettings, cluster: KubernetesTarget): PodGroup {
  const how = evenly(cluster.zones.length > 1, false);
  return { name, pods: podsOf(cluster, settings.replicas), request: { ...requested([settings]), volumes: 1 }, spread: how };
}

function podsOf(cluster: KubernetesTarget, several: number): number {
  return availableReplicas({ cluster }, several);
}

/** Given settings, with defaults from the size. */
export function resolveCollector({ size = "medium", ...said }: Partial<CollectorSettings> & { readonly size?: Size }): CollectorSettings {
  const from = COLLECTOR_SIZES[size];
  return {
    replicas: said.replicas ?? from.replicas,
    cpu: said.cpu ?? from.cpu,
    memory: said.memory ?? from.memory,
    queue: said.queue ?? from.queue,
  };
}

function samplerSettings(gateway: CollectorSettings, said: Partial<CollectorSettings> = {}): CollectorSettings {
  const memory = bytes(gateway.memory);
  const doubled: Bytes = typeof memory === "number" ? `${(2 * memory) / 2 ** 20}Mi` : gateway.memory;
  return { ...gateway, memory: doubled, ...said };
}

/** Memory of a trace: 25 spans of 1 KiB (estimate). */
const TRACE_BYTES = 25 * 1024;

function samplingRules({ percentage, slowerThan = "1s", wait = "30s" }: TailSampling, { memory }: CollectorSettings): SamplingRules {
  return {
    percentage,
    slowerThanMs: 1000 * known(seconds(slowerThan)),
    waitSeconds: known(seconds(wait)),
    mostTraces: Math.floor(known(bytes(memory)) / 2 / TRACE_BYTES),
  };
}

function queueBytes({ queue }: CollectorSettings): number {
  return Math.floor(known(bytes(queue)) * QUEUE_SHARE);
}

type Found = readonly Omit<Problem, "path">[];

/** The collector itself uses about 100 MiB, and four batches of each queue are in memory. */
const LEAST_MEMORY = 192 * 2 ** 20;

/** A smaller queue would cover only seconds of an outage. */
const LEAST_QUEUE = 64 * 2 ** 20;

function settingsProblems({ replicas, cpu, memory, queue }: CollectorSettings): Readonly<Record<string, Found>> {
  const cores = millicores(cpu);
  const least = (value: Bytes, size: ReturnType<typeof bytes>, limit: number, rule: string) =>
    typeof size !== "number" ? [{ value, ...size }] : size < limit ? [{ value, rule, remedy: `use ${limit / 2 ** 20}Mi or more` }] : [];
  return {
    replicas:
      Number.isInteger(replicas) && replicas > 0
        ? []
        : [{ value: replicas, rule: "must be a whole number of pods", remedy: "use 1 or more" }],
    cpu: typeof cores === "number" ? [] : [{ value: cpu, ...cores }],
    memory: least(memory, bytes(memory), LEAST_MEMORY, "leaves no memory for telemetry"),
    queue: least(queue, bytes(queue), LEAST_QUEUE, "holds only seconds of an outage"),
  };
}

function gatewayProblems({
  tracesTo,
  metricsTo,
  logsTo,
  sampling,
  mask = {},
  ...props
}: TelemetryGatewayProps): Readonly<Record<string, Found>> {
  const nowhere = [tracesTo, metricsTo, logsTo].every((to) => to === undefined);
  return {
    tracesTo: [
      ...(tracesTo ? destinationProblems(tracesTo) : []),
      ...(nowhere
        ? [{ rule: "is missing, and so are metricsTo and logsTo: nothing would be received", remedy: "name at least one of them" }]
        : []),
    ],
    metricsTo: metricsTo ? destinationProblems(metricsTo) : [],
    logsTo: logsTo ? destinationProblems(logsTo) : [],
    mask: maskProblems(mask),
    sampling: sampling ? samplingProblems(sampling, tracesTo !== undefined) : [],
    "sampling.pods": sampling?.pods ? Object.values(settingsProblems(samplerSettings(resolveCollector(props), sampling.pods))).flat() : [],
    spanMetrics:
      props.spanMetrics && !(tracesTo && metricsTo)
        ? [{ value: true, rule: "needs both tracesTo and metricsTo", remedy: "name both, or leave it out" }]
        : [],
  };
}

function samplingProblems({ percentage, slowerThan = "1s", wait = "30s" }: TailSampling, traces: boolean): Found {
  const spans = [slowerThan, wait].flatMap((value) => {
    const reading = seconds(value);
    return typeof reading === "number" ? [] : [{ value, ...reading }];
  });
  return [
    ...(traces ? [] : [{ rule: "needs tracesTo", remedy: "name it, or leave sampling out" }]),
    ...(percentage >= 0 && percentage <= 100 ? [] : [{ value: percentage, rule: "must be a percentage", remedy: "use 0 to 100" }]),
    ...spans,
  ];
}

/** Problems of changing existing collectors. */
export function collectorMoveProblems(before: CollectorSettings, after: CollectorSettings): Found {
  return shrinkProblems(before, after, ["queue"]);
}

function given<T extends object>(all: T): Partial<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<T>;
}
