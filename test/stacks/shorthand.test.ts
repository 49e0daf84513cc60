import * as fc from "fast-check";
import { asDomains, type DomainOf, type Environment, type StoreOf, type UseOf, type WorkloadOf } from "../../stacks";
import { VARIETY } from "../cluster/varieties";
import { anEnvironment } from "../environments";
import { program } from "../fixtures/environments";
import { production } from "../fixtures/environments/production";
import { hostileValues, placesIn, replaced } from "../hostile";
import { runs } from "../thorough";

const ofStore = ({ name, kind, keys, cluster, namespace, stack }: StoreOf) =>
  `${name}: ${kind} of ${keys.join(".")}, in ${namespace} on ${cluster}, stack ${stack}`;

const ofUse = ({ store, as, variables }: UseOf) =>
  `${store}${as ? ` as ${as}` : ""}${variables ? ` by ${Object.keys(variables).join(", ")}` : ""}`;

const ofWorkload = ({ kind, name, keys, uses, calls }: WorkloadOf<object>) =>
  [
    `  ${kind} ${name} of ${keys.join(".")}`,
    ...(uses.length > 0 ? [`uses ${uses.map(ofUse).join(", ")}`] : []),
    ...(calls.length > 0 ? [`calls ${calls.map(({ service }) => service).join(", ")}`] : []),
  ].join(", ");

const ofDomain = ({ name, cluster, namespace, after, priority = 0, endpoint, ...members }: DomainOf) => [
  `${name}: in ${namespace}${members.ownsNamespace ? "" : ", which others have"} on ${cluster}, after ${after.join(", ") || "nothing"}, priority ${priority}, reached as ${endpoint.name}`,
  ...[...members.services, ...members.workers, ...members.projections, ...members.jobs].map(ofWorkload),
  ...members.readModels.map(
    ({ projection, database, slots, live }) => `  read model ${projection} in ${database}: ${Object.keys(slots)}, ${live} is live`,
  ),
];

/** The stores and domains of an environment, in lines. */
const linesOf = (environment: Environment) => {
  const { stores, domains } = asDomains(environment);
  return [...stores.map(ofStore), ...domains.flatMap(ofDomain)];
};

const image = "registry.example.com/orders/app:1.0.0";

describe("the roles of an environment", () => {
  it("are stores and domains", () => {
    expect(linesOf(production)).toEqual([
      "event-store: event-store of eventStore, in event-store on writeCluster, stack event-store",
      "read-database: postgres of readDatabase, in read-store on readCluster, stack read-store",
      "cache: redis of cache, in read-store on readCluster, stack read-store",
      "migrations: in read-store, which others have on readCluster, after nothing, priority 0, reached as migrations",
      "  job migrations of migrations, uses read-database as migrator",
      "  read model orders in read-database: a, a is live",
      "write-side: in write-side on writeCluster, after migrations, priority 3000000, reached as commands",
      "  service command-api of commandApi, uses event-store as commands",
      "  worker command-processors of commandProcessors, uses event-store as commands",
      "read-side: in read-side on readCluster, after write-side, priority 2000000, reached as queries",
      "  service query-api of queryApi, uses read-database as reader, cache",
      "projections: in projections on readCluster, after read-side, priority 1000000, reached as projections",
      "  projection projections of projections, uses event-store as subscriptions, read-database as writer, cache",
    ]);
  });

  it("have their settings with what the release file says", () => {
    const [writeSide] = asDomains(production).domains.filter(({ name }) => name === "write-side");
    expect(writeSide?.services[0]?.written).toEqual(production.commandApi);
    expect(writeSide?.services[0]?.settings).toEqual({ ...production.commandApi, ...production.release.workloads["command-api"] });
  });

  it("are not in the system that comes of them, and everything else is as it was", () => {
    const { stores: _, domains: __, ...general } = asDomains(production);
    const { aws, exceptions, monitoring, ...parts } = general;
    expect([aws, monitoring]).toEqual([production.aws, production.monitoring]);
    expect(exceptions).toBeUndefined();
    expect(Object.keys(parts).sort()).toEqual(
      ["authentication", "authorization", "backup", "encryptedFields", "name", "readCluster", "system", "writeCluster"].sort(),
    );
  });

  it("that several fill have the names that each has", () => {
    const readDatabase = ["orders", "search"].map((name) => ({ engine: "aurora", name, replicas: 1 }));
    const projections = { image, name: "search", workers: 1, parallelism: 4, database: "search" };
    const migrations = [
      { image, name: "tables", database: "search", variables: { DB: "{DATABASE_URL}" } },
      { image, database: "orders" },
    ];
    expect(linesOf(anEnvironment({ cluster: { context: "kind" }, readDatabase, projections, migrations }))).toEqual([
      "orders: postgres of readDatabase.0, in read-store on cluster, stack read-store",
      "search: postgres of readDatabase.1, in read-store on cluster, stack read-store",
      "migrations: in read-store, which others have on cluster, after nothing, priority 0, reached as migrations",
      "  job tables of migrations.0, uses search as migrator by DB",
      "  job migrations of migrations.1, uses orders as migrator",
      "  read model search in search: a, a is live",
      "projections: in projections on cluster, after migrations, priority 1000000, reached as projections",
      "  projection search of projections, uses search as writer",
    ]);
  });
});

