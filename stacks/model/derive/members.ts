import { type Engine, engineOf } from "../stores";
import type { Runs } from "../stores/engine";
import type { PostgresSettings } from "../stores/postgres";
import type { DomainOf, ServerOf, StoreOf, System, UseOf, WorkloadOf } from "../system";

/** Store of one engine. */
export type StoreWith<E extends Engine> = StoreOf<Extract<StoreOf["settings"], { readonly engine: E }>>;

/** Checks if a Redis server runs on AWS. */
export function isManagedRedis(store: StoreOf): store is StoreWith<"elasticache"> {
  return store.kind === "redis" && runsAt(store) === "aws";
}

/** Checks if an event store runs at its vendor. */
export function isAtVendor(store: StoreOf): store is StoreWith<"kurrent-cloud"> {
  return runsAt(store) === "vendor";
}

/** Checks if a store is a broker. */
export function isBroker(store: StoreOf): store is StoreWith<"nats"> {
  return store.kind === "broker";
}

/** Location of a store. Events in PostgreSQL are where their server is. */
export function runsAt(store: Pick<StoreOf, "settings"> | ServerOf): Runs {
  const engine = engineOf(store);
  const server = engine?.server?.(store.settings);
  return (server ? engineOf({ settings: server }) : engine)?.runs ?? "cluster";
}

/** Stores that exist in an environment, used or not: replicas of a standby that waits among them. */
export function presentStores({ stores, replicas = [] }: Pick<System, "stores" | "replicas">): readonly StoreOf[] {
  return [...stores, ...replicas];
}

/** All PostgreSQL servers of an environment: PostgreSQL stores, and the servers of event stores. */
export function serversOf({ stores }: Pick<System, "stores">): readonly ServerOf[] {
  return stores.flatMap((store): ServerOf[] => {
    const server = engineOf(store)?.server?.(store.settings) as PostgresSettings | undefined;
    if (server) {
      const { name = store.name } = server;
      return [{ ...store, kind: "postgres", name, keys: [...store.keys, "server"], settings: server, holdsEvents: true }];
    }
    return store.kind === "postgres" ? [{ ...store, settings: store.settings as PostgresSettings, holdsEvents: false }] : [];
  });
}

/** Workloads of a domain in order of deployment. */
export function membersOf({ jobs, services, workers, projections }: DomainOf): readonly WorkloadOf<object>[] {
  return [...jobs, ...services, ...workers, ...projections];
}

/** Workload that uses a store, and how. */
export interface UserOf {
  readonly domain: DomainOf;
  readonly workload: WorkloadOf<object>;
  readonly use: UseOf;
}

/** Workloads that use a store. */
export function usersOf({ domains }: Pick<System, "domains">, store: string): readonly UserOf[] {
  return domains.flatMap((domain) =>
    membersOf(domain).flatMap((workload) => workload.uses.filter((use) => use.store === store).map((use) => ({ domain, workload, use }))),
  );
}
