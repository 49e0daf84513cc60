import { type Broker, brokerConnection, natsBroker, natsUsers } from "../../constructs/broker";
import type { Connection } from "../../constructs/connection";
import { InvalidInput } from "../../constructs/core/errors";
import {
  type EventStore,
  eventSourcingDbEventStore,
  type KurrentCloudAccess,
  kurrentCloudEventStore,
  kurrentCloudSecrets,
  kurrentDbEventStore,
  kurrentDbSize,
  postgresEventStore,
} from "../../constructs/event-store";
import { type Postgres, postgresConnection } from "../../constructs/postgres";
import { elastiCacheRedis, type Redis, redisConnection, redisUsers, valkeyRedis } from "../../constructs/redis";
import type { SecretSpec } from "../../constructs/secrets";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { postgresAt } from "../cluster/stores/postgres";
import { pathOf } from "../model/check/paths";
import { runsAt, type StoreWith, serversOf } from "../model/derive/members";
import { outputName } from "../model/derive/servers";
import type { Engine } from "../model/stores";
import { kurrentCloudCidr } from "../model/stores/kurrent-cloud";
import type { ServerOf, StoreOf, UseOf } from "../model/system";
import type { StoreRole } from "../model/workloads/workload";
import { outsideOf } from "./outside";

type Connect<E extends Engine> = (site: Site, stack: PlatformStack, store: StoreWith<E>, as: StoreRole | undefined) => Connection;

/** Connection values of each engine, read from the state of the stack that created the store, or derived from names. */
const CONNECTIONS: { readonly [E in Engine]: Connect<E> } = {
  "kurrent-cloud": (site, stack, store, as) => eventsAs(kurrentCloudOf(site, stack, store), as),
  kurrentdb: (site, stack, store, as) => eventsAs(kurrentDbOf(site, stack, store), as),
  postgres: (site, stack, store, as) => eventsAs(postgresEventsOf(site, stack, store), as),
  eventsourcingdb: (_, __, { name, namespace }, as) => eventsAs(eventSourcingDbEventStore({ name, namespace }), as),
  memory: (_, __, { name }) => ({ name, facts: {}, variables: { EVENT_STORE_URL: "memory:" }, egress: [] }),
  aurora: postgres,
  rds: postgres,
  "cloudnative-pg": postgres,
  elasticache: (site, stack, store) => redisConnection(withPurpose(elastiCacheOf(site, stack, store), store)),
  valkey: (_, __, store) => {
    const { name, namespace } = store;
    return redisConnection(withPurpose(valkeyRedis({ name, namespace, users: redisUsers(name) }), store));
  },
  nats: (_, __, store) => brokerConnection(brokerOf(store)),
};

/** Connection of a stack's workload to a store that it uses. */
export function connectionTo(site: Site, stack: PlatformStack, { store: name, as }: UseOf): Connection {
  const store = storeOf(site, name);
  isReached(site, stack, store);
  const connect = CONNECTIONS[store.settings.engine] as (
    site: Site,
    stack: PlatformStack,
    store: StoreOf,
    as: StoreRole | undefined,
  ) => Connection;
  return connect(site, stack, store, as);
}

/** PostgreSQL server, as jobs and scaling signals of a stack connect to it. */
export function serverAt(site: Site, stack: PlatformStack, server: ServerOf): Postgres {
  if (runsAt(server) === "cluster" && server.cluster !== site.key) refuse(site, server);
  return postgresAt(site, stack, server);
}

/** Broker, as its users connect to it. */
export function brokerOf(store: StoreWith<"nats">): Broker {
  const { name, namespace, settings } = store;
  return natsBroker({ name, namespace, users: natsUsers(name), ...(settings.active ? { active: settings.active } : {}) });
}

/** Connection values of an event store at its vendor. */
export function kurrentCloudAt(
  { environment, foundation }: Site,
  stack: PlatformStack,
  { name, settings }: StoreWith<"kurrent-cloud">,
): Omit<KurrentCloudAccess, "users"> {
  const vendor = foundation?.vendors.get(name);
  if (!vendor) throw new Error(`${environment.name}: nobody makes ${name}`);
  return { name, host: stack.read(vendor).eventStoreHost, cidr: kurrentCloudCidr(settings), clustered: settings.size === "production" };
}

