import { AUDIT_DIGESTER, type AuditKind } from "../../../constructs/audit";
import {
  streamBackupName,
  streamDrillName,
  streamFollowerName,
  volumeDrillName,
  volumeSnapshotsName,
} from "../../../constructs/event-store";
import { CLOUDWATCH_EXPORTER } from "../../../constructs/observability";
import { postgresDrillName, postgresScratchName } from "../../../constructs/postgres";
import type { ClusterKey } from "../cluster";
import type { StoreOf, System } from "../system";
import { auditClusterOf, auditPath, auditWritersOf, type SubjectKeyRights, subjectKeyRights } from "./audit";
import { cloudWatchOn } from "./cloudwatch";
import { newClusters } from "./clusters";
import { type StreamDrill, serverDrills } from "./drills";
import { isManagedRedis, runsAt, serversOf } from "./members";
import { NAMESPACES } from "./namespaces";
import { podNames } from "./pod-names";
import { canFollow } from "./standby";
import { streamBackupsOf } from "./stream-backups";
import { volumeSnapshotsOf } from "./volume-snapshots";
import { workloadsIn } from "./workloads";

/** Service account of the jobs that set the password of a cache's user in ElastiCache. */
export function passwordJob({ name }: Pick<StoreOf, "name">): string {
  return `${name}-password`;
}

/** AWS role that EKS gives to the pods of one service account. */
interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;

  /** Cluster of the workload. */
  readonly cluster: ClusterKey;
}

/** Identity of a job or server that works for a store. */
interface StoreIdentity<P> extends Identity {
  /** Purpose of its AWS calls. */
  readonly purpose: P;

  /** Name of the store. */
  readonly store: string;
}

/** Identity of a job or server of restore drills. */
interface DrillIdentity extends Identity {
  readonly purpose: "drills";

  /**
   * Prefix of the backups that it reads.
   * @default - none
   */
  readonly reads?: string;

  /**
   * Prefix of the results that it writes.
   * @default - none
   */
  readonly results?: string;
}

/** Identity of the exporter of CloudWatch's metrics. */
interface ExporterIdentity extends Identity {
  readonly purpose: "cloudWatch";
}

/** Identity of the digester of the audit trail. */
interface DigesterIdentity extends Identity {
  readonly purpose: "auditDigests";
}

/** Identity of a workload that writes audit records, or uses or deletes data keys of data subjects. */
interface AuditedIdentity extends Identity {
  readonly purpose: "audited";

  /** Kinds of the records that it writes. */
  readonly kinds: readonly AuditKind[];

  /** Path of its records below their hour. */
  readonly path: string;

  readonly subjectKeys: SubjectKeyRights;
}

export type WorkloadIdentity =
  | StoreIdentity<"backups">
  | DrillIdentity
  | StoreIdentity<"follows">
  | StoreIdentity<"snapshotCopies">
  | StoreIdentity<"cachePassword">
  | ExporterIdentity
  | DigesterIdentity
  | AuditedIdentity;

