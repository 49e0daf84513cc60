import { NATS_SIZES, type NatsSettings as NatsServers } from "../../../constructs/broker";
import { type Bytes, bytes, type Cores, known, millicores } from "../../../constructs/core/quantities";
import {
  DEFAULT_ELASTICACHE_VALKEY,
  DEFAULT_KURRENT_CLOUD,
  DEFAULT_KURRENTDB,
  DEFAULT_POSTGRES,
  EVENT_SOURCING_DB,
} from "../../../constructs/core/versions";
import { EVENT_SOURCING_DB_SIZES, KURRENT_CLOUD_SIZES, kurrentDbSize } from "../../../constructs/event-store";
import type { Quota } from "../../../constructs/kubernetes";
import {
  AURORA_SIZES,
  instanceClass,
  type ManagedEngine,
  type PostgresClusterProps,
  RDS_SIZES,
  resolvePostgres,
} from "../../../constructs/postgres";
import { CACHE_NODES, ELASTICACHE_SIZES, type ResolvedValkey, resolveValkey } from "../../../constructs/redis";
import { WORKLOAD_DEFAULTS } from "../../../constructs/workload";
import { all, mostOf } from "../common";
import type { Environment } from "../environment";
import { isProtected } from "../exceptions";
import type { NatsSettings } from "../stores/broker";
import type { EventSourcingDbSettings } from "../stores/event-store";
import type { CloudNativePgSettings, PostgresSettings, RdsSettings } from "../stores/postgres";
import type { ValkeySettings } from "../stores/redis";
import type { Migrations } from "../workloads/job";
import type { Service } from "../workloads/service";
import type { Workload } from "../workloads/workload";

/** A store as what was said and its size make it, for those who want to know what they get. */
export interface SettledStore {
  /** Where the environment describes it: `readDatabase`. */
  readonly path: string;

  /** What runs it, and with what: `cloudnative-pg: instances 3, memory 4Gi`. */
  readonly settings: string;

  /**
   * What its pods ask of a cluster, on the side that it belongs to.
   * @default - it runs elsewhere
   */
  readonly pods?: {
    readonly side: "write" | "read";
    readonly count: number;
    readonly cpu: Cores;
    readonly memory: Bytes;
    readonly volumes: number;
  };
}

/** Every store of an environment, with all that follows from sizes. */
export function settledStores(environment: Environment): readonly SettledStore[] {
  const { eventStore, readDatabase, cache, broker, size = "medium" } = environment;
  const kept = isProtected(environment);
  return [
    ...(eventStore ? [eventStoreOf(eventStore, size, kept)] : []),
    ...all(readDatabase).map((settings) =>
      postgresOf(settings.name ? `readDatabase ${settings.name}` : "readDatabase", settings, "read", size, kept),
    ),
    ...(cache ? [cacheOf(cache, size)] : []),
    ...(broker ? [brokerOf(broker, size)] : []),
  ];
}

type Size = NonNullable<Environment["size"]>;

function eventStoreOf(settings: NonNullable<Environment["eventStore"]>, size: Size, kept: boolean): SettledStore {
  const path = "eventStore";
  switch (settings.engine) {
    case "kurrent-cloud": {
      const { version = DEFAULT_KURRENT_CLOUD, patch } = settings;
      return { path, settings: said("kurrent-cloud", { version: patch ?? version, ...KURRENT_CLOUD_SIZES[settings.size] }) };
    }
    case "kurrentdb": {
      const { nodes, cpu, memory, storage } = kurrentDbSize({ size, ...settings });
      const { version = DEFAULT_KURRENTDB } = settings;
      return {
        path,
        settings: said("kurrentdb", { version, nodes, cpu, memory, storage }),
        pods: { side: "write", count: nodes, cpu, memory, volumes: 1 },
      };
    }
    case "postgres":
      return postgresOf("eventStore.server", settings.server, "write", size, kept);
    case "eventsourcingdb": {
      const of = eventSourcingDbSize(settings, size);
      return {
        path,
        settings: said("eventsourcingdb", { image: EVENT_SOURCING_DB, ...of }),
        pods: { side: "write", count: 1, cpu: of.cpu, memory: of.memory, volumes: 1 },
      };
    }
  }
}

const MANAGED_SIZES = { aurora: AURORA_SIZES, rds: RDS_SIZES } as const;

/** How AWS calls them. */
const ENGINES = { aurora: "aurora-postgresql", rds: "postgres" } as const satisfies Readonly<Record<string, ManagedEngine>>;

function postgresOf(path: string, settings: PostgresSettings, side: "write" | "read", size: Size, kept: boolean): SettledStore {
  if (settings.engine !== "cloudnative-pg") {
    const { engine, version = DEFAULT_POSTGRES, replicas } = settings;
    const { instance, parameters } = MANAGED_SIZES[engine][settings.size ?? size];
    const disk = settings.engine === "rds" ? { standby: kept, storage: rdsStorage(settings, size) } : {};
    const { max_connections } = { ...parameters, ...settings.parameters };
    const instances = { instance: instanceClass(ENGINES[engine], instance), memory: instance.memory, replicas };
    return { path, settings: said(engine, { version, ...instances, ...disk, max_connections }) };
  }
  const { version, instances, cpu, memory, storage, walStorage, parameters, poolers } = cloudNativePgSize(settings, size);
  const shown = { version, instances, cpu, memory, storage, walStorage, ...(poolers > 0 ? { poolers } : {}) };
  return {
    path,
    settings: said("cloudnative-pg", { ...shown, max_connections: parameters.max_connections }),
    // Beside the servers, the job that makes one's volumes, and poolers.
    pods: { side, count: instances + 1 + 2 * poolers, cpu, memory, volumes: 2 },
  };
}