describe("an environment with roles, stores and domains", () => {
  const mixed = anEnvironment({
    writeCluster: { context: "write" },
    readCluster: { context: "read" },
    eventStore: { engine: "kurrentdb" },
    commandApi: { image, replicas: 1, uses: ["redis"], variables: { "event-store": { EVENTS: "{EVENT_STORE_URL}" } } },
    stores: { redis: { engine: "valkey", cluster: "writeCluster" }, postgres: { engine: "aurora", replicas: 1 } },
    domains: {
      reporting: {
        env: { LEVEL: "info", MODE: "a" },
        cpu: "1",
        services: { reports: { image, replicas: 1, paths: ["/reports"], env: { MODE: "b" }, uses: ["postgres"], calls: ["command-api"] } },
        projections: { sales: { image, workers: 1, parallelism: 2, uses: ["event-store", { store: "postgres", as: "writer" }] } },
        jobs: { migrate: { image, when: "before", uses: [{ store: "postgres", as: "migrator", variables: { DB: "{DATABASE_URL}" } }] } },
      },
      mails: { workers: { mails: { image, replicas: 1 } }, after: ["write-side"] },
    },
  });

  it("has the stores and domains of both", () => {
    expect(linesOf(mixed)).toEqual([
      "event-store: event-store of eventStore, in event-store on writeCluster, stack event-store",
      "redis: redis of stores.redis, in redis on writeCluster, stack redis",
      "postgres: postgres of stores.postgres, in postgres on readCluster, stack postgres",
      "write-side: in write-side on writeCluster, after nothing, priority 3000000, reached as commands",
      "  service command-api of commandApi, uses event-store as commands by EVENTS, redis",
      "reporting: in reporting on readCluster, after write-side, priority 900000, reached as reporting",
      "  service reports of domains.reporting.services.reports, uses postgres as writer, calls command-api",
      "  projection sales of domains.reporting.projections.sales, uses event-store as subscriptions, postgres as writer",
      "  job migrate of domains.reporting.jobs.migrate, uses postgres as migrator by DB",
      "  read model sales in postgres: a, a is live",
      "mails: in mails on readCluster, after write-side, priority 890000, reached as mails",
      "  worker mails of domains.mails.workers.mails",
    ]);
  });

  it("gives its members what their domain has for all, and adds variables to their own", () => {
    const [reports] = asDomains(mixed).domains.flatMap(({ services }) => services.filter(({ name }) => name === "reports"));
    expect(reports?.settings).toMatchObject({ cpu: "1", env: { LEVEL: "info", MODE: "b" }, replicas: 1 });
    expect(reports?.exposed).toBe(true);
  });
});

describe("whatever remains of an environment", () => {
  const environments = [...program.environments, ...VARIETY.environments].map((environment) => ({
    environment,
    places: placesIn(environment),
  }));
  const values = hostileValues();
  // What is no object where one is needed was refused before, and is not there.
  const left = ["nothing", "an empty object", "an empty list", "a list of nothing", "an engine"];

  it("has stores and domains, and is never too little", () => {
    const drafts = fc.constantFrom(...environments).chain(({ environment, places }) =>
      fc
        .array(fc.tuple(fc.constantFrom(...places.filter(({ length }) => length > 0)), fc.constantFrom(...left)), {
          minLength: 1,
          maxLength: 5,
        })
        .map((changes) => changes.reduce<unknown>((changed, [place, what]) => replaced(changed, place, values[what]), environment)),
    );
    fc.assert(
      fc.property(drafts, (draft) => {
        const { stores, domains } = asDomains(draft as Environment);
        for (const part of [...stores, ...domains]) expect(part).toMatchObject({ name: expect.any(String), namespace: expect.any(String) });
      }),
      { numRuns: runs(300), seed: 7 },
    );
  });
});
