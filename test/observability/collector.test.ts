import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import {
  COLLECTOR_SIZES,
  collectorMoveProblems,
  type ElasticsearchDestination,
  NodeAgents,
  type NodeAgentsProps,
  type OtlpDestination,
  TelemetryGateway,
  type TelemetryGatewayProps,
  telemetryEndpoints,
} from "../../constructs/observability";
import { exemptionsOf } from "../../constructs/policy/contract";
import { aCluster } from "../broker/data-cluster";
import { releasedAs, stateful } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, aStack, type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<TelemetryGatewayProps> & { readonly mirror?: string; readonly zones?: readonly string[] };

const jaeger: OtlpDestination = {
  protocol: "grpc",
  endpoint: "http://jaeger.observability.svc:4317",
  peer: { namespace: "observability", labels: { "app.kubernetes.io/name": "jaeger" } },
};
const prometheus: OtlpDestination = {
  protocol: "http",
  endpoint: "http://metrics-prometheus.observability.svc:9090/api/v1/otlp",
  peer: { namespace: "observability" },
};
const elasticsearch: ElasticsearchDestination = {
  protocol: "elasticsearch",
  endpoint: "https://elasticsearch-es-http.observability.svc:9200",
  peer: { namespace: "observability" },
  authority: { secretName: "elasticsearch-es-http-certs-public" },
  credentials: { secretName: "collector-elasticsearch" },
};
const hub: OtlpDestination = {
  protocol: "http",
  endpoint: "https://telemetry.example.com",
  peer: "anywhere",
  credentials: { secretName: "hub-user" },
};

function aGateway(stack: TerraformStack, { mirror, zones, cluster, ...changes }: Changes = {}): TelemetryGateway {
  return new TelemetryGateway(stack, "collector", {
    cluster: cluster ?? aCluster(stack, { ...(mirror ? { mirror } : {}), ...(zones ? { zones } : {}) }),
    namespace: "observability",
    environment: "production",
    clusterName: "read",
    senders: [{ namespace: "read-side" }, { namespace: "observability-nodes" }],
    tracesTo: jaeger,
    metricsTo: prometheus,
    logsTo: elasticsearch,
    ...changes,
  });
}

/** A gateway without the destinations of some signals. */
function without(...signals: readonly ("tracesTo" | "metricsTo" | "logsTo")[]): Changes {
  return Object.fromEntries(signals.map((signal) => [signal, undefined])) as Changes;
}

const synthesized = new Map<string, Body>();

/** What is not there counts too: `undefined` is a change. */
function json(changes: Changes = {}): Body {
  const key = JSON.stringify(changes, (_, value) => value ?? "nothing");
  const found = synthesized.get(key) ?? synth((stack) => void aGateway(stack, changes));
  synthesized.set(key, found);
  return found;
}

const values = (changes: Changes = {}, name = "collector") => releasedAs(json(changes), name);
const config = (changes: Changes = {}, name = "collector"): Body => values(changes, name).alternateConfig;
const refusals = (changes: Changes) => refusalsOf((stack) => void aGateway(stack, changes));
const sampled: Changes = { sampling: { percentage: 10 } };

function someAgents(stack: TerraformStack, { cluster, ...changes }: Partial<NodeAgentsProps> = {}): NodeAgents {
  return new NodeAgents(stack, "agents", {
    cluster: cluster ?? aCluster(stack),
    namespace: "observability-nodes",
    environment: "production",
    clusterName: "read",
    gateway: {
      protocol: "grpc",
      endpoint: telemetryEndpoints({ namespace: "observability" }).otlpGrpc,
      peer: { namespace: "observability" },
    },
    ...changes,
  });
}

const agents = (changes: Partial<NodeAgentsProps> = {}) => synth((stack) => void someAgents(stack, changes));
const agentConfig = (changes: Partial<NodeAgentsProps> = {}): Body => releasedAs(agents(changes), "collector-agent").alternateConfig;

