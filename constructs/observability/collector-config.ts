import { literally, type MaskRules, redaction } from "./masking";
import { type Exporter, exporter, type OtlpDestination, QUEUE, sendingQueue, type TelemetryDestination } from "./telemetry-destinations";

export const COLLECTOR_PORTS = { grpc: 4317, http: 4318, thrift: 14268, metrics: 8889, health: 13133 } as const;

/** Directory of the volume, owned by the chart's user. */
export const STATE = "/var/lib/otelcol";

/** Configuration of a collector, and the Secrets that its pods mount. */
export interface CollectorConfig {
  readonly config: object;
  readonly secretNames: readonly string[];
}

/** Cluster and environment of telemetry. Telemetry that passed another collector keeps the values of that collector. */
export interface Origin {
  readonly environment: string;
  readonly clusterName: string;
}

/** Destination of each signal. */
export interface Signals {
  readonly traces?: OtlpDestination;
  readonly metrics?: OtlpDestination;
  readonly logs?: TelemetryDestination;
}

export interface GatewayOptions extends Origin, Signals {
  readonly mask?: MaskRules;

  /** Total size of all queues in bytes. */
  readonly queueBytes: number;

  /** Collectors that sample traces, as `host:port` of a headless Service. Without it, traces are sent directly to their store. */
  readonly sampler?: { readonly hostname: string; readonly port: number };

  readonly spanMetrics: boolean;
}

/** Rules of trace sampling. All traces with an error are kept. */
export interface SamplingRules {
  readonly percentage: number;
  readonly slowerThanMs: number;
  readonly waitSeconds: number;
  readonly mostTraces: number;
}

const ENDPOINT = (port: number) => `\${env:MY_POD_IP}:${port}`;

/**
 * The collector's own metrics, with the same names in every version: without units, `_total` and the scope's labels (up to 0.151, a reader
 * without these settings added them).
 */
export function ownTelemetry(host: string, port: number) {
  const prometheus = { host, port, without_units: true, without_type_suffix: true, without_scope_info: true };
  return {
    logs: { level: "info", encoding: "json" },
    metrics: { level: "normal", readers: [{ pull: { exporter: { prometheus } } }] },
  };
}

const MEMORY_LIMITER = { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 25 } as const;

/** Queue directory on the volume. A damaged file is set aside, so that the collector can start. */
function storage(directory: string) {
  return {
    directory,
    create_directory: true,
    recreate: true,
    // Releases disk space after a queue has been emptied.
    compaction: { on_rebound: true, directory, cleanup_on_start: true },
  };
}

const HEALTH = { health_check: { endpoint: ENDPOINT(COLLECTOR_PORTS.health) } };

/** Metadata of pods, and the name of their workload. Existing attributes are not overwritten. */
const POD_METADATA = {
  metadata: [
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.node.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "service.name",
    "service.namespace",
    "service.version",
    "service.instance.id",
  ],
  labels: [{ tag_name: "app_kubernetes_io_name", key: "app.kubernetes.io/name", from: "pod" }],
} as const;

/** Identifies the pod by its UID in the telemetry, otherwise by its IP address. */
const BY_UID = { sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }] };
const BY_ADDRESS = [{ sources: [{ from: "resource_attribute", name: "k8s.pod.ip" }] }, { sources: [{ from: "connection" }] }];

function podMetadata(changes: object) {
  return { auth_type: "serviceAccount", extract: POD_METADATA, wait_for_metadata: true, wait_for_metadata_timeout: "30s", ...changes };
}

function origin({ environment, clusterName }: Origin) {
  const insert = (key: string, value: string) => ({ key, value, action: "insert" });
  return { attributes: [insert("deployment.environment.name", environment), insert("k8s.cluster.name", clusterName)] };
}

/** Resource attributes that become labels of series: Prometheus stores all others only in `target_info`. */
const LABELS = {
  cluster: "k8s.cluster.name",
  namespace: "k8s.namespace.name",
  pod: "k8s.pod.name",
  app_kubernetes_io_name: "app_kubernetes_io_name",
} as const;

