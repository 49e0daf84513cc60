import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, DefaultTokenResolver, StringConcat, Tokenization } from "cdktf";
import type { IConstruct } from "constructs";
import { EventSourcingDb, type EventStore, KurrentDb, PostgresEvents } from "../../constructs/event-store";
import { PostgresCluster, postgresConnection } from "../../constructs/postgres";
import { redisConnection, Valkey } from "../../constructs/redis";
import { kubernetesStack } from "../../stacks/base/site";
import type { PlatformStack } from "../../stacks/base/stack";
import { compose } from "../../stacks/compose";
import { eventStoreOf, postgresOf, redisOf } from "../../stacks/lookup/stores";
import { anEnvironment, aProgram } from "../environments";

const made = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const [ONE, TWO] = [{ cluster: made }, { writeCluster: made, readCluster: made }] as const;

const KURRENTDB = { engine: "kurrentdb", nodes: 3, storage: "10Gi", version: "24.10" };
const AURORA = { engine: "aurora", replicas: 1 };
const CLOUD_NATIVE_PG = { engine: "cloudnative-pg", instances: 3, pooler: true };
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
  return { site, stack, found };
}

/** A value as it stands in Terraform, where what is read of a state is the same text in every stack. */
const inTerraform = (stack: PlatformStack, value: unknown): unknown =>
  Tokenization.resolve(value, { scope: stack, resolver: new DefaultTokenResolver(new StringConcat()), preparing: false });
const output = (stack: string, name: string) => `\${data.terraform_remote_state.test-${stack}.outputs.${name}}`;
const contract = ({ protocol, connections }: EventStore) => ({ protocol, connections });

describe("an event store, to a stack that did not make it", () => {
  it.each([
    ["kurrentdb", KURRENTDB, (found: Find) => found(KurrentDb).eventStore],
    ["eventsourcingdb", { engine: "eventsourcingdb" }, (found: Find) => found(EventSourcingDb).eventStore],
    ["postgres in the cluster", { engine: "postgres", server: CLOUD_NATIVE_PG }, (found: Find) => found(PostgresEvents)],
    ["postgres at AWS", { engine: "postgres", server: AURORA }, (found: Find) => found(PostgresEvents)],
  ] as const)("is what it is to its own: %s", (_, eventStore, own) => {
    const { site, stack, found } = another({ ...ONE, eventStore });
    const store = eventStoreOf(site, stack) as EventStore;
    expect(inTerraform(stack, contract(store))).toEqual(inTerraform(stack, contract(own(found))));
    expect(store.connections.commands.variables).toHaveProperty("EVENT_STORE_URL");
  });

  it("has other names on the other cluster, where it has names there", () => {
    const { site, stack, found } = another({ ...TWO, eventStore: KURRENTDB }, "readCluster");
    const { eventStoreOutside } = found(KurrentDb);
    const store = eventStoreOf(site, stack) as EventStore;
    expect(inTerraform(stack, store)).toEqual(inTerraform(stack, eventStoreOutside));
    expect(inTerraform(stack, store.connections.subscriptions.ready)).toEqual({
      host: `event-store.${output("network", "private_zone_name")}`,
      port: 2113,
    });
  });

  it("is reached from both sides where it is a server of AWS", () => {
    const { site, stack } = another({ ...TWO, eventStore: { engine: "postgres", server: AURORA } }, "readCluster");
    const { subscriptions } = eventStoreOf(site, stack)?.connections ?? {};
    expect(inTerraform(stack, subscriptions?.facts.host)).toBe(output("data", "event_store_writer"));
  });

  it.each(["writeCluster", "readCluster"] as const)("is known at its vendor by what its stack publishes, on the %s", (key) => {
    const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
    const { site, stack } = another({ ...TWO, eventStore }, key);
    const { commands, subscriptions } = eventStoreOf(site, stack)?.connections ?? {};
    expect(commands?.variables).toEqual({ EVENT_STORE_URL: "esdb+discover://{user}:{password}@{host}:{port}?tls=true" });
    expect(inTerraform(stack, commands?.facts)).toMatchObject({
      host: output("event-store", "event_store_host"),
      user: { home: "event-store", key: "user", secret: { name: "event-store-commands" } },
      password: { home: "event-store", key: "password", secret: { name: "event-store-commands" } },
    });
    expect(subscriptions?.facts).toMatchObject({ user: { secret: { name: "event-store-subscriptions" } } });
    expect(subscriptions?.reaches).toEqual([{ name: "event-store", peer: { cidr: "10.128.0.0/20" }, ports: [2113] }]);
  });

  it.each([
    ["eventStore", { engine: "eventsourcingdb" }],
    ["eventStore.server", { engine: "postgres", server: CLOUD_NATIVE_PG }],
  ])("is refused on the other cluster where it is in its own alone: %s", (path, eventStore) => {
    const { site, stack } = another({ ...TWO, eventStore }, "readCluster");
    expect(() => eventStoreOf(site, stack)).toThrow(
      `test.${path}: is not reached from readCluster; use an engine outside of clusters, or one cluster for both sides`,
    );
  });

  it("is nothing where there is none", () => {
    const { site, stack } = another(ONE);
    expect([eventStoreOf(site, stack), redisOf(site, stack), postgresOf(site, stack)]).toEqual([undefined, undefined, []]);
  });
});

describe("the databases of the read side, to a stack that did not make them", () => {
  it("are what they are to their own: cloudnative-pg", () => {
    const { site, stack, found } = another({ ...ONE, readDatabase: CLOUD_NATIVE_PG });
    expect(postgresOf(site, stack)).toEqual([found(PostgresCluster).postgres]);
  });

  it("are known at AWS by what the data stack publishes", () => {
    const { site, stack } = another({ ...TWO, readDatabase: [AURORA, { engine: "rds", replicas: 2, name: "search" }] }, "readCluster");
    const hosts = postgresOf(site, stack).map((postgres) => postgresConnection(postgres, "reader").facts.host);
    expect(inTerraform(stack, hosts)).toEqual([output("data", "read_database_reader"), output("data", "search_reader")]);
    const [first] = postgresOf(site, stack);
    expect(first?.users.writer.user).toMatchObject({ home: "read-store", key: "user", secret: { name: "read-database-writer" } });
  });

  it("are closed to the write side", () => {
    const { site, stack } = another({ ...TWO, readDatabase: AURORA, cache: ELASTICACHE }, "writeCluster");
    const remedy = "is not reached from writeCluster; let what needs it run on readCluster, or use one cluster for both sides";
    expect(() => postgresOf(site, stack)).toThrow(`test.readDatabase: ${remedy}`);
    expect(() => redisOf(site, stack)).toThrow(`test.cache: ${remedy}`);
  });
});

describe("the cache, to a stack that did not make it", () => {
  it("is what it is to its own: valkey", () => {
    const { site, stack, found } = another({ ...ONE, cache: { engine: "valkey" } });
    expect(redisOf(site, stack)).toEqual(found(Valkey).redis);
  });

  it("is known at AWS by what the data stack publishes, and by the password of its one user", () => {
    const { site, stack } = another({ ...TWO, cache: ELASTICACHE }, "readCluster");
    const redis = redisOf(site, stack);
    if (!redis) throw new Error("there is no cache");
    const { variables, facts, authority, reaches } = redisConnection(redis);
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
