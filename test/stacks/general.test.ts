import { type KubernetesObject, kubernetesObjects } from "../../constructs/kubernetes";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { related, type Way, waysIn, word } from "../network-policies";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const image = (name: string) => `registry.example.com/exchange/${name}:1.0.0`;

const STORES = {
  postgres: { engine: "cloudnative-pg" },
  redis: { engine: "valkey" },
  nats: { engine: "nats" },
  eventdb: { engine: "kurrentdb", nodes: 1, storage: "5Gi" },
};

const SCHEMA = { store: "postgres", as: "migrator" };

const LOCATION = {
  image: image("location"),
  env: { REGION: "eu", LEVEL: "info" },
  secrets: { JWT_SECRET: "jwt" },
  services: {
    geolocation: {
      replicas: 2,
      env: { LEVEL: "debug" },
      ports: { broker: 5050 },
      uses: [{ store: "postgres", as: "reader" }, "redis"],
      egress: [{ host: "203.0.113.0/24", ports: [8443] }],
    },
  },
  jobs: {
    schema: { when: "before", uses: [SCHEMA] },
    warm: { when: "after", uses: ["redis"], calls: ["geolocation"] },
  },
};

const MARKETPLACE = {
  services: {
    storefront: {
      image: image("storefront"),
      replicas: 2,
      hosts: ["shop.orders.example.com"],
      uses: ["eventdb", "redis"],
      calls: ["geolocation"],
      secrets: { JWT_SECRET: "jwt", STRIPE_KEY: { secret: "stripe", key: "key" } },
    },
  },
  workers: {
    matching: {
      image: image("matching"),
      replicas: 2,
      uses: ["nats", "eventdb"],
      calls: [{ service: "geolocation", variables: { GEO_HOST: "{host}", GEO_PORT: "{port}" } }],
    },
  },
  projections: {
    trades: { image: image("trades"), workers: 2, parallelism: 2, uses: ["eventdb", "postgres"], calls: ["geolocation"] },
  },
  jobs: {
    tables: { when: "before", per: "slot", image: image("trades"), uses: [SCHEMA], calls: ["geolocation"] },
    reindex: { when: "by-hand", image: image("reindex"), uses: ["postgres"] },
    settle: { when: { schedule: "30 2 * * *" }, image: image("settle"), uses: ["nats"], egress: [{ host: "bank.example.com" }] },
  },
};

const general = (changes: object) =>
  anEnvironment({
    size: "small",
    stores: STORES,
    domains: { location: LOCATION, marketplace: MARKETPLACE },
    exceptions: { disposable: "a test" },
    ...changes,
  });

const EXISTING = { aws: undefined, cluster: { context: "kind-exchange" } };
const ON_AWS = { cluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } } };

/** What becomes of the system, with changes to it. */
function made(changes: object) {
  const program = aProgram(general(changes));
  expect(errorsOf(program)).toEqual([]);
  const { stacks } = synthesisOf(program);
  const stack = (part: string) => (stacks.get(`test-${part}`)?.json ?? {}) as Body;
  const objects = [...stacks.values()].flatMap(({ json }) => kubernetesObjects(json).objects as readonly KubernetesObject[]);
  const ids = [...stacks.keys()].filter((id) => id.startsWith("test-")).map((id) => id.slice("test-".length));
  const before = (part: string) => (stacks.get(`test-${part}`)?.stack.dependencies ?? []).map(({ node }) => node.id.slice("test-".length));
  return { stack, objects, ids, before };
}

type Made = ReturnType<typeof made>;

const existing = made(EXISTING);
const onAws = made(ON_AWS);
const both: [string, Made][] = [
  ["an existing cluster", existing],
  ["AWS", onAws],
];

const named = ({ objects }: Made, kind: string, where: string): Body => {
  const [one, ...others] = objects.filter(({ kind: of, metadata: { namespace, name } }) => of === kind && `${namespace}/${name}` === where);
  if (!one || others.length > 0) throw new Error(`${others.length + (one ? 1 : 0)} of ${kind} ${where}`);
  return one;
};

const OWN = ["location", "marketplace", ...Object.keys(STORES)];

