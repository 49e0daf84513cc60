import { Nats } from "../../constructs/broker";
import { brokerConnection } from "../../constructs/broker/contract";
import { type Connection, podConnections, type RequestedConnection } from "../../constructs/connection";
import { EventSourcingDb, KurrentDb, PostgresEvents } from "../../constructs/event-store";
import { PostgresCluster, postgresConnection } from "../../constructs/postgres";
import { redisConnection, Valkey } from "../../constructs/redis";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

/** A system's stores as they were made, and what was written for them. */
interface Made {
  readonly connections: Readonly<Record<string, Connection>>;
  readonly policies: readonly Body[];
}

const image = "registry.example.com/orders/app:1.0.0";
const service = { image, replicas: 1 };

/** What runs in a system with a write side and a read side. */
const WORKLOADS = { commandApi: service, queryApi: service, projections: { image, workers: 1, parallelism: 1 } };

/** The stores of an environment on one cluster that is there already, with workloads that use them. */
function made(stores: object, workloads: object = WORKLOADS): Made {
  const cluster = { aws: undefined, cluster: { context: "kind" }, exceptions: { disposable: "thrown away daily" } };
  const { stacks } = synthesisOf(aProgram(anEnvironment({ ...cluster, ...stores, ...workloads })));
  const found: Record<string, Connection> = {};
  for (const construct of [...stacks.values()].flatMap(({ stack }) => stack.node.findAll())) {
    if (construct instanceof KurrentDb || construct instanceof EventSourcingDb) Object.assign(found, construct.eventStore.connections);
    if (construct instanceof PostgresEvents) Object.assign(found, construct.connections);
    if (construct instanceof PostgresCluster) {
      const { name } = construct.postgres;
      found[name] = postgresConnection(construct.postgres, "writer");
      found[`${name}, to read`] = postgresConnection(construct.postgres, "reader");
      found[`${name}, to migrate`] = postgresConnection(construct.postgres, "migrator");
    }
    if (construct instanceof Valkey) found.cache = redisConnection(construct.redis);
    if (construct instanceof Nats) found.broker = brokerConnection(construct.broker);
  }
  return { connections: found, policies: [...stacks.values()].flatMap(({ json }) => all(json as Body, "kubernetes_network_policy_v1")) };
}

/** The variables of a workload that asks for some of them, without those that others are put together from. */
function variablesOf({ connections }: Made, asked: Readonly<Record<string, RequestedConnection["variables"] | undefined>>) {
  const wanted = Object.entries(asked).map(([name, variables]): RequestedConnection => {
    const connection = connections[name];
    if (!connection) throw new Error(`there is no ${name}, but ${Object.keys(connections).join(", ")}`);
    return { connection, ...(variables ? { variables } : {}) };
  });
  const { env, problems, secrets, authorities } = podConnections({}, wanted);
  expect(problems).toEqual([]);
  const named = env.filter(({ name }) => !name.startsWith("CONNECTION_"));
  return {
    variables: Object.fromEntries(named.map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.secretKeyRef])),
    copied: [
      ...secrets.map(({ secret, home }) => `${home}/${secret.name}`),
      ...authorities.map(({ home, secretName }) => `${home}/${secretName}`),
    ],
  };
}

const kurrentDb = made({
  eventStore: { engine: "kurrentdb", nodes: 3 },
  readDatabase: { engine: "cloudnative-pg" },
  cache: { engine: "valkey" },
});
const small = made({
  eventStore: { engine: "eventsourcingdb" },
  readDatabase: { engine: "cloudnative-pg" },
  cache: { engine: "valkey" },
});
const relational = made({
  eventStore: { engine: "postgres", server: { engine: "cloudnative-pg" } },
  readDatabase: { engine: "cloudnative-pg" },
});
const services = made({
  eventStore: { engine: "eventsourcingdb" },
  readDatabase: [
    { engine: "cloudnative-pg", name: "gateway" },
    { engine: "cloudnative-pg", name: "geolocation" },
  ],
  cache: { engine: "valkey" },
  broker: { engine: "nats" },
});
const messaging = made(
  {
    readDatabase: {
      engine: "cloudnative-pg",
      name: "messaging",
      parameters: { max_connections: 200, work_mem: "4MB", shared_buffers: "512MB" },
    },
    cache: { engine: "valkey", purpose: "store" },
  },
  { queryApi: service },
);
const written = made({ eventStore: { engine: "kurrentdb" }, cache: { engine: "valkey" } }, { commandApi: service });