function labelled(...labels: readonly (keyof typeof LABELS)[]) {
  const statements = labels.map(
    (label) =>
      `set(datapoint.attributes["${label}"], resource.attributes["${LABELS[label]}"]) where resource.attributes["${LABELS[label]}"] != nil`,
  );
  return { error_mode: "ignore", metric_statements: statements };
}

/** Removes attributes that select the index, so that a log record can't choose its index. */
const INDEX_CHOICE = {
  error_mode: "ignore",
  log_statements: [
    'delete_matching_keys(log.attributes, "^(data_stream|elasticsearch)\\\\.")',
    'delete_matching_keys(scope.attributes, "^(data_stream|elasticsearch|elastic)\\\\.")',
    'delete_matching_keys(resource.attributes, "^(data_stream|elasticsearch)\\\\.")',
  ],
};

/** Sets the data stream `logs-workloads.otel-<environment>`. */
function dataStream({ environment }: Origin) {
  const upsert = (key: string, value: string) => ({ key, value, action: "upsert" });
  return { attributes: [upsert("data_stream.dataset", "workloads"), upsert("data_stream.namespace", environment)] };
}

/**
 * Requests, errors and durations of all spans, including those that sampling drops. Each collector counts separately and sets
 * `collector_instance_id`.
 */
const SPAN_METRICS = {
  histogram: {
    unit: "s",
    explicit: { buckets: ["5ms", "10ms", "25ms", "50ms", "100ms", "250ms", "300ms", "500ms", "1s", "2.5s", "5s", "10s"] },
  },
  dimensions: [{ name: "http.request.method" }, { name: "http.route" }, { name: "http.response.status_code" }],
  exemplars: { enabled: true },
  metrics_flush_interval: "15s",
  series_expiration: "1h",
  // Span names that contain identifiers are aggregated into one series.
  aggregation_cardinality_limit: 2000,
  resource_metrics_key_attributes: ["service.name", "k8s.cluster.name", "k8s.namespace.name", "app_kubernetes_io_name"],
} as const;

/** Removes pod attributes, so that the pods of a workload are aggregated and no pod's value replaces another's. */
const WITHOUT_PODS = {
  error_mode: "ignore",
  metric_statements: [
    'delete_matching_keys(resource.attributes, "^(k8s\\\\.(pod|node|container)|host|process|service\\\\.instance)\\\\.?")',
  ],
};