const ways = ({ objects }: Made, direction: "ingress" | "egress") => waysIn(objects, direction);

const out = (system: Made, pods: string) =>
  ways(system, "egress")
    .filter(({ from }) => word(from) === pods)
    .map(({ to, port }) => `${word(to)}:${port}`)
    .sort();

const into = (system: Made, pods: string) =>
  ways(system, "ingress")
    .filter(({ to }) => word(to) === pods)
    .map(({ from, port }) => `${word(from)}:${port}`)
    .sort();

/** What comes before a resource of a stack, by any way around, by the paths of its constructs. */
function beforeOf(json: Body, path: string): ReadonlySet<string> {
  const bodies = new Map<string, Body>();
  for (const [prefix, blocks] of [
    ["", json.resource],
    ["data.", json.data],
  ] as const) {
    for (const [type, byName] of Object.entries((blocks ?? {}) as Body))
      for (const [name, body] of Object.entries(byName as Body)) bodies.set(`${prefix}${type}.${name}`, body as Body);
  }
  const pathOf = (body: Body | undefined): string => body?.["//"]?.metadata.path ?? "";
  const found = new Set<string>();
  const visit = (body: Body) => {
    for (const address of body.depends_on ?? []) {
      const next = bodies.get(address);
      if (!next || found.has(pathOf(next))) continue;
      found.add(pathOf(next));
      visit(next);
    }
  };
  const start = [...bodies.values()].filter((body) => pathOf(body) === path);
  if (start.length === 0) throw new Error(`there is no ${path}`);
  for (const body of start) visit(body);
  return found;
}

const variablesOf = (workload: Body): Readonly<Record<string, unknown>> => {
  const { spec } = workload;
  const pods = spec.jobTemplate?.spec.template ?? spec.template;
  return Object.fromEntries(pods.spec.containers[0].env.map(({ name, value, valueFrom }: Body) => [name, value ?? valueFrom]));
};

const jobOf = ({ objects }: Made, namespace: string, name: string): Body => {
  const found = objects.filter(({ kind, metadata }) => {
    return kind === "Job" && metadata.namespace === namespace && new RegExp(`^${name}-[0-9a-f]{8}$`).test(metadata.name);
  });
  if (found.length !== 1) throw new Error(`${found.length} jobs ${namespace}/${name}`);
  return found[0] as Body;
};

