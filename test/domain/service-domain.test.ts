import type { TerraformStack } from "cdktf";
import { ServiceDomain, type ServiceDomainProps } from "../../constructs/domain";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { aPostgres } from "../postgres/postgres";
import { all, type Body, one, refusalsOf } from "../synth";
import { Sent } from "../workload/workloads";

const image = "registry.example.com/shop/all:1.0.0";
const database = postgresConnection(aPostgres(), "writer");

type Changes = Partial<ServiceDomainProps>;

function aDomain(stack: TerraformStack, changes: Changes = {}): ServiceDomain {
  const cluster = changes.cluster ?? KubernetesTarget.kubeconfig(stack, { context: "kind-shop" });
  return new ServiceDomain(stack, "shop", { defaults: { image }, services: { orders: {} }, ...changes, cluster });
}

const sent = (changes: Changes = {}) => new Sent((stack) => void aDomain(stack, changes));
const refusals = (changes: Changes) => refusalsOf((stack) => void aDomain(stack, changes));

/** Variables of a workload's own container, by name. */
const env = (from: Sent, name: string, kind = "Deployment"): Body =>
  Object.fromEntries(from.one(kind, name).spec.template.spec.containers[0].env.map(({ name, value }: Body) => [name, value]));

/** Who is let in to a workload, and where it goes: `kubernetes.io names` of the peers with their ports. */
const peersOf = (rules: readonly Body[], end: "from" | "to") =>
  rules.flatMap((rule) =>
    (rule[end] ?? []).map(({ namespaceSelector, podSelector }: Body) => {
      const [namespace] = Object.values(namespaceSelector?.matchLabels ?? {});
      const [label] = Object.values(podSelector?.matchLabels ?? {});
      return `${namespace ?? "*"}/${label ?? "*"} ${rule.ports.map(({ port }: Body) => port).join(",")}`;
    }),
  );
const ingress = (from: Sent, policy: string) => peersOf(from.one("NetworkPolicy", policy).spec.ingress, "from");
const egress = (from: Sent, policy: string) => peersOf(from.one("NetworkPolicy", policy).spec.egress, "to");