/** What a server on a cluster is told. */
export function cloudNativePgSize({ pooler, ...settings }: CloudNativePgSettings, size: Size) {
  const { engine: _, name: __, ...given } = settings;
  return resolvePostgres({ size, ...given, ...(pooler ? { pooler: {} } : {}) } as PostgresClusterProps);
}

function cacheOf(settings: NonNullable<Environment["cache"]>, size: Size): SettledStore {
  const path = "cache";
  if (settings.engine === "elasticache") {
    const { shards, replicasPerShard } = settings;
    const { node } = ELASTICACHE_SIZES[settings.size ?? size];
    const nodes = { version: DEFAULT_ELASTICACHE_VALKEY, node, memory: `${CACHE_NODES[node]}Gi` };
    return { path, settings: said("elasticache", { ...nodes, shards, replicasPerShard }) };
  }
  const { replicas, cpu, memory, storage, eviction, sync } = valkeySize(settings, size);
  return {
    path,
    settings: said("valkey", { replicas, cpu, memory, storage, eviction, sync }),
    pods: { side: "read", count: replicas + 1, cpu, memory, volumes: 1 },
  };
}

function brokerOf(settings: NonNullable<Environment["broker"]>, size: Size): SettledStore {
  const { servers, cpu, memory, storage } = brokerSize(settings, size);
  return {
    path: "broker",
    settings: said("nats", { servers, cpu, memory, storage }),
    pods: { side: "read", count: servers, cpu, memory, volumes: 1 },
  };
}

/** What an event store of that engine is told. */
export function eventSourcingDbSize(settings: EventSourcingDbSettings, size: Size) {
  const of = EVENT_SOURCING_DB_SIZES[settings.size ?? size];
  return { ...of, storage: settings.storage ?? of.storage };
}

/** The disk that an instance of RDS is told. */
export function rdsStorage(settings: RdsSettings, size: Size): Bytes {
  return settings.storage ?? RDS_SIZES[settings.size ?? size].storage;
}

/** What a server of Valkey is told. */
export function valkeySize({ engine: _, purpose = "cache", ...given }: ValkeySettings, size: Size): ResolvedValkey {
  return resolveValkey({ size, purpose, ...given });
}

/** What servers of NATS are told. */
export function brokerSize({ engine: _, purpose: __, active: ___, size: own, ...said }: NatsSettings, size: Size): NatsServers {
  return { ...NATS_SIZES[own ?? size], ...said };
}

function said(engine: string, settings: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(settings).filter(([, value]) => value !== undefined);
  return `${engine}: ${words.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

/** Room for jobs, sidecars and whatever a release has twice. */
const BESIDE = { millicores: 2000, mebibytes: 4096, pods: 30 } as const;

/** Jobs that keep and revoke the credentials of a cache and a broker, twice. */
const ROTATION_PODS = 10;

/** What the namespace of a side's stores has to allow: all of its pods twice, as when they come up anew at once. */
export function quotaOf(environment: Environment, side: "write" | "read"): Quota {
  const stores = settledStores(environment).flatMap(({ pods: of }) => (of?.side === side ? [of] : []));
  const pods = [...stores, ...(side === "read" ? all(environment.migrations).map(migrationPods) : [])];
  const sum = (of: (pod: (typeof pods)[number]) => number) => pods.reduce((total, pod) => total + pod.count * of(pod), 0);
  const mebibytes = Math.ceil(2 * sum(({ memory }) => known(bytes(memory)) / 2 ** 20)) + BESIDE.mebibytes;
  return {
    cpu: `${2 * sum(({ cpu }) => known(millicores(cpu))) + BESIDE.millicores}m`,
    memory: `${mebibytes}Mi`,
    pods: 2 * sum(() => 1) + BESIDE.pods + ROTATION_PODS,
    volumes: sum(({ volumes }) => volumes),
  };
}

/** Migrations run where read databases are: one at a time of each, and the way back of a release beside it. */
function migrationPods({ cpu = WORKLOAD_DEFAULTS.cpu, memory = WORKLOAD_DEFAULTS.memory }: Migrations) {
  return { count: 1, cpu, memory, volumes: 0 };
}

/** What the namespace of a side's workloads has to allow: all of its pods twice at their most, as when a release replaces them. */
export function workloadQuota(environment: Environment, part: "write-side" | "read-side" | "projections"): Quota {
  const { commandApi, commandProcessors, queryApi, projections } = environment;
  const service = (one: Service) => ({ ...one, count: mostOf(one.replicas) * Math.max(1, Object.keys(one.slots ?? {}).length) });
  const pods = {
    "write-side": [...all(commandApi).map(service), ...all(commandProcessors).map((one) => ({ ...one, count: mostOf(one.replicas) }))],
    "read-side": all(queryApi).map(service),
    projections: all(projections).map((one) => ({
      ...one,
      count: one.workers * Math.max(1, Object.keys(one.readModel?.slots ?? {}).length),
    })),
  }[part] as readonly (Workload & { readonly count: number })[];
  const sum = (of: (pod: Workload) => number) => pods.reduce((total, pod) => total + pod.count * of(pod), 0);
  return {
    cpu: `${2 * sum(({ cpu = WORKLOAD_DEFAULTS.cpu }) => known(millicores(cpu))) + BESIDE.millicores}m`,
    memory: `${Math.ceil(2 * sum(({ memory = WORKLOAD_DEFAULTS.memory }) => known(bytes(memory)) / 2 ** 20)) + BESIDE.mebibytes}Mi`,
    pods: 2 * sum(() => 1) + BESIDE.pods,
  };
}