describe("stores and domains by their names", () => {
  it("are each a stack, in their order: stores before domains, and a domain before those written after it", () => {
    expect(existing.ids).toEqual(["platform", ...Object.keys(STORES), "location", "marketplace"]);
    expect(onAws.ids.slice(-existing.ids.length)).toEqual(existing.ids);
    for (const [, system] of both) {
      for (const store of Object.keys(STORES)) expect(system.before(store)).not.toEqual(expect.arrayContaining(Object.keys(STORES)));
      expect(system.before("location")).toEqual(expect.arrayContaining(["platform", ...Object.keys(STORES)]));
      expect(system.before("location")).not.toContain("marketplace");
      expect(system.before("marketplace")).toEqual(expect.arrayContaining(["platform", ...Object.keys(STORES), "location"]));
    }
  });

  it("come after the domains that they name", () => {
    const jobs = (name: string) => ({ jobs: { [name]: { when: "by-hand", image: image(name), uses: ["nats", "eventdb"] } } });
    const domains = { location: LOCATION, audit: jobs("clean"), other: { ...jobs("tidy"), after: ["location"] } };
    const system = made({ ...EXISTING, domains });
    expect(system.ids.slice(-3)).toEqual(["location", "audit", "other"]);
    expect(system.before("audit")).toContain("location");
    expect(system.before("other")).toContain("location");
    expect(system.before("other")).not.toContain("audit");
  });

  it("come after the domain whose generated secret they copy in an existing cluster, whatever they name", () => {
    const worker = (name: string, of: object) => ({ workers: { [name]: { image: image(name), replicas: 1, ...of } } });
    const domains = {
      first: worker("one", { secrets: { TOKEN: "jwt" } }),
      second: { ...worker("two", { secretFiles: { "/jwt": "jwt" } }), after: [] },
      third: { ...worker("three", { secrets: { TOKEN: { secret: "own", key: "token" } } }), after: [] },
    };
    const [here, there] = [EXISTING, ON_AWS].map((place) => made({ ...place, stores: undefined, domains }));
    expect([here?.before("second"), here?.before("third")].map((before) => before?.includes("first"))).toEqual([true, false]);
    // There all read it from Secrets Manager.
    expect(there?.before("second")).not.toContain("first");
  });

  it("let requests in at the port that answers only, and tests at what is public too", () => {
    const web = {
      image: image("web"),
      replicas: 2,
      port: 3000,
      paths: ["/web"],
      ports: { admin: 8080, feed: 9000 },
      publicPorts: ["feed"],
    };
    const api = { image: image("api"), replicas: 2, paths: ["/api"], calls: ["web"] };
    const system = made({ ...EXISTING, stores: undefined, domains: { shop: { services: { web, api } } } });
    expect(into(system, "shop/web")).toEqual(
      [
        ...["shop/api:3000", "shop/api:8080", "shop/api:9000", "shop/gateway:3000", "shop/smoke-test:3000", "shop/smoke-test:9000"],
        "anywhere:9000",
      ].sort(),
    );
  });

  it("are connected to by callers, tests and the outside where they speak TCP alone", () => {
    const ingest = { image: image("ingest"), replicas: 2, port: 1883, health: "tcp", publicPorts: ["tcp"] };
    const reader = { image: image("reader"), replicas: 2, calls: ["ingest"] };
    const workers = { poller: { image: image("poller"), replicas: 1, health: { port: 7000 } } };
    const telemetry = { services: { ingest, reader }, workers };
    const system = made({ ...EXISTING, stores: undefined, domains: { telemetry }, monitoring: { prometheus: true } });
    expect(into(system, "telemetry/ingest")).toEqual(["anywhere:1883", "telemetry/reader:1883", "telemetry/smoke-test:1883"]);
    const object = (of: string, name: string): Body =>
      system.objects.find(({ kind, metadata }) => kind === of && metadata.name.startsWith(name)) as Body;
    const container = (name: string): Body => object("Deployment", name).spec.template.spec.containers[0];
    expect(container("reader").env).toContainEqual({
      name: "INGEST_SERVICE_ADDRESS",
      value: "ingest.telemetry.svc.cluster.local:1883",
    });
    expect(container("poller").readinessProbe).toMatchObject({ tcpSocket: { port: 7000 } });
    const { list } = object("ConfigMap", "smoke-test").data;
    expect(list).toContain("health of ingest");
    expect(list).toContain("ingest.telemetry.svc\t1883");
    expect(list).not.toContain("tcp of ingest");
  });

  it.each(both)("have each a namespace of their own on %s", (_, { objects }) => {
    const namespaces = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata: { name } }) => name);
    expect(namespaces.filter((name) => OWN.includes(name)).sort()).toEqual([...OWN].sort());
    for (const kind of ["Deployment", "StatefulSet"]) {
      const there = objects
        .filter(({ kind: of, metadata: { namespace = "" } }) => of === kind && ["location", "marketplace"].includes(namespace))
        .map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);
      expect(there.sort()).toEqual(
        kind === "Deployment" ? ["location/geolocation", "marketplace/matching", "marketplace/storefront"] : ["marketplace/trades-a"],
      );
    }
  });
});

