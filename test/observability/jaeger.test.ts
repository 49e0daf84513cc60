import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { Jaeger, type JaegerElasticsearch, type JaegerProps } from "../../constructs/observability";
import { exemptionsOf } from "../../constructs/policy/contract";
import { aCluster } from "../broker/data-cluster";
import { releasedAs, stateful } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, aStack, type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<JaegerProps> & { readonly mirror?: string };

const elasticsearch: JaegerElasticsearch = {
  engine: "elasticsearch",
  endpoint: "https://elasticsearch-es-http.observability.svc:9200",
  peer: { namespace: "observability" },
  authority: { secretName: "elasticsearch-es-http-certs-public" },
  secretName: "jaeger-elasticsearch",
  indexPrefix: "orders-production",
};

function aJaeger(stack: TerraformStack, { mirror, cluster, ...changes }: Changes = {}): Jaeger {
  return new Jaeger(stack, "jaeger", {
    cluster: cluster ?? aCluster(stack, mirror ? { mirror } : {}),
    namespace: "observability",
    storage: elasticsearch,
    senders: [{ namespace: "observability", labels: { "app.kubernetes.io/name": "collector" } }],
    readers: [{ namespace: "observability", labels: { "app.kubernetes.io/name": "grafana" } }],
    ...changes,
  });
}

const onVolume: Changes = { storage: { engine: "badger" } };

const synthesized = new Map<string, Body>();

function json(changes: Changes = {}): Body {
  const key = JSON.stringify(changes);
  const found = synthesized.get(key) ?? synth((stack) => void aJaeger(stack, changes));
  synthesized.set(key, found);
  return found;
}

const values = (changes: Changes = {}) => releasedAs(json(changes), "jaeger");
const config = (changes: Changes = {}): Body => values(changes).userconfig;
const refusals = (changes: Changes) => refusalsOf((stack) => void aJaeger(stack, changes));

const STORAGES = { Elasticsearch: {}, "a volume": onVolume } as const satisfies Readonly<Record<string, Changes>>;

