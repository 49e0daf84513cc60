import { cloudWatchOn } from "../../stacks/model/derive/cloudwatch";
import { dependenciesOn } from "../../stacks/model/derive/dependencies";
import { healthParts, ruleSubjects, seriesSources } from "../../stacks/model/derive/monitoring";
import { probesOn } from "../../stacks/model/derive/probes";
import { asDomains } from "../../stacks/model/shorthand";
import { validate } from "../../stacks/model/validate";
import { anEnvironment, aProgram } from "../environments";
import { EXAMPLES } from "../examples/programs";
import { program } from "../fixtures/environments";
import { production } from "../fixtures/environments/production";
import { withoutVariables } from "../observability/dashboard-checks";
import { promql } from "../observability/promql";
import { seriesOf } from "../observability/yace";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";
import { fewOf } from "../thorough";

const shipped = synthesisOf(program);

const made = (changes: object) => synthesisOf(aProgram(anEnvironment(changes))).stacks;

const MADE = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const API = { image: "registry.example.com/api:1.0.0", replicas: 1 };
const SEEN = { exceptions: { disposable: "made by a test" } };

const WAITING = { expr: "orders_waiting > 9", severity: "warning", summary: "orders wait" };

const dashboard = (uid: string, title = "Orders") => JSON.stringify({ uid, title, panels: [] });

const serving = (api: object) => ({ sales: { services: { api } } });

const problems = (changes: object) => {
  try {
    validate(aProgram(anEnvironment({ ...SEEN, ...changes })));
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
};

const objectsOf = (json: Body | undefined, kind: string) =>
  all(json ?? {}, "helm_release")
    .flatMap(({ values }) => (JSON.parse(values[0]).objects ?? []) as Body[])
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);

/** Series that only one exporter of the platform makes, by names of theirs, and what proves that a stack has it. */
const EXPORTERS: readonly { readonly names: RegExp; readonly exported: (json: Body) => readonly string[] }[] = [
  {
    names: /^aws_(rds|elasticache|networkelb|natgateway|cloudfront|backup)_/,
    exported: (json) =>
      all(json, "helm_release").flatMap(({ name, values }) =>
        name === "cloudwatch-exporter" ? seriesOf(JSON.parse(values[0]).config) : [],
      ),
  },
  {
    names: /^aws_ebs_csi_/,
    exported: (json) =>
      objectsOf(json, "ServiceMonitor").includes("ebs-csi-driver")
        ? [...EBS, "volume_queue_length"].map((name) => `aws_ebs_csi_${name}`)
        : [],
  },
  {
    names: /^probe_/,
    exported: (json) =>
      objectsOf(json, "Probe").length > 0 ? ["probe_success", "probe_duration_seconds", "probe_ssl_earliest_cert_expiry"] : [],
  },
];

/** Series of the EBS driver (aws-ebs-csi-driver, docs/metrics.md). */
const EBS = [
  "exceeded_iops_seconds_total",
  "exceeded_tp_seconds_total",
  "ec2_exceeded_iops_seconds_total",
  "ec2_exceeded_tp_seconds_total",
];