describe("a workload of a domain", () => {
  it.each(both)("is told the addresses of what it calls, by its own names where it has some, on %s", (_, system) => {
    const address = "http://geolocation.location.svc.cluster.local:8080";
    for (const workload of [
      named(system, "Deployment", "marketplace/storefront"),
      named(system, "StatefulSet", "marketplace/trades-a"),
      jobOf(system, "location", "warm"),
      jobOf(system, "marketplace", "tables-trades-a"),
    ]) {
      expect(variablesOf(workload)).toMatchObject({ GEOLOCATION_SERVICE_ADDRESS: address });
    }
    const matching = variablesOf(named(system, "Deployment", "marketplace/matching"));
    expect(matching).toMatchObject({ GEO_HOST: "geolocation.location.svc.cluster.local", GEO_PORT: "8080" });
    expect(matching).not.toHaveProperty("GEOLOCATION_SERVICE_ADDRESS");
    expect(variablesOf(named(system, "CronJob", "marketplace/reindex"))).not.toHaveProperty("GEOLOCATION_SERVICE_ADDRESS");
    const { ports } = named(system, "Service", "location/geolocation").spec;
    expect(ports.map(({ name, port }: Body) => [name, port])).toEqual([
      ["http", 8080],
      ["broker", 5050],
    ]);
  });

  it("is told of the stores that it uses, in the role that it has there, and of no other", () => {
    const STORE_VARIABLES = ["DATABASE_URL", "EVENT_STORE_URL", "NATS_URL", "REDIS_URL"];
    const told = (workload: Body) => Object.keys(variablesOf(workload)).filter((name) => STORE_VARIABLES.includes(name));
    const as = (workload: Body, name: string) => (variablesOf(workload)[name] as Body | undefined)?.secretKeyRef.name;
    const [geolocation, storefront, matching] = ["location/geolocation", "marketplace/storefront", "marketplace/matching"].map((where) =>
      named(existing, "Deployment", where),
    ) as [Body, Body, Body];
    const trades = named(existing, "StatefulSet", "marketplace/trades-a");
    const [schema, reindex] = [jobOf(existing, "location", "schema"), named(existing, "CronJob", "marketplace/reindex")];
    expect([geolocation, storefront, matching, trades, schema, reindex].map(told)).toEqual([
      ["DATABASE_URL", "REDIS_URL"],
      ["EVENT_STORE_URL", "REDIS_URL"],
      ["EVENT_STORE_URL", "NATS_URL"],
      ["DATABASE_URL", "EVENT_STORE_URL"],
      ["DATABASE_URL"],
      ["DATABASE_URL"],
    ]);
    const user = "CONNECTION_POSTGRES_USER";
    expect([geolocation, trades, schema, reindex].map((one) => as(one, user))).toEqual([
      "postgres-reader",
      "postgres-writer",
      "postgres-migrator",
      "postgres-writer",
    ]);
    expect([storefront, matching, trades].map((one) => as(one, "CONNECTION_EVENTDB_USER"))).toEqual([
      "eventdb-commands",
      "eventdb-commands",
      "eventdb-subscriptions",
    ]);
  });

  it("has what its domain says, unless it says otherwise", () => {
    const geolocation = named(existing, "Deployment", "location/geolocation");
    expect(geolocation.spec.template.spec.containers[0].image).toBe(image("location"));
    expect(variablesOf(geolocation)).toMatchObject({ REGION: "eu", LEVEL: "debug" });
    expect(variablesOf(jobOf(existing, "location", "warm"))).toMatchObject({ REGION: "eu", LEVEL: "info" });
    expect(variablesOf(named(existing, "Deployment", "marketplace/storefront"))).not.toHaveProperty("REGION");
  });
});

