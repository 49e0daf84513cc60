import { bytes, known, millicores } from "../../../constructs/core/quantities";
import { type PodRequests, quotaOf, requestsOf } from "../../../constructs/domain";
import { STREAM_BACKUP_POD, STREAM_DRILL_POD, VOLUME_DRILL_POD, VOLUME_SNAPSHOT_POD } from "../../../constructs/event-store";
import type { Quota } from "../../../constructs/kubernetes";
import { POSTGRES_DRILL_POD } from "../../../constructs/postgres";
import { maxReplicas } from "../common";
import { isProtected } from "../exceptions";
import { engineOf } from "../stores";
import type { StorePods } from "../stores/engine";
import type { DomainOf, JobOf, ProjectionOf, ServiceOf, StoreOf, System, WorkerOf } from "../system";
import { serverDrills } from "./drills";
import { globalServersOf } from "./global-databases";
import { presentStores, serversOf } from "./members";
import { restoreWords } from "./restores";
import { canFollow, isWaiting } from "./standby";
import { streamBackupsOf } from "./stream-backups";
import { volumeSnapshotsOf } from "./volume-snapshots";

/** Store with its settings and the values derived from its size, for the summary. */
export interface ResolvedStore {
  readonly store: StoreOf;

  /** Name of the store, or of the server that keeps its events: `read-database`. */
  readonly name: string;

  /** Engine and resolved settings: `cloudnative-pg: instances 3, memory 4Gi`. */
  readonly settings: string;

  /**
   * Resource requests of its pods.
   * @default - it doesn't run on a cluster
   */
  readonly pods?: StorePods;

  /**
   * Limit that its users must know.
   * @default - none
   */
  readonly limit?: string;
}

/** All stores of an environment, with the values derived from sizes. */
export function resolvedStores(system: System): readonly ResolvedStore[] {
  const sizing = { size: system.size ?? "medium", isProtected: isProtected(system) };
  return presentStores(system).flatMap((store): ResolvedStore[] => {
    const resolved = engineOf(store)?.resolved(store.settings, sizing);
    if (!resolved) return [];
    const [server] = serversOf({ stores: [store] });
    const { settings, ...rest } = resolved;
    const { engine } = (server ?? store).settings;
    const words = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
    const restored = server && restoreWords(server);
    const followed = isWaiting(system) && canFollow(system, store) ? `follows ${system.standbyOf}` : undefined;
    const origin = restored ?? followed ?? globalWords(system, store);
    const all = [...words, ...(origin ? [origin] : [])].join(", ");
    return [
      {
        store,
        name: (server ?? store).name,
        settings: all === "" ? engine : `${engine}: ${all}`,
        ...rest,
      },
    ];
  });
}

/** Global database of a store's server in words: `secondary of the Aurora global database of production, usually 1s behind`. */
function globalWords(system: System, store: StoreOf): string | undefined {
  const [found] = globalServersOf({ stores: [store] });
  if (!found) return undefined;
  const { of } = found.globalDatabase;
  const secondary = system.replicas?.includes(store) ?? false;
  const whose = of === system.name ? "" : ` of ${of}`;
  return `${secondary ? "secondary" : "part"} of the Aurora global database${whose}${secondary ? ", usually 1s behind" : ""}`;
}

/** Jobs that store and revoke the credentials of a cache and a broker, twice. */
const ROTATION_PODS = 10;

/** Quota of the namespace of a stack's stores: twice their pods, and the jobs that run there before domains. */
export function storeQuota(system: System, stack: string): Quota {
  const settled = resolvedStores(system).filter(({ store }) => store.stack === stack);
  const pods = settled.flatMap(({ pods: found }) => found ?? []);
  const namespaces = new Set(settled.map(({ store }) => store.namespace));
  const jobs = system.domains
    .filter(({ ownsNamespace, namespace }) => !ownsNamespace && namespaces.has(namespace))
    .flatMap((domain) => domain.jobs.filter(({ settings: { when } }) => when === "before").map((job) => requestsOf(job.settings, 1)));
  const stores = pods.map(
    ({ count, cpu, memory }): PodRequests => ({ count, millicores: known(millicores(cpu)), bytes: known(bytes(memory)) }),
  );
  const streamed = streamBackupsOf(system).filter(({ store }) => store.stack === stack);
  const followers = system.stores.filter((store) => store.stack === stack && canFollow(system, store));
  // A backup and its check, a run that follows and the check of a promotion.
  const backups = [...streamed, ...followers].map(() => requestsOf(STREAM_BACKUP_POD, 2));
  const snapshotted = volumeSnapshotsOf(system).filter(({ store }) => store.stack === stack);
  const snapshots = snapshotted.map(() => requestsOf(VOLUME_SNAPSHOT_POD, 1));
  const drilled = serverDrills(system).map(({ server }) => server.keys.join());
  const restored = settled.flatMap(({ store: { keys }, pods: found }) =>
    found && [keys, [...keys, "server"]].some((one) => drilled.includes(one.join())) ? [found] : [],
  );
  const drilledStreams = streamed.filter(({ drill }) => drill);
  const drilledVolumes = snapshotted.filter(({ drill }) => drill);
  const drills = [
    ...drilledStreams.map(() => requestsOf(STREAM_DRILL_POD, 1)),
    ...drilledVolumes.map(() => requestsOf(VOLUME_DRILL_POD, 1)),
    // The job, the restored server, and the job that restores it.
    ...restored.flatMap(({ cpu, memory }) => [requestsOf(POSTGRES_DRILL_POD, 1), requestsOf({ cpu, memory }, 2)]),
  ];
  const scratchVolumes = restored.reduce((sum, { volumes }) => sum + volumes, drilledStreams.length + drilledVolumes.length);
  // Each job runs once at a time, possibly together with its rollback.
  return quotaOf(
    [...stores, ...jobs, ...backups, ...snapshots],
    drills,
    ROTATION_PODS,
    pods.reduce((total, { count, volumes }) => total + count * volumes, scratchVolumes),
  );
}

/** Quota of a domain's namespace: twice its pods at maximum replicas, as during a release, and each of its jobs once. */
export function domainQuota({ services, workers, projections, jobs }: DomainOf): Quota {
  const running = [...services, ...workers, ...projections];
  const volumes = running.reduce(
    (total, { settings }) => total + Object.keys("volumes" in settings ? (settings.volumes ?? {}) : {}).length,
    0,
  );
  return quotaOf(
    running.map((workload) => requestsOf(workload.settings, maxPods(workload))),
    jobs.map((job) => requestsOf(job.settings, 1)),
    0,
    volumes > 0 ? volumes : undefined,
  );
}

/** Pods of a workload at maximum replicas, in all of its slots. */
export function maxPods(workload: ServiceOf | WorkerOf | ProjectionOf | JobOf): number {
  const { kind, settings } = workload;
  if (kind === "job") return 1;
  if (kind === "projection") return settings.workers * Math.max(1, Object.keys(workload.model.slots).length);
  return maxReplicas(settings.replicas) * (kind === "service" ? Math.max(1, Object.keys(settings.slots ?? {}).length) : 1);
}
