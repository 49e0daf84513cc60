import type { DraftEnvironment } from "./check/drafts";
import type { Draft } from "./check/finding";
import type { ClusterKey } from "./cluster";
import { all } from "./common";
import type { Environment } from "./environment";
import { engineOf, type Store, type StoreSettings } from "./stores";
import type {
  DomainOf,
  JobOf,
  ProjectionOf,
  ReadModelOf,
  RoleName,
  ServiceOf,
  StoreOf,
  System,
  UseOf,
  WorkerOf,
  WorkloadOf,
} from "./system";
import { type Domain, type DomainDefaults, defaultsOf } from "./workloads/domain";
import type { Job, Migrations } from "./workloads/job";
import type { Projections } from "./workloads/projection";
import type { WorkloadRelease } from "./workloads/release-file";
import type { QueryApi } from "./workloads/service";
import type { Processors } from "./workloads/worker";
import type { Call, StoreRole, Workload } from "./workloads/workload";

/*
 * The only module that maps the roles of a system with a write side and a read side. It is total on drafts: it runs before the
 * rules, on an environment from which all values of a wrong shape have been removed.
 */

const ROLE_NAMES: readonly RoleName[] = [
  "eventStore",
  "commandApi",
  "commandProcessors",
  "queryApi",
  "projections",
  "readDatabase",
  "migrations",
  "cache",
  "broker",
];

/** Namespaces of the stores of roles. */
const EVENT_STORE = "event-store";
const READ_STORE = "read-store";

/** Returns an environment in its general form: the stores and domains of its roles and those that it defines by name. */
export function asDomains(environment: DraftEnvironment): System {
  const { stores: _, domains: __, release: ___, ...rest } = environment as Environment;
  const general = Object.fromEntries(Object.entries(rest).filter(([key]) => !ROLE_NAMES.includes(key as RoleName)));
  const stores = [...storesOfRoles(environment), ...storesByName(environment)];
  const context: Context = { environment: environment as Environment, stores };
  const domains = [...domainsOfRoles(context), ...domainsByName(context)];
  const here = <T extends { readonly cluster: ClusterKey; readonly namespace: string }>(part: T): T =>
    isShared(environment, part.cluster) ? { ...part, namespace: `${environment.name}-${part.namespace}` } : part;
  return { ...general, stores: stores.map(here), domains: domains.map(here) } as unknown as System;
}

/** Checks if other environments run on the cluster. */
function isShared(environment: DraftEnvironment, key: ClusterKey): boolean {
  const cluster = environment[key];
  return cluster !== undefined && "context" in cluster && cluster.shared === true;
}

/** Input for building the parts of an environment. */
interface Context {
  readonly environment: Environment;
  readonly stores: readonly StoreOf[];
}

/** Cluster of a side: the only cluster, or the one of that side if there are two. */
function clusterFor({ writeCluster, readCluster }: DraftEnvironment, side: "writeCluster" | "readCluster"): ClusterKey {
  return writeCluster || readCluster ? side : "cluster";
}

/** Items of a role, each with its keys. Holes in a list are reported as shape problems. */
function each<T extends object>(role: RoleName, value: unknown): readonly (readonly [keys: readonly string[], item: T])[] {
  return Array.from(all(value as T | undefined), (item, index) => [
    Array.isArray(value) ? [role, String(index)] : [role],
    ((item as T | undefined) ?? {}) as T,
  ]);
}

function storesOfRoles(environment: DraftEnvironment): readonly StoreOf[] {
  const write = { cluster: clusterFor(environment, "writeCluster"), namespace: EVENT_STORE, stack: EVENT_STORE };
  const read = { cluster: clusterFor(environment, "readCluster"), namespace: READ_STORE, stack: READ_STORE };
  const store = (role: RoleName, name: string, kind: StoreOf["kind"], settings: unknown, place: typeof write) => ({
    name,
    keys: [role],
    kind,
    settings: settings as StoreSettings,
    ...place,
  });
  const { eventStore, readDatabase, cache, broker } = environment;
  return [
    ...(eventStore ? [store("eventStore", EVENT_STORE, "event-store", eventStore, write)] : []),
    ...each<{ readonly name?: string }>("readDatabase", readDatabase).map(([keys, settings]) => {
      return { ...store("readDatabase", String(settings.name ?? "read-database"), "postgres", settings, read), keys };
    }),
    ...(cache ? [store("cache", "cache", "redis", cache, read)] : []),
    ...(broker ? [store("broker", "broker", "broker", broker, read)] : []),
  ];
}

