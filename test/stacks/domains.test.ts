import { anEnvironment, aProgram, errorsOf } from "../environments";

const image = "registry.example.com/venta/app:1.0.0";
const cluster = { context: "kind-venta" };
const exceptions = { disposable: "ends with a test" };

const postgres = { engine: "cloudnative-pg" };
const events = { engine: "postgres", server: postgres };
const service = { image, replicas: 2 };
const worker = { image, replicas: 1 };

/** What is said of an environment of stores and domains that differs from a sound one. */
function complaints(changes: object): readonly string[] {
  return errorsOf(aProgram(anEnvironment({ aws: undefined, cluster, exceptions, ...changes })));
}

/** What is said of a domain with these members, beside a PostgreSQL server, events, a cache and a broker. */
function about(members: object, changes: object = {}): readonly string[] {
  const stores = { postgres, ledger: events, redis: { engine: "valkey" }, nats: { engine: "nats" } };
  const all = { services: { everything: { ...service, uses: Object.keys(stores) } } };
  return complaints({ stores, domains: { base: all, orders: members }, ...changes });
}

const at = "test.domains.orders";

describe("stores and domains", () => {
  it("are sound as they are meant", () => {
    const projection = { image, workers: 2, parallelism: 2, uses: ["ledger", { store: "postgres", as: "writer" }] };
    expect(
      about({
        env: { NODE_ENV: "production" },
        services: {
          api: { ...service, paths: ["/api"], uses: ["postgres", "nats"], calls: ["everything", { service: "billing" }] },
          billing: { ...service, ports: { statistics: 9090 } },
          files: { image, replicas: 1, volumes: { "/data": { size: "1Gi" } } },
        },
        workers: { mails: { ...worker, uses: [{ store: "ledger", as: "subscriptions" }] } },
        projections: { search: projection },
        jobs: {
          migrate: { image, when: "before", per: "slot", uses: [{ store: "postgres", as: "migrator" }], down: { command: ["down"] } },
          nightly: { image, when: { schedule: "30 2 * * *" } },
          seed: { image, when: "by-hand" },
        },
      }),
    ).toEqual([]);
  });

  it("can stand beside roles, and use their stores", () => {
    expect(
      complaints({
        eventStore: events,
        commandProcessors: worker,
        domains: { mails: { workers: { mails: { ...worker, uses: ["event-store"] } }, after: ["write-side"] } },
      }),
    ).toEqual([]);
  });
});