/** Queries of rules in a stack. */
function rulesIn(json: Body): readonly string[] {
  return all(json, "helm_release")
    .flatMap(({ values }) => (JSON.parse(values[0].replace(/([$%])\1\{/g, "$1{")).objects ?? []) as Body[])
    .filter(({ kind }) => kind === "PrometheusRule")
    .flatMap(({ spec }) => spec.groups.flatMap(({ rules: found }: Body) => found.map(({ expr }: Body) => expr)));
}

/** Queries of panels in a stack. */
function panelsIn(json: Body): readonly string[] {
  return all(json, "kubernetes_config_map_v1")
    .filter(({ metadata }) => metadata.labels?.grafana_dashboard)
    .flatMap(({ data }) => Object.values<string>(data).map((text) => JSON.parse(text.replaceAll("$${", "${"))))
    .flatMap((dashboard) => dashboard.panels.flatMap(({ targets = [] }: Body) => targets.map(({ expr }: Body) => expr)));
}

/** Series that rules or panels of a stack use and no exporter in some stacks makes. */
function unexported(queries: readonly string[], stacks: readonly Body[]): readonly string[] {
  const used = new Set(queries.flatMap((query) => promql(withoutVariables(query)).metrics));
  return EXPORTERS.flatMap(({ names, exported }) => {
    const made = stacks.flatMap(exported);
    return [...used].filter((name): name is string => name !== undefined && names.test(name) && !made.includes(name));
  });
}

describe("series that rules and panels use", () => {
  const application = ["the application", program] as const;

  it.each(fewOf([application, ...Object.entries(EXAMPLES)], [application]))("are exported in every environment of %s", (_, of) => {
    const { compositions, stacks } = synthesisOf(of);
    const found = compositions.flatMap(({ name, stacks: made }) => {
      const watching = made.map(({ node }) => node.id).filter((id) => id.endsWith("observability"));
      const bodies = watching.map((id) => stacks.get(id)?.json ?? {});
      // A cluster has rules about its own series, and the hub panels about those of all.
      const unknown = [...bodies.flatMap((json) => unexported(rulesIn(json), [json])), ...unexported(bodies.flatMap(panelsIn), bodies)];
      return unknown.map((series) => `${name}: ${series}`);
    });
    expect(found).toEqual([]);
  });

  it("are found if their exporter is left out", () => {
    const json = structuredClone(shipped.stacks.get("production-read-observability")?.json as Body);
    for (const [id, { name }] of Object.entries<Body>(json.resource.helm_release))
      if (name === "cloudwatch-exporter" || name === "probes") delete json.resource.helm_release[id];
    const lost = ["aws_rds_cpuutilization_average", "probe_success"];
    expect(unexported(rulesIn(json), [json])).toEqual(expect.arrayContaining(lost));
    expect(unexported(panelsIn(json), [json])).toEqual(expect.arrayContaining(lost));
  });
});

describe("metrics of AWS services", () => {
  const watched = { cluster: MADE, monitoring: { prometheus: true }, ...SEEN };
  const services = (changes: object) => cloudWatchOn(asDomains(anEnvironment({ ...watched, ...changes })), "cluster");
  const aurora = { engine: "aurora", replicas: 1 };

  it("are those of what the environment has", () => {
    expect(services({})).toEqual(["nat-gateways"]);
    expect(services({ readDatabase: aurora })).toEqual(["aurora", "nat-gateways", "aws-backup"]);
    expect(services({ cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 } })).toEqual(["elasticache", "nat-gateways"]);
    expect(services({ commandApi: API })).toEqual(["load-balancers", "nat-gateways"]);
    expect(cloudWatchOn(asDomains(production), "readCluster")).toEqual([
      "aurora",
      "elasticache",
      "load-balancers",
      "nat-gateways",
      "aws-backup",
    ]);
  });

  it("are exported by the hub only, and have rules there", () => {
    const system = asDomains(production);
    expect(cloudWatchOn(system, "writeCluster")).toEqual([]);
    expect(ruleSubjects(system, "writeCluster")).not.toContain("nat-gateways");
    expect(ruleSubjects(system, "readCluster")).toEqual(
      expect.arrayContaining(["aws-postgres", "aurora", "elasticache", "load-balancers", "nat-gateways"]),
    );
    expect(ruleSubjects(system, "readCluster")).not.toEqual(expect.arrayContaining(["rds"]));
  });

  it("are not exported without a Prometheus of the platform or a cluster that it makes", () => {
    expect(services({ monitoring: {} })).toEqual([]);
    expect(services({ monitoring: { prometheus: { namespace: "monitoring" } } })).toEqual([]);
    expect(services({ cluster: { context: "kind" } })).toEqual([]);
  });

  it("come with a role for their exporter, which starts after it has that", () => {
    const { compositions } = shipped;
    const stacks = compositions.find(({ name }) => name === "production")?.stacks ?? [];
    const hub = stacks.find(({ node }) => node.id === "production-read-observability");
    expect(hub?.dependencies.map(({ node }) => node.id)).toContain("production-identities");
    const json = shipped.stacks.get("production-identities")?.json as Body;
    const [association] = all(json, "aws_eks_pod_identity_association").filter(({ namespace }) => namespace === "observability");
    expect(association).toMatchObject({ service_account: "cloudwatch-exporter" });
  });
});

