import { anEnvironment, aProgram, errorsOf as errorsOfProgram } from "../environments";

const API = { image: "registry.example.com/orders/api:1.0.0", replicas: 2 };
const EVENTS = { engine: "kurrentdb", nodes: 3 };
const CLUSTER = { context: "kind-orders" };
const KNOWN = {
  authentication: { issuer: "https://login.example.com/", audience: "orders", jwks: "https://login.example.com/keys" },
  authorization: { CreateOrder: ["admin"] },
};
const SYSTEM = { cluster: CLUSTER, eventStore: EVENTS, commandApi: API, ...KNOWN };
const PROJECTIONS = { image: "registry.example.com/orders/projections:1.0.0", workers: 5, parallelism: 10 };
const DATABASE = { engine: "cloudnative-pg" };

const errorsOf = (environment: object) => errorsOfProgram(aProgram(environment));
const errors = (more: object) => errorsOf(anEnvironment({ ...SYSTEM, ...more }));

describe("an API", () => {
  it("asks who is there and what they may, where anything is worth protecting", () => {
    const { authentication: _, authorization: __, ...open } = SYSTEM;
    expect(errorsOf(anEnvironment(open))).toEqual([
      "test.authentication: is required, because without it everyone can call the APIs; add it, or name in exceptions.unauthenticatedApis what authenticates callers instead",
      "test.authorization: is required, because without it everyone can call the APIs; add it, or name in exceptions.unauthenticatedApis what authenticates callers instead",
    ]);
    expect(errorsOf(anEnvironment({ ...open, exceptions: { unauthenticatedApis: "the gateway of the company asks" } }))).toEqual([]);
    expect(errorsOf(anEnvironment({ ...open, exceptions: { disposable: "a try" } }))).toEqual([]);
  });

  it("has no exception that excepts nothing", () => {
    expect(errorsOf(anEnvironment({ exceptions: { unauthenticatedApis: "why not" } }))).toEqual([
      "test.exceptions.unauthenticatedApis: excepts nothing here; remove it",
    ]);
  });
});

describe("the variables of a workload", () => {
  it("are of what its role is connected to", () => {
    const named = (name: string) => ({ commandApi: { ...API, variables: { [name]: { URL: "{EVENT_STORE_URL}" } } } });
    expect(errors(named("event-store"))).toEqual([]);
    expect(errors(named("read-database"))).toEqual([
      "test.commandApi.variables.read-database: is nothing that it is connected to; use one of event-store",
    ]);
  });

  it("have names that a process can have", () => {
    expect(errors({ commandApi: { ...API, env: { "LOG LEVEL": "info" } } })).toEqual([
      'test.commandApi.env["LOG LEVEL"]: "LOG LEVEL" is not a valid variable name; use letters, digits and _, not beginning with a digit',
    ]);
  });
});

describe("the files of a workload", () => {
  it("have whole paths", () => {
    expect(errors({ commandApi: { ...API, files: { "settings.json": "{}" } } })).toEqual([
      'test.commandApi.files.settings.json: "settings.json" must be a path; write an absolute one without . and .., like /app/settings.json',
    ]);
  });
});

describe("migrations", () => {
  const MIGRATIONS = { image: "registry.example.com/orders/migrations:1.0.0" };

  it("say which of several databases they change", () => {
    expect(errors({ readDatabase: DATABASE, migrations: MIGRATIONS })).toEqual([]);
    const two = [
      { ...DATABASE, name: "orders" },
      { ...DATABASE, name: "search" },
    ];
    expect(errors({ readDatabase: two, migrations: MIGRATIONS })).toEqual([
      "test.migrations: does not say which read database it changes; set database to one of orders, search",
    ]);
    expect(errors({ readDatabase: two, migrations: { ...MIGRATIONS, database: "order" } })).toEqual([
      'test.migrations.database: "order" is not a read database; use one of orders, search',
    ]);
    expect(errors({ migrations: MIGRATIONS })).toEqual(["test.migrations: changes a read database, and there is none; add readDatabase"]);
  });
});