describe("the names of stores and domains", () => {
  it("are each of one store or domain, and of no namespace that roles have", () => {
    expect(about({ workers: { a: worker } }, { domains: { postgres: { workers: { a: { ...worker, uses: ["postgres"] } } } } })).toContain(
      'test.domains.postgres: "postgres" is the name of stores.postgres as well; choose another',
    );
    const roles = { readDatabase: postgres, cache: { engine: "valkey" } };
    expect(complaints({ ...roles, domains: { "read-store": { workers: { a: worker } } } })).toEqual([
      'test.domains.read-store: "read-store" is the namespace of readDatabase; choose another',
    ]);
    const used = { domains: { a: { workers: { b: { ...worker, uses: ["cache"] } } } } };
    expect(complaints({ ...roles, stores: { cache: { engine: "valkey" } }, ...used })).toEqual([
      'test.stores.cache: "cache" is the name of cache as well; choose another',
    ]);
  });

  it.each([
    ["platform", "is the name of a part of the platform as well"],
    ["data", "is the name of a part of the platform as well"],
    ["namespace", "is the name of a part of the platform as well"],
    ["test-orders", "is the name of a part of the platform as well"],
    ["kube-system", "is a namespace of the platform"],
    ["keda", "is a namespace of the platform"],
    ["observability", "is the name of a part of the platform as well"],
    ["base-entry", "is the name of a part of domains.base as well"],
  ])("are none that the platform has: %s", (name, rule) => {
    const base = { workers: { a: worker } };
    expect(complaints({ domains: { base, [name]: { workers: { b: worker } } } })).toEqual([
      `test.domains.${name}: "${name}" ${rule}; choose another`,
    ]);
  });

  it("are not the name of the environment, for an event store with a stream backup on AWS", () => {
    const said = (name: string, backup: object) =>
      errorsOf(
        aProgram(
          anEnvironment({
            name,
            cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
            stores: { orders: { engine: "kurrentdb", nodes: 3, ...backup } },
            domains: { all: { workers: { a: { ...worker, uses: ["orders"] } } } },
          }),
        ),
      );
    const backup = { backup: { every: "15m", keep: "28d" } };
    expect([said("test", backup), said("orders", {})]).toEqual([[], []]);
    expect(said("orders", backup)).toEqual([
      `orders.stores.orders: "orders" is also the name of the environment, whose stack of backups has the name of this store's backup; choose another`,
    ]);
  });

  it("can be told apart among servers and secrets", () => {
    const workers = { a: { ...worker, uses: ["orders-1", "orders1", "orders1-users"] } };
    expect(
      complaints({
        stores: { "orders-1": postgres, orders1: postgres, "orders1-users": { engine: "valkey" } },
        domains: { x: { workers } },
      }),
    ).toEqual([
      `test.stores.orders1: "orders1" can't be told from orders-1 of stores.orders-1; choose another`,
      'test.stores.orders1-users: "orders1-users" is taken by something of the server orders1; choose another',
    ]);
  });

  it("are those of servers in them", () => {
    const domains = { orders: { workers: { mails: { ...worker, uses: ["ledger"] } } } };
    const server = { ...postgres, name: "books" };
    expect(complaints({ stores: { ledger: { engine: "postgres", server } }, domains })).toEqual([
      'test.stores.ledger.server.name: "books" names a server that is called as its store is; leave it out',
    ]);
    expect(complaints({ stores: { events }, domains: { orders: { workers: { mails: { ...worker, uses: ["events"] } } } } })).toEqual([
      'test.stores.events: "events" is taken by the tables of events; choose another',
    ]);
    for (const name of ["cache", "broker"]) {
      const workers = { mails: { ...worker, uses: [name] } };
      expect(complaints({ stores: { [name]: { engine: "valkey" } }, domains: { orders: { workers } } })).toEqual([]);
    }
  });
});

describe("the names of workloads", () => {
  it("are each of one workload of the environment, because its release file goes by them", () => {
    expect(about({ workers: { everything: worker } })).toEqual([
      'test.domains.orders.workers.everything: "everything" is the name of domains.base.services.everything as well; choose another',
    ]);
  });

  it("are those of no store", () => {
    expect(about({ workers: { nats: worker } })).toEqual([
      'test.stores.nats: "nats" is the name of domains.orders.workers.nats as well; choose another',
    ]);
  });

  it("are none that the platform has", () => {
    expect(about({ workers: { gateway: worker, "everything-routes": worker } })).toEqual([
      `${at}.workers.gateway: "gateway" is the name of a part of the platform as well; choose another`,
      `${at}.workers.everything-routes: "everything-routes" is the name of a part of domains.base.services.everything as well; choose another`,
    ]);
  });
});