describe("the network policies of domains and stores", () => {
  const GEOLOCATION = ["location/geolocation:5050", "location/geolocation:8080"];

  it.each(both)("let a workload out to what it uses, calls and reaches outside, and to nothing else, on %s", (_, system) => {
    const reached = {
      "location/geolocation": ["203.0.113.0/24:8443", "postgres/postgres:5432", "redis/valkey:6379"],
      "location/schema": ["postgres/postgres:5432"],
      "location/warm": [...GEOLOCATION, "redis/valkey:6379"],
      "marketplace/matching": ["eventdb/eventdb:2113", ...GEOLOCATION, "nats/nats:4222"],
      "marketplace/postgres-projections": ["postgres/postgres:5432"],
      "marketplace/reindex": ["postgres/postgres:5432"],
      "marketplace/settle": ["0.0.0.0/0:443", "nats/nats:4222"],
      "marketplace/storefront": ["eventdb/eventdb:2113", ...GEOLOCATION, "redis/valkey:6379"],
      "marketplace/tables-trades-a": [...GEOLOCATION, "postgres/postgres:5432"],
      "marketplace/trades-a": ["eventdb/eventdb:2113", ...GEOLOCATION, "postgres/postgres:5432"],
      "marketplace/trades-read-model": ["postgres/postgres:5432"],
    };
    expect(Object.fromEntries(Object.keys(reached).map((pods) => [pods, out(system, pods)]))).toEqual(reached);
    // Tests and verdicts ask the cluster, and the gateway its services; nobody else has a way out.
    const others = ways(system, "egress").filter(({ from }) => ["location", "marketplace"].includes(from.namespace));
    const more = new Set(others.map(({ from }) => word(from)).filter((pods) => !(pods in reached)));
    for (const pods of more) expect(pods).toMatch(/\/(gateway|smoke-test|[a-z-]+-(verdict|test))$/);
  });

  it.each(both)("let in who calls, what comes from outside, and tests, and nobody else, on %s", (_, system) => {
    const callers = [
      "location/warm",
      "marketplace/matching",
      "marketplace/storefront",
      "marketplace/tables-trades-a",
      "marketplace/trades-a",
    ];
    expect(into(system, "location/geolocation")).toEqual(
      [...callers.flatMap((pods) => [`${pods}:5050`, `${pods}:8080`]), "location/smoke-test:8080"].sort(),
    );
    expect(into(system, "marketplace/storefront")).toEqual(["marketplace/gateway:8080", "marketplace/smoke-test:8080"]);
    for (const pods of ["marketplace/matching", "marketplace/trades-a", "marketplace/settle", "location/schema", "location/warm"])
      expect([pods, into(system, pods)]).toEqual([pods, []]);
  });

  it.each(both)("let domains in to the stores that they use, and to no other, on %s", (_, system) => {
    const users = (pods: string, port: string) =>
      ways(system, "ingress")
        .filter(({ from, to, port: on }) => word(to) === pods && on === port && ["location", "marketplace"].includes(from.namespace))
        .map(({ from }) => from.namespace);
    expect(users("postgres/postgres", "5432")).toEqual(["location", "marketplace"]);
    expect(users("redis/valkey", "6379")).toEqual(["location", "marketplace"]);
    expect(users("nats/nats", "4222")).toEqual(["marketplace"]);
    expect(users("eventdb/eventdb", "2113")).toEqual(["marketplace"]);
    for (const { from, to, port } of ways(system, "ingress")) {
      if (Object.keys(STORES).includes(to.namespace) && ["location", "marketplace"].includes(from.namespace))
        expect(["postgres:5432", "redis:6379", "nats:4222", "eventdb:2113"]).toContain(`${to.namespace}:${port}`);
    }
  });

  it.each(both)("agree at both ends of each way on %s", (_, system) => {
    const [outward, inward] = [ways(system, "egress"), ways(system, "ingress")];
    const inside = ({ from, to }: Way) => OWN.includes(from.namespace) && OWN.includes(to.namespace);
    const line = ({ from, to, port }: Way) => `${word(from)} -> ${word(to)}:${port}`;
    const lacks = (these: readonly Way[], those: readonly Way[]) =>
      these.filter(inside).filter((one) => {
        return !those.some(
          (other) => other.port === one.port && related(system.objects, one.from, other.from) && related(system.objects, one.to, other.to),
        );
      });
    expect(outward.filter(inside).length).toBeGreaterThan(20);
    expect(lacks(outward, inward).map(line)).toEqual([]);
    expect(lacks(inward, outward).map(line)).toEqual([]);
  });

  it("go through the security groups of the nodes on AWS", () => {
    const network = onAws.stack("network");
    const outside = all(network, "aws_vpc_security_group_egress_rule")
      .filter(({ cidr_ipv4 }) => cidr_ipv4 === "0.0.0.0/0")
      .map(({ from_port }) => Number(from_port));
    expect(outside).toContain(8443);
  });
});