/** Configuration of the gateway: receives OTLP, and Thrift over HTTP, and sends each signal to its store. */
export function gatewayConfig(options: GatewayOptions): CollectorConfig {
  const { traces, metrics, logs, sampler } = options;
  const spanMetrics = options.spanMetrics && traces !== undefined && metrics !== undefined;
  const sent = { ...(traces && !sampler ? { traces } : {}), ...(metrics ? { metrics } : {}), ...(logs ? { logs } : {}) };
  const queues = Object.keys(sent).length + (traces && sampler ? 1 : 0);
  const queue = { bytes: Math.floor(options.queueBytes / Math.max(1, queues)), whenFull: "refuse" } as const;
  const exporters = Object.fromEntries(Object.entries(sent).map(([signal, to]) => [signal, exporter(signal, to, queue)]));
  const of = (signal: string) => (exporters[signal] ? [exporters[signal].id] : []);
  const toElasticsearch = logs?.protocol === "elasticsearch";
  const common = ["memory_limiter", "k8s_attributes", "resource/origin"];
  const receivers = {
    otlp: {
      protocols: {
        // Closes connections regularly: a client keeps one connection and would stay with one pod.
        grpc: {
          endpoint: ENDPOINT(COLLECTOR_PORTS.grpc),
          keepalive: { server_parameters: { max_connection_age: "5m", max_connection_age_grace: "30s" } },
        },
        http: { endpoint: ENDPOINT(COLLECTOR_PORTS.http) },
      },
    },
    ...(traces ? { jaeger: { protocols: { thrift_http: { endpoint: ENDPOINT(COLLECTOR_PORTS.thrift) } } } } : {}),
  };
  const pipelines = {
    ...(traces
      ? {
          traces: {
            receivers: ["otlp", "jaeger"],
            processors: [...common, "redaction/personal"],
            exporters: [...(sampler ? ["load_balancing/traces"] : of("traces")), ...(spanMetrics ? ["span_metrics"] : [])],
          },
        }
      : {}),
    ...(metrics ? { metrics: { receivers: ["otlp"], processors: [...common, "transform/labels"], exporters: of("metrics") } } : {}),
    ...(spanMetrics
      ? {
          "metrics/spans": {
            receivers: ["span_metrics"],
            processors: ["memory_limiter", "transform/without-pods", "transform/span-labels"],
            exporters: of("metrics"),
          },
        }
      : {}),
    ...(logs
      ? {
          logs: {
            receivers: ["otlp"],
            processors: [
              ...common,
              "transform/flat",
              "redaction/personal",
              ...(toElasticsearch ? ["transform/index", "resource/data-stream"] : []),
            ],
            exporters: of("logs"),
          },
        }
      : {}),
  };
  const all = Object.values(exporters);
  const authenticators = authenticatorsOf(all);
  return {
    config: {
      extensions: { ...HEALTH, [QUEUE]: storage(`${STATE}/queue`), ...authenticators },
      receivers,
      processors: {
        memory_limiter: MEMORY_LIMITER,
        k8s_attributes: podMetadata({ pod_association: [BY_UID, ...BY_ADDRESS] }),
        "resource/origin": origin(options),
        ...(traces || logs ? { "redaction/personal": redaction(options.mask) } : {}),
        ...(metrics ? { "transform/labels": labelled("cluster", "namespace", "pod", "app_kubernetes_io_name") } : {}),
        ...(spanMetrics
          ? { "transform/without-pods": WITHOUT_PODS, "transform/span-labels": labelled("cluster", "namespace", "app_kubernetes_io_name") }
          : {}),
        ...(logs ? { "transform/flat": FLAT } : {}),
        ...(toElasticsearch ? { "transform/index": INDEX_CHOICE, "resource/data-stream": dataStream(options) } : {}),
      },
      exporters: {
        ...Object.fromEntries(all.map(({ id, config }) => [id, config])),
        ...(traces && sampler ? { "load_balancing/traces": toSampler(sampler, queue.bytes) } : {}),
      },
      ...(spanMetrics ? { connectors: { span_metrics: SPAN_METRICS } } : {}),
      service: {
        extensions: ["health_check", QUEUE, ...Object.keys(authenticators)],
        telemetry: ownTelemetry("${env:MY_POD_IP}", COLLECTOR_PORTS.metrics),
        pipelines,
      },
    },
    secretNames: secretsOf(all),
  };
}

/**
 * Load balancing by trace: all spans of a trace are sent to one pod. Queue and retries apply before routing: if a pod stops, others receive
 * its traces.
 */
function toSampler({ hostname, port }: { readonly hostname: string; readonly port: number }, bytes: number) {
  return {
    routing_key: "traceID",
    resolver: { dns: { hostname, port: String(port), interval: "5s" } },
    protocol: { otlp: { tls: { insecure: true }, timeout: "5s", sending_queue: { enabled: false }, retry_on_failure: { enabled: false } } },
    timeout: "15s",
    retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "0s" },
    ...sendingQueue({ bytes, whenFull: "refuse" }),
  };
}