describe("what is called after something of a domain", () => {
  const beside = { image, workers: 1, parallelism: 1, uses: ["ledger", "postgres"] };
  const reached = { ...service, paths: ["/"] };
  const migrate = { image, when: "before", per: "slot", uses: [{ store: "postgres", as: "migrator" }] };

  it.each<[string, object, string]>([
    ["a slot", { projections: { trades: beside }, workers: { "trades-b": worker } }, "workers.trades-b"],
    ["a gate", { services: { web: reached }, workers: { "web-test": worker } }, "workers.web-test"],
    ["a gate of a slot", { services: { web: reached }, workers: { "web-blue-test": worker } }, "workers.web-blue-test"],
    ["a run", { projections: { trades: beside }, workers: { "make-trades-a": worker }, jobs: { make: migrate } }, "workers.make-trades-a"],
  ])("is not called like %s of another workload", (_, members, keys) => {
    const [line, ...others] = about(members);
    expect(others).toEqual([]);
    expect(line).toMatch(new RegExp(`^${at}.${keys}: "[a-z-]+" is the name of a part of domains.orders.\\S+ as well; choose another$`));
  });

  it("is not called like a job for a database, and may be in another domain", () => {
    const projections = { trades: beside };
    expect(about({ projections, workers: { "postgres-projections": worker } })).toEqual([
      `${at}.workers.postgres-projections: "postgres-projections" is the name of a job for postgres as well; choose another`,
    ]);
    expect(about({ workers: { "everything-test": worker, "postgres-projections": worker } })).toEqual([]);
  });

  it("can begin the names of schemas where it is a projection", () => {
    const rule = "can't begin the names of schemas; use one that ends in neither -a nor -b, doesn't begin with pg-, and is not public, ";
    expect(about({ projections: { "side-b": beside, public: beside, "side-c": beside } })).toEqual([
      `${at}.projections.side-b: "side-b" ${rule}projections or information-schema`,
      `${at}.projections.public: "public" ${rule}projections or information-schema`,
    ]);
    const roles = { eventStore: events, readDatabase: { ...postgres, name: "reads" }, projections: { image, workers: 1, parallelism: 1 } };
    expect(complaints({ ...roles, system: "orders-a" })).toEqual([
      "test.projections: is called orders-a in its schemas, which can't begin so; give it a name that ends in neither -a nor -b, doesn't begin with pg-, and is not public, projections or information-schema",
    ]);
  });

  it("is short enough for what is called after it", () => {
    const [thirtySix, forty] = ["j".repeat(36), "d".repeat(40)];
    const down = { command: ["undo"] };
    expect(
      about({ jobs: { [thirtySix]: { image, when: "before", down }, [thirtySix.slice(1)]: { image, when: "before", down } } }),
    ).toEqual([`${at}.jobs.${thirtySix}.down: makes ${thirtySix}-down, which has 41 characters; use names that leave it up to 40`]);
    const users = { domains: { a: { workers: { b: { ...worker, uses: [forty] } } } } };
    expect(complaints({ stores: { [forty]: events }, ...users })).toEqual([
      `test.stores.${forty}: "${forty}" can't be part of the names of services and releases; use up to 38 lower-case letters, digits and hyphens`,
    ]);
    const shared = { cluster: { ...cluster, shared: true } };
    expect(
      complaints({ ...shared, domains: { [forty]: { workers: { a: worker } }, [forty.slice(3)]: { workers: { b: worker } } } }),
    ).toEqual([
      `test.domains.${forty}: "${forty}" makes the namespace test-${forty} on a shared cluster, which has 45 characters; use up to 37 characters`,
    ]);
  });
});

