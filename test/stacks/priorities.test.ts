import { kubernetesObjects } from "../../constructs/kubernetes";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const image = "registry.example.com/orders/app:1.0.0";

const { stacks, sites } = synthesisOf(
  aProgram(
    anEnvironment({
      aws: undefined,
      size: "small",
      cluster: { context: "kind-orders" },
      eventStore: { engine: "kurrentdb", nodes: 1 },
      commandApi: { image, replicas: 2 },
      commandProcessors: { image, replicas: 2 },
      queryApi: { image, replicas: 2 },
      projections: { image, workers: 2, parallelism: 1 },
      migrations: { image },
      readDatabase: { engine: "cloudnative-pg", pooler: true },
      cache: { engine: "valkey" },
      broker: { engine: "nats" },
      exceptions: { disposable: "a test" },
    }),
  ),
);

const bodies = [...stacks.values()].map(({ json }) => json as Body);
const objects = bodies.flatMap((json) => kubernetesObjects(json).objects as readonly Body[]);

/** Where an object names a class of pods, by its kind. */
const CLASS_OF: Readonly<Record<string, (spec: Body) => string | undefined>> = {
  Deployment: ({ template }) => template.spec.priorityClassName,
  StatefulSet: ({ template }) => template.spec.priorityClassName,
  Job: ({ template }) => template.spec.priorityClassName,
  CronJob: ({ jobTemplate }) => jobTemplate.spec.template.spec.priorityClassName,
  Cluster: ({ priorityClassName }) => priorityClassName,
  Pooler: ({ template }) => template.spec.priorityClassName,
  NginxProxy: ({ kubernetes }) => kubernetes.deployment.patches[0].value.spec.template.spec.priorityClassName,
};

const found = objects.flatMap(({ kind, metadata, spec }) => {
  const read = CLASS_OF[kind];
  return read ? [{ kind, name: `${metadata.namespace}/${metadata.name}`, className: read(spec) }] : [];
});

const isJob = ({ kind }: { readonly kind: string }) => ["Job", "CronJob"].includes(kind);

describe("when nodes are full", () => {
  it("stores stay longest, then the write side, the read side, and projections", () => {
    const classes = objects.filter(({ kind }) => kind === "PriorityClass");
    const byValue = [...classes].sort((one, other) => other.value - one.value).map(({ metadata }) => metadata.name);
    expect(byValue).toEqual(["stores-orders-test", "write-side-orders-test", "read-side-orders-test", "projections-orders-test"]);
    // Above a billion is the cluster's own; a class for all pods would be for those of others too.
    for (const { value, globalDefault } of classes) expect([value > 0 && value < 1e9, globalDefault ?? false]).toEqual([true, false]);
  });

  it("everything that serves has the class of its part", () => {
    expect(Object.fromEntries(found.filter((one) => !isJob(one)).map(({ name, className }) => [name, className]))).toEqual({
      "event-store/event-store": "stores-orders-test",
      "read-store/read-database": "stores-orders-test",
      "read-store/read-database-pool-rw": "stores-orders-test",
      "write-side/command-api": "write-side-orders-test",
      "write-side/command-processors": "write-side-orders-test",
      "write-side/gateway": "write-side-orders-test",
      "read-side/query-api": "read-side-orders-test",
      "read-side/gateway": "read-side-orders-test",
      "projections/projections-a": "projections-orders-test",
    });
    const values = (release: string) =>
      JSON.parse(bodies.flatMap((json) => all(json, "helm_release")).find(({ name }) => name === release)?.values[0]);
    expect(values("cache").priorityClassName).toBe("stores-orders-test");
    expect(values("broker").podTemplate.merge.spec.priorityClassName).toBe("stores-orders-test");
  });

  it("jobs and tests come last, and take nobody's place", () => {
    const jobs = found.filter(isJob);
    expect(jobs.length).toBeGreaterThan(5);
    for (const { name, className } of jobs) expect([name, className]).toEqual([name, undefined]);
  });

  it("charts' pods are weighed as they will be", () => {
    const priorities = Object.fromEntries((sites[0]?.site.ledger.groups ?? []).map(({ name, priority = 0 }) => [name, priority]));
    const same = ["read-store/broker", "read-store/cache", "read-store/read-database", "event-store/event-store"];
    for (const name of same) expect([name, priorities[name]]).toEqual([name, 4_000_000]);
    expect(priorities["write-side/gateway-nginx"]).toBe(priorities["write-side/command-api"]);
  });
});