function storesByName(environment: DraftEnvironment): readonly StoreOf[] {
  return Object.entries(environment.stores ?? {}).map(([name, store]): StoreOf => {
    const { cluster, ...settings } = (store ?? {}) as Draft<Store>;
    // A store with a rejected engine has no kind, but stays in the list, because workloads refer to it.
    const kind = engineOf({ settings })?.kind as StoreOf["kind"];
    const side = cluster ?? (kind === "event-store" ? "writeCluster" : "readCluster");
    return {
      name,
      keys: ["stores", name],
      kind,
      settings: settings as unknown as StoreSettings,
      cluster: clusterFor(environment, side as "writeCluster" | "readCluster"),
      namespace: name,
      stack: name,
    };
  });
}

/** Default names of the workloads of roles. */
const ROLES = {
  commandApi: "command-api",
  commandProcessors: "command-processors",
  queryApi: "query-api",
  projections: "projections",
  migrations: "migrations",
} as const;

type WorkloadRole = keyof typeof ROLES;

/** Pod priorities: lower values are preempted first. Custom domains are below the roles. */
const PRIORITY = { "write-side": 3_000_000, "read-side": 2_000_000, projections: 1_000_000 } as const;

/** Stores that the workloads of each role use, by kind. */
const USED: Readonly<Record<Exclude<WorkloadRole, "migrations">, Readonly<Partial<Record<StoreOf["kind"], StoreRole | true>>>>> = {
  commandApi: { "event-store": "commands", broker: true },
  commandProcessors: { "event-store": "commands", broker: true },
  queryApi: { postgres: "reader", redis: true, broker: true },
  projections: { "event-store": "subscriptions", postgres: "writer", redis: true, broker: true },
};

function domainsOfRoles(context: Context): readonly DomainOf[] {
  const { environment } = context;
  const write = clusterFor(environment, "writeCluster");
  const read = clusterFor(environment, "readCluster");
  const commandApi = ofRole<QueryApi>(context, "commandApi").map((one) => asService(one, true, "never"));
  const commandProcessors = ofRole<Processors>(context, "commandProcessors").map((one): WorkerOf => ({ ...one, kind: "worker" }));
  const queryApi = ofRole<QueryApi>(context, "queryApi").map((one) => asService({ ...one, encrypts: encrypts(environment) }, true, "once"));
  const projections = ofRole<Projections>(context, "projections").map(
    (one): ProjectionOf => ({ ...one, kind: "projection", encrypts: encrypts(environment), model: modelOf(context, one) }),
  );
  const migrations = ofRole<Migrations>(context, "migrations").map((one) => asMigration(context, one));
  const empty = { services: [], workers: [], projections: [], jobs: [], readModels: [] };
  const domain = (name: string, cluster: ClusterKey, members: Partial<DomainOf>): DomainOf => ({
    ...empty,
    name,
    keys: [],
    cluster,
    namespace: name,
    ownsNamespace: true,
    stack: name,
    after: [],
    endpoint: { kind: name, name, party: `${name}-entry` },
    ...members,
  });
  const found: readonly (readonly [written: unknown, domain: DomainOf])[] = [
    [
      environment.migrations ?? environment.projections,
      domain("migrations", read, {
        // In the namespace of the migrators' passwords.
        namespace: READ_STORE,
        ownsNamespace: false,
        jobs: migrations,
        readModels: projections.map(({ model }) => model),
      }),
    ],
    [
      environment.commandApi ?? environment.commandProcessors,
      domain("write-side", write, {
        priority: PRIORITY["write-side"],
        endpoint: { kind: "command", name: "commands", party: "write-entry" },
        services: commandApi,
        workers: commandProcessors,
      }),
    ],
    [
      environment.queryApi,
      domain("read-side", read, {
        priority: PRIORITY["read-side"],
        endpoint: { kind: "query", name: "queries", party: "read-entry" },
        services: queryApi,
      }),
    ],
    [environment.projections, domain("projections", read, { priority: PRIORITY.projections, projections })],
  ];
  const present = found.flatMap(([written, one]) => (written === undefined ? [] : [one]));
  return present.map((one, index) => ({ ...one, after: present.slice(Math.max(0, index - 1), index).map(({ name }) => name) }));
}