describe("what a workload uses", () => {
  it("is told apart: of a kind with variables of the platform's there is one", () => {
    const uses = ["ledger", "other", "postgres", "second"];
    const stores = { ledger: events, other: events, postgres, second: postgres };
    const using = (own: readonly unknown[]) => complaints({ stores, domains: { orders: { workers: { a: { ...worker, uses: own } } } } });
    expect(using(uses)).toEqual([
      `${at}.workers.a.uses[1]: "other" has the same variables as ledger; write { store: "other", variables: { … } } with others for one of the two`,
    ]);
    expect(using(["ledger", { store: "other", variables: { OTHER_URL: "{EVENT_STORE_URL}" } }, "postgres", "second"])).toEqual([]);
  });

  const uses = (...of: unknown[]) => about({ workers: { mails: { ...worker, uses: of } } });

  it("is a store of the environment, once", () => {
    expect(uses("postgras", { store: "nuts" })).toEqual([
      `${at}.workers.mails.uses[0]: "postgras" is not a store of test; did you mean "postgres"?`,
      `${at}.workers.mails.uses[1].store: "nuts" is not a store of test; did you mean "nats"?`,
    ]);
    expect(uses("nats", { store: "nats" })).toEqual([`${at}.workers.mails.uses[1].store: "nats" is used twice; use it once`]);
  });

  it.each([
    ["postgres", "commands", "use migrator or writer or reader"],
    ["ledger", "writer", "use commands or subscriptions"],
    ["redis", "writer", "leave it out"],
    ["nats", "subscriptions", "leave it out"],
  ])("has a role that a store of its kind has: %s as %s", (store, as, remedy) => {
    expect(uses({ store, as })).toEqual([`${at}.workers.mails.uses[0].as: "${as}" is not a role of ${store}; ${remedy}`]);
  });

  it("leaves no store without a use", () => {
    const domains = { orders: { workers: { mails: { ...worker, uses: ["nats"] } } } };
    expect(complaints({ stores: { nats: { engine: "nats" }, redis: { engine: "valkey" } }, domains })).toEqual([
      "test.stores.redis: is used by no workload; name it in uses of a workload, or remove it",
    ]);
    expect(complaints({ readDatabase: postgres, cache: { engine: "valkey" }, broker: { engine: "nats" } })).toEqual([]);
  });

  it("is not missed where it was refused", () => {
    const domains = { orders: { workers: { mails: { ...worker, uses: ["nats"] } } } };
    const refusal = expect.stringMatching(/^test\.stores\.nats/);
    expect(complaints({ stores: { nats: { engine: "natz" } }, domains })).toEqual([refusal]);
    expect(complaints({ stores: { nats: null }, domains })).toEqual([refusal]);
    expect(complaints({ stores: 7, domains })).toEqual(["test.stores: 7 must be an object; write { … }"]);
    expect(complaints({ stores: { nats: { engine: "nats" } }, domains: { orders: { workers: { mails: 7 } } } })).toEqual([
      `${at}.workers.mails: 7 must be an object; write { … }`,
    ]);
    expect(complaints({ stores: { nats: { engine: "nats" } }, domains: [] })).toHaveLength(1);
  });
});

describe("what is done with requests from outside", () => {
  const limits = { rateLimit: { requests: "7/s" }, maxBodySize: "7Mi" };
  const slots = { replicas: 1, release: "blue-green", slots: { blue: image }, live: "blue" };

  it("is of services that they reach", () => {
    expect(about({ services: { a: { ...service, ...limits, paths: ["/a"] }, b: { ...slots, paths: ["/b"] } } })).toEqual([]);
    expect(about({ services: { a: { ...service, ...limits }, b: slots } })).toEqual([
      `${at}.services.a.rateLimit: limits requests from outside, and none reach the service; leave it out, or add paths or hosts`,
      `${at}.services.a.maxBodySize: limits requests from outside, and none reach the service; leave it out, or add paths or hosts`,
      `${at}.services.b.release: "blue-green" turns requests from outside to another slot, and none reach the service; use "rolling", or add paths or hosts`,
    ]);
  });
});

describe("what a workload calls", () => {
  it("is another service of the environment, which has one address", () => {
    const slots = { release: "blue-green", slots: { blue: image }, live: "blue" };
    const calls = ["everithing", { service: "b" }, "a", "mails", "everything", { service: "everything" }];
    expect(
      about({ services: { a: { ...service, calls }, b: { replicas: 1, paths: ["/"], ...slots } }, workers: { mails: worker } }),
    ).toEqual([
      `${at}.services.a.calls[0]: "everithing" is not a service of test; did you mean "everything"?`,
      `${at}.services.a.calls[1].service: "b" is released blue-green, and has an address for each slot only; release it by rolling`,
      `${at}.services.a.calls[2]: "a" is the service itself; leave it out`,
      `${at}.services.a.calls[3]: "mails" is not a service of test; use one of everything, b`,
      `${at}.services.a.calls[5].service: "everything" is called twice; call it once`,
    ]);
  });

  it("is on its own cluster", () => {
    const two = { cluster: undefined, writeCluster: { context: "write" }, readCluster: { context: "read" } };
    const domains = { a: { cluster: "writeCluster", services: { one: service } }, b: { workers: { two: { ...worker, calls: ["one"] } } } };
    expect(complaints({ ...two, domains })).toEqual([
      `test.domains.b.workers.two.calls[0]: "one" runs on writeCluster, which workloads of readCluster can't reach; put both on one cluster`,
    ]);
  });
});