describe("when nodes are full, monitoring", () => {
  const watched = synthesisOf(
    aProgram(
      anEnvironment({
        aws: undefined,
        cluster: { context: "kind-orders" },
        eventStore: { engine: "eventsourcingdb" },
        domains: { shop: { services: { api: { image, replicas: 1 } } } },
        monitoring: { prometheus: true, grafana: true, tracing: true, elasticStack: true },
        exceptions: { disposable: "a test" },
      }),
    ),
  );
  const json = watched.stacks.get("test-observability")?.json as Body;
  const releases = Object.fromEntries(all(json, "helm_release").map(({ name, values }) => [name, JSON.parse(values[0])]));
  const CLASS = "observability-orders-test";

  it("comes before jobs and after every domain, and takes nobody's place", () => {
    const classes = [...watched.stacks.values()].flatMap(({ json: body }) => all(body as Body, "kubernetes_priority_class_v1"));
    const [watching] = classes.filter(({ metadata }) => metadata.name === CLASS);
    const others = classes.filter(({ metadata }) => metadata.name !== CLASS).map(({ value }) => value);
    expect(watching).toMatchObject({ value: 50_000, preemption_policy: "Never" });
    // The least that a domain without roles gets.
    expect(Math.min(100_000, ...others)).toBeGreaterThan(watching?.value);
  });

  it("has its class on every pod whose chart takes one", () => {
    const { metrics } = releases;
    const classes = {
      prometheus: metrics.prometheus.prometheusSpec,
      alertmanager: metrics.alertmanager.alertmanagerSpec,
      operator: metrics.prometheusOperator,
      states: metrics["kube-state-metrics"],
      grafana: metrics.grafana,
      collector: releases.collector,
      eck: releases["elastic-operator"],
      exporter: releases["elasticsearch-exporter"],
      probes: releases["blackbox-exporter"],
    };
    for (const [part, values] of Object.entries(classes)) expect([part, values?.priorityClassName]).toEqual([part, CLASS]);
    // Preempted, they could not run elsewhere.
    for (const onEachNode of [metrics["prometheus-node-exporter"], releases["collector-agent"]])
      expect(onEachNode.priorityClassName).toBe("system-node-critical");
    const pods = Object.values<Body>(releases)
      .flatMap(({ objects = [] }) => objects as Body[])
      .flatMap(({ kind, spec }) => {
        if (kind === "Elasticsearch") return spec.nodeSets.map(({ podTemplate }: Body) => podTemplate.spec.priorityClassName);
        return kind === "Kibana" ? [spec.podTemplate.spec.priorityClassName] : [];
      });
    expect(pods.length).toBeGreaterThan(1);
    expect(new Set(pods)).toEqual(new Set([CLASS]));
  });

  it("is weighed as it will be", () => {
    const groups = watched.sites[0]?.site.ledger.groups.filter(({ name }) => /^(observability|elastic-system)/.test(name)) ?? [];
    const onEachNode = groups.filter(({ pods }) => pods === "each-node");
    expect(onEachNode.map(({ priority }) => priority)).toEqual([2_000_001_000, 2_000_001_000]);
    const others = groups.filter((group) => !onEachNode.includes(group));
    const without = others.filter(({ priority, preempts }) => priority !== 50_000 || preempts !== false).map(({ name }) => name);
    // Jaeger's chart has no class, and jobs have none.
    expect(without.filter((name) => !/jaeger|job|settings|user|elasticsearch-/.test(name))).toEqual([]);
  });
});