/** Every kind of configuration, by what is special about it. */
const CONFIGS: Readonly<Record<string, () => Body>> = {
  everything: () => config(),
  "traces alone": () => config(without("metricsTo", "logsTo")),
  "metrics alone": () => config(without("tracesTo", "logsTo")),
  "logs alone": () => config(without("tracesTo", "metricsTo")),
  "logs to another collector": () => config({ logsTo: hub, tracesTo: hub }),
  "a gateway with a second layer": () => config(sampled),
  "the second layer": () => config(sampled, "collector-sampler"),
  "spans that nobody counts": () => config({ spanMetrics: false }),
  "rules of one's own": () => config({ mask: { fields: ["taxNumber"], patterns: ["\\bDE\\d{20}$"] } }),
  "agents of nodes": () => agentConfig(),
  "agents that call the hub": () => agentConfig({ gateway: hub, without: ["kube-system"] }),
};

const KINDS = ["receivers", "processors", "exporters"] as const;

/** Components that a configuration defines and that pipelines use, by kind. */
function components({ service, connectors = {}, ...defined }: Body) {
  const pipelines = Object.values(service.pipelines as Body) as Body[];
  const used = (kind: string) => [...new Set(pipelines.flatMap((pipeline) => pipeline[kind] ?? []))].sort();
  const known = (kind: string) => [...Object.keys(defined[kind]), ...(kind === "processors" ? [] : Object.keys(connectors))].sort();
  return KINDS.map((kind) => ({ kind, defined: known(kind), used: used(kind) }));
}

/** Names of storages and authenticators that something refers to. */
function extensionsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    ["storage", "authenticator"].includes(key) && typeof item === "string" ? [item] : extensionsIn(item),
  );
}