describe("a domain", () => {
  it("has something in it", () => {
    expect(about({})).toEqual([`${at}: has no services, workers, projections or jobs; add one, or remove the domain`]);
    expect(about({ workers: {} })).toHaveLength(1);
  });

  it("is deployed after domains that are written before it", () => {
    const workers = (name: string) => ({ workers: { [name]: worker } });
    const domains = { a: { ...workers("one"), after: ["b", "c", "a"] }, b: { ...workers("two"), after: ["a"] } };
    expect(complaints({ domains })).toEqual([
      'test.domains.a.after[0]: "b" is written after this domain, and domains are deployed in their order; write it before this one',
      'test.domains.a.after[1]: "c" is not a domain of test; did you mean "b"?',
      'test.domains.a.after[2]: "a" is the domain itself; leave it out',
    ]);
  });

  it("chooses a cluster, and so does a store, where there are two", () => {
    const stores = { nats: { engine: "nats", cluster: "readCluster" } };
    const domains = { orders: { cluster: "writeCluster", workers: { mails: { ...worker, uses: ["nats"] } } } };
    expect(complaints({ stores, domains })).toEqual([
      'test.stores.nats.cluster: "readCluster" chooses between two clusters, and there is one; leave it out',
      'test.domains.orders.cluster: "writeCluster" chooses between two clusters, and there is one; leave it out',
    ]);
    const two = { cluster: undefined, writeCluster: { context: "write" }, readCluster: { context: "read" } };
    expect(complaints({ ...two, stores, domains })).toEqual([
      "test.stores.nats: runs on readCluster, which workloads of writeCluster can't reach; write one cluster for both, or leave it out: projections read events of the write side",
    ]);
    expect(complaints({ ...two, stores: { redis: { engine: "valkey" } }, domains: { ...uses("redis") } })).toEqual([
      `test.stores.redis.engine: "valkey" runs on readCluster, and orders on writeCluster can't reach it; use an engine outside of clusters, or one cluster for both sides`,
    ]);
  });

  const uses = (store: string) => ({ orders: { cluster: "writeCluster", workers: { mails: { ...worker, uses: [store] } } } });

  it("has a cluster, and so has a store", () => {
    expect(complaints({ cluster: undefined, domains: { orders: { workers: { mails: worker } } } })).toEqual([
      `${at}.workers.mails: has no cluster to run on; add writeCluster and readCluster, or one cluster`,
    ]);
  });
});

