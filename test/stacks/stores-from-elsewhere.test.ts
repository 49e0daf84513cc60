import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, DefaultTokenResolver, StringConcat, Tokenization } from "cdktf";
import type { IConstruct } from "constructs";
import type { Connection } from "../../constructs/connection";
import { EventSourcingDb, type EventStore, KurrentDb, PostgresEvents } from "../../constructs/event-store";
import { PostgresCluster, postgresConnection } from "../../constructs/postgres";
import { redisConnection, Valkey } from "../../constructs/redis";
import { kubernetesStack } from "../../stacks/base/site";
import type { PlatformStack } from "../../stacks/base/stack";
import { compose } from "../../stacks/compose";
import { connectionTo } from "../../stacks/lookup/stores";
import type { StoreRole } from "../../stacks/model/workloads/workload";
import { anEnvironment, aProgram } from "../environments";

const made = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const [ONE, TWO] = [{ cluster: made }, { writeCluster: made, readCluster: made }] as const;

const KURRENTDB = { engine: "kurrentdb", nodes: 3, storage: "10Gi", version: "24.10" };
const AURORA = { engine: "aurora", replicas: 1 };
const CLOUD_NATIVE_PG = { engine: "cloudnative-pg", instances: 3, pooler: true };
const QUERY_API = { image: "registry.example.com/orders/query-api:1.0.0", replicas: 2 };
const ELASTICACHE = { engine: "elasticache", shards: 1, replicasPerShard: 1 };

/** The stacks of an environment, and a further one on one of its clusters, which makes nothing that it reads. */
function another(changes: object, key: "cluster" | "writeCluster" | "readCluster" = "cluster") {
  const app = new App({ outdir: join(tmpdir(), "cdktf-cqrs-connections") });
  const [, environment] = compose(app, aProgram(anEnvironment(changes)));
  const site = environment?.sites.map((populated) => populated.site).find((one) => one.key === key);
  if (!environment || !site) throw new Error(`there is no ${key}`);
  const { stack } = kubernetesStack(app, site, "workloads");
  const found = <T extends IConstruct>(type: new (...given: never[]) => T): T => {
    const [construct] = environment.stacks.flatMap((each) => each.node.findAll()).filter((each): each is T => each instanceof type);
    if (!construct) throw new Error(`there is no ${type.name}`);
    return construct;
  };
  const use = (store: string, as?: StoreRole): Connection => connectionTo(site, stack, { store, ...(as ? { as } : {}), keys: [] });
  return { stack, found, use };
}

/** A value as it stands in Terraform, where what is read of a state is the same text in every stack. */
const inTerraform = (stack: PlatformStack, value: unknown): unknown =>
  Tokenization.resolve(value, { scope: stack, resolver: new DefaultTokenResolver(new StringConcat()), preparing: false });
const output = (stack: string, name: string) => `\${data.terraform_remote_state.test-${stack}.outputs.${name}}`;

/** As both of its users know an event store. */
const events = (use: Use): EventStore["connections"] => ({
  commands: use("event-store", "commands"),
  subscriptions: use("event-store", "subscriptions"),
});

describe("an event store, to a stack that did not make it", () => {
  it.each([
    ["kurrentdb", KURRENTDB, (found: Find) => found(KurrentDb).eventStore],
    ["eventsourcingdb", { engine: "eventsourcingdb" }, (found: Find) => found(EventSourcingDb).eventStore],
    ["postgres in the cluster", { engine: "postgres", server: CLOUD_NATIVE_PG }, (found: Find) => found(PostgresEvents)],
    ["postgres at AWS", { engine: "postgres", server: AURORA }, (found: Find) => found(PostgresEvents)],
  ] as const)("is what it is to its own: %s", (_, eventStore, own) => {
    const { stack, found, use } = another({ ...ONE, eventStore });
    expect(inTerraform(stack, events(use))).toEqual(inTerraform(stack, own(found).connections));
    expect(use("event-store", "commands").variables).toHaveProperty("EVENT_STORE_URL");
  });

  it("has other names on the other cluster, where it has names there", () => {
    const { stack, found, use } = another(
      { ...TWO, eventStore: KURRENTDB, queryApi: { ...QUERY_API, uses: ["event-store"] } },
      "readCluster",
    );
    const { eventStoreOutside } = found(KurrentDb);
    expect(inTerraform(stack, events(use))).toEqual(inTerraform(stack, eventStoreOutside?.connections));
    expect(inTerraform(stack, use("event-store", "subscriptions").ready)).toEqual({
      host: `event-store.${output("network", "private_zone_name")}`,
      port: 2113,
    });
  });

  it("is reached from both sides where it is a server of AWS", () => {
    const { stack, use } = another({ ...TWO, eventStore: { engine: "postgres", server: AURORA } }, "readCluster");
    expect(inTerraform(stack, use("event-store", "subscriptions").facts.host)).toBe(output("data", "event_store_writer"));
  });

  it.each(["writeCluster", "readCluster"] as const)("is known at its vendor by what its stack publishes, on the %s", (key) => {
    const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
    const { stack, use } = another({ ...TWO, eventStore }, key);
    const { commands, subscriptions } = events(use);
    expect(commands.variables).toEqual({ EVENT_STORE_URL: "esdb+discover://{user}:{password}@{host}:{port}?tls=true" });
    expect(inTerraform(stack, commands.facts)).toMatchObject({
      host: output("event-store", "event_store_host"),
      user: { home: "event-store", key: "user", secret: { name: "event-store-commands" } },
      password: { home: "event-store", key: "password", secret: { name: "event-store-commands" } },
    });
    expect(subscriptions.facts).toMatchObject({ user: { secret: { name: "event-store-subscriptions" } } });
    expect(subscriptions.egress).toEqual([{ name: "event-store", peer: { cidr: "10.128.0.0/20" }, ports: [2113] }]);
  });

  it.each([
    ["eventStore", { engine: "eventsourcingdb" }],
    ["eventStore", KURRENTDB],
    ["eventStore.server", { engine: "postgres", server: CLOUD_NATIVE_PG }],
  ])("is refused on the other cluster where it is in its own alone: %s", (path, eventStore) => {
    const { use } = another({ ...TWO, eventStore }, "readCluster");
    expect(() => use("event-store")).toThrow(
      `test.${path}: is not reached from readCluster; use an engine outside of clusters, or one cluster for both sides`,
    );
  });

  it("is missed by its name where there is none", () => {
    expect(() => another(ONE).use("event-store")).toThrow("test has no store event-store");
  });
});

