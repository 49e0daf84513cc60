import type { Problem } from "../../../constructs/core/errors";
import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import type { ScratchPostgres, ScratchServer } from "../../../constructs/event-store";
import type { CloudWatchService, ProbeTarget, RuleSubject } from "../../../constructs/observability";
import type { SecretSpec } from "../../../constructs/secrets";
import type { Size } from "../../../constructs/sizing";
import type { VolumeSnapshotSchedule } from "../backup";
import type { Draft, Finding } from "../check/finding";
import type { Schema } from "../check/shape";
import type { Exceptions } from "../exceptions";
import type { RestoreTarget } from "./restore";

/** Kind of a store. */
export type StoreKind = "event-store" | "postgres" | "redis" | "broker";

/** Location of an engine: on a cluster, as an AWS service, or at its vendor. */
export type Runs = "cluster" | "aws" | "vendor";

/** Implementation of a store: its settings, and the values derived from them. */
export interface StoreEngine<S> {
  readonly kind: StoreKind;

  /** Location. An event store in PostgreSQL runs where its server runs. */
  readonly runs: Runs;

  readonly shape: Schema;

  /**
   * Restricts access to workloads on the store's cluster.
   * @default false
   */
  readonly withinCluster?: boolean;

  /**
   * Checks if the store may lose its data at any time, so that another can replace it.
   * @default - it keeps its data
   */
  readonly mayForget?: (settings: Draft<S>) => boolean;

  /** Settings with all values derived from the size. */
  readonly resolved: (settings: S, sizing: Sizing) => ResolvedSettings;

  /** Backup of the store's data. Undefined if it has no data of its own. */
  readonly backup: (settings: Draft<S>, target: BackupTarget) => BackedUp | undefined;

  /**
   * Stream backup of an event store, as configured: events as objects in the environment's bucket.
   * @default - none
   */
  readonly streamBackup?: (settings: Draft<S>, size?: Size) => StreamBackup | undefined;

  /**
   * Fills the store from the stream backup of another one: by `npm run restore`, and in a standby continuously.
   * @default false
   */
  readonly followsStreams?: boolean;

  /**
   * Snapshots of its volumes, as configured.
   * @default - none
   */
  readonly volumeSnapshots?: (settings: Draft<S>, size?: Size) => (Draft<VolumeSnapshotSchedule> & Drillable) | undefined;

  /**
   * Targets to which a server is restored from a backup of another one.
   * @default - none: it can't be restored by a setting
   */
  readonly restoreTargets?: RestoreTargets;

  /**
   * Problems of the settings in their environment, at keys below the store.
   * @default - none beyond the shape of each setting
   */
  readonly problems?: (settings: Draft<S>, context: StoreContext) => readonly Finding[];

  /**
   * Settings that let the store acknowledge writes that it may lose.
   * @default - none
   */
  readonly unacknowledged?: (settings: Draft<S>, size: Size | undefined) => readonly Finding[];

  /**
   * Marks a store in the memory of the process that uses it.
   * @default false
   */
  readonly inProcess?: boolean;

  /**
   * Number of servers that each need a separate node. Undefined if the settings don't specify a number.
   * @default - servers can share nodes
   */
  readonly ownNodes?: (settings: Draft<S>) => number | undefined;

  /**
   * CIDR block of the vendor's network, which is peered with the environment's.
   * @default - no vendor network
   */
  readonly vendorNetwork?: (settings: Draft<S>) => string;

  /** Returns why an existing store can't be changed like this without data loss. */
  readonly dataLoss: (before: S, after: S, sizes: Sizes) => readonly SettingProblem[];

  /**
   * Reason why all workloads have the same permissions, whichever role they specify.
   * @default - permissions differ by role
   */
  readonly withoutRoles?: string;

  /** Secrets of a store with the given name, except those that its operator or vendor generates. */
  readonly secrets: (name: string, settings: S) => readonly SecretSpec[];

  /**
   * Derives missing settings of a store from the size of its environment.
   * @default true
   */
  readonly sized?: boolean;

  /**
   * Names of the instances of a server on AWS: its own with this suffix and a number, and its own alone if the server is an instance.
   * @default - none
   */
  readonly instances?: { readonly suffix: string; readonly named: boolean };

  /**
   * Requires DNS names for the store's nodes if workloads on another cluster use it.
   * @default false
   */
  readonly namedOutside?: boolean;

  /**
   * Reason why it requires amd64 nodes.
   * @default - its images support arm64 too
   */
  readonly withoutArm?: string;

  /**
   * PostgreSQL server of the store, if it is one of its settings.
   * @default - none: the store keeps its data itself
   */
  readonly server?: (settings: Draft<S>) => object | undefined;