function storeOf({ environment }: Site, name: string): StoreOf {
  const store = environment.stores.find((one) => one.name === name);
  if (!store) throw new Error(`${environment.name} has no store ${name}`);
  return store;
}

function eventsAs({ connections }: EventStore, as: StoreRole | undefined): Connection {
  return connections[as === "subscriptions" ? "subscriptions" : "commands"];
}

/** Connection data of an event store at its vendor, for its users. */
export function kurrentCloudOf(site: Site, stack: PlatformStack, store: StoreWith<"kurrent-cloud">): EventStore {
  const fact = (secret: SecretSpec, key: string) => ({ secret, home: store.namespace, key });
  const userOf = (secret: SecretSpec) => ({ user: fact(secret, "user"), password: fact(secret, "password") });
  const { commands, subscriptions } = kurrentCloudSecrets(store.name);
  const users = { commands: userOf(commands), subscriptions: userOf(subscriptions) };
  return kurrentCloudEventStore({ ...kurrentCloudAt(site, stack, store), users });
}

function kurrentDbOf(site: Site, stack: PlatformStack, store: StoreWith<"kurrentdb">): EventStore {
  const { size = site.environment.size ?? "medium", nodes, version, insecure } = store.settings;
  const outside = site.key === store.cluster ? undefined : outsideOf(site, stack, store);
  return kurrentDbEventStore({
    name: store.name,
    namespace: store.namespace,
    nodes: kurrentDbSize({ size, ...(nodes === undefined ? {} : { nodes }) }).nodes,
    ...(version ? { version } : {}),
    ...(insecure ? { insecure } : {}),
    ...(outside ? { outside } : {}),
  });
}

function postgresEventsOf(site: Site, stack: PlatformStack, store: StoreWith<"postgres">): EventStore {
  const [server] = serversOf({ stores: [store] }) as readonly [ServerOf];
  return postgresEventStore(serverAt(site, stack, server), store.name);
}

function postgres(site: Site, stack: PlatformStack, store: StoreOf, as: StoreRole | undefined): Connection {
  const [server] = serversOf({ stores: [store] }) as readonly [ServerOf];
  return postgresConnection(serverAt(site, stack, server), as === "migrator" || as === "reader" ? as : "writer");
}

function elastiCacheOf({ environment, foundation }: Site, stack: PlatformStack, store: StoreWith<"elasticache">): Redis {
  if (!foundation?.data) throw new Error(`${environment.name}: nobody makes ${store.name}`);
  const { name, namespace: home } = store;
  const outputs = stack.read(foundation.data);
  const [host = "", user = ""] = [outputs[`${outputName(name)}Host`], outputs[`${outputName(name)}User`]];
  const peers = [{ cidr: stack.read(foundation.network).vpcCidr }];
  return elastiCacheRedis({ name, host, user, peers, passwords: redisUsers(name), home });
}

function withPurpose(redis: Redis, { settings: { purpose } }: StoreWith<"elasticache" | "valkey">): Redis {
  return { ...redis, ...(purpose ? { purpose } : {}) };
}

/** Rejects a store on another cluster that this cluster can't connect to. */
function isReached(site: Site, stack: PlatformStack, store: StoreOf): void {
  if (store.cluster === site.key || runsAt(store) !== "cluster" || outsideOf(site, stack, store)) return;
  const [server = store] = serversOf({ stores: [store] });
  refuse(site, server);
}

function refuse({ environment, key }: Site, { keys, cluster }: Pick<StoreOf, "keys" | "cluster">): never {
  throw new InvalidInput([
    {
      path: pathOf(environment, keys),
      rule: `is not reached from ${key}`,
      remedy:
        cluster === "writeCluster"
          ? "use an engine outside of clusters, or one cluster for both sides"
          : "let what needs it run on readCluster, or use one cluster for both sides",
    },
  ]);
}