describe("metrics of EBS volumes", () => {
  const driver = (changes: object) =>
    JSON.parse(
      all(made({ cluster: MADE, ...SEEN, ...changes }).get("test-cluster")?.json as Body, "aws_eks_addon").find(
        ({ addon_name: name }) => name === "aws-ebs-csi-driver",
      )?.configuration_values,
    );

  it("are exported by the driver where Prometheus reads them, and nowhere else", () => {
    for (const prometheus of [true, { namespace: "monitoring" }]) {
      const { controller, node } = driver({ monitoring: { prometheus } });
      expect([controller.enableMetrics, node.enableMetrics]).toEqual([true, true]);
    }
    const { controller, node } = driver({});
    expect([controller.enableMetrics, node.enableMetrics]).toEqual([undefined, undefined]);
  });

  it("are scraped from the driver's Services, also by a Prometheus that exists", () => {
    const stacks = made({ cluster: MADE, monitoring: { prometheus: { namespace: "monitoring" } }, ...SEEN });
    const [release] = all(stacks.get("test-observability")?.json as Body, "helm_release").filter(({ name }) => name === "ebs-monitor");
    expect(JSON.parse(release?.values[0]).objects).toEqual([
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        metadata: { name: "ebs-csi-driver", namespace: "monitoring" },
        spec: {
          namespaceSelector: { matchNames: ["kube-system"] },
          selector: { matchExpressions: [{ key: "app", operator: "In", values: ["ebs-csi-controller", "ebs-csi-node"] }] },
          endpoints: [{ port: "metrics", interval: "30s" }],
        },
      },
    ]);
  });

  it("have rules on clusters that the platform makes", () => {
    const subjects = (cluster: object) =>
      ruleSubjects(asDomains(anEnvironment({ cluster, monitoring: { prometheus: true }, ...SEEN })), "cluster");
    expect(subjects(MADE)).toContain("ebs-volumes");
    expect(subjects({ context: "kind" })).not.toContain("ebs-volumes");
  });
});