function encrypts({ encryptedFields }: Pick<Environment, "encryptedFields">): boolean {
  return (encryptedFields?.length ?? 0) > 0;
}

/** Workload of a role, with the stores that the role uses. */
type OfRole<S extends object> = Omit<WorkloadOf<S>, "kind">;

function ofRole<S extends Pick<Workload, "name" | "uses" | "calls">>(context: Context, role: WorkloadRole): readonly OfRole<S>[] {
  return each<S>(role, context.environment[role]).map(([keys, written]) => {
    const name = String(written.name ?? ROLES[role]);
    const settings = released(context.environment, name, written);
    const own = ownUses(context, { keys, uses: written.uses }, role === "projections" ? "subscriptions" : "commands");
    return {
      name,
      keys,
      written,
      settings,
      uses: [...usesOf(context, role, written as Workload, keys).filter(({ store }) => own.every((one) => one.store !== store)), ...own],
      calls: callsOf(written),
      encrypts: false,
    };
  });
}

/** Stores that a workload uses because of its role. */
function usesOf({ stores }: Context, role: WorkloadRole, written: Workload, keys: readonly string[]): readonly UseOf[] {
  const { database, variables = {} } = written as { readonly database?: string; readonly variables?: unknown };
  const ofRoles = stores.filter(({ keys: [first] }) => first !== "stores");
  const use = (store: string, as?: StoreRole): UseOf => {
    const told = role === "migrations" ? variables : (variables as Readonly<Record<string, unknown>>)[store];
    const renamed =
      told === undefined || Object.keys(told as object).length === 0 ? {} : { variables: told as Readonly<Record<string, string>> };
    return { store, ...(as ? { as } : {}), ...renamed, keys: [...keys, "variables", ...(role === "migrations" ? [] : [store])] };
  };
  const databases = ofRoles.filter(({ kind }) => kind === "postgres").map(({ name }) => name);
  const own = database ?? databases[0];
  if (role === "migrations") return own === undefined ? [] : [use(own, "migrator")];
  return ofRoles.flatMap(({ name, kind }) => {
    const as = USED[role][kind];
    // A projection writes to one database, even if there are others.
    if (as === undefined || (role === "projections" && kind === "postgres" && name !== own)) return [];
    return [use(name, as === true ? undefined : as)];
  });
}

/** Stores that a workload lists in `uses`. */
function ownUses(
  { stores }: Context,
  { keys, uses = [] }: { readonly keys: readonly string[]; readonly uses?: Workload["uses"] | undefined },
  events: "commands" | "subscriptions",
): readonly UseOf[] {
  return Array.from(uses, (use, index) => {
    const { store = "", as, variables } = typeof use === "string" ? { store: use } : ((use ?? {}) as Exclude<typeof use, string>);
    const kind = stores.find(({ name }) => name === store)?.kind;
    const role = as ?? (kind === "event-store" ? events : kind === "postgres" ? "writer" : undefined);
    return { store, ...(role ? { as: role } : {}), ...(variables ? { variables } : {}), keys: [...keys, "uses", String(index)] };
  });
}

function callsOf({ calls = [] }: Pick<Workload, "calls">): readonly Exclude<Call, string>[] {
  return Array.from(calls, (call) => (typeof call === "string" ? { service: call } : (call ?? { service: "" })));
}

/** Returns a workload with the settings of its release file. */
function released<S extends object>({ release }: Environment, name: string, written: S): S {
  const file = (release as { readonly workloads?: Readonly<Record<string, WorkloadRelease | undefined>> } | undefined)?.workloads ?? {};
  const { previous: _, ...entry } = (Object.hasOwn(file, name) ? file[name] : undefined) ?? {};
  return { ...written, ...entry } as S;
}

function asService(one: OfRole<QueryApi>, exposed: boolean, repeats: ServiceOf["retries"]): ServiceOf {
  return { ...one, kind: "service", exposed, retries: repeats };
}

function asMigration({ environment }: Context, one: OfRole<Migrations>): JobOf {
  const { database: _, variables: __, name: ___, ...settings } = released(environment, one.name, one.written);
  return { ...one, kind: "job", written: one.written as unknown as Job, settings: { when: "before", ...settings } as Job };
}

