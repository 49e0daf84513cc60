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
      "test.authentication: is missing, so that everybody may do everything; add it, or say in exceptions.openToAll who asks instead",
      "test.authorization: is missing, so that everybody may do everything; add it, or say in exceptions.openToAll who asks instead",
    ]);
    expect(errorsOf(anEnvironment({ ...open, exceptions: { openToAll: "the gateway of the company asks" } }))).toEqual([]);
    expect(errorsOf(anEnvironment({ ...open, exceptions: { disposable: "a try" } }))).toEqual([]);
  });

  it("has no exception that excepts nothing", () => {
    expect(errorsOf(anEnvironment({ exceptions: { openToAll: "why not" } }))).toEqual([
      "test.exceptions.openToAll: excepts nothing here; remove it",
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
      'test.commandApi.env: {"LOG LEVEL":"info"} has the variable LOG LEVEL, which is none; use letters, digits and _ for its name, and quotes for its value',
    ]);
  });
});

describe("the files of a workload", () => {
  it("have whole paths", () => {
    expect(errors({ commandApi: { ...API, files: { "settings.json": "{}" } } })).toEqual([
      'test.commandApi.files: {"settings.json":"{}"} has the file settings.json, which is none; use a whole path, like /etc/orders/settings.json, and text',
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
      'test.migrations.database: "order" is no read database; use one of orders, search',
    ]);
    expect(errors({ migrations: MIGRATIONS })).toEqual(["test.migrations: changes a read database, and there is none; add readDatabase"]);
  });
});

describe("projections", () => {
  it("have a partition for every worker", () => {
    const cut = (partitions: number) => errors({ readDatabase: DATABASE, projections: { ...PROJECTIONS, partitions } });
    expect(cut(5)).toEqual([]);
    expect(cut(4)).toEqual(["test.projections.partitions: 4 leaves 1 of 5 workers without any; use 5 or more"]);
  });
});