describe("probes", () => {
  const probed = (changes: object, key: "cluster" | "writeCluster" | "readCluster" = "cluster") =>
    probesOn(asDomains(anEnvironment({ cluster: MADE, monitoring: { prometheus: true }, ...SEEN, ...changes })), key);
  const urls = (changes: object) => probed(changes).map(({ url, expect: answer }) => `${url} ${answer}`);
  const service = (changes: object = {}) => ({ ...API, paths: ["/"], ...changes });

  it("ask each public service for its health, or for a path of its own where others have that of its health", () => {
    const services = { api: service(), search: service({ paths: ["/search"] }) };
    expect(urls({ domains: { sales: { services } } })).toEqual([
      "https://sales.orders.example.com/health success",
      "https://sales.orders.example.com/search answer",
    ]);
  });

  it("ask a service under each of its names, and route alerts to the owner of its domain", () => {
    const domains = { sales: { services: { api: service({ hosts: ["a.example.com", "b.example.com"], health: "/ok" }) } } };
    expect(probed({ domains })).toEqual(
      ["a", "b"].map((name) => ({ url: `https://${name}.example.com/ok`, expect: "success", namespace: "sales" })),
    );
  });

  it("ask services behind Cloudflare by its name, because their load balancer answers nobody else", () => {
    const hosts = probesOn(asDomains(production), "readCluster").map(({ url }) => new URL(url).host);
    expect(hosts).toEqual(["commands.orders.example.com", "queries.example.com"]);
    const standby = { ...production, standbyOf: "original" };
    expect(probesOn(asDomains(standby as never), "readCluster").map(({ url }) => new URL(url).host)).toEqual([
      "commands.orders.example.com",
    ]);
  });

  it("are sent by the hub, and to a store without metrics by the cluster that has it", () => {
    const changes = {
      cluster: undefined,
      writeCluster: MADE,
      readCluster: MADE,
      commandApi: API,
      eventStore: { engine: "eventsourcingdb" },
    };
    const stored = { url: "https://event-store.event-store.svc:4000/api/v1/ping", expect: "success", namespace: "event-store" };
    expect(probed(changes, "writeCluster")).toMatchObject([stored]);
    expect(probed(changes, "readCluster").map(({ url }) => url)).toEqual(["https://commands.orders.example.com/health"]);
  });

  it("reach EventSourcingDB, which lets their pods in", () => {
    const stacks = made({
      cluster: { context: "kind" },
      eventStore: { engine: "eventsourcingdb" },
      commandApi: API,
      monitoring: { prometheus: true },
      ...SEEN,
    });
    const policies = [...stacks.values()].flatMap(({ json }) => all(json, "kubernetes_network_policy_v1"));
    const policy = policies.find(({ metadata }) => metadata.name === "event-store");
    expect(JSON.stringify(policy?.spec.ingress)).toContain("prometheus-blackbox-exporter");
    expect(objectsOf(stacks.get("test-observability")?.json, "Probe")).toEqual(["event-store-pod-success"]);
  });

  it("are not sent where there is nothing to probe or no Prometheus of the platform, and have no rules there", () => {
    expect(probed({})).toEqual([]);
    expect(probed({ commandApi: API, monitoring: { prometheus: { namespace: "monitoring" } } })).toEqual([]);
    const subjects = (changes: object) =>
      ruleSubjects(asDomains(anEnvironment({ cluster: MADE, monitoring: { prometheus: true }, ...SEEN, ...changes })), "cluster");
    expect(subjects({})).not.toContain("probes");
    expect(subjects({ commandApi: API })).toContain("probes");
  });
});