const NODES = [0, 1, 2].map((node) => `event-store-${node}.event-store-nodes.event-store.svc.cluster.local:2113`).join(",");
const EVENTS = `kurrentdb://$(CONNECTION_EVENT_STORE_USER):$(CONNECTION_EVENT_STORE_PASSWORD)@${NODES}?tls=true&tlsCaFile=/etc/connections/event-store/ca.crt`;
const TLS = (name: string) => `sslmode=verify-full&sslrootcert=/etc/connections/${name}/ca.crt`;
const SIGNED = (name: string) => `$(CONNECTION_${name}_USER):$(CONNECTION_${name}_PASSWORD)`;
const REDIS = "rediss://default:$(CONNECTION_CACHE_PASSWORD)@cache.read-store.svc:6379";

describe("a workload that asks for stores is told of them", () => {
  it.each<[string, Made, Parameters<typeof variablesOf>[1], object, readonly string[]]>([
    [
      "production CQRS, by the platform's names",
      kurrentDb,
      { subscriptions: undefined, "read-database": undefined, cache: undefined },
      {
        EVENT_STORE_URL: EVENTS,
        DATABASE_URL: `postgresql://${SIGNED("READ_DATABASE")}@read-database-rw.read-store.svc:5432/read_database?${TLS("read-database")}`,
        REDIS_URL: REDIS,
        REDIS_CLUSTER: "false",
        REDIS_CA: "/etc/connections/cache/ca.crt",
      },
      [
        "event-store/event-store-subscriptions",
        "read-store/read-database-writer",
        "read-store/cache-users",
        "event-store/event-store-authority",
        "read-store/read-database-tls",
        "read-store/cache-tls",
      ],
    ],
    [
      "Reactive Domain, as .NET nests settings",
      kurrentDb,
      {
        commands: { EventStore__ConnectionString: "{EVENT_STORE_URL}" },
        "read-database, to migrate": {
          ConnectionStrings__ReadModel: "Host={host};Port={port};Database={database};Username={user};Password={password}",
        },
      },
      {
        EventStore__ConnectionString: EVENTS,
        ConnectionStrings__ReadModel:
          "Host=read-database-rw.read-store.svc;Port=5432;Database=read_database;Username=$(CONNECTION_READ_DATABASE_USER);Password=$(CONNECTION_READ_DATABASE_PASSWORD)",
      },
      [
        "event-store/event-store-commands",
        "read-store/read-database-migrator",
        "event-store/event-store-authority",
        "read-store/read-database-tls",
      ],
    ],
    [
      "Orchestrix in medium, whose event store is its database",
      relational,
      { commands: { DATABASE_URL: "{EVENT_STORE_URL}" } },
      { DATABASE_URL: `postgresql://${SIGNED("EVENT_STORE")}@event-store-rw.event-store.svc:5432/event_store?${TLS("event-store")}` },
      ["event-store/event-store-writer", "event-store/event-store-tls"],
    ],
    [
      "Orchestrix in large, with EventSourcingDB and a cache",
      small,
      { commands: { EVENTSOURCINGDB_URL: "{EVENT_STORE_URL}", EVENTSOURCINGDB_API_TOKEN: "{token}" }, cache: { REDIS_URL: "{REDIS_URL}" } },
      {
        EVENTSOURCINGDB_URL: "https://event-store.event-store.svc.cluster.local:4000",
        EVENTSOURCINGDB_API_TOKEN: { name: "event-store-token", key: "token" },
        REDIS_URL: REDIS,
      },
      ["event-store/event-store-token", "read-store/cache-users", "event-store/event-store-authority", "read-store/cache-tls"],
    ],
    [
      "Venta, by the addresses and URLs of Node",
      services,
      {
        geolocation: { DATABASE_URL: "{DATABASE_URL}", POSTGRES_SERVICE_ADDRESS: "{host}:{port}" },
        cache: { REDIS_PASS: "{password}", REDIS_SERVICE_ADDRESS: "{host}:{port}" },
        broker: { NATS_URL: "{NATS_URL}", NATS_SERVICE_ADDRESS: "{host}:{port}" },
      },
      {
        DATABASE_URL: `postgresql://${SIGNED("GEOLOCATION")}@geolocation-rw.read-store.svc:5432/geolocation?${TLS("geolocation")}`,
        POSTGRES_SERVICE_ADDRESS: "geolocation-rw.read-store.svc:5432",
        REDIS_PASS: { name: "cache-users", key: "default" },
        REDIS_SERVICE_ADDRESS: "cache.read-store.svc:6379",
        NATS_URL: "tls://workloads-a:$(CONNECTION_BROKER_PASSWORD)@broker.read-store.svc:4222",
        NATS_SERVICE_ADDRESS: "broker.read-store.svc:4222",
      },
      [
        "read-store/geolocation-writer",
        "read-store/cache-users",
        "read-store/broker-users",
        "read-store/geolocation-tls",
        "read-store/cache-tls",
        "read-store/broker-tls",
      ],
    ],
    [
      "HotSwap messaging, by connection strings of .NET",
      messaging,
      {
        messaging: {
          ConnectionStrings__PostgreSQL:
            "Host={host};Database={database};Username={user};Password={password};SSL Mode=VerifyFull;Root Certificate={ca}",
        },
        cache: { ConnectionStrings__Redis: "{host}:{port},user={user},password={password},ssl=true" },
      },
      {
        ConnectionStrings__PostgreSQL:
          "Host=messaging-rw.read-store.svc;Database=messaging;Username=$(CONNECTION_MESSAGING_USER);Password=$(CONNECTION_MESSAGING_PASSWORD);" +
          "SSL Mode=VerifyFull;Root Certificate=/etc/connections/messaging/ca.crt",
        ConnectionStrings__Redis: "cache.read-store.svc:6379,user=default,password=$(CONNECTION_CACHE_PASSWORD),ssl=true",
      },
      ["read-store/messaging-writer", "read-store/cache-users", "read-store/messaging-tls", "read-store/cache-tls"],
    ],
  ])("in %s", (_, system, asked, variables, copied) => {
    const found = variablesOf(system, asked);
    expect(found.variables).toEqual(variables);
    expect([...found.copied].sort()).toEqual([...copied].sort());
  });
});