describe("the jobs of a domain", () => {
  const verdict = (id: string) => `test-${id}/Default/verdict/job`;

  it.each(both)("run before the rest where they say so, with the tables of each slot before its workers, on %s", (_, system) => {
    const location = system.stack("location");
    expect(beforeOf(location, "test-location/geolocation/rollout/pods")).toContain(verdict("location/schema"));
    const marketplace = system.stack("marketplace");
    for (const path of ["storefront/rollout/pods", "matching/rollout/pods", "trades-a/pods"]) {
      const before = beforeOf(marketplace, `test-marketplace/${path}`);
      for (const id of ["tables-postgres", "tables-trades-a", "read-model-trades"]) expect(before).toContain(verdict(`marketplace/${id}`));
    }
    const shown = beforeOf(marketplace, "test-marketplace/read-model-trades/Default/job");
    expect(shown).toContain(verdict("marketplace/tables-trades-a"));
    expect(beforeOf(marketplace, "test-marketplace/tables-trades-a/Default/job")).toContain(verdict("marketplace/tables-postgres"));
    expect(variablesOf(jobOf(system, "marketplace", "tables-trades-a"))).toMatchObject({ SCHEMA: "trades_a" });
  });

  it("run once where they migrate several databases, and once for each slot of what is in them", () => {
    const uses = ["orders", "search"].map((store) => ({ store, as: "migrator" }));
    const projection = (store: string) => ({ image: image("views"), workers: 1, parallelism: 1, uses: ["eventdb", store] });
    const views = {
      projections: { trades: projection("orders"), finds: projection("search") },
      jobs: {
        shared: { when: "before", image: image("shared"), uses },
        tables: { when: "before", per: "slot", image: image("tables"), uses },
      },
    };
    const stores = { orders: STORES.postgres, search: STORES.postgres, eventdb: STORES.eventdb };
    const system = made({ ...EXISTING, stores, domains: { views } });
    const runs = ["shared", "tables-finds-a", "tables-trades-a"].map((name) => variablesOf(jobOf(system, "views", name)));
    for (const run of runs) expect(Object.keys(run)).toEqual(expect.arrayContaining(["ORDERS_URL", "SEARCH_URL"]));
    for (const [model, before] of [
      ["trades", ["shared", "tables-orders", "tables-trades-a"]],
      ["finds", ["shared", "tables-search", "tables-finds-a"]],
    ] as const) {
      const found = beforeOf(system.stack("views"), `test-views/read-model-${model}/Default/job`);
      for (const id of before) expect(found).toContain(verdict(`views/${id}`));
    }
  });

  it.each(both)("that prepare a database have a way to it and its migrator's password, on %s", (_, system) => {
    const marketplace = system.stack("marketplace");
    named(system, "ExternalSecret", "marketplace/postgres-migrator");
    for (const [id, pods] of [
      ["tables-postgres", "postgres-projections"],
      ["read-model-trades", "trades-read-model"],
    ] as const) {
      const before = [...beforeOf(marketplace, `test-marketplace/${id}/Default/job`)];
      expect(before).toContain(`test-marketplace/way-of-${pods}/policy`);
      expect(
        before.some((path) => /^test-marketplace\/connections-marketplace\/(from-postgres|secret-postgres-migrator)\//.test(path)),
      ).toBe(true);
      const { labels } = jobOf(system, "marketplace", pods).spec.template.metadata;
      expect(labels).toMatchObject(named(system, "NetworkPolicy", `marketplace/${pods}`).spec.podSelector.matchLabels);
    }
  });

  it.each(both)("run after the rest has passed its test where they say so, and nothing waits for them, on %s", (_, system) => {
    const location = system.stack("location");
    const before = beforeOf(location, "test-location/warm/Default/job");
    expect(before).toContain("test-location/geolocation/rollout/pods");
    expect(before).toContain("test-location/smoke-test/verification/job");
    const after = Object.values(location.resource as Body)
      .flatMap((byName) => Object.values(byName as Body))
      .map((body) => (body as Body)["//"].metadata.path as string)
      .filter((path) => beforeOf(location, path).has("test-location/warm/Default/job"));
    for (const path of after) expect(path).toMatch(/^test-location\/warm\//);
  });

  it("are kept for an operator, or run at their times", () => {
    const { suspend, jobTemplate } = named(existing, "CronJob", "marketplace/reindex").spec;
    expect(suspend).toBe(true);
    expect(jobTemplate.spec.template.spec.containers[0].image).toBe(image("reindex"));
    expect(named(existing, "CronJob", "marketplace/settle").spec).toMatchObject({ schedule: "30 2 * * *", suspend: false });
  });
});

describe("the secrets of workloads", () => {
  const sources = ({ objects }: Made, name: string) =>
    objects.filter(({ kind, metadata }) => kind === "ExternalSecret" && metadata.name === name) as readonly Body[];

  it("are drawn once in an existing cluster, and shared with the other domains", () => {
    const drawn = existing.objects.filter(({ kind, metadata }) => kind === "Password" && metadata.name.startsWith("jwt"));
    expect(drawn.map(({ metadata: { namespace } }) => namespace)).toEqual(["location"]);
    const [home, copy, ...more] = sources(existing, "jwt");
    expect(more).toEqual([]);
    expect([home?.metadata.namespace, home?.spec.refreshPolicy]).toEqual(["location", "CreatedOnce"]);
    expect([copy?.metadata.namespace, copy?.spec.secretStoreRef.name]).toEqual(["marketplace", "secrets-of-location"]);
    // What an operator creates is in the namespace already.
    expect(sources(existing, "stripe")).toEqual([]);
  });

  it("are drawn once in Secrets Manager on AWS, where those of an operator are his", () => {
    const names = all(onAws.stack("data"), "aws_secretsmanager_secret").map(({ name }) => name);
    expect(names.filter((name) => name === "orders-test-jwt")).toHaveLength(1);
    expect(names).not.toContain("orders-test-stripe");
    expect(sources(onAws, "jwt").map(({ metadata: { namespace } }) => namespace)).toEqual(["location", "marketplace"]);
    expect(sources(onAws, "stripe").map(({ metadata: { namespace } }) => namespace)).toEqual(["marketplace"]);
    expect(onAws.objects.filter(({ kind, metadata }) => kind === "Password" && metadata.name.startsWith("jwt"))).toEqual([]);
  });

  it.each(both)("are the same to all that name them on %s", (_, system) => {
    const key = (name: string, of = "value") => ({ secretKeyRef: { name, key: of, optional: false } });
    for (const where of ["location/geolocation", "marketplace/storefront"])
      expect(variablesOf(named(system, "Deployment", where))).toMatchObject({ JWT_SECRET: key("jwt") });
    expect(variablesOf(named(system, "Deployment", "marketplace/storefront"))).toMatchObject({ STRIPE_KEY: key("stripe", "key") });
    expect(variablesOf(named(system, "Deployment", "marketplace/matching"))).not.toHaveProperty("JWT_SECRET");
  });
});

describe("a service with hosts", () => {
  const routeOf = (system: Made) => named(system, "HTTPRoute", "marketplace/storefront").spec;

  it.each(both)("is reached from outside by them, and one without is not, on %s", (_, system) => {
    expect(routeOf(system)).toMatchObject({ hostnames: ["shop.orders.example.com"] });
    const gateways = system.objects.filter(({ kind }) => kind === "Gateway").map(({ metadata: { namespace } }) => namespace);
    expect(gateways).toEqual(["marketplace"]);
    expect(system.objects.filter(({ kind }) => kind === "HTTPRoute")).toHaveLength(1);
  });

  it("has a load balancer, a name and a certificate of its domain on AWS", () => {
    const entry = onAws.stack("entry");
    expect(all(entry, "aws_lb").map(({ name }) => name)).toEqual(["orders-test-marketplace"]);
    expect(all(entry, "aws_route53_record").map(({ name }) => name)).toContain("shop.orders.example.com");
    const certificate = onAws.objects.filter(({ kind, metadata }) => kind === "Certificate" && metadata.namespace === "marketplace");
    expect(certificate.map(({ spec }) => (spec as Body).dnsNames)).toEqual([["shop.orders.example.com"]]);
    expect(onAws.objects.filter(({ kind }) => kind === "TargetGroupBinding").map(({ metadata: { namespace } }) => namespace)).toEqual([
      "marketplace",
    ]);
    const arn = "data.terraform_remote_state.test-entry.outputs.marketplace_target_group_arn";
    expect(JSON.stringify(onAws.stack("marketplace"))).toContain(arn);
  });
});