/** Read model of a projection. A projection of the role without a name has the name of the system. */
function modelOf({ environment, stores }: Context, { written, keys, uses }: OfRole<Projections>): ReadModelOf {
  const { workers, parallelism, partitions = workers * parallelism, readModel, name = environment.system } = written;
  const { slots = { a: { partitions } }, live = "a", skipCatchUpCheck: forced = false } = readModel ?? {};
  const database = uses.find(({ store, as }) => as === "writer" && stores.some((one) => one.name === store && one.kind === "postgres"));
  return {
    projection: String(name).replaceAll("-", "_"),
    database: written.database ?? database?.store ?? "read-database",
    slots,
    live,
    skipCatchUpCheck: forced,
    keys,
  };
}

function domainsByName(context: Context): readonly DomainOf[] {
  const { environment } = context;
  const names = Object.keys(environment.domains ?? {});
  const before = domainsOfRoles(context).at(-1)?.name;
  return Object.entries(environment.domains ?? {}).map(([name, written], index) => {
    const domain = (written ?? {}) as Domain;
    const previous = names[index - 1] ?? before;
    const members = membersOf(context, name, domain);
    const projections = members("projections").map((one): ProjectionOf => {
      const found = { ...one, written: { ...one.written, name: one.name } as Projections, settings: one.settings as Projections };
      return {
        ...one,
        written: one.written as Projections,
        settings: one.settings as Projections,
        kind: "projection",
        model: modelOf(context, found),
      };
    });
    const runs = ["services", "workers", "projections"].some((kind) => Object.keys(domain[kind as "services"] ?? {}).length > 0);
    return {
      name,
      keys: ["domains", name],
      cluster: clusterFor(environment, domain.cluster ?? "readCluster"),
      namespace: name,
      ownsNamespace: true,
      stack: name,
      after: domain.after ?? (previous === undefined ? [] : [previous]),
      ...(domain.trafficAfter ? { trafficAfter: domain.trafficAfter } : {}),
      ...(domain.internal ? { internal: true } : {}),
      ...(domain.sourceRanges ? { sourceRanges: domain.sourceRanges } : {}),
      // Later domains depend on earlier ones.
      ...(runs ? { priority: Math.max(100_000, 900_000 - 10_000 * index) } : {}),
      endpoint: { kind: name, name, party: `${name}-entry` },
      services: members("services").map((one) => {
        const settings = one.settings as QueryApi;
        const { written } = one;
        return asService(
          { ...one, written: written as QueryApi, settings },
          settings.paths !== undefined || settings.hosts !== undefined,
          "never",
        );
      }),
      workers: members("workers").map((one) => ({
        ...one,
        kind: "worker",
        written: one.written as Processors,
        settings: one.settings as Processors,
      })),
      projections,
      jobs: members("jobs").map((one) => ({
        ...one,
        kind: "job",
        written: one.written as unknown as Job,
        settings: one.settings as unknown as Job,
      })),
      readModels: projections.map(({ model }) => model),
      ...(domain.alerts ? { alerts: domain.alerts } : {}),
      ...(domain.dashboards ? { dashboards: domain.dashboards } : {}),
    };
  });
}

const ADDED = ["env", "labels", "secrets"] as const;

/** Members of a domain of one kind, with the domain's defaults. */
function membersOf(context: Context, domain: string, settings: Domain) {
  const { services, workers, projections, jobs } = settings;
  const kinds = { services, workers, projections, jobs };
  const defaults = defaultsOf(settings);
  return (kind: keyof typeof kinds): readonly OfRole<Workload>[] =>
    Object.entries(kinds[kind] ?? {}).map(([name, said]) => {
      const written = (said ?? {}) as Workload;
      const keys = ["domains", domain, kind, name];
      const events = kind === "projections" ? "subscriptions" : "commands";
      return {
        name,
        keys,
        written,
        settings: released(
          context.environment,
          name,
          withDefaults(written, { ...defaults, labels: { domain, service: name, ...defaults.labels } }),
        ),
        uses: ownUses(context, { keys, uses: written.uses }, events),
        calls: callsOf(written),
        encrypts: false,
      };
    });
}

function withDefaults(written: Workload, defaults: DomainDefaults): Workload {
  const added = ADDED.flatMap((key) => (defaults[key] || written[key] ? [[key, { ...defaults[key], ...written[key] }]] : []));
  return { ...defaults, ...written, ...Object.fromEntries(added) };
}