describe.each(Object.entries(STORAGES))("Jaeger on %s", (_, changes) => {
  it("receives OTLP, limits its memory, and acknowledges what it has handed to its storage", () => {
    const { receivers, processors, exporters, service } = config(changes);
    expect(receivers.otlp.protocols).toEqual({ grpc: { endpoint: "0.0.0.0:4317" } });
    expect(service.pipelines.traces).toEqual({
      receivers: ["otlp"],
      processors: ["memory_limiter"],
      exporters: ["jaeger_storage_exporter"],
    });
    expect(Object.keys(processors)).toEqual(["memory_limiter"]);
    expect(exporters).toEqual({ jaeger_storage_exporter: { trace_storage: "kept" } });
  });

  it("answers the chart's probes, and shows the storage that it writes to", () => {
    const { extensions, service } = config(changes);
    expect(extensions.healthcheckv2).toEqual({ use_v2: true, http: { endpoint: "0.0.0.0:13133" } });
    expect(extensions.jaeger_query.storage).toEqual({ traces: Object.keys(extensions.jaeger_storage.backends)[0] });
    expect([...service.extensions].sort()).toEqual(Object.keys(extensions).sort());
  });

  it("names its own metrics as collectors do", () => {
    const [{ pull }] = config(changes).service.telemetry.metrics.readers;
    expect(pull.exporter.prometheus).toMatchObject({
      port: 8888,
      without_units: true,
      without_type_suffix: true,
      without_scope_info: true,
    });
  });

  it("runs restricted, with a directory for temporary files alone to write to beside its storage", () => {
    const { podSecurityContext, securityContext, serviceAccount, extraVolumes } = values(changes).jaeger;
    expect(podSecurityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(serviceAccount.automountServiceAccountToken).toBe(false);
    expect(extraVolumes[0]).toEqual({ name: "tmp", emptyDir: {} });
  });

  it("restarts when its configuration changes, and otherwise not", () => {
    const hash = (more: Changes) => values({ ...changes, ...more }).jaeger.podLabels["config-hash"];
    expect(hash({ keep: "8d" })).not.toBe(hash({}));
    expect(hash({ cpu: 1 })).toBe(hash({}));
    expect(hash({})).toMatch(/^[0-9a-f]{16}$/);
  });

  it("collects garbage before its memory ends", () => {
    const { extraEnv, resources } = values({ ...changes, memory: "1Gi" }).jaeger;
    expect(extraEnv[0]).toEqual({ name: "GOMEMLIMIT", value: "819MiB" });
    expect(resources.limits).toEqual({ memory: "1Gi" });
  });

  it("lets in collectors, readers and Prometheus, each to its port", () => {
    const { spec } = one(json({ ...changes, metricsFrom: "observability" }), "kubernetes_network_policy_v1");
    expect(spec.ingress.map(({ ports }: Body) => ports.map(({ port }: Body) => port))).toEqual([["4317"], ["16686"], ["8888"]]);
  });

  const binary = process.env.JAEGER;
  (binary ? it : it.skip)("is accepted by Jaeger (JAEGER)", () => {
    const directory = mkdtempSync(join(tmpdir(), "jaeger-"));
    try {
      const file = join(directory, "config.yaml");
      writeFileSync(file, JSON.stringify(config(changes)));
      execFileSync(binary ?? "", ["validate", `--config=${file}`], { env: { STORAGE_USER: "jaeger" }, stdio: "pipe" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("Jaeger on Elasticsearch", () => {
  it("keeps a day in an index of one shard, as its own user, under the name of the environment", () => {
    const index = { shards: 1, replicas: 1 };
    expect(config().extensions.jaeger_storage.backends.kept).toEqual({
      elasticsearch: {
        server_urls: ["https://elasticsearch-es-http.observability.svc:9200"],
        auth: { basic: { username: "${env:STORAGE_USER}", password_file: "/etc/jaeger-user/password" } },
        tls: { insecure: false, ca_file: "/etc/jaeger-authority/ca.crt" },
        create_mappings: true,
        max_span_age: "168h",
        indices: { index_prefix: "orders-production", spans: index, services: index, dependencies: index, sampling: index },
      },
    });
    const { extraEnv, extraVolumes, extraVolumeMounts } = values().jaeger;
    expect(extraEnv[1]).toEqual({ name: "STORAGE_USER", valueFrom: { secretKeyRef: { name: "jaeger-elasticsearch", key: "username" } } });
    expect(extraVolumes.slice(1).map(({ secret }: Body) => secret.secretName)).toEqual([
      "jaeger-elasticsearch",
      "elasticsearch-es-http-certs-public",
    ]);
    expect(extraVolumeMounts.slice(1).map(({ mountPath }: Body) => mountPath)).toEqual(["/etc/jaeger-user", "/etc/jaeger-authority"]);
  });

  it("deletes days that are over, by a job with the same rights", () => {
    const { esIndexCleaner, storage } = values({ keep: "30d" });
    expect(storage.elasticsearch.url).toBe("https://elasticsearch-es-http.observability.svc:9200");
    expect(esIndexCleaner).toMatchObject({
      enabled: true,
      numberOfDays: 30,
      cmdlineParams: { "index-prefix": "orders-production" },
      podSecurityContext: { runAsNonRoot: true },
      securityContext: { readOnlyRootFilesystem: true },
      extraSecretMounts: [
        { mountPath: "/etc/jaeger-authority/ca.crt", subPath: "ca.crt", secretName: "elasticsearch-es-http-certs-public" },
      ],
    });
    expect(esIndexCleaner.extraEnv.map(({ name }: Body) => name)).toEqual(["ES_USERNAME", "ES_PASSWORD", "ES_TLS_ENABLED", "ES_TLS_CA"]);
    expect(config({ keep: "30d" }).extensions.jaeger_storage.backends.kept.elasticsearch.max_span_age).toBe("720h");
  });

  it("has a second pod where there are zones, and is replaced one by one", () => {
    const { replicas, strategy, topologySpreadConstraints } = values().jaeger;
    expect([replicas, strategy.type]).toEqual([2, "RollingUpdate"]);
    expect(topologySpreadConstraints[0].labelSelector.matchLabels["app.kubernetes.io/component"]).toBe("all-in-one");
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aJaeger(stack, { cluster });
    expect(cluster.ledger.groups).toMatchObject([
      { name: "observability/jaeger", pods: 2, surge: 1, request: { millicores: 200, memoryBytes: 2 ** 29 } },
      { name: "observability/jaeger-es-index-cleaner", pods: 1, passing: true },
    ]);
    const budgets = all(json(), "helm_release").find(({ name }) => name.startsWith("budgets-"));
    // Not the job's pods, which carry the other labels too.
    expect(JSON.parse(budgets?.values[0]).objects[0].spec.selector.matchLabels).toHaveProperty(
      ["app.kubernetes.io/component"],
      "all-in-one",
    );
  });

  it("reaches its storage and nothing else", () => {
    const { spec } = one(json(), "kubernetes_network_policy_v1");
    expect(spec.egress.slice(1)).toMatchObject([{ ports: [{ port: "9200" }] }]);
    expect(spec.pod_selector.match_labels).toEqual({ "app.kubernetes.io/name": "jaeger", "app.kubernetes.io/instance": "jaeger" });
  });

  it.each([
    [{ keep: "36h" }, `keep: "36h" must be whole days: indices are daily; write it like 7d`],
    [{ storage: { ...elasticsearch, copies: -1 } }, "storage: -1 must be a whole number of copies; use 0 or more"],
    [{ storage: { ...elasticsearch, replicas: 0 } }, "storage: 0 must be a whole number of pods; use 1 or more"],
    [
      { storage: { ...elasticsearch, indexPrefix: "Orders" } },
      `storage: "Orders" must begin the name of an index; use lower-case letters, digits and hyphens`,
    ],
    [
      { storage: { ...elasticsearch, endpoint: "http://elasticsearch:9200" } },
      `storage: "http://elasticsearch:9200" would get the password in plaintext; use https://, and the CA as authority`,
    ],
    [{ memory: "1" as "1Gi" }, `memory: "1" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
  ] satisfies [Changes, string][])("refuses %j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/jaeger.${message}`]);
  });
});

describe("Jaeger on a volume", () => {
  it("keeps traces for their time in files of its one pod", () => {
    expect(config({ ...onVolume, keep: "3d" }).extensions.jaeger_storage.backends.kept).toEqual({
      badger: { directories: { keys: "/badger/keys", values: "/badger/values" }, ephemeral: false, ttl: { spans: "72h" } },
    });
    const { replicas, strategy, extraVolumes, extraVolumeMounts } = values(onVolume).jaeger;
    expect([replicas, strategy]).toEqual([1, { type: "Recreate" }]);
    expect(extraVolumes[1]).toEqual({ name: "badger", persistentVolumeClaim: { claimName: "badger-jaeger-0" } });
    expect(extraVolumeMounts[1]).toEqual({ name: "badger", mountPath: "/badger" });
    const claim = one(json(onVolume), "kubernetes_persistent_volume_claim_v1");
    expect([claim.metadata.name, claim.spec.resources.requests.storage]).toEqual(["badger-jaeger-0", "20Gi"]);
  });

  it("needs no job, no storage elsewhere, and counts its volume", () => {
    expect(values(onVolume).esIndexCleaner).toEqual({ enabled: false });
    expect(one(json(onVolume), "kubernetes_network_policy_v1").spec.egress).toHaveLength(1);
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aJaeger(stack, { ...onVolume, cluster });
    expect(cluster.ledger.groups).toMatchObject([{ name: "observability/jaeger", pods: 1, surge: 0, request: { volumes: 1 } }]);
  });

  it("may lose its volume with its environment, and keeps its address when the volume grows", () => {
    const stack = aStack((each) => void aJaeger(each, onVolume));
    const claim = stack.node.findChild("jaeger").node.findChild("volumes").node.findChild("0");
    expect(exemptionsOf(claim).map(({ rule }) => rule)).toEqual(["data-is-kept", "data-lives-apart"]);
    expect(stateful(json({ storage: { engine: "badger", volume: "100Gi" } }))).toEqual(stateful(json(onVolume)));
  });

  it("refuses a volume without a unit", () => {
    expect(refusals({ storage: { engine: "badger", volume: "20" as "20Gi" } })).toEqual([
      `test/jaeger.storage: "20" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"`,
    ]);
  });
});

describe("Jaeger", () => {
  it("is known by its addresses and its pods", () => {
    const { otlp, query, peer } = aJaeger(aStack(() => {}));
    expect([otlp, query]).toEqual(["http://jaeger.observability.svc:4317", "http://jaeger.observability.svc:16686"]);
    expect(peer).toEqual({
      namespace: "observability",
      labels: { "app.kubernetes.io/name": "jaeger", "app.kubernetes.io/instance": "jaeger" },
    });
  });

  it("is scraped when Prometheus is there, by an object of its own: the chart has none", () => {
    expect(releasedAs(json({ metricsFrom: "observability" }), "jaeger-monitor").objects).toEqual([
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        metadata: { name: "jaeger", namespace: "observability" },
        spec: {
          selector: {
            matchLabels: {
              "app.kubernetes.io/name": "jaeger",
              "app.kubernetes.io/instance": "jaeger",
              "app.kubernetes.io/component": "all-in-one",
            },
          },
          endpoints: [{ port: "internal-metrics" }],
        },
      },
    ]);
    expect(all(json(), "helm_release").map(({ name }) => name)).not.toContain("jaeger-monitor");
  });

  it("comes from the mirror", () => {
    expect(values({ mirror: "registry.example.com/mirror" }).global).toEqual({ imageRegistry: "registry.example.com/mirror" });
  });

  const directory = process.env.CHART_DEFAULTS;
  const defaults = directory ? chartDefaults(directory, "jaeger") : undefined;
  (defaults ? it : it.skip).each(Object.entries(STORAGES))("tells the chart only what it knows, on %s (CHART_DEFAULTS)", (_, changes) => {
    const own = ["userconfig", "jaeger.podSecurityContext", "jaeger.securityContext"];
    const cleaner = ["podSecurityContext", "securityContext", "cmdlineParams", "resources"].map((key) => `esIndexCleaner.${key}`);
    // Templates read them, though the defaults do not name them.
    const hidden = ["podLabels", "strategy", "resources", "topologySpreadConstraints"].map((key) => `jaeger.${key}`);
    const unsaid = [...hidden, "esIndexCleaner.activeDeadlineSeconds", "esIndexCleaner.ttlSecondsAfterFinished"];
    const told = values({ ...changes, mirror: "registry.example.com/mirror" });
    expect(defaults && unknownPaths(told, defaults, [...own, ...cleaner]).filter((path) => !unsaid.includes(path))).toEqual([]);
  });
});
