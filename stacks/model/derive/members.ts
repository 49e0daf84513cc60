import { type Engine, engineOf } from "../stores";
import type { Runs } from "../stores/engine";
import type { PostgresSettings } from "../stores/postgres";
import type { DomainOf, ServerOf, StoreOf, System, UseOf, WorkloadOf } from "../system";

/** A store of one engine. */
export type StoreWith<E extends Engine> = StoreOf<Extract<StoreOf["settings"], { readonly engine: E }>>;

/** Whether a store is of an engine. */
export function isEngine<E extends Engine>(store: StoreOf, engine: E): store is StoreWith<E> {
  return store.settings.engine === engine;
}

/** Where a store runs. Events in PostgreSQL are where their server is. */
export function runsAt(store: StoreOf): Runs {
  const settings = isEngine(store, "postgres") ? (store.settings.server ?? {}) : store.settings;
  return engineOf({ settings })?.runs ?? "cluster";
}

/** Every PostgreSQL server of an environment: its stores of that kind, and those that hold the tables of events. */
export function serversOf({ stores }: Pick<System, "stores">): readonly ServerOf[] {
  return stores.flatMap((store): ServerOf[] => {
    if (isEngine(store, "postgres")) {
      const { server } = store.settings;
      const { name = store.name } = server ?? {};
      return server ? [{ ...store, kind: "postgres", name, keys: [...store.keys, "server"], settings: server, holdsEvents: true }] : [];
    }
    return store.kind === "postgres" ? [{ ...store, settings: store.settings as PostgresSettings, holdsEvents: false }] : [];
  });
}

/** The workloads of a domain, in the order in which they are deployed. */
export function membersOf({ jobs, services, workers, projections }: DomainOf): readonly WorkloadOf<object>[] {
  return [...jobs, ...services, ...workers, ...projections];
}

/** A workload that uses a store, and how. */
export interface UserOf {
  readonly domain: DomainOf;
  readonly workload: WorkloadOf<object>;
  readonly use: UseOf;
}

/** The workloads that use a store. */
export function usersOf({ domains }: Pick<System, "domains">, store: string): readonly UserOf[] {
  return domains.flatMap((domain) =>
    membersOf(domain).flatMap((workload) => workload.uses.filter((use) => use.store === store).map((use) => ({ domain, workload, use }))),
  );
}