describe("a domain", () => {
  it("is a namespace with a quota for what is in it, services, workers, jobs, and one smoke test", () => {
    const shop = sent({
      services: { orders: { replicas: { min: 2, max: 5 } } },
      workers: { mailer: { replicas: 3, cpu: "500m" } },
      jobs: { migrate: {} },
    });
    expect(shop.names("Namespace")).toEqual(["shop"]);
    expect(shop.names("Deployment")).toEqual(["mailer", "orders"]);
    // 5 pods of 250m and 3 of 500m twice, a job of 250m, and 2 cores for what is beside them
    expect(shop.one("ResourceQuota", "quota-running").spec.hard).toMatchObject({ "requests.cpu": "7750m", pods: "47" });
    const tests = all(shop.json, "kubernetes_job_v1").filter(({ metadata }) => metadata.name.startsWith("smoke-test-"));
    expect(tests).toHaveLength(1);
  });

  it("asks in its smoke test for rollouts and health, and waits for nothing else", () => {
    const shop = sent({
      services: { orders: { port: 9000, health: "/live" } },
      workers: { mailer: { health: { port: 8081, path: "/health" } } },
    });
    const { list } = one(shop.json, "kubernetes_config_map_v1", "smoke-test/verification/checks").data;
    expect(list).toContain("health of orders");
    expect(list).toContain("http://orders.shop.svc:9000/live");
    expect(list).toContain("rollout of mailer");
    expect(one(shop.json, "kubernetes_deployment_v1", "orders/rollout/pods").wait_for_rollout).toBe(false);
    expect(ingress(shop, "mailer")).toEqual(["shop/smoke-test 8081"]);
    expect(egress(shop, "smoke-test")).toContain("*/* 9000,8081");
  });

  it("lets requests and tests in at the port that answers, and callers at further ones too", () => {
    const shop = sent({
      services: { orders: { paths: ["/orders"], morePorts: { grpc: 9090 } }, billing: { calls: ["orders"] } },
      gateway: {},
    });
    expect(ingress(shop, "orders")).toEqual(["shop/gateway 8080", "shop/smoke-test 8080", "shop/billing 8080,9090"].sort());
  });

  it("runs jobs before, services after them, and jobs after the smoke test", () => {
    const shop = sent({
      jobs: { migrate: {}, announce: { when: "after" }, repair: { when: "by-hand" }, report: { when: { schedule: "0 3 * * *" } } },
    });
    expect(shop.names("CronJob")).toEqual(["repair", "report"]);
    const address = (type: string, path: string) => `${type}.${one(shop.json, type, path)["//"].metadata.uniqueId}`;
    const verdict = Object.values<Body>(shop.json.data.kubernetes_config_map_v1);
    const passed = (path: string) =>
      `data.kubernetes_config_map_v1.${verdict.find((each) => each["//"].metadata.path.includes(path))?.["//"].metadata.uniqueId}`;
    expect(one(shop.json, "kubernetes_deployment_v1").depends_on).toContain(passed("jobs/migrate"));
    expect(one(shop.json, "kubernetes_job_v1", "jobs/announce/Default/job").depends_on).toEqual(
      expect.arrayContaining([passed("smoke-test"), address("kubernetes_deployment_v1", "")]),
    );
  });

  it("limits each kind of job", () => {
    const limits = { timeout: "3h", retries: 1 } as const;
    const shop = sent({
      jobs: {
        migrate: limits,
        announce: { ...limits, when: "after" },
        repair: { ...limits, when: "by-hand" },
        report: { ...limits, when: { schedule: "0 3 * * *" } },
      },
    });
    const jobs = shop.objects.flatMap(({ kind, spec }: Body) =>
      kind === "Job" ? [spec] : kind === "CronJob" ? [spec.jobTemplate.spec] : [],
    );
    const own = jobs.filter(({ template }) => template.spec.containers[0].image === image);
    expect(own.map(({ activeDeadlineSeconds, backoffLimit }) => [activeDeadlineSeconds, backoffLimit])).toEqual(Array(4).fill([10_800, 1]));
  });

  it("uses connections by themselves, or with variables of their own", () => {
    const shop = sent({
      services: { orders: { uses: [database] } },
      workers: { mailer: { uses: [{ connection: database, variables: { DB_HOST: "{host}" } }] } },
    });
    expect(env(shop, "orders").DATABASE_URL).toContain("@writer.example.com:5432/orders");
    expect(env(shop, "mailer")).toMatchObject({ DB_HOST: "writer.example.com" });
    const reader = { ...postgresConnection(aPostgres({ name: "reports" }), "reader") };
    const both = sent({ services: { orders: { uses: [database, reader] } } });
    expect(Object.keys(env(both, "orders"))).toEqual(expect.arrayContaining(["READ_DATABASE_URL", "REPORTS_URL"]));
  });

  it("tells callers the address of a service, and opens both network policies", () => {
    const shop = sent({
      services: { orders: { calls: ["stock"] }, stock: { port: 9000, morePorts: { grpc: 9001 } } },
      workers: { mailer: { calls: [{ service: "stock", variables: { STOCK: "{host}:{port}" } }] } },
    });
    expect(env(shop, "orders").STOCK_SERVICE_ADDRESS).toBe("http://stock.shop.svc.cluster.local:9000");
    expect(env(shop, "mailer")).toMatchObject({ STOCK: "stock.shop.svc.cluster.local:9000" });
    expect(ingress(shop, "stock")).toEqual(["shop/orders 9000,9001", "shop/mailer 9000,9001", "shop/smoke-test 9000"]);
    expect(egress(shop, "orders")).toContain("shop/stock 9000,9001");
    expect(ingress(shop, "orders")).toEqual(["shop/smoke-test 8080"]);
  });

  it("calls the port of a Service where that is another than its pods'", () => {
    const shop = sent({ services: { orders: { calls: ["stock"] }, stock: { port: 9000, servicePort: 80 } } });
    expect(env(shop, "orders").STOCK_SERVICE_ADDRESS).toBe("http://stock.shop.svc.cluster.local:80");
    expect(egress(shop, "orders")).toContain("shop/stock 9000");
  });

  it("calls services of other domains, which let it in without knowing of it", () => {
    const both = new Sent((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-shop" });
      const shop = aDomain(stack, { cluster });
      new ServiceDomain(stack, "billing", {
        cluster,
        defaults: { image },
        workers: { invoices: { calls: [shop.called("orders")] } },
      });
    });
    expect(env(both, "invoices").ORDERS_SERVICE_ADDRESS).toBe("http://orders.shop.svc.cluster.local:8080");
    const opened = both.one("NetworkPolicy", "orders-from-billing-invoices");
    expect(opened.metadata.namespace).toBe("shop");
    expect(opened.spec.podSelector.matchLabels).toEqual({ "app.kubernetes.io/name": "orders" });
    expect(ingress(both, "orders-from-billing-invoices")).toEqual(["billing/invoices 8080"]);
    expect(egress(both, "invoices")).toContain("shop/orders 8080");
  });

  it("puts a Gateway in front of services with paths or hosts, and asks them through it", () => {
    const shop = sent({
      services: { orders: { paths: ["/orders"] }, site: { hosts: ["shop.example.com"], timeout: "60s" }, stock: {} },
    });
    expect(shop.names("HTTPRoute")).toEqual(["orders", "site"]);
    expect(shop.one("HTTPRoute", "site").spec.hostnames).toEqual(["shop.example.com"]);
    expect(ingress(shop, "orders")).toEqual(["shop/gateway 8080", "shop/smoke-test 8080"]);
    expect(ingress(shop, "stock")).toEqual(["shop/smoke-test 8080"]);
    const { list } = one(shop.json, "kubernetes_config_map_v1", "smoke-test/verification/checks").data;
    expect(list).toContain("orders through the gateway");
    expect(list).toContain("Gateway gateway");
    expect(list).toContain("HTTPRoute site");
    expect(sent().names("Gateway")).toEqual([]);
  });

  it("routes to slots by their weights, once the slot that gets requests has passed a test of its own", () => {
    const slots = { blue: { image }, green: { image: "registry.example.com/shop/all:1.1.0" } };
    const weightsOf = (from: Sent) =>
      from.one("HTTPRoute", "orders").spec.rules[0].backendRefs.map(({ name, weight }: Body) => `${name} ${weight}`);
    expect(weightsOf(sent({ services: { orders: { paths: ["/"], slots } } }))).toEqual(["orders-blue 100", "orders-green 0"]);
    const green = sent({ services: { orders: { paths: ["/"], slots, weights: { green: 100 } } } });
    expect(weightsOf(green)).toEqual(["orders-blue 0", "orders-green 100"]);
    const routes = one(green.json, "helm_release", "routes/orders/objects/release");
    const [gate] = Object.values<Body>(green.json.data.kubernetes_config_map_v1).filter((each) =>
      each["//"].metadata.path.includes("green/test/"),
    );
    expect(routes.depends_on).toContain(`data.kubernetes_config_map_v1.${gate?.["//"].metadata.uniqueId}`);
    expect(all(green.json, "kubernetes_job_v1").some(({ metadata }) => metadata.name.startsWith("orders-blue-test"))).toBe(false);
  });

  it("starts every workload from its defaults, and merges variables and labels", () => {
    const shop = sent({
      defaults: { image, cpu: "100m", env: { LOG: "info", REGION: "eu" }, labels: { team: "shop" } },
      services: { orders: { env: { LOG: "debug" } } },
      workers: { mailer: { cpu: "200m", image: "registry.example.com/shop/mail:2.0.0" } },
    });
    expect(env(shop, "orders")).toMatchObject({ LOG: "debug", REGION: "eu" });
    const container = (name: string) => shop.one("Deployment", name).spec.template.spec.containers[0];
    expect([container("orders").resources.requests.cpu, container("mailer").resources.requests.cpu]).toEqual(["100m", "200m"]);
    expect(container("mailer").image).toBe("registry.example.com/shop/mail:2.0.0");
    expect(shop.one("Deployment", "mailer").spec.template.metadata.labels.team).toBe("shop");
  });

  it("can live in a namespace that exists, beside others", () => {
    const shop = sent({ namespace: "apps", services: { orders: { paths: ["/"] } } });
    expect(shop.names("Namespace")).toEqual([]);
    expect(shop.names("Gateway")).toEqual(["shop-gateway"]);
    expect(shop.names("ServiceAccount")).toContain("shop-smoke-test");
    expect(shop.one("Deployment").metadata.namespace).toBe("apps");
  });

  it("is ready when its smoke test has passed, and the jobs after it", () => {
    const readyOf = (changes: Changes) => {
      let found: readonly object[] = [];
      new Sent((stack) => {
        found = aDomain(stack, changes).ready;
      });
      return (found as readonly { readonly node: { readonly path: string } }[]).map(({ node }) => node.path);
    };
    expect(readyOf({})).toEqual(["test/shop/smoke-test/verification/verdict"]);
    expect(readyOf({ jobs: { announce: { when: "after" } } })).toHaveLength(2);
  });

  it.each<readonly [string, Changes, readonly string[]]>([
    [
      "a call of nobody",
      { workers: { mailer: { calls: ["stok"] } } },
      ['test/shop.workers.mailer.calls: "stok" is not a service of the domain; use one of orders, or another domain\'s called("…")'],
    ],
    [
      "a call of a service with slots",
      { services: { orders: { slots: { blue: { image } } } }, workers: { mailer: { calls: ["orders"] } } },
      [
        'test/shop.workers.mailer.calls: "orders" has slots, and so no address of its own; call it through the Gateway, or leave out its slots',
      ],
    ],
    [
      "one name of two workloads",
      { workers: { orders: {} } },
      ['test/shop.workers: "orders" is also the name of another workload of the domain; choose another'],
    ],
    [
      "weights without slots",
      { services: { orders: { weights: { blue: 1 } } } },
      ["test/shop.services.orders.weights: needs slots; leave it out, or fill slots blue and green"],
    ],
    [
      "one path of two services",
      { services: { orders: { paths: ["/"] }, site: { paths: ["/"] } } },
      ['test/shop.services.site.paths: "any host /" is routed to orders already; choose another path or host'],
    ],
    [
      "a Gateway before nobody",
      { gateway: {} },
      ["test/shop.gateway: has no service behind it; give a service paths or hosts, or leave it out"],
    ],
  ])("refuses %s", (_, changes, messages) => {
    expect(refusals(changes)).toEqual(messages);
  });

  it("says what is wrong with a workload where it is described", () => {
    expect(refusals({ services: { orders: { image: "shop:latest", replicas: 0 } } }).map((message) => message.split(":")[0])).toEqual([
      "test/shop/services/orders.replicas",
      "test/shop/services/orders.image",
    ]);
    expect(() => new Sent((stack) => void aDomain(stack).called("stock"))).toThrow(
      'test/shop: "stock" is not a service of the domain; use one of orders',
    );
  });
});