describe("what requests reach from outside", () => {
  it("has paths of its own on each host of its domain", () => {
    const hosts = (...of: string[]) => ({ ...service, hosts: of });
    expect(
      about({ services: { a: hosts("a.example.com", "b.example.com"), b: hosts("b.example.com"), c: hosts("c.example.com") } }),
    ).toEqual([`${at}.services.b.paths: "/" is a path of domains.orders.services.a as well; use other paths for one of the two`]);
    const paths = (...of: string[]) => ({ ...service, paths: of });
    expect(about({ services: { a: paths("/a"), b: paths("/b", "/a/"), inside: service } })).toEqual([
      `${at}.services.b.paths: "/a/" is a path of domains.orders.services.a as well; use other paths for one of the two`,
    ]);
  });

  it("has hosts that no other domain has", () => {
    const domain = (name: string) => ({ services: { [name]: { ...service, hosts: ["api.example.com"] } } });
    expect(complaints({ domains: { a: domain("one"), b: domain("two") } })).toEqual([
      'test.domains.b.services.two.hosts: "api.example.com" is a host of domains.a as well; use another host for one of the two',
    ]);
  });

  it("has hosts below the environment's domain on AWS", () => {
    const hosts = ["api.orders.example.com", "api.example.org"];
    const { aws } = anEnvironment();
    expect(about({ services: { a: { ...service, hosts } } }, { aws })).toEqual([
      `${at}.services.a.hosts: "api.example.org" is not below orders.example.com, whose zone it would have its name and certificate in; use one below orders.example.com`,
    ]);
  });

  it("is what an edge stands before", () => {
    const edge = { provider: "cloudfront", cache: "5s" };
    expect(about({ services: { a: { ...service, edge } } })).toEqual([
      `${at}.services.a.edge: requires a service with a public endpoint; add paths or hosts, or leave it out`,
    ]);
  });

  it("has ports with names that Kubernetes knows", () => {
    const ports = { http: 9000, metrics: 9001, "a--b": 9002, "longer-than-fifteen": 9003, "just-fifteen-ab": 9004 };
    expect(about({ services: { a: { ...service, ports } } })).toEqual(
      ["http", "metrics", "a--b", "longer-than-fifteen"].map(
        (name) =>
          `${at}.services.a.ports.${name}: "${name}" is not a valid port name; use up to 15 lower-case letters, digits and single hyphens, and neither http nor metrics`,
      ),
    );
  });

  it("has ports of one name each", () => {
    expect(about({ services: { a: { ...service, port: 5002, ports: { web: 5002, one: 5050, other: 5050 } } } })).toEqual([
      `${at}.services.a.ports.web: 5002 is port as well; use another port, or leave it out`,
      `${at}.services.a.ports.other: 5050 is one as well; use another port, or leave it out`,
    ]);
  });
});

describe("a job", () => {
  const job = (settings: object) => about({ jobs: { nightly: { image, ...settings } } });

  it("runs at a time that there is", () => {
    expect(job({ when: { schedule: "nightly" } })).toEqual([
      `${at}.jobs.nightly.when.schedule: "nightly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)`,
    ]);
    expect(job({ when: { schedule: "61 2 * * *" } })).toEqual([
      `${at}.jobs.nightly.when.schedule: "61" is not a valid minute; use 0 to 59, *, ranges, lists and steps`,
    ]);
    expect(job({ when: "sometimes" })).toEqual([
      `${at}.jobs.nightly.when: "sometimes" is not a supported time for a job; use one of before, after, by-hand`,
    ]);
  });

  it("has what a migration has only before its domain", () => {
    expect(job({ when: "after", per: "slot", down: { command: ["down"] } })).toEqual([
      `${at}.jobs.nightly.per: "slot" belongs to a job that runs before its domain; say when: "before", or leave it out`,
      `${at}.jobs.nightly.down: belongs to a job that runs before its domain; say when: "before", or leave it out`,
    ]);
    expect(job({ when: "before", per: "slot" })).toEqual([
      `${at}.jobs.nightly.per: "slot" is for slots of projections, and the domain has none; leave it out`,
    ]);
  });
});

describe("a projection", () => {
  const projection = (...uses: unknown[]) => about({ projections: { search: { image, workers: 1, parallelism: 1, uses } } });
  const keys = `${at}.projections.search.uses`;

  it("reads events of one store and writes one database", () => {
    expect(projection("redis")).toEqual([
      `${keys}: must name exactly one event store as subscriptions, and names none; add one`,
      `${keys}: must name exactly one PostgreSQL server as writer, and names none; add one`,
    ]);
    const stores = { ledger: events, more: events, postgres };
    const uses = ["ledger", "more", "postgres"];
    expect(complaints({ stores, domains: { orders: { projections: { search: { image, workers: 1, parallelism: 1, uses } } } } })).toEqual([
      `${keys}: must name exactly one event store as subscriptions, and names ledger, more; keep one`,
    ]);
  });

  it("has its database among what it uses, and variables with it", () => {
    const search = { image, workers: 1, parallelism: 1, uses: ["ledger", "postgres"] };
    expect(about({ projections: { search: { ...search, database: "postgres", variables: {} } } })).toEqual([
      expect.stringMatching(/^test\.domains\.orders\.projections\.search\.database: is not a setting here; /),
      expect.stringMatching(/^test\.domains\.orders\.projections\.search\.variables: is not a setting here; /),
    ]);
  });
});