describe.each(Object.entries(CONFIGS))("a collector with %s", (_, rendered) => {
  it("uses every component that it defines, and defines every one that it uses", () => {
    for (const { defined, used } of components(rendered())) expect(used).toEqual(defined);
  });

  it("starts every extension that it refers to", () => {
    const { extensions, service, receivers, exporters } = rendered();
    expect([...service.extensions].sort()).toEqual(Object.keys(extensions).sort());
    for (const name of extensionsIn({ receivers, exporters })) expect(service.extensions).toContain(name);
  });

  it("limits its memory before anything else", () => {
    const { service, processors } = rendered();
    for (const { processors: order } of Object.values(service.pipelines as Body)) expect(order[0]).toBe("memory_limiter");
    expect(processors.memory_limiter).toEqual({ check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 25 });
  });

  it("queues on its volume whatever it sends, and sends again until it is accepted", () => {
    for (const [id, exporter] of Object.entries(rendered().exporters as Body)) {
      expect([id, exporter.sending_queue]).toEqual([
        id,
        expect.objectContaining({ enabled: true, storage: "file_storage/queue", sizer: "bytes" }),
      ]);
      expect([id, exporter.sending_queue.batch]).toEqual([id, expect.objectContaining({ sizer: "bytes", max_size: 3_000_000 })]);
      if (id.startsWith("elasticsearch")) expect(exporter.retry).toMatchObject({ enabled: true, max_retries: 10_000 });
      else expect(exporter.retry_on_failure).toMatchObject({ enabled: true, max_elapsed_time: "0s" });
    }
  });

  it("names its own metrics alike in every version", () => {
    const [{ pull }] = rendered().service.telemetry.metrics.readers;
    expect(pull.exporter.prometheus).toEqual({
      host: "${env:MY_POD_IP}",
      port: 8889,
      without_units: true,
      without_type_suffix: true,
      without_scope_info: true,
    });
  });

  it("has nothing that Helm would take for a template, and no dollar sign that the collector would take for a reference", () => {
    const text = JSON.stringify(rendered());
    expect(text).not.toContain("{{");
    expect(text.replaceAll(/\$\{env:[A-Z_0-9]+\}/g, "").replaceAll("$$", "")).not.toContain("$");
  });

  const binary = process.env.OTELCOL;
  (binary ? it : it.skip)("is accepted by the collector (OTELCOL)", () => {
    const directory = mkdtempSync(join(tmpdir(), "collector-"));
    try {
      const local = JSON.stringify(rendered()).replaceAll("/var/lib/otelcol", directory).replaceAll("/etc/otelcol-secrets", directory);
      const file = join(directory, "config.yaml");
      writeFileSync(file, local);
      const flags = ["--feature-gates=stanza.synchronousLogEmitter"];
      execFileSync(binary ?? "", ["validate", `--config=${file}`, ...flags], {
        env: { MY_POD_IP: "127.0.0.1", OTEL_K8S_NODE_NAME: "a" },
        stdio: "pipe",
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("a gateway", () => {
  it("takes OTLP, and Thrift over HTTP from clients that know nothing else", () => {
    const { receivers, service } = config();
    expect(receivers.otlp.protocols).toMatchObject({
      grpc: { endpoint: "${env:MY_POD_IP}:4317" },
      http: { endpoint: "${env:MY_POD_IP}:4318" },
    });
    expect(receivers.jaeger).toEqual({ protocols: { thrift_http: { endpoint: "${env:MY_POD_IP}:14268" } } });
    expect(service.pipelines.traces.receivers).toEqual(["otlp", "jaeger"]);
    expect(aGateway(aStack(() => {})).endpoints).toEqual({
      otlpGrpc: "http://collector.observability.svc:4317",
      otlpHttp: "http://collector.observability.svc:4318",
      jaegerThrift: "http://collector.observability.svc:14268/api/traces",
    });
  });

  it("opens the ports of what it receives, and none on the node", () => {
    const open = (changes: Changes) =>
      Object.entries(values(changes).ports as Body)
        .filter(([, { enabled }]) => enabled)
        .map(([port]) => port)
        .sort();
    expect(open({ metricsFrom: "observability" })).toEqual(["jaeger-thrift", "metrics", "otlp", "otlp-http"]);
    expect(open(without("tracesTo"))).toEqual(["otlp", "otlp-http"]);
    for (const [port, { hostPort }] of Object.entries(values().ports as Body))
      expect([port, hostPort]).toEqual([port, port === "metrics" ? undefined : 0]);
  });

  it("sends each signal to where it is kept", () => {
    const { exporters, service } = config();
    expect(exporters).toMatchObject({
      "otlp_grpc/traces": { endpoint: "jaeger.observability.svc:4317", tls: { insecure: true } },
      "otlp_http/metrics": { endpoint: "http://metrics-prometheus.observability.svc:9090/api/v1/otlp" },
      "elasticsearch/logs": { endpoints: ["https://elasticsearch-es-http.observability.svc:9200"] },
    });
    expect(Object.fromEntries(Object.entries(service.pipelines as Body).map(([name, pipeline]) => [name, pipeline.exporters]))).toEqual({
      traces: ["otlp_grpc/traces", "span_metrics"],
      metrics: ["otlp_http/metrics"],
      "metrics/spans": ["otlp_http/metrics"],
      logs: ["elasticsearch/logs"],
    });
  });

  it("shares its volume among its queues, with room for what their files take beside", () => {
    const sizes = (changes: Changes) =>
      Object.values(config(changes).exporters as Body).map(({ sending_queue }) => sending_queue.queue_size);
    const third = Math.floor((10 * 2 ** 30 * 0.6) / 3);
    expect(sizes({})).toEqual([third, third, third]);
    expect(sizes(without("metricsTo", "logsTo"))).toEqual([Math.floor(10 * 2 ** 30 * 0.6)]);
    expect(sizes(sampled)).toEqual([third, third, third]);
  });

  it("refuses when a queue is full, so that SDKs send again", () => {
    for (const { sending_queue } of Object.values(config().exporters as Body)) expect(sending_queue.block_on_overflow).toBe(false);
  });

  it("knows Elasticsearch by its CA, and is known to it by a user whose password it reads again", () => {
    const { extensions, exporters } = config();
    expect(extensions["basicauth/logs"]).toEqual({
      client_auth: {
        username_file: "/etc/otelcol-secrets/collector-elasticsearch/username",
        password_file: "/etc/otelcol-secrets/collector-elasticsearch/password",
      },
    });
    expect(exporters["elasticsearch/logs"]).toMatchObject({
      auth: { authenticator: "basicauth/logs" },
      tls: { insecure: false, ca_file: "/etc/otelcol-secrets/elasticsearch-es-http-certs-public/ca.crt" },
    });
    const { extraVolumes, extraVolumeMounts } = values();
    expect(extraVolumes.map(({ secret }: Body) => secret.secretName)).toEqual([
      "collector-elasticsearch",
      "elasticsearch-es-http-certs-public",
    ]);
    expect(extraVolumeMounts).toEqual(
      expect.arrayContaining([
        { name: "secret-collector-elasticsearch", mountPath: "/etc/otelcol-secrets/collector-elasticsearch", readOnly: true },
      ]),
    );
  });

  it("does not let whoever writes a log record choose its index", () => {
    const { service, processors } = config();
    expect(service.pipelines.logs.processors.slice(-2)).toEqual(["transform/index", "resource/data-stream"]);
    expect(processors["transform/index"].log_statements).toHaveLength(3);
    expect(processors["resource/data-stream"].attributes).toEqual([
      { key: "data_stream.dataset", value: "workloads", action: "upsert" },
      { key: "data_stream.namespace", value: "production", action: "upsert" },
    ]);
    expect(config({ logsTo: hub }).service.pipelines.logs.processors).not.toContain("transform/index");
  });

  it("says where telemetry comes from, and leaves what another cluster's gateway has said", () => {
    expect(config().processors["resource/origin"].attributes).toEqual([
      { key: "deployment.environment.name", value: "production", action: "insert" },
      { key: "k8s.cluster.name", value: "read", action: "insert" },
    ]);
    expect(config().processors.k8s_attributes.pod_association[0]).toEqual({
      sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }],
    });
  });

  it("gives series the labels of the platform's own", () => {
    expect(config().processors["transform/labels"].metric_statements).toEqual([
      `set(datapoint.attributes["cluster"], resource.attributes["k8s.cluster.name"]) where resource.attributes["k8s.cluster.name"] != nil`,
      `set(datapoint.attributes["namespace"], resource.attributes["k8s.namespace.name"]) where resource.attributes["k8s.namespace.name"] != nil`,
      `set(datapoint.attributes["pod"], resource.attributes["k8s.pod.name"]) where resource.attributes["k8s.pod.name"] != nil`,
      `set(datapoint.attributes["app_kubernetes_io_name"], resource.attributes["app_kubernetes_io_name"]) where resource.attributes["app_kubernetes_io_name"] != nil`,
    ]);
  });

  it("reads pods, and nothing that it does not need", () => {
    const { clusterRole, serviceAccount } = values();
    expect(clusterRole).toEqual({
      create: true,
      name: "collector",
      clusterRoleBinding: { name: "collector" },
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["get", "list", "watch"] },
        { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list", "watch"] },
      ],
    });
    expect(serviceAccount.automountServiceAccountToken).toBe(true);
  });

  it("runs restricted, on volumes that are there before it", () => {
    const body = json();
    const { podSecurityContext, securityContext, statefulset, extraVolumeMounts, useGOMEMLIMIT, resources } = releasedAs(body, "collector");
    expect(podSecurityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(
      all(body, "kubernetes_persistent_volume_claim_v1").map(({ metadata, spec }) => [metadata.name, spec.resources.requests.storage]),
    ).toEqual([
      ["queue-collector-0", "10Gi"],
      ["queue-collector-1", "10Gi"],
    ]);
    expect(statefulset.volumeClaimTemplates[0].metadata.name).toBe(extraVolumeMounts[0].name);
    expect(extraVolumeMounts[0].mountPath).toBe("/var/lib/otelcol");
    expect([useGOMEMLIMIT, resources.limits]).toEqual([true, { memory: "512Mi" }]);
  });

  it("lets in its senders and Prometheus, and out to its destinations and the API server", () => {
    const { spec } = one(json({ metricsFrom: "monitoring" }), "kubernetes_network_policy_v1", "collector/gateway/traffic/policy");
    const namespaces = spec.ingress.map(({ from, ports }: Body) => [
      from.map(({ namespace_selector }: Body) => namespace_selector.match_labels["kubernetes.io/metadata.name"]),
      ports.map(({ port }: Body) => port),
    ]);
    expect(namespaces).toEqual([
      [
        ["read-side", "observability-nodes"],
        ["4317", "4318", "14268"],
      ],
      [["monitoring"], ["8889"]],
    ]);
    const [, ...egress] = spec.egress.map(({ ports }: Body) => ports.map(({ port }: Body) => port));
    expect(egress).toEqual([["443", "6443"], ["4317"], ["9090"], ["9200"]]);
    expect(spec.pod_selector.match_labels).toEqual({ "app.kubernetes.io/name": "collector", "app.kubernetes.io/instance": "collector" });
    expect(values().nameOverride).toBe("collector");
  });

  it("enters the ledger with its volumes, and survives a node and a zone", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aGateway(stack, { cluster, ...sampled });
    expect(cluster.ledger.groups).toMatchObject([
      { name: "observability/collector-sampler", pods: 2, request: { millicores: 200, memoryBytes: 2 ** 30, volumes: 1 } },
      { name: "observability/collector", pods: 2, request: { millicores: 200, memoryBytes: 2 ** 29, volumes: 1 } },
    ]);
    expect(values().topologySpreadConstraints[0]).toMatchObject({
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
    });
    const budgets = all(json(sampled), "helm_release").find(({ name }) => name.startsWith("budgets-"));
    expect(JSON.parse(budgets?.values[0]).objects.map(({ metadata }: Body) => metadata.name)).toEqual(["collector", "collector-sampler"]);
  });

  it("is one pod where there is one zone", () => {
    expect(values({ zones: [] }).replicaCount).toBe(1);
    expect(values({ zones: [] }).topologySpreadConstraints[0].whenUnsatisfiable).toBe("ScheduleAnyway");
  });

  it("may lose its queues with its environment", () => {
    const stack = aStack((each) => void aGateway(each));
    const claim = stack.node.findChild("collector").node.findChild("gateway").node.findChild("queues").node.findChild("0");
    expect(exemptionsOf(claim).map(({ rule }) => rule)).toEqual(["data-is-kept", "data-lives-apart"]);
  });

  it("is scraped when Prometheus is there", () => {
    expect(values({ metricsFrom: "observability" }).serviceMonitor).toEqual({ enabled: true, metricsEndpoints: [{ port: "metrics" }] });
    expect(values().serviceMonitor.enabled).toBe(false);
  });

  it("comes from the mirror", () => {
    expect(values({ mirror: "registry.example.com/mirror" }).image.repository).toBe(
      "registry.example.com/mirror/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib",
    );
  });

  it.each([
    [
      without("tracesTo", "metricsTo", "logsTo"),
      "tracesTo: is missing, and so are metricsTo and logsTo: nothing would be received; name at least one of them",
    ],
    [{ ...without("metricsTo"), spanMetrics: true }, "spanMetrics: true needs both tracesTo and metricsTo; name both, or leave it out"],
    [{ ...without("tracesTo"), ...sampled }, "sampling: needs tracesTo; name it, or leave sampling out"],
    [{ sampling: { percentage: 101 } }, "sampling: 101 must be a percentage; use 0 to 100"],
    [{ sampling: { percentage: 1, pods: { memory: "64Mi" } } }, `sampling.pods: "64Mi" leaves no memory for telemetry; use 192Mi or more`],
    [{ memory: "128Mi" }, `memory: "128Mi" leaves no memory for telemetry; use 192Mi or more`],
    [{ queue: "1Mi" }, `queue: "1Mi" holds only seconds of an outage; use 64Mi or more`],
    [{ replicas: 0 }, "replicas: 0 must be a whole number of pods; use 1 or more"],
    [
      { logsTo: { ...elasticsearch, endpoint: "http://elasticsearch:9200" } },
      `logsTo: "http://elasticsearch:9200" would get the password in plaintext; use https://, and the CA as authority`,
    ],
    [
      { tracesTo: { ...jaeger, endpoint: "http://me:secret@jaeger:4317" } },
      `tracesTo: "jaeger:4317" must not carry a user or a password: everyone who reads the release reads it; use credentials`,
    ],
    [
      { tracesTo: { ...jaeger, endpoint: "http://jaeger:4317/traces" } },
      `tracesTo: "http://jaeger:4317/traces" has a path, which gRPC does not use; leave it out, or use protocol http`,
    ],
    [
      { tracesTo: { ...jaeger, endpoint: "jaeger:4317" as "http://" } },
      `tracesTo: "jaeger:4317" must be an address of http:// or https://; write one like http://jaeger.observability.svc:4317`,
    ],
    [
      { mask: { fields: ["a b"] } },
      `mask: "a b" must be the name of one field; use letters, digits, - and _, like creditCard; write other rules as patterns`,
    ],
    [
      { mask: { patterns: ["\\d*"] } },
      `mask: "\\\\d*" must not match the empty string: every value would be masked; write a regular expression as RE2 has it, like \\b\\d{3}-\\d{2}-\\d{4}\\b`,
    ],
    [
      { mask: { patterns: ["(?=x)y"] } },
      `mask: "(?=x)y" has a look-around or a back-reference, which RE2 does not support; write a regular expression as RE2 has it, like \\b\\d{3}-\\d{2}-\\d{4}\\b`,
    ],
    [
      { mask: { patterns: ["(x"] } },
      `mask: "(x" must be a regular expression; write a regular expression as RE2 has it, like \\b\\d{3}-\\d{2}-\\d{4}\\b`,
    ],
  ] satisfies [Changes, string][])("refuses %j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/collector.${message}`]);
  });

  it("keeps every address when it grows, and its volumes do not shrink", () => {
    const before = stateful(json({ size: "medium" }));
    expect(stateful(json({ size: "large" }))).toMatchObject(before);
    expect(values({ size: "large" }).statefulset).toEqual(values({ size: "medium" }).statefulset);
    expect(collectorMoveProblems(COLLECTOR_SIZES.medium, COLLECTOR_SIZES.small)).toEqual([
      {
        value: "2Gi",
        rule: "is less than the 10Gi that its volumes have, and no volume shrinks",
        remedy: 'keep queue: "10Gi", or make a second one from a backup and move there',
      },
    ]);
  });
});

describe("metrics of spans", () => {
  it("are counted before traces are sampled, per workload", () => {
    const { service, connectors, processors } = config(sampled);
    expect(service.pipelines.traces.exporters).toEqual(["load_balancing/traces", "span_metrics"]);
    expect(service.pipelines["metrics/spans"]).toEqual({
      receivers: ["span_metrics"],
      processors: ["memory_limiter", "transform/without-pods", "transform/span-labels"],
      exporters: ["otlp_http/metrics"],
    });
    expect(connectors.span_metrics).toMatchObject({
      histogram: { unit: "s" },
      exemplars: { enabled: true },
      aggregation_cardinality_limit: 2000,
    });
    expect(JSON.stringify(processors["transform/span-labels"])).not.toContain("k8s.pod.name");
  });

  it("are left out when they have nowhere to go, or nobody wants them", () => {
    for (const changes of [without("metricsTo"), without("tracesTo"), { spanMetrics: false }])
      expect(config(changes)).not.toHaveProperty("connectors");
  });
});

describe("tail sampling", () => {
  it("brings all spans of a trace to one pod of a second layer", () => {
    const { exporters } = config(sampled);
    expect(exporters["load_balancing/traces"]).toMatchObject({
      routing_key: "traceID",
      resolver: { dns: { hostname: "collector-sampler.observability.svc.cluster.local", port: "4317" } },
      // Retried as a whole, so that another pod gets them.
      protocol: { otlp: { sending_queue: { enabled: false }, retry_on_failure: { enabled: false } } },
    });
    expect(exporters).not.toHaveProperty("otlp_grpc/traces");
    expect(values(sampled, "collector-sampler").service).toEqual({ clusterIP: "None" });
  });

  it("keeps errors, slow traces and a share of the others", () => {
    const { processors } = config({ sampling: { percentage: 5, slowerThan: "2s", wait: "10s" } }, "collector-sampler");
    expect(processors.tail_sampling).toMatchObject({
      decision_wait: "10s",
      num_traces: 20_971,
      policies: [
        { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
        { name: "slow", type: "latency", latency: { threshold_ms: 2000 } },
        { name: "ordinary", type: "probabilistic", probabilistic: { sampling_percentage: 5 } },
      ],
    });
  });

  it("admits the first layer alone to the second, and the second alone to where traces are kept", () => {
    const policyOf = (path: string) => one(json(sampled), "kubernetes_network_policy_v1", path).spec;
    const labels = (name: string) => ({ match_labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": name } });
    expect(policyOf("sampler/traffic/policy").ingress).toMatchObject([
      { from: [{ pod_selector: labels("collector") }], ports: [{ port: "4317" }] },
    ]);
    const [, , out] = policyOf("gateway/traffic/policy").egress;
    expect(out).toMatchObject({ to: [{ pod_selector: labels("collector-sampler") }], ports: [{ port: "4317" }] });
    expect(policyOf("sampler/traffic/policy").egress[1].to[0].pod_selector.match_labels).toEqual({ "app.kubernetes.io/name": "jaeger" });
    const { peer, tracesPeer } = aGateway(
      aStack(() => {}),
      sampled,
    );
    expect([peer, tracesPeer]).toMatchObject([
      { labels: { "app.kubernetes.io/name": "collector" } },
      { labels: { "app.kubernetes.io/name": "collector-sampler" } },
    ]);
    expect(aGateway(aStack(() => {})).tracesPeer).toEqual(peer);
  });

  it("gives the second layer no right in the API", () => {
    expect(values(sampled, "collector-sampler")).toMatchObject({
      clusterRole: { create: false, rules: [] },
      serviceAccount: { automountServiceAccountToken: false },
    });
  });
});

describe("masking", () => {
  /** The rules as the processor reads them, where its flags of case are JavaScript's. */
  function rules(changes: Changes = {}) {
    const { blocked_key_patterns, blocked_values, ignored_key_patterns } = config(changes).processors["redaction/personal"];
    const read = (pattern: string) =>
      new RegExp(pattern.replaceAll("$$", "$").replace(/^\(\?i\)/, ""), pattern.startsWith("(?i)") ? "gi" : "g");
    const any = (patterns: readonly string[]) => (text: string) => patterns.some((pattern) => read(pattern).test(text));
    const mask = (text: string) => (blocked_values as string[]).reduce((masked, pattern) => masked.replace(read(pattern), "****"), text);
    return { key: any(blocked_key_patterns), ignored: any(ignored_key_patterns), mask };
  }

  it.each([
    "ssn",
    "customer.ssn",
    "creditCard",
    "credit_card",
    "CreditCard",
    "credit-card",
    "payment.creditCard.number",
    "customerEmail",
    "emails.email.0",
  ])("hides the field %s", (key) => expect(rules().key(key)).toBe(true));

  it.each(["session", "credit", "card", "emailed", "order.id", "http.route"])("leaves the field %s", (key) =>
    expect(rules().key(key)).toBe(false),
  );

  it.each([
    ["sent to jane.doe@example.co.uk twice", "sent to **** twice"],
    ["ssn 123-45-6789.", "ssn ****."],
    ["paid with 4111 1111 1111 1111", "paid with ****"],
    ["paid with 5500-0000-0000-0004", "paid with ****"],
    ["paid with 378282246310005", "paid with ****"],
    ['{"creditCard":"abc","total":5}', '{"****,"total":5}'],
    ["password=hunter2 accepted", "**** accepted"],
  ])("turns %j into %j", (text, masked) => expect(rules().mask(text)).toBe(masked));

  it.each([
    "order 4c9184f3-7cf8-4d1e-9b1a-0242ac120002 at 2026-11-28T09:25:38.123456789Z",
    "position 1732785938123456789 of 1732785938123",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "listening on 10.0.0.1:8080",
  ])("leaves %j", (text) => expect(rules().mask(text)).toBe(text));

  it.each(["trace_id", "correlation.id", "causation.id", "service.name", "k8s.pod.name"])("never touches %s", (key) =>
    expect(rules().ignored(key)).toBe(true),
  );

  it("takes fields and patterns of one's own, in gateways and on nodes", () => {
    const mask = { fields: ["taxNumber"], patterns: ["\\bDE\\d{9}\\b"] };
    expect(rules({ mask }).key("vendor.tax_number")).toBe(true);
    expect(rules({ mask }).key("ssn")).toBe(false);
    expect(rules({ mask }).mask("VAT DE123456789, x@example.com")).toBe("VAT ****, x@example.com");
    expect(agentConfig({ mask }).processors["redaction/personal"]).toEqual(config({ mask }).processors["redaction/personal"]);
  });

  it("comes before anything leaves the process, in traces and logs", () => {
    expect(config().service.pipelines.traces.processors).toContain("redaction/personal");
    expect(config().service.pipelines.logs.processors.indexOf("redaction/personal")).toBeGreaterThan(
      config().service.pipelines.logs.processors.indexOf("transform/flat"),
    );
    expect(agentConfig().service.pipelines.logs.processors.at(-1)).toBe("redaction/personal");
  });
});

describe("agents of nodes", () => {
  const released = (changes: Partial<NodeAgentsProps> = {}) => releasedAs(agents(changes), "collector-agent");

  it("read the logs of all containers but their own, and remember on the node how far", () => {
    const receiver = agentConfig({ without: ["noisy"] }).receivers["file_log/containers"];
    expect(receiver).toMatchObject({
      include: ["/var/log/pods/*/*/*.log"],
      exclude: ["/var/log/pods/observability-nodes_collector-agent-*/*/*.log", "/var/log/pods/noisy_*/*/*.log"],
      include_file_path: true,
      storage: "file_storage/checkpoints",
      retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
      operators: [{ type: "container" }],
    });
    expect(released().extraVolumes).toEqual([
      { name: "pod-logs", hostPath: { path: "/var/log/pods", type: "Directory" } },
      { name: "state", hostPath: { path: "/var/lib/otelcol/observability-nodes-collector-agent", type: "DirectoryOrCreate" } },
    ]);
  });

  it("join lines to their trace unless they are joined already: an identifier that is not there reads as zeros", () => {
    const statements = agentConfig().processors["transform/parse"].log_statements as string[];
    const setters = (field: string) => statements.filter((statement) => statement.startsWith(`set(log.${field}.string`));
    for (const [field, digits] of [
      ["trace_id", 32],
      ["span_id", 16],
    ] as const) {
      expect(setters(field).length).toBeGreaterThan(3);
      for (const statement of setters(field))
        expect(statement).toContain(`where log.${field}.string == "${"0".repeat(digits)}" and IsString(`);
    }
  });

  it("stop reading while the gateway is away, so that lines wait in their files", () => {
    expect(agentConfig().exporters["otlp_grpc/gateway"]).toMatchObject({
      endpoint: "collector.observability.svc:4317",
      sending_queue: { block_on_overflow: true, queue_size: 256 * 2 ** 20 },
    });
    expect(released().command.extraArgs).toEqual(["--feature-gates=stanza.synchronousLogEmitter"]);
  });

  it("are root of the node's files without any capability, on every node", () => {
    const { securityContext, tolerations, fullnameOverride, clusterRole } = released();
    expect(securityContext).toMatchObject({
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(tolerations).toEqual([{ operator: "Exists" }]);
    // The chart makes `collector-agent` of it.
    expect(fullnameOverride).toBe("collector");
    expect(clusterRole.name).toBe("collector-agent");
  });

  it("let Prometheus in, and reach the gateway and the API server alone", () => {
    const { spec } = one(agents({ metricsFrom: "observability" }), "kubernetes_network_policy_v1");
    expect(spec.ingress).toMatchObject([{ ports: [{ port: "8889" }] }]);
    expect(spec.egress.slice(1)).toMatchObject([{ ports: [{ port: "443" }, { port: "6443" }] }, { ports: [{ port: "4317" }] }]);
  });

  it("enter the ledger on each node", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    someAgents(stack, { cluster });
    expect(cluster.ledger.groups).toEqual([
      { name: "observability-nodes/collector-agent", pods: "each-node", request: { millicores: 50, memoryBytes: 2 ** 28 } },
    ]);
  });

  it("refuse a gateway without an address", () => {
    const gateway = { protocol: "grpc", endpoint: "collector:4317" as "http://", peer: "anywhere" } as const;
    expect(refusalsOf((stack) => void someAgents(stack, { gateway }))).toEqual([
      `test/agents.gateway: "collector:4317" must be an address of http:// or https://; write one like http://jaeger.observability.svc:4317`,
    ]);
  });
});

const directory = process.env.CHART_DEFAULTS;
const defaults = directory ? chartDefaults(directory, "opentelemetry-collector") : undefined;

(defaults ? describe : describe.skip)("the chart of collectors (CHART_DEFAULTS)", () => {
  const free = ["alternateConfig", "resources", "podSecurityContext", "securityContext", "rollout.rollingUpdate"];
  it.each([
    ["gateway", () => values({ metricsFrom: "observability", priority: "high" })],
    ["second layer", () => values(sampled, "collector-sampler")],
    ["agents", () => releasedAs(agents({ metricsFrom: "observability" }), "collector-agent")],
  ])("knows what it is told of the %s", (_, told) => {
    expect(defaults && unknownPaths(told(), defaults, free)).toEqual([]);
  });
});
