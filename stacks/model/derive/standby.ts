import type { Duration } from "../../../constructs/core/quantities";
import type { DraftSystem } from "../check/drafts";
import { engineOf } from "../stores";
import type { DomainOf, StoreOf, System, WorkloadOf } from "../system";
import type { Job } from "../workloads/job";
import { globalDatabaseOf } from "./global-databases";
import { membersOf, serversOf } from "./members";
import { configuredStreamBackups, streamBackupsOf } from "./stream-backups";

/** Store of a standby that is filled from the stream backup of its primary. */
export interface FollowerOf {
  readonly store: StoreOf;

  /** The store of the primary. */
  readonly origin: StoreOf;

  /** Interval of the primary's backup. */
  readonly every: Duration;
}

/** Primary environment of a standby. */
export function primaryOf<S extends Pick<System, "name" | "standbyOf">>({ standbyOf }: S, all: readonly S[]): S | undefined {
  return standbyOf === undefined ? undefined : all.find(({ name, standbyOf: other }) => name === standbyOf && other === undefined);
}

/** Checks if an environment waits for its promotion. */
export function isWaiting({ standbyOf, promoted = false }: { readonly standbyOf?: string; readonly promoted?: boolean }): boolean {
  return standbyOf !== undefined && !promoted;
}

/** Checks if a store of a standby can follow a stream backup: it has one of its own, on AWS. */
export function canFollow(system: DraftSystem, { name }: Pick<StoreOf, "name">): boolean {
  if (system.standbyOf === undefined) return false;
  const found = configuredStreamBackups(system).find(({ store }) => store.name === name);
  return found?.place === "bucket" && engineOf(found.store)?.followsStreams === true;
}

/** Stores of a standby that follow those of its primary, or have followed them until the promotion. */
export function followersOf(standby: DraftSystem, primary: DraftSystem): readonly FollowerOf[] {
  return streamBackupsOf(primary).flatMap(({ store: origin, every, place }): FollowerOf[] => {
    const store = standby.stores.find(({ name }) => name === origin.name);
    return store && place === "bucket" && canFollow(standby, store) ? [{ store, origin, every }] : [];
  });
}

/**
 * Stores of a standby that have no user before its promotion: event stores that can't follow, and PostgreSQL servers whose data no projection
 * of the standby builds.
 */
function unusedStores(system: Pick<System, "stores" | "domains" | "standbyOf">): readonly StoreOf[] {
  if (system.standbyOf === undefined) return [];
  const unused = system.stores.filter((store) => store.kind === "event-store" && !canFollow(system as DraftSystem, store));
  const isUnused = (name: string) => unused.some((store) => store.name === name);
  const projections = system.domains
    .flatMap((domain) => domain.projections)
    .filter(({ uses }) => !uses.some(({ store }) => isUnused(store)));
  const built = projections.map(({ model }) => model.database);
  return system.stores.filter((store) => isUnused(store.name) || (store.kind === "postgres" && !built.includes(store.name)));
}

/** Checks if the server of a store is part of an Aurora global database. */
function isReplicated(store: StoreOf): boolean {
  return serversOf({ stores: [store] }).some((server) => globalDatabaseOf(server) !== undefined);
}

/** Stores of a standby that are created with its promotion, from a backup. */
export function coldStores(system: Pick<System, "stores" | "domains" | "standbyOf">): readonly StoreOf[] {
  return unusedStores(system).filter((store) => !isReplicated(store));
}

/** Stores of a standby whose servers are secondaries of an Aurora global database until the promotion. */
export function replicaStores(system: Pick<System, "stores" | "domains" | "standbyOf">): readonly StoreOf[] {
  return unusedStores(system).filter(isReplicated);
}

/**
 * Checks if a workload of a standby waits for the promotion: it may append events, acts without a request while the same workload of the
 * primary does, or uses a store that is created or can be written with the promotion. Projections only build read models.
 */
function waits({ kind, settings, uses }: WorkloadOf<object>, unused: readonly StoreOf[]): boolean {
  const acts = kind === "worker" || (kind === "job" && typeof (settings as Job).when === "object");
  return acts || uses.some(({ store, as }) => as === "commands" || unused.some(({ name }) => name === store));
}

/** Parts of a standby that are created with its promotion. */
export function waitingParts(system: System): { readonly stores: readonly StoreOf[]; readonly workloads: readonly WorkloadOf<object>[] } {
  if (!isWaiting(system)) return { stores: [], workloads: [] };
  const unused = unusedStores(system);
  const workloads = system.domains.flatMap(membersOf).filter((workload) => waits(workload, unused));
  return { stores: coldStores(system), workloads };
}

/** The environment without the parts that wait for the promotion of a standby. */
export function deployedParts(system: System): System {
  const { stores: cold, workloads } = waitingParts(system);
  const replicas = isWaiting(system) ? replicaStores(system) : [];
  const stores = [...cold, ...replicas];
  if (stores.length + workloads.length === 0) return system;
  const calls = new Set(workloads.map(({ name }) => name));
  const runs = <W extends WorkloadOf<object>>(members: readonly W[]): readonly W[] =>
    members
      .filter((workload) => !workloads.includes(workload))
      .map((workload) => ({ ...workload, calls: workload.calls.filter(({ service }) => !calls.has(service)) }));
  const reduced = system.domains.map(
    (domain): DomainOf => ({
      ...domain,
      services: runs(domain.services),
      workers: runs(domain.workers),
      projections: runs(domain.projections),
      jobs: runs(domain.jobs),
      readModels: domain.readModels.filter(({ database }) => !stores.some(({ name }) => name === database)),
    }),
  );
  const isEmpty = (domain: DomainOf) => membersOf(domain).length + domain.readModels.length === 0;
  const gone = new Map(reduced.filter(isEmpty).map((domain) => [domain.name, domain.after]));
  const before = (names: readonly string[]): readonly string[] => [
    ...new Set(names.flatMap((name) => (gone.has(name) ? before(gone.get(name) ?? []) : [name]))),
  ];
  const domains = reduced
    .filter((domain) => !isEmpty(domain))
    .map((domain) => ({
      ...domain,
      after: before(domain.after),
      ...(domain.trafficAfter ? { trafficAfter: before(domain.trafficAfter) } : {}),
    }));
  return {
    ...system,
    stores: system.stores.filter((store) => !stores.includes(store)),
    domains,
    ...(replicas.length > 0 ? { replicas } : {}),
    ...(cold.length > 0 ? { cold } : {}),
  };
}

/** Stores of a standby that nothing fills before its promotion, and whose data is not a copy. */
export function emptyStores(system: System): readonly StoreOf[] {
  if (!isWaiting(system)) return [];
  const unused = unusedStores(system);
  return system.stores.filter((store) => {
    const kept = engineOf(store)?.kind === "redis" || engineOf(store)?.kind === "broker";
    const settings = store.settings as { readonly purpose?: string };
    return !unused.includes(store) && kept && (settings.purpose === "store" || settings.purpose === "events");
  });
}

/** PostgreSQL servers of a standby that are created with its promotion. */
export function coldServers(system: Pick<System, "stores" | "domains" | "standbyOf">) {
  return serversOf({ stores: coldStores(system) });
}