describe("what a workload follows", () => {
  const follows = (scaleOn: object, more: object = {}) =>
    errors({ commandApi: undefined, commandProcessors: { image: API.image, replicas: { min: 2, max: 4 }, scaleOn }, ...more });
  const at = "test.commandProcessors.scaleOn";
  const asked = { query: "SELECT count(*) FROM events", targetPerReplica: 500 };
  const waiting = { stream: "commands", consumer: "processors", targetPerReplica: 100 };

  it("is there", () => {
    const two = [
      { ...DATABASE, name: "orders" },
      { ...DATABASE, name: "search" },
    ];
    const stores = { broker: { engine: "nats" }, eventStore: { engine: "postgres", server: DATABASE }, readDatabase: two };
    const sound = { broker: waiting, eventStore: asked, readDatabase: { ...asked, database: "search" } };
    expect(follows(sound, stores)).toEqual([]);
    expect(follows(sound)).toEqual([
      `${at}.broker: follows a broker, and there is none; add broker`,
      `${at}.eventStore: asks for an answer in SQL, which kurrentdb has none of; follow it by prometheus: docs/workloads.md has the query`,
      `${at}.readDatabase: queries a read database, and there is none; add readDatabase`,
    ]);
    expect(follows({ readDatabase: asked }, stores)).toEqual([
      `${at}.readDatabase: must name the read database that it queries; set database to one of orders, search`,
    ]);
    expect(follows({ readDatabase: { ...asked, database: "order" } }, stores)).toEqual([
      `${at}.readDatabase.database: "order" is not a read database; set database to one of orders, search`,
    ]);
  });

  it("is on the cluster that it is on itself", () => {
    const server = { engine: "postgres", server: DATABASE };
    const two = { cluster: undefined, writeCluster: { context: "write" }, readCluster: { context: "read" }, eventStore: server };
    const queryApi = { ...API, replicas: { min: 2, max: 4 }, scaleOn: { eventStore: asked } };
    expect(follows({ readDatabase: asked }, { ...two, readDatabase: DATABASE, queryApi })).toEqual([
      `${at}.readDatabase: queries a database on readCluster, which it can't reach; follow something else, or use one cluster for both sides`,
      "test.queryApi.scaleOn.eventStore: queries a database on writeCluster, which it can't reach; follow something else, or use one cluster for both sides",
    ]);
    expect(
      follows({ eventStore: asked }, { ...two, readDatabase: DATABASE, queryApi: { ...queryApi, scaleOn: { readDatabase: asked } } }),
    ).toEqual([]);
  });

  it("is said so that it can be asked", () => {
    const prometheus = { server: "http://prometheus.monitoring.svc", namespace: "monitoring", query: "sum(lag)", targetPerReplica: 0 };
    expect(follows({ prometheus, broker: { ...waiting, stream: "orders.*" } }, { broker: { engine: "nats" } })).toEqual([
      `${at}.broker.stream: "orders.*" is not a valid name in NATS; write one without spaces and . * > / \\`,
      `${at}.prometheus.targetPerReplica: 0 can't be requested by a single instance; use a number from 0.001 to 1000000000`,
      `${at}.prometheus.server: "http://prometheus.monitoring.svc" must be an address with a port; write one like http://prometheus.monitoring.svc:9090`,
    ]);
  });
});

describe("projections", () => {
  it("have a partition for every worker", () => {
    const cut = (partitions: number) => errors({ readDatabase: DATABASE, projections: { ...PROJECTIONS, partitions } });
    expect(cut(5)).toEqual([]);
    expect(cut(4)).toEqual(["test.projections.partitions: 4 leaves 1 of 5 workers without any; use 5 or more"]);
  });
});

describe("the paths of services", () => {
  const apis = (...paths: readonly (readonly string[] | undefined)[]) =>
    errors({ commandApi: paths.map((of, index) => ({ ...API, name: `api-${index}`, ...(of ? { paths: of } : {}) })) });

  it("are each of one service", () => {
    expect(apis(["/orders"], ["/orders/returns", "/stock"], undefined)).toEqual([]);
    expect(apis(["/orders"], ["/stock", "/orders/"])).toEqual([
      'test.commandApi[1].paths: "/orders/" is a path of commandApi[0] as well; use other paths for one of the two',
    ]);
    expect(apis(undefined, undefined)).toEqual([
      'test.commandApi[1].paths: "/" is a path of commandApi[0] as well; use other paths for one of the two',
    ]);
  });
});

describe("times of a pod", () => {
  it("are no longer than a day", () => {
    expect(errors({ commandApi: { ...API, terminationGracePeriod: "24h", probes: { liveness: { delay: "1d" } } } })).toEqual([]);
    expect(errors({ commandApi: { ...API, terminationGracePeriod: "25h", probes: { liveness: { delay: "100000d" } } } })).toEqual([
      'test.commandApi.terminationGracePeriod: "25h" is longer than a day; use up to "24h"',
      'test.commandApi.probes.liveness.delay: "100000d" is longer than a day; use up to "24h"',
    ]);
  });
});
