import { Nats } from "../../constructs/broker";
import { brokerConnection } from "../../constructs/broker/contract";
import { type Connection, podConnections } from "../../constructs/connection";
import {
  EventSourcingDb,
  eventSourcingDbSecrets,
  KurrentCloudUsers,
  KurrentDb,
  kurrentCloudEventStore,
  kurrentCloudSecrets,
  kurrentDbSecrets,
  PostgresEvents,
} from "../../constructs/event-store";
import { kubernetesObjects } from "../../constructs/kubernetes";
import { redisConnection, Valkey } from "../../constructs/redis";
import { aCluster, usersOf } from "../broker/data-cluster";
import { aPostgres } from "../postgres/postgres";
import { refusalsOf, synth } from "../synth";

type Stack = Parameters<typeof aCluster>[0];

const namespace = "stores";
const clients = [{ namespace: "shop" }];
const cloud = (name: string) => ({ name, host: `${name}.mesdb.eventstore.cloud`, cidr: "10.128.0.0/20", clustered: true });

/** Two stores of each engine in one namespace, by their names alone, and the connections to all of them. */
function twoOfEach(stack: Stack): readonly Connection[] {
  const cluster = aCluster(stack);
  const where = { cluster, namespace };
  return ["orders", "billing"].flatMap((name) => {
    const events = new KurrentDb(stack, `${name}-kurrentdb`, { ...where, name: `${name}-events`, clients, metrics: "observability" });
    const vendor = new EventSourcingDb(stack, `${name}-esdb`, { ...where, name: `${name}-esdb`, size: "small", protect: true });
    const tables = new PostgresEvents(stack, `${name}-tables`, { ...where, postgres: aPostgres(), storeName: `${name}-tables` });
    const access = cloud(`${name}-cloud`);
    new KurrentCloudUsers(stack, `${name}-cloud`, { ...where, access, adminSecret: `${name}-admin` });
    const { commands, subscriptions } = kurrentCloudSecrets(access.name);
    const user = (secret: typeof commands) => ({
      user: { secret, home: namespace, key: "user" },
      password: { secret, home: namespace, key: "password" },
    });
    const users = { commands: user(commands), subscriptions: user(subscriptions) };
    const redis = new Valkey(stack, `${name}-valkey`, {
      ...where,
      name: `${name}-valkey`,
      purpose: "store",
      users: usersOf(`${name}-valkey-users`, "default"),
      clients,
    });
    const nats = new Nats(stack, `${name}-nats`, {
      ...where,
      name: `${name}-nats`,
      purpose: "events",
      users: usersOf(`${name}-nats-users`, "a", "b", "system"),
      clients,
    });
    const stores = [events.eventStore, vendor.eventStore, tables, kurrentCloudEventStore({ ...access, users })];
    return [...stores.map((store) => store.connections.commands), redisConnection(redis.redis), brokerConnection(nats.broker)];
  });
}

const repeated = (values: readonly string[]) => values.filter((value, index) => values.indexOf(value) !== index);

describe("two stores of one engine in one namespace", () => {
  let connections: readonly Connection[] = [];
  const json = synth((stack) => {
    connections = twoOfEach(stack);
  });

  it("have no object in common", () => {
    const { objects, releases } = kubernetesObjects(json);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(repeated(names)).toEqual([]);
    expect(repeated(releases.map((release) => `${release.namespace}/${release.name}`))).toEqual([]);
    // Of the server that both keep their events on, which is in another namespace, both use the same copies.
    const shared = names.filter((name) => /secrets-of-data|secrets-for-stores|read-database-ca$/.test(name));
    const fixed = names.filter((name) => !/(orders|billing)-/.test(name) && !/^ConfigMap stores\/verification-/.test(name));
    expect(fixed).toEqual(shared);
  });

  it("select no pods of each other by their labels", () => {
    const { objects } = kubernetesObjects(json);
    const selectors = objects
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map(({ spec }) => JSON.stringify((spec as { podSelector: object }).podSelector));
    expect(repeated(selectors.filter((selector) => !selector.includes("verdict")))).toEqual([]);
  });

  it("have secrets with names of their own", () => {
    const secretsOf = (name: string) => [
      ...Object.values(kurrentDbSecrets(`${name}-events`)).map((secret) => secret.name),
      ...Object.values(kurrentCloudSecrets(`${name}-cloud`)).map((secret) => secret.name),
      ...eventSourcingDbSecrets(`${name}-esdb`),
    ];
    expect(repeated([...secretsOf("orders"), ...secretsOf("billing")])).toEqual([]);
  });

  it("are reached by one workload, which gives their variables names", () => {
    const renamed = connections.map((connection, index) => ({
      connection,
      variables: Object.fromEntries(Object.values(connection.variables).map((value, part) => [`STORE_${index}_${part}`, value])),
    }));
    expect(podConnections({}, renamed).problems).toEqual([]);
  });
});

describe("the name of an event store", () => {
  const clashing = (build: (stack: Stack, where: { cluster: ReturnType<typeof aCluster>; namespace: string }) => void) =>
    refusalsOf((stack) => build(stack, { cluster: aCluster(stack), namespace }));

  it("can't be what services can't be called, whatever the engine", () => {
    const rule = `"Orders" can't be part of the names of services and releases; use up to 38 lower-case letters, digits and hyphens`;
    expect(
      clashing((stack, where) => new EventSourcingDb(stack, "events", { ...where, name: "Orders", size: "small", protect: true })),
    ).toContain(`test/events.name: ${rule}`);
    expect(
      clashing((stack, where) => new PostgresEvents(stack, "events", { ...where, postgres: aPostgres(), storeName: "Orders" })),
    ).toContain(`test/events.storeName: ${rule}`);
    expect(
      clashing((stack, where) => new KurrentCloudUsers(stack, "users", { ...where, access: cloud("Orders"), adminSecret: "admin" })),
    ).toContain(`test/users.access.name: ${rule}`);
  });

  it("of a KurrentDB can't be that of another one's service", () => {
    expect(clashing((stack, where) => new KurrentDb(stack, "events", { ...where, name: "orders-nodes", clients: [] }))).toEqual([
      `test/events.name: "orders-nodes" can be the name of another event store's service or account, which end in -nodes; choose a name with another end`,
    ]);
  });
});