  /**
   * Alert rules for the store on its cluster. A PostgreSQL server has its own.
   * @default - none
   */
  readonly rules?: readonly RuleSubject[];

  /**
   * AWS service whose CloudWatch metrics include those of the store.
   * @default - none: AWS doesn't run it
   */
  readonly cloudWatch?: CloudWatchService;

  /**
   * Health endpoint of an engine on a cluster that exports no metrics.
   * @default - none: it is not probed
   */
  readonly ping?: (place: { readonly name: string; readonly namespace: string }) => Pick<ProbeTarget, "url" | "pods">;

  /** Settings without effect, each with the reason. */
  readonly ineffective?: Readonly<{ [Key in keyof S]?: string }>;
}

/** Input for the sizes of a store, in addition to its settings. */
export interface Sizing {
  /** Size of the environment. */
  readonly size: Size;

  /** Protects data from deletion. */
  readonly isProtected: boolean;
}

/** Settings of a store with all values derived from its size. */
export interface ResolvedSettings {
  /** In display order. Undefined settings are omitted. */
  readonly settings: Readonly<Record<string, unknown>>;

  /**
   * Resource requests of its pods.
   * @default - it doesn't run on a cluster
   */
  readonly pods?: StorePods;

  /**
   * Limit that users of the store must know.
   * @default - none
   */
  readonly limit?: string;
}

/** Resource requests of pods of one kind, each with its volumes. */
export interface StorePods {
  readonly count: number;
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly volumes: number;
}

/** Input for the backups of a store, in addition to its own settings. */
export interface BackupTarget extends Sizing {
  /** Retention in the environment. */
  readonly keep: Duration;

  /** Marks a cluster that the environment creates. Pods of an existing cluster have no AWS role, so they write to a bucket outside of AWS. */
  readonly onEks: boolean;

  /**
   * Bucket outside of AWS, for stores on existing clusters: `orders-backups at s3.example.com`.
   * @default - none
   */
  readonly bucket?: string;
}

/** Bucket that pods of a store can write to: the environment's on AWS, or one outside of AWS. Undefined if there is none. */
export function bucketFor({ onEks, bucket }: Pick<BackupTarget, "onEks" | "bucket">) {
  if (onEks) return { place: "bucket" } as const;
  return bucket === undefined ? undefined : ({ place: "outside", bucket } as const);
}

/** Words of a store that has no bucket to write to. */
export const WITHOUT_BUCKET = {
  where: " outside of EKS without backup.bucket",
  alternative: "set backup.bucket, run it on a cluster that is made on AWS, or ",
} as const;

/** Mechanism of snapshots of volumes. */
export const VOLUME_SNAPSHOTS = "snapshots of a volume";

/** Mechanism of stream backups. */
export const STREAM_BACKUP = "stream backup";

/** Backups of the data of a store. */
export interface BackedUp {
  /** Backup methods, the one with the least data loss first. Empty if nothing backs up the store. */
  readonly methods: readonly BackupMethod[];

  /**
   * Reason why its data may be lost: `a cache may forget`.
   * @default - it must be kept, so a protected environment without backups needs the exception `noBackup`
   */
  readonly expendable?: string;

  /**
   * Minimum duration of a restore.
   * @default - unknown
   */
  readonly restore?: LeastRestore;

  /**
   * Alternative with backups, or with backups in another region, for a store without: `use kurrent-cloud or postgres, or `.
   * @default - none
   */
  readonly alternative?: string;

  /**
   * Condition under which the store has no backup: ` outside of EKS`.
   * @default - always
   */
  readonly where?: string;
}

/** One kind of backup of a store. */
export interface BackupMethod {
  /** Mechanism that makes the backups: `snapshots of ElastiCache`. */
  readonly by: string;

  /**
   * Time between two backups.
   * @default - the log is also archived, for point-in-time recovery
   */
  readonly every?: Duration;

  /**
   * Time between two base backups. A restore starts with one of them and replays the log.
   * @default - the service decides
   */
  readonly base?: Duration;

  /** Retention of each backup. */
  readonly keep: Duration;

  /**
   * Follows `backup.keep` of the environment.
   * @default false
   */
  readonly followsKeep?: boolean;

  /** Maximum data loss in seconds if the store is lost. */
  readonly loses: number;

  /** Reason for this data loss: `it restores up to 5 minutes before a failure`. */
  readonly because: string;

  /**
   * Location: AWS in the region, the environment's bucket, its vault in AWS Backup, locked snapshots of EBS, the vendor, a bucket outside of
   * AWS, or the storage of an existing cluster, which the volumes are in too.
   */
  readonly place: "region" | "bucket" | "vault" | "snapshots" | "vendor" | "outside" | "storage";