/** Configuration of the sampling layer: receives all spans of a trace, and forwards the sampled traces. */
export function samplerConfig(to: OtlpDestination, rules: SamplingRules, queueBytes: number): CollectorConfig {
  const traces = exporter("traces", to, { bytes: queueBytes, whenFull: "refuse" });
  return {
    config: {
      extensions: { ...HEALTH, [QUEUE]: storage(`${STATE}/queue`), ...traces.authenticators },
      receivers: { otlp: { protocols: { grpc: { endpoint: ENDPOINT(COLLECTOR_PORTS.grpc) } } } },
      processors: {
        memory_limiter: MEMORY_LIMITER,
        tail_sampling: {
          decision_wait: `${rules.waitSeconds}s`,
          num_traces: rules.mostTraces,
          // Late spans follow the decision on their trace.
          decision_cache: { sampled_cache_size: 10 * rules.mostTraces, non_sampled_cache_size: 10 * rules.mostTraces },
          maximum_trace_size_bytes: 20_000_000,
          policies: [
            { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
            { name: "slow", type: "latency", latency: { threshold_ms: rules.slowerThanMs } },
            { name: "ordinary", type: "probabilistic", probabilistic: { sampling_percentage: rules.percentage } },
          ],
        },
      },
      exporters: { [traces.id]: traces.config },
      service: {
        extensions: ["health_check", QUEUE, ...Object.keys(traces.authenticators)],
        telemetry: ownTelemetry("${env:MY_POD_IP}", COLLECTOR_PORTS.metrics),
        pipelines: { traces: { receivers: ["otlp"], processors: ["memory_limiter", "tail_sampling"], exporters: [traces.id] } },
      },
    },
    secretNames: traces.secretNames,
  };
}

/** Flattens nested attributes into dotted keys, so that field rules match at any depth. */
const FLAT = { error_mode: "ignore", log_statements: ["flatten(log.attributes)"] };

/** Keys of JSON log lines, the common ones of each language first. */
const KEYS = {
  message: ["message", "msg", "Message", "@m", "RenderedMessage", "event"],
  trace: ["trace_id", "traceId", "TraceId", "traceID", "trace.id", "@tr"],
  span: ["span_id", "spanId", "SpanId", "spanID", "span.id", "@sp"],
  level: ["level", "severity", "Level", "LogLevel", "log.level", "@l"],
  correlation: ["correlation_id", "correlationId", "CorrelationId", "$correlationId"],
  causation: ["causation_id", "causationId", "CausationId", "$causationId"],
} as const;

/** Hexadecimal digits of an identifier. */
const DIGITS = { trace_id: 32, span_id: 16 } as const;

/** Prefix of a level's name, and the lowest number of the level in pino and bunyan. */
const LEVELS = [
  ["FATAL", "fatal|crit|emerg|alert|panic", 60],
  ["ERROR", "err", 50],
  ["WARN", "warn", 40],
  ["INFO", "info|notice", 30],
  ["DEBUG", "debug", 20],
  ["TRACE", "trace|verbose", 10],
] as const;

const attribute = (key: string) => `log.attributes["${key}"]`;

/** Parses JSON log lines into attributes. Message, level, trace id and span id are moved to their OpenTelemetry fields. */
function parsing() {
  // A missing identifier reads as zeros (OTTL 0.158).
  const none = (field: keyof typeof DIGITS) => `log.${field}.string == "${"0".repeat(DIGITS[field])}"`;
  const identifier = (keys: readonly string[], field: keyof typeof DIGITS) =>
    keys.flatMap((key) => [
      `set(log.${field}.string, ${attribute(key)}) where ${none(field)} and IsString(${attribute(key)}) and IsMatch(${attribute(key)}, "^[0-9a-f]{${DIGITS[field]}}$")`,
      `delete_key(log.attributes, "${key}") where ${attribute(key)} == log.${field}.string`,
    ]);
  const traceparent = attribute("traceparent");
  const isTraceparent = `IsString(${traceparent}) and IsMatch(${traceparent}, "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-")`;
  const statements = [
    'set(log.cache["line"], ParseJSON(log.body.string)) where IsString(log.body) and IsMatch(log.body.string, "(?s)^\\\\s*\\\\{.*\\\\}\\\\s*$")',
    // Attributes that the container runtime set are kept.
    'merge_maps(log.attributes, log.cache["line"], "insert") where IsMap(log.cache["line"])',
    ...KEYS.message.map(
      (key) => `set(log.cache["message"], ${attribute(key)}) where log.cache["message"] == nil and IsString(${attribute(key)})`,
    ),
    'set(log.body.string, log.cache["message"]) where log.cache["message"] != nil',
    ...KEYS.message.map(
      (key) => `delete_key(log.attributes, "${key}") where ${attribute(key)} != nil and ${attribute(key)} == log.cache["message"]`,
    ),
    ...identifier(KEYS.trace, "trace_id"),
    ...identifier(KEYS.span, "span_id"),
    `set(log.trace_id.string, Substring(${traceparent}, 3, 32)) where ${none("trace_id")} and ${isTraceparent}`,
    `set(log.span_id.string, Substring(${traceparent}, 36, 16)) where ${none("span_id")} and ${isTraceparent}`,
    ...KEYS.level.map((key) => `set(log.cache["level"], ${attribute(key)}) where log.cache["level"] == nil`),
    'set(log.severity_text, log.cache["level"]) where IsString(log.cache["level"])',
    ...[...LEVELS]
      .reverse()
      .flatMap(([level, names, number]) => [
        `set(log.severity_number, SEVERITY_NUMBER_${level}) where IsString(log.cache["level"]) and IsMatch(log.cache["level"], "(?i)^(${names})")`,
        `set(log.severity_number, SEVERITY_NUMBER_${level}) where IsDouble(log.cache["level"]) and log.cache["level"] >= ${number}`,
      ]),
    ...(["correlation", "causation"] as const).flatMap((name) =>
      KEYS[name].flatMap((key) => [
        `set(${attribute(`${name}.id`)}, ${attribute(key)}) where ${attribute(`${name}.id`)} == nil and ${attribute(key)} != nil`,
        `delete_key(log.attributes, "${key}") where ${attribute(key)} != nil and ${attribute(key)} == ${attribute(`${name}.id`)}`,
      ]),
    ),
    "flatten(log.attributes)",
  ];
  // A line that only looks like JSON is not an error.
  return { error_mode: "silent", log_statements: statements.map(literally) };
}

export interface AgentOptions extends Origin {
  readonly mask?: MaskRules;

  /** The gateway: `http://collector.observability.svc:4317`. */
  readonly gateway: OtlpDestination;

  /** Namespaces whose logs are not collected. */
  readonly without: readonly string[];

  /** Log directories of the agent's own pods: `observability-nodes_collector-agent-*`. */
  readonly itself: string;

  readonly queueBytes: number;
}

/** Configuration of the agent: reads the logs of the containers of a node, and sends them to the gateway. */
export function agentConfig(options: AgentOptions): CollectorConfig {
  const gateway = exporter("gateway", options.gateway, { bytes: options.queueBytes, whenFull: "wait" });
  const path = (pods: string) => `/var/log/pods/${pods}/*/*.log`;
  return {
    config: {
      extensions: {
        ...HEALTH,
        "file_storage/checkpoints": storage(`${STATE}/checkpoints`),
        [QUEUE]: storage(`${STATE}/queue`),
        ...gateway.authenticators,
      },
      receivers: {
        "file_log/containers": {
          include: [path("*")],
          exclude: [path(options.itself), ...options.without.map((namespace) => path(`${namespace}_*`))],
          // On a new node, pods start and fail before the first agent looks for their logs. Later agents continue at their checkpoints.
          start_at: "beginning",
          include_file_path: true,
          include_file_name: false,
          storage: "file_storage/checkpoints",
          // While the gateway is unavailable, lines stay in the log files.
          retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
          operators: [{ type: "container", id: "container" }],
        },
      },
      processors: {
        memory_limiter: MEMORY_LIMITER,
        k8s_attributes: podMetadata({ filter: { node_from_env_var: "OTEL_K8S_NODE_NAME" }, pod_association: [BY_UID] }),
        "resource/origin": origin(options),
        "transform/parse": parsing(),
        "redaction/personal": redaction(options.mask),
      },
      exporters: { [gateway.id]: gateway.config },
      service: {
        extensions: ["health_check", "file_storage/checkpoints", QUEUE, ...Object.keys(gateway.authenticators)],
        telemetry: ownTelemetry("${env:MY_POD_IP}", COLLECTOR_PORTS.metrics),
        pipelines: {
          logs: {
            receivers: ["file_log/containers"],
            processors: ["memory_limiter", "k8s_attributes", "resource/origin", "transform/parse", "redaction/personal"],
            exporters: [gateway.id],
          },
        },
      },
    },
    secretNames: gateway.secretNames,
  };
}

function authenticatorsOf(exporters: readonly Exporter[]): Readonly<Record<string, object>> {
  return Object.assign({}, ...exporters.map(({ authenticators }) => authenticators));
}

function secretsOf(exporters: readonly Exporter[]): readonly string[] {
  return [...new Set(exporters.flatMap(({ secretNames }) => secretNames))].sort();
}