describe("what a workload reaches outside", () => {
  it.each(["api.example.com", "*.example.com", "internet", "203.0.113.0/24", "203.0.113.7/32", "0.0.0.0/0"])("may be %s", (host) => {
    expect(about({ workers: { a: { ...worker, egress: [{ host }] } } })).toEqual([]);
  });

  // What is taken for a name is opened to every address.
  it.each([
    "2001:db8::/32",
    "10.0.0.0/33",
    "999.1.1.1/8",
    "10.0.0.1/8",
    "*",
    "a b",
    "https://api.example.com",
    "api.example.com:8443",
    "10.0.0.256",
  ])("is not %s", (host) => {
    expect(about({ workers: { a: { ...worker, egress: [{ host }] } } })).toEqual([
      `${at}.workers.a.egress[0].host: "${host}" must be a host name or a CIDR block; write "api.example.com", "203.0.113.0/24" or "internet"`,
    ]);
  });

  it("is a block of one address with its prefix", () => {
    expect(about({ workers: { a: { ...worker, egress: [{ host: "203.0.113.7" }] } } })).toEqual([
      `${at}.workers.a.egress[0].host: "203.0.113.7" must be a CIDR block; write 203.0.113.7/32`,
    ]);
  });
});

describe("the secrets of workloads", () => {
  it("are generated or provided, and are no certificates of stores", () => {
    const secrets = {
      TOKEN: "jwt",
      OTHER: { secret: "jwt", key: "token" },
      CERTIFICATE: "postgres-tls",
      ROOT: { secret: "ledger-authority", key: "ca" },
    };
    expect(about({ services: { api: { ...service, secrets } } })).toEqual([
      `${at}.services.api.secrets.OTHER.secret: "jwt" is a secret that the platform generates; choose another name`,
      `${at}.services.api.secrets.CERTIFICATE: "postgres-tls" is a secret that the platform makes; choose another name`,
      `${at}.services.api.secrets.ROOT.secret: "ledger-authority" is a secret that the platform makes; choose another name`,
    ]);
  });

  it("are none that the platform makes", () => {
    const secrets = { JWT: "jwt", PAYMENT: { secret: "payment", key: "token" } };
    expect(about({ secrets: { KEY: "api-key" }, services: { api: { ...service, secrets } } })).toEqual([]);
    expect(
      about({
        secrets: { KEY: "redis-users" },
        services: { api: { ...service, secrets: { JWT: "nats-users" }, secretFiles: { "/jwt": { secret: "redis-users", key: "a" } } } },
      }),
    ).toEqual([
      `${at}.secrets.KEY: "redis-users" is a secret that the platform makes; choose another name`,
      `${at}.services.api.secrets.JWT: "nats-users" is a secret that the platform makes; choose another name`,
      `${at}.services.api.secretFiles./jwt.secret: "redis-users" is a secret that the platform makes; choose another name`,
    ]);
  });
});

describe("two stores at a vendor", () => {
  const kurrentCloud = { engine: "kurrent-cloud", size: "development", backup: { every: "1d", keep: "7d" } };
  const two = (other: object) => {
    const { aws } = anEnvironment();
    const workers = { mails: { ...worker, uses: ["one", { store: "two", variables: { OTHER_URL: "{EVENT_STORE_URL}" } }] } };
    return complaints({ aws, stores: { one: kurrentCloud, two: { ...kurrentCloud, ...other } }, domains: { orders: { workers } } });
  };

  it("are in networks of their own", () => {
    expect(two({})).toEqual([
      'test.stores.two.network.cidr: "10.128.0.0/20" overlaps 10.128.0.0/20 of stores.one, and the environment\'s network is joined to both; give one of them other addresses',
    ]);
    expect(two({ network: { cidr: "10.129.0.0/20" } })).toEqual([]);
  });
});