describe("the databases of the read side, to a stack that did not make them", () => {
  it("are what they are to their own: cloudnative-pg", () => {
    const { found, use } = another({ ...ONE, readDatabase: CLOUD_NATIVE_PG });
    for (const role of ["migrator", "writer", "reader"] as const) {
      expect(use("read-database", role)).toEqual(postgresConnection(found(PostgresCluster).postgres, role));
    }
  });

  it("are known at AWS by what the data stack publishes", () => {
    const { stack, use } = another({ ...TWO, readDatabase: [AURORA, { engine: "rds", replicas: 2, name: "search" }] }, "readCluster");
    const hosts = ["read-database", "search"].map((name) => use(name, "reader").facts.host);
    expect(inTerraform(stack, hosts)).toEqual([output("data", "read_database_reader"), output("data", "search_reader")]);
    expect(use("read-database", "writer").facts.user).toMatchObject({
      home: "read-store",
      key: "user",
      secret: { name: "read-database-writer" },
    });
  });

  it("are closed to the write side where they run on the cluster of the read side", () => {
    const { use } = another({ ...TWO, readDatabase: CLOUD_NATIVE_PG, cache: { engine: "valkey" } }, "writeCluster");
    const remedy = "is not reached from writeCluster; let what needs it run on readCluster, or use one cluster for both sides";
    expect(() => use("read-database", "reader")).toThrow(`test.readDatabase: ${remedy}`);
    expect(() => use("cache")).toThrow(`test.cache: ${remedy}`);
  });

  it("are known to whoever uses them where AWS runs them, on either cluster", () => {
    const { stack, use } = another({ ...TWO, readDatabase: AURORA, cache: ELASTICACHE }, "writeCluster");
    expect(inTerraform(stack, use("read-database", "reader").facts.host)).toBe(output("data", "read_database_reader"));
    expect(inTerraform(stack, use("cache").facts.host)).toBe(output("data", "cache_host"));
  });
});

describe("the cache, to a stack that did not make it", () => {
  it("is what it is to its own: valkey", () => {
    const { found, use } = another({ ...ONE, cache: { engine: "valkey" } });
    expect(use("cache")).toEqual(redisConnection(found(Valkey).redis));
  });

  it("is known at AWS by what the data stack publishes, and by the password of its one user", () => {
    const { stack, use } = another({ ...TWO, cache: ELASTICACHE }, "readCluster");
    const { variables, facts, authority, egress: reaches } = use("cache");
    expect(variables).toMatchObject({ REDIS_URL: "rediss://{user}:{password}@{host}:{port}", REDIS_CLUSTER: "true" });
    expect(authority).toBe("public");
    expect(inTerraform(stack, facts)).toMatchObject({
      host: output("data", "cache_host"),
      user: output("data", "cache_user"),
      password: { home: "read-store", key: "default", secret: { name: "cache-users" } },
    });
    expect(inTerraform(stack, reaches)).toEqual([{ name: "cache", peer: [{ cidr: output("network", "vpc_cidr") }], ports: [6379] }]);
  });
});

type Find = ReturnType<typeof another>["found"];
type Use = ReturnType<typeof another>["use"];