describe("what watches an environment", () => {
  it("is there before workloads, and none of them waits for it", () => {
    const { compositions } = shipped;
    const stacks = compositions.find(({ name }) => name === "production")?.stacks ?? [];
    const names = stacks.map(({ node }) => node.id);
    expect(names.indexOf("production-read-observability")).toBeLessThan(names.indexOf("production-write-side"));
    for (const stack of stacks) {
      const before = stack.dependencies.map(({ node }) => node.id);
      expect(before.filter((name) => name.endsWith("observability"))).toEqual([]);
    }
  });

  it("is on the hub what concerns the whole system, and on the other cluster what happens there", () => {
    const system = asDomains(production);
    const [write, read] = [ruleSubjects(system, "writeCluster"), ruleSubjects(system, "readCluster")];
    expect(write).not.toEqual(expect.arrayContaining(["health"]));
    expect(read).toEqual(expect.arrayContaining(["health", "hub", "read-models"]));
    expect(write).not.toContain("read-models");
  });

  it("is not asked for what nobody exports: Kurrent Cloud lets no one read its metrics", () => {
    const system = asDomains(production);
    expect(healthParts(system)).toEqual(["write_side", "read_side", "projections"]);
    expect(seriesSources(system)).not.toContain("kurrentdb");
  });

  it("is only rules where a Prometheus is there already", () => {
    const monitoring = { prometheus: { namespace: "monitoring" } };
    const stacks = made({ cluster: { context: "kind" }, domains: serving(API), monitoring, ...SEEN });
    const json = stacks.get("test-observability")?.json as Body;
    expect(Object.keys(json.resource)).toEqual(["helm_release"]);
    expect(objectsOf(json, "PrometheusRule")).toContain("platform-workloads");
    const side = JSON.stringify(all(stacks.get("test-sales")?.json as Body, "kubernetes_network_policy_v1"));
    expect(side).toContain('"kubernetes.io/metadata.name":"monitoring"');
  });

  it("has the alerts and dashboards of its domains, on their cluster", () => {
    const alerts = {
      OrdersWait: { expr: "orders_waiting > 9", for: "5m", severity: "warning", summary: "{{ $value }} orders wait" },
      OrdersLost: { expr: "orders_lost > 0", severity: "critical", summary: "lost", runbook: "https://runbooks.example.com/lost" },
    };
    const domains = { sales: { services: { api: API }, alerts, dashboards: { orders: dashboard("orders", "${x} $y") } } };
    const json = made({ cluster: { context: "kind" }, domains, monitoring: { prometheus: true, grafana: true }, ...SEEN }).get(
      "test-observability",
    )?.json as Body;
    const [more] = all(json, "helm_release").flatMap(({ values }) =>
      (JSON.parse(values[0]).objects ?? []).filter(({ metadata }: Body) => metadata.name === "platform-more"),
    );
    expect(more.spec.groups.find(({ name }: Body) => name === "domain-sales").rules).toEqual([
      {
        alert: "OrdersWait",
        expr: "orders_waiting > 9",
        for: "5m",
        labels: { severity: "warning", domain: "sales" },
        annotations: { summary: "{{ $value }} orders wait", runbook_url: "docs/runbooks/orderswait.md" },
      },
      {
        alert: "OrdersLost",
        expr: "orders_lost > 0",
        labels: { severity: "critical", domain: "sales" },
        annotations: { summary: "lost", runbook_url: "https://runbooks.example.com/lost" },
      },
    ]);
    const map = all(json, "kubernetes_config_map_v1").find(({ metadata }) => metadata.name === "dashboard-sales.orders");
    expect(JSON.parse(map?.data["sales.orders.json"].replaceAll("$${", "${"))).toMatchObject({ uid: "orders", title: "${x} $y" });
  });

  it("tells alerts by the objectives of services", () => {
    const domains = serving({ ...API, slo: { availability: 99.9, latency: { p95: "250ms" } } });
    const stacks = made({ cluster: { context: "kind" }, domains, monitoring: { prometheus: true }, ...SEEN });
    const rules = objectsOf(stacks.get("test-observability")?.json as Body, "PrometheusRule");
    expect(rules).toEqual(expect.arrayContaining(["platform-objectives", "platform-more"]));
  });

  it.each<[string, object, string]>([
    [
      "two on a cluster that others share",
      { cluster: { context: "kind", shared: true }, monitoring: { prometheus: true } },
      'test.monitoring.prometheus: would be one of several on the cluster of cluster, which other environments share; name the one that the cluster has, as { namespace: "monitoring" }',
    ],
    [
      "traces without Prometheus",
      { cluster: MADE, monitoring: { tracing: true } },
      "test.monitoring.tracing: needs Prometheus, to which its collectors send metrics; turn on prometheus, too",
    ],
    [
      "two collectors",
      {
        cluster: { context: "kind" },
        commandApi: API,
        monitoring: {
          prometheus: true,
          tracing: true,
          telemetry: { endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" },
        },
      },
      "test.monitoring.telemetry: names another collector than tracing, but workloads get the address of one only; leave out telemetry or tracing",
    ],
    [
      "alerts of a domain that is not there",
      {
        cluster: { context: "kind" },
        commandApi: API,
        monitoring: {
          prometheus: true,
          alerts: { receivers: { team: { kind: "webhook" } }, default: "team", domains: { billing: "team" } },
        },
      },
      "test.monitoring.alerts.domains.billing: must be a domain of the environment; use one of write-side",
    ],
    [
      "a latency between two buckets",
      {
        cluster: { context: "kind" },
        commandApi: { ...API, slo: { availability: 99.9, latency: { p95: "300ms" } } },
        monitoring: { prometheus: true },
      },
      'test.commandApi.slo.latency.p95: "300ms" must be a bucket boundary of the histogram: how many requests are faster is unknown between two boundaries; use 250ms or 500ms, or add the boundary to the service and to requests.buckets',
    ],
    [
      "alerts of a domain and no Prometheus",
      { cluster: { context: "kind" }, domains: { sales: { services: { api: API }, alerts: { Waiting: WAITING } } } },
      "test.domains.sales.alerts: require Prometheus, which evaluates them; turn on monitoring.prometheus, too",
    ],
    [
      "dashboards of a domain and no Grafana",
      {
        cluster: { context: "kind" },
        domains: { sales: { services: { api: API }, dashboards: { orders: dashboard("orders") } } },
        monitoring: { prometheus: true },
      },
      "test.domains.sales.dashboards: require Grafana, which shows them; turn on monitoring.grafana, too",
    ],
    [
      "two dashboards with one uid",
      {
        cluster: { context: "kind" },
        domains: { sales: { services: { api: API }, dashboards: { one: dashboard("orders"), two: dashboard("orders") } } },
        monitoring: { prometheus: true, grafana: true },
      },
      'test.domains.sales.dashboards.two: "orders" is the uid of two dashboards; give each its own',
    ],
    [
      "a dashboard of the platform's",
      {
        cluster: { context: "kind" },
        domains: { sales: { services: { api: API }, dashboards: { one: dashboard("cqrs-overview") } } },
        monitoring: { prometheus: true, grafana: true },
      },
      `test.domains.sales.dashboards.one: ${JSON.stringify(dashboard("cqrs-overview"))} has a uid of the platform's dashboards (cqrs-…); use another uid`,
    ],
    [
      "a dashboard that Grafana can't load",
      {
        cluster: { context: "kind" },
        domains: { sales: { services: { api: API }, dashboards: { one: "{}" } } },
        monitoring: { prometheus: true, grafana: true },
      },
      'test.domains.sales.dashboards.one: "{}" is not the JSON of a dashboard with uid, title and panels; export it from Grafana, and give it a uid',
    ],
    [
      "a scrape interval that rules are not made for",
      { cluster: { context: "kind" }, commandApi: API, monitoring: { prometheus: { scrapeInterval: "1m" } } },
      'test.monitoring.prometheus.scrapeInterval: "1m" is not an interval that rules and exporters are made for; use "5s" to "30s"',
    ],
  ])("is refused with %s", (_, changes, message) => {
    expect(problems(changes)).toContain(message);
  });
});

describe("what alerts are consequences of", () => {
  const on = (environment: Parameters<typeof asDomains>[0], key: Parameters<typeof dependenciesOn>[1]) =>
    dependenciesOn(asDomains(environment), key);

  it("is the store that a namespace uses, by the name of its server, and the services that it calls", () => {
    const environment = anEnvironment({
      ...SEEN,
      aws: undefined,
      cluster: { context: "kind-orders" },
      stores: {
        events: { engine: "postgres", server: { engine: "cloudnative-pg", name: "event-server" } },
        queue: { engine: "valkey", purpose: "store" },
      },
      domains: {
        orders: { services: { api: { ...API, port: 8080, uses: ["events"] } } },
        shop: { services: { front: { ...API, port: 8080, calls: ["api"] } } },
        market: { services: { offers: { ...API, port: 8080, uses: ["queue"] } } },
      },
      eventStore: undefined,
      commandApi: undefined,
      commandProcessors: undefined,
      queryApi: undefined,
      projections: undefined,
      readDatabase: undefined,
      cache: undefined,
    });
    const { stores = [] } = on(environment, "cluster");
    const named = Object.fromEntries(stores.map(({ store, dependents }) => [store, dependents.map((one) => one.replace(/^.*-/, ""))]));
    expect(named).toEqual({ "event-server": ["orders", "shop"], queue: ["market"] });
  });

  it("is on each cluster what runs there", () => {
    expect(on(production, "writeCluster")).toMatchObject({ gateways: 1 });
    expect(on(production, "readCluster").stores?.map(({ store }) => store)).not.toContain("event-store");
  });
});