describe("volumes", () => {
  const volumes = { "/data": { size: "1Gi" } };

  it("are written by one instance", () => {
    const slots = { release: "blue-green", slots: { blue: image }, live: "blue" };
    expect(
      about({
        services: { a: { ...slots, paths: ["/a"], replicas: 1, volumes } },
        workers: { b: { ...worker, replicas: { min: 1, max: 2 }, volumes } },
      }),
    ).toEqual([
      `${at}.services.a.release: "blue-green" versions would write the same volumes; use "rolling", or leave volumes out`,
      `${at}.workers.b.replicas: {"min":1,"max":2} instances would write the same volumes; use 1, or leave volumes out`,
    ]);
  });
});

describe("the release file of domains", () => {
  it("has the images of all workloads, below those that domains have for all", () => {
    const domains = { orders: { image, workers: { mails: { replicas: 1 } }, jobs: { migrate: { when: "before" } } } };
    expect(complaints({ domains })).toEqual([]);
    const release = (workloads: object) => complaints({ domains, release: { of: "test", workloads } });
    expect(release({ mails: { image }, migrate: { image } })).toEqual([]);
    expect(release({ mails: { slots: { blue: image } }, orders: { image } })).toEqual([
      "environments/test.release.json#orders: is not a workload of test; use one of mails, migrate",
      "environments/test.release.json#mails.slots: would run twice: both slots would take from the same queue; use image alone",
    ]);
    const { image: _, ...without } = domains.orders;
    expect(complaints({ domains: { orders: without } })).toEqual([
      expect.stringMatching(/^test\.domains\.orders\.workers\.mails\.image: is missing; /),
      expect.stringMatching(/^test\.domains\.orders\.jobs\.migrate\.image: is missing; /),
    ]);
  });
});

describe("texts of programs in domains", () => {
  it("have several lines, of a domain and of what is in it", () => {
    const text = "one\n${two}";
    expect(
      about({
        env: { A: text },
        services: { api: { ...service, env: { B: text }, files: { "/c": text }, command: [text] } },
        jobs: { migrate: { image, when: "before", command: [text], args: [text], down: { command: [text] } } },
      }),
    ).toEqual([]);
  });
});

describe("what a domain comes after", () => {
  it("may be nothing", () => {
    expect(about({ services: { api: service }, after: [] })).toEqual([]);
  });
});

describe("a job that runs before its domain", () => {
  it("calls no service of the domain, which is deployed after it", () => {
    const services = { api: { ...service } };
    const job = { image, calls: ["api"] };
    expect(about({ services, jobs: { topics: { ...job, when: "before" } } })).toEqual([
      `${at}.jobs.topics.calls[0]: "api" is deployed after this job; set when to "after", or move the job to an earlier domain`,
    ]);
    expect(about({ services, jobs: { topics: { ...job, when: "after" } } })).toEqual([]);
  });
});

describe("a generated secret", () => {
  it("stays on its cluster if it exists already", () => {
    const clusters = { cluster: undefined, writeCluster: { context: "kind-write" }, readCluster: { context: "kind-read" } };
    const given = { services: { one: { ...service, secrets: { JWT: "jwt" } } }, cluster: "writeCluster" };
    const taken = { services: { two: { ...service, secrets: { JWT: "jwt" } } } };
    expect(complaints({ ...clusters, domains: { given, taken } })).toEqual([
      'test.domains.taken.services.two.secrets.JWT: "jwt" is generated on writeCluster, and existing clusters share no secrets; use another name on each cluster, or provide it: { secret, key }',
    ]);
  });
});