  /**
   * Restore drills: cron schedule (UTC) of a job, or of AWS Backup.
   * @default - none
   */
  readonly drill?: string;

  /**
   * Alert of Prometheus if backups are late, on a cluster.
   * @default - none. AWS Backup has an alarm in CloudWatch
   */
  readonly alert?: string;

  /**
   * The bucket outside of AWS.
   * @default - another place
   */
  readonly bucket?: string;

  /**
   * Way to make a backup at any time.
   * @default - none: backups are made on schedule only
   */
  readonly onDemand?: OnDemandBackup;
}

/**
 * Ways to make a backup at any time: a base backup of CloudNativePG, a run of the stream backup, a snapshot of a cluster (Aurora) or of an
 * instance (RDS) by AWS Backup.
 */
export type OnDemandBackup = "base-backup" | "stream" | "cluster-snapshot" | "instance-snapshot";

/** Targets of restores. */
export interface RestoreTargets {
  readonly kinds: readonly (keyof RestoreTarget)[];

  /** Recommendation for a missing or unsupported target: `use time or lsn`. */
  readonly remedy: string;
}

/** Volume snapshots of a KurrentDB, which a job can drill. */
interface Drillable {
  /** Server of restore drills. */
  readonly scratch: ScratchServer;
}

/** Stream backup of an event store. */
export interface StreamBackup {
  /** Server of restore drills. */
  readonly scratch: ScratchServer | ScratchPostgres;

  /**
   * Reason why its drills require amd64 nodes, if the store doesn't.
   * @default - the image of their server supports arm64 too
   */
  readonly drillsWithoutArm?: string;

  /** Setting that configures it, below the store. */
  readonly setting: "backup" | "streamBackup";

  readonly every?: Duration | undefined;

  /** Period that a restore can reach back. */
  readonly keep?: Duration | undefined;

  /**
   * Password of `admin`, with which `npm run restore` fills a store with the given name.
   * @default - `npm run restore` doesn't fill it
   */
  readonly administrator?: (store: string) => { readonly secret: string; readonly key: string };
}

/** The shortest possible duration of a restore. */
export interface LeastRestore {
  readonly seconds: number;

  /** Reason: `a new instance takes 10 minutes`. */
  readonly because: string;
}

/** Environment of a store, for the rules of its engine. */
export interface StoreContext {
  /** Path of the store: `eventStore`. */
  readonly path: string;

  readonly size?: Size;
  readonly exceptions: Draft<Exceptions>;

  /** Marks an environment on AWS. */
  readonly onAws: boolean;

  /** CIDR block of the network that the environment creates. */
  readonly network?: string;

  /** Checks if another secret in the environment has this name. */
  readonly isSecret: (name: string) => boolean;
}

/** Size of the environment before and after a change. */
export interface Sizes {
  readonly before: Size;
  readonly after: Size;
}

/** Problem of one setting of a store. */
export type SettingProblem = Omit<Problem, "path"> & {
  /**
   * Path of the setting: `network.cidr`.
   * @default - the store as a whole
   */
  readonly at?: string;
};

/** Takes the setting's name from the remedy, where size problems have it. */
export function bySetting(problems: readonly Omit<Problem, "path">[]): readonly SettingProblem[] {
  return problems.map((problem) => ({ ...problem, at: /^keep (\w+):/.exec(problem.remedy)?.[1] ?? "servers" }));
}

/** Returns why a store can't be downgraded: a server can't read data written by a later version. */
export function older(before: string, after: string, at = "version"): readonly SettingProblem[] {
  const [was, now] = [before, after].map((version) => version.split(".").map(Number)) as [number[], number[]];
  const first = was.findIndex((part, index) => part !== (now[index] ?? part));
  if (first < 0 || (now[first] ?? 0) > (was[first] ?? 0)) return [];
  return [
    {
      at,
      value: after,
      rule: `is older than ${before}, and can't read its data`,
      remedy: `keep "${before}", or go back to a backup from before the upgrade in a second environment`,
    },
  ];
}

/** Procedure for copying events from one engine to another. */
export const COPY_EVENTS =
  "make the other in a second environment, stop the write side, append every event there in the order of its position, compare counts, then send users there";

/** Problem of a change of engine: the new store starts empty. */
export function anotherEngine(before: string, after: string, what: string, remedy: string): SettingProblem {
  return { at: "engine", value: after, rule: `was ${before}: another engine begins empty, and ${what} would stay behind`, remedy };
}
