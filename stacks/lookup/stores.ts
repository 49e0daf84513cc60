import { type Broker, natsBroker } from "../../constructs/broker";
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
import type { Postgres } from "../../constructs/postgres";
import { elastiCacheRedis, type Redis, valkeyRedis } from "../../constructs/redis";
import type { SecretSpec } from "../../constructs/secrets";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { outsideOf } from "../cluster/stores/event-store";
import { postgresAt } from "../cluster/stores/postgres";
import { all } from "../model/common";
import { NAMESPACES } from "../model/derive/namespaces";
import { brokerUsers, cacheUsers } from "../model/derive/secrets";
import { eventServerName, readDatabaseName } from "../model/derive/servers";
import type { Environment } from "../model/environment";
import { type EventStore as EventStoreSettings, kurrentCloudCidr } from "../model/stores/event-store";

type Engine<Settings extends { readonly engine: string }> = Settings["engine"];
type Of<Settings extends { readonly engine: string }, E extends string> = Extract<Settings, { engine: E }>;

/** What a store is to a stack that did not make it: read from the state of the one that did, or derived from names. */
type Known<Settings extends { readonly engine: string }, Contract> = {
  readonly [E in Engine<Settings>]: (site: Site, stack: PlatformStack, settings: Of<Settings, E>) => Contract;
};

const EVENT_STORES: Known<EventStoreSettings, EventStore> = {
  "kurrent-cloud": (site, stack, settings) => {
    const fact = (secret: SecretSpec, key: string) => ({ secret, home: NAMESPACES.eventStore, key });
    const userOf = (secret: SecretSpec) => ({ user: fact(secret, "user"), password: fact(secret, "password") });
    const { commands, subscriptions } = kurrentCloudSecrets();
    const users = { commands: userOf(commands), subscriptions: userOf(subscriptions) };
    return kurrentCloudEventStore({ ...kurrentCloudAt(site, stack, settings), users });
  },
  kurrentdb: (site, stack, { size = site.environment.size ?? "medium", nodes, version, insecure }) => {
    const outside = site.key === "readCluster" ? outsideOf(site, stack) : undefined;
    if (!outside) onTheSide(site, "eventStore", "write");
    return kurrentDbEventStore({
      namespace: NAMESPACES.eventStore,
      nodes: kurrentDbSize({ size, ...(nodes === undefined ? {} : { nodes }) }).nodes,
      ...(version ? { version } : {}),
      ...(insecure ? { insecure } : {}),
      ...(outside ? { outside } : {}),
    });
  },
  postgres: (site, stack, settings) => postgresEventStore(eventServerAt(site, stack, settings)),
  eventsourcingdb: (site) => {
    onTheSide(site, "eventStore", "write");
    return eventSourcingDbEventStore({ namespace: NAMESPACES.eventStore });
  },
};

const CACHES: Known<NonNullable<Environment["cache"]>, Redis> = {
  elasticache: ({ environment, foundation }, stack) => {
    if (!foundation?.data) throw new Error(`${environment.name}: nobody makes the cache`);
    const { cacheHost: host = "", cacheUser: user = "" } = stack.read(foundation.data);
    const peers = [{ cidr: stack.read(foundation.network).vpcCidr }];
    return elastiCacheRedis({ name: "cache", host, user, peers, passwords: cacheUsers.spec, home: cacheUsers.namespace });
  },
  valkey: () => valkeyRedis({ name: "cache", namespace: NAMESPACES.readStore, users: cacheUsers.spec }),
};

/** Where the event store is at its vendor. */
export function kurrentCloudAt(
  { environment, foundation }: Site,
  stack: PlatformStack,
  settings: Of<EventStoreSettings, "kurrent-cloud">,
): Omit<KurrentCloudAccess, "users"> {
  if (!foundation?.eventStore) throw new Error(`${environment.name}: nobody makes the event store`);
  return {
    name: "event-store",
    host: stack.read(foundation.eventStore).eventStoreHost,
    cidr: kurrentCloudCidr(settings),
    clustered: settings.size === "production",
  };
}

/** The event store as workloads of a stack on that cluster know it. None where the environment has none. */
export function eventStoreOf(site: Site, stack: PlatformStack): EventStore | undefined {
  const { eventStore } = site.environment;
  return eventStore && known(EVENT_STORES, site, stack, eventStore);
}

/** The server that has the tables of events. None where an engine of its own has the events. */
export function eventServerOf(site: Site, stack: PlatformStack): Postgres | undefined {
  const { eventStore } = site.environment;
  return eventStore?.engine === "postgres" ? eventServerAt(site, stack, eventStore) : undefined;
}

function eventServerAt(site: Site, stack: PlatformStack, { server }: Of<EventStoreSettings, "postgres">): Postgres {
  if (server.engine === "cloudnative-pg") onTheSide(site, "eventStore.server", "write");
  return postgresAt(site, stack, NAMESPACES.eventStore, eventServerName(server), server);
}

/** The databases of the read side as workloads of a stack on its cluster know them, in the order of the environment. */
export function postgresOf(site: Site, stack: PlatformStack): readonly Postgres[] {
  return all(site.environment.readDatabase).map((settings) => {
    onTheSide(site, "readDatabase", "read");
    return postgresAt(site, stack, NAMESPACES.readStore, readDatabaseName(settings), settings);
  });
}

/** The cache as workloads of a stack on the read side's cluster know it. None where the environment has none. */
export function redisOf(site: Site, stack: PlatformStack): Redis | undefined {
  const { cache } = site.environment;
  if (!cache) return undefined;
  onTheSide(site, "cache", "read");
  return { ...known(CACHES, site, stack, cache), ...(cache.purpose ? { purpose: cache.purpose } : {}) };
}

/** The broker as workloads of a stack on its cluster know it. None where the environment has none. */
export function brokerOf({ environment: { broker } }: Site): Broker | undefined {
  const active = broker?.active ? { active: broker.active } : {};
  return broker && natsBroker({ name: "broker", namespace: NAMESPACES.readStore, users: brokerUsers.spec, ...active });
}

function known<Settings extends { readonly engine: string }, Contract>(
  table: Known<Settings, Contract>,
  site: Site,
  stack: PlatformStack,
  settings: Settings,
): Contract {
  const of = table[settings.engine as Engine<Settings>] as (site: Site, stack: PlatformStack, settings: Settings) => Contract;
  return of(site, stack, settings);
}

const REMEDIES = {
  write: "use an engine outside of clusters, or one cluster for both sides",
  read: "let what needs it run on readCluster, or use one cluster for both sides",
} as const;

/** Refuses what is on the other cluster, or closed to this one. */
function onTheSide({ environment, key }: Site, part: string, side: keyof typeof REMEDIES): void {
  if (key === "cluster" || key === `${side}Cluster`) return;
  throw new InvalidInput([{ path: `${environment.name}.${part}`, rule: `is not reached from ${key}`, remedy: REMEDIES[side] }]);
}