describe("a store lets in", () => {
  const admittedBy = (policies: readonly Body[], namespace: string, labels: Body, port: number): readonly string[] => {
    const chosen = ({ metadata, spec }: Body) =>
      metadata.namespace === namespace &&
      spec.policy_types.includes("Ingress") &&
      Object.entries(spec.pod_selector?.match_labels ?? {}).every(([key, value]) => labels[key] === value);
    const froms = policies
      .filter(chosen)
      .flatMap(({ spec }) => spec.ingress ?? [])
      .filter(({ ports }: Body) => ports === undefined || ports.some((open: Body) => Number(open.port) === port))
      .flatMap(({ from }: Body): readonly Body[] => from ?? [{ anywhere: true }]);
    const nameOf = ({ namespace_selector, pod_selector, ...rest }: Body) =>
      namespace_selector?.match_labels?.["kubernetes.io/metadata.name"] ?? (pod_selector ? namespace : JSON.stringify(rest));
    return [...new Set(froms.map(nameOf))].sort();
  };

  it.each<[string, Made, string, readonly string[]]>([
    ["KurrentDB", kurrentDb, "commands", ["projections", "write-side"]],
    ["EventSourcingDB", small, "commands", ["projections", "write-side"]],
    ["events in PostgreSQL", relational, "commands", ["projections", "write-side"]],
    ["a read database", kurrentDb, "read-database", ["projections", "read-side"]],
    ["a read database, its readers", kurrentDb, "read-database, to read", ["projections", "read-side"]],
    ["a cache", kurrentDb, "cache", ["projections", "read-side"]],
    ["a broker", services, "broker", ["projections", "read-side", "write-side"]],
    ["a cache of queries alone", messaging, "cache", ["read-side"]],
    ["a database of queries alone", messaging, "messaging", ["read-side"]],
    ["KurrentDB without projections", written, "commands", ["write-side"]],
    ["a cache that nobody uses", written, "cache", []],
  ])("%s: those who ask for it, and nobody else", (_, { connections, policies }, name, clients) => {
    const { egress: reaches = [], ready, facts = {} } = connections[name] ?? {};
    const ways = reaches.flatMap(({ peer, ports }) =>
      [peer].flat().flatMap((end) => ports.map((port) => ({ end: end as Body, port: Number(port) }))),
    );
    expect(ways.map(({ port }) => port)).toEqual([ready?.port ?? Number(facts.port)]);
    for (const { end, port } of ways) {
      // Beside them its own servers and jobs, and its operator.
      const admitted = admittedBy(policies, end.namespace, end.labels, port);
      expect(admitted.filter((namespace) => ![end.namespace, "cnpg-system"].includes(namespace))).toEqual(clients);
    }
  });
});