/** AWS identities of the workloads of an environment. None on an existing cluster: its owner assigns roles. */
export function identitiesOf(system: System): readonly WorkloadIdentity[] {
  const made = newClusters(system).map(([key]) => key);
  const identity = <P>(store: StoreOf<unknown>, serviceAccount: string, purpose: P): StoreIdentity<P> => {
    const { namespace, cluster, name } = store;
    return { namespace, serviceAccount, cluster, purpose, store: name };
  };
  const exporter = (cluster: ClusterKey): ExporterIdentity[] =>
    cloudWatchOn(system, cluster).length > 0
      ? [{ namespace: NAMESPACES.observability, serviceAccount: CLOUDWATCH_EXPORTER, cluster, purpose: "cloudWatch" }]
      : [];
  return [
    // CloudNativePG: the service account of instances has the name of their cluster.
    ...serversOf(system)
      .filter((server) => runsAt(server) === "cluster")
      .map((server) => identity(server, server.name, "backups" as const)),
    ...streamBackupsOf(system)
      .filter(({ place }) => place === "bucket")
      .flatMap(({ store, drill }) => [
        identity(store, streamBackupName(store.name), "backups" as const),
        ...(drill
          ? [
              drillIdentity(store, streamDrillName(store.name, drill.scratch.engine), {
                reads: streamBackupsPrefix(store),
                results: streamDrillsPrefix(store, drill),
              }),
            ]
          : []),
      ]),
    // The job of a drill writes results, and the server that it creates reads the backup.
    ...serverDrills(system).flatMap(({ server }) => [
      drillIdentity(server, postgresDrillName(server.name), { results: drillsPrefix(server) }),
      drillIdentity(server, postgresScratchName(server.name), { reads: backupsOf({ ...server, serviceAccount: server.name }) }),
    ]),
    ...system.stores
      .filter((store) => canFollow(system, store))
      .map((store) => identity(store, streamFollowerName(store.name), "follows" as const)),
    ...volumeSnapshotsOf(system)
      .filter(({ drill }) => drill !== undefined)
      .map(({ store }) => drillIdentity(store, volumeDrillName(store.name), { results: volumeDrillsPrefix(store) })),
    ...volumeSnapshotsOf(system)
      .filter(({ copiedTo }) => copiedTo !== undefined)
      .map(({ store }) => identity(store, volumeSnapshotsName(store.name), "snapshotCopies" as const)),
    ...system.stores.filter(isManagedRedis).map((store) => identity(store, passwordJob(store), "cachePassword" as const)),
    ...made.flatMap(exporter),
    ...auditIdentities(system),
  ].filter(({ cluster }) => made.includes(cluster));
}

function drillIdentity(
  { namespace, cluster }: Pick<StoreOf, "namespace" | "cluster">,
  serviceAccount: string,
  prefixes: Pick<DrillIdentity, "reads" | "results">,
): DrillIdentity {
  return { namespace, serviceAccount, cluster, purpose: "drills", ...prefixes };
}

/** Prefix of an environment's backups in a bucket outside of AWS, which it may share with others. */
export function outsidePrefix({ system, name }: Pick<System, "system" | "name">): string {
  return `${system}-${name}`;
}

/** Projections have a service account for each slot of their read model. */
function auditIdentities(system: System): readonly (DigesterIdentity | AuditedIdentity)[] {
  const cluster = auditClusterOf(system);
  if (!cluster) return [];
  const digester = { namespace: NAMESPACES.auditDigests, serviceAccount: AUDIT_DIGESTER, cluster, purpose: "auditDigests" } as const;
  const writers = auditWritersOf(system);
  const audited = workloadsIn(system).flatMap((member) => {
    const { domain, workload } = member;
    const { kinds = [] } = writers.find((writer) => writer.workload.name === workload.name) ?? {};
    const subjectKeys = subjectKeyRights(system, workload.name);
    if (kinds.length === 0 && !subjectKeys.uses) return [];
    const { namespace, cluster } = domain;
    const common = { namespace, cluster, purpose: "audited", kinds, path: auditPath(member), subjectKeys } as const;
    return podNames(domain, workload).map((serviceAccount) => ({ ...common, serviceAccount }));
  });
  return [digester, ...audited];
}

/** Prefix of its backups in the environment's backup bucket, without a trailing slash. No other identity writes there. */
export function backupsOf({ namespace, serviceAccount }: Pick<Identity, "namespace" | "serviceAccount">): string {
  return `${namespace}/${serviceAccount}`;
}

/** Prefix of a stream backup, which the drills of its store read. */
export function streamBackupsPrefix({ namespace, name }: Pick<StoreOf, "namespace" | "name">): string {
  return backupsOf({ namespace, serviceAccount: streamBackupName(name) });
}

/** Prefix of the results of a store's drills in the environment's backup bucket. */
export function drillsPrefix({ namespace, name }: Pick<StoreOf, "namespace" | "name">): string {
  return `drills/${namespace}/${name}`;
}

/** Prefix of the results of the drills of a store's stream backup. The server of events in PostgreSQL has its own drills. */
export function streamDrillsPrefix({ namespace, name }: Pick<StoreOf, "namespace" | "name">, { scratch }: StreamDrill): string {
  return drillsPrefix({ namespace, name: streamDrillName(name, scratch.engine).replace(/-drill$/, "") });
}

/** Prefix of the results of the drills of a store's volume snapshots. */
export function volumeDrillsPrefix({ namespace, name }: Pick<StoreOf, "namespace" | "name">): string {
  return drillsPrefix({ namespace, name: `${name}-volume` });
}
