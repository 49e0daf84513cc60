import { type Bytes, bytes, type Cores, known, millicores, seconds } from "../../../constructs/core/quantities";
import { DEFAULT_KURRENTDB, KURRENTDB, type KurrentDbLine } from "../../../constructs/core/versions";
import {
  type KurrentDbOptions,
  kurrentDbSecrets,
  kurrentDbSize,
  type PersistentSubscription,
  type ScratchServer,
} from "../../../constructs/event-store";
import { type Size, shrinkProblems } from "../../../constructs/sizing";
import {
  type BackupSchedule,
  type Drilled,
  drilledSchedule,
  drillSchedule,
  type VolumeSnapshotSchedule,
  volumeSnapshotSchedule,
} from "../backup";
import type { Draft, Finding } from "../check/finding";
import { choice, flag, object, optional, quantity, records, told, whole } from "../check/shape";
import { scalar, size } from "../common";
import {
  type BackupMethod,
  type BackupTarget,
  bucketFor,
  bySetting,
  older,
  type SettingProblem,
  type StoreContext,
  type StoreEngine,
  VOLUME_SNAPSHOTS,
  WITHOUT_BUCKET,
} from "./engine";
import { declared, streamed } from "./kurrent";

/** KurrentDB on the write cluster. Missing settings follow from the size. */
export interface KurrentDbSettings {
  readonly engine: "kurrentdb";

  /** @default "26.0", a line with long-term support */
  readonly version?: KurrentDbLine;

  /** @default - the size of the environment */
  readonly size?: Size;

  /** Number of nodes: 1 for development; 3 tolerate one failure, 5 two. */
  readonly nodes?: number;

  /** CPU request per node. */
  readonly cpu?: Cores;

  /** Memory request and limit per node. */
  readonly memory?: Bytes;

  /** Disk size per node. It can grow in place. */
  readonly storage?: Bytes;

  /**
   * Projections on the server: none, system projections (`system`), or also user projections (`all`).
   * @default "none": the read side builds the read models
   */
  readonly projections?: "none" | "system" | "all";

  /**
   * Starts the standard projections: by category, by event type and so on.
   * @default false
   */
  readonly standardProjections?: boolean;

  /**
   * Persistent subscriptions. A job creates them and updates changed settings after each apply. A subscription that you
   * remove here is not deleted: delete it manually.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * System streams that event readers may read, in addition to those of persistent subscriptions: `["$ce-order"]`.
   * @default - none: only administrators may read them
   */
  readonly systemStreams?: readonly string[];

  /**
   * Allows legacy clients over plain HTTP (AtomPub).
   * @default false
   */
  readonly atomPub?: boolean;

  /**
   * Further server options, without prefix: `{ READER_THREADS_COUNT: 8 }`.
   * @default - none
   */
  readonly options?: Readonly<Record<string, string | number | boolean>>;

  /**
   * Disables TLS, users and access control. For one node on your own machine.
   * @default false
   */
  readonly insecure?: boolean;

  /**
   * Backup of all events in the environment's bucket, or in `backup.bucket` on an existing cluster: `{ every: "15m", keep: "28d" }`. `every` is
   * one of 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d. `keep` is the time that a restore can reach back; it must be at least a
   * day less than `backup.keep` of the environment, because a full backup is made each time that the difference has passed. Changes in
   * place.
   * @default - none: a protected environment needs the exception `noBackup`
   */
  readonly backup?: BackupSchedule & Drilled;

  /**
   * Snapshots of the volume of one follower that has caught up: `{ every: "6h", keep: "7d" }`. In addition to `backup`: a restore takes
   * minutes, for any number of events, and keeps positions. On a cluster that the environment creates, they are copied to
   * `aws.recoveryRegion`; elsewhere they stay in the storage of the cluster. Drills store their results in the bucket of `backup`. Changes
   * in place.
   * @default - none
   */
  readonly volumeSnapshots?: VolumeSnapshotSchedule & Drilled;
}

export const kurrentDb: StoreEngine<KurrentDbSettings> = {
  rules: ["kurrentdb"],
  secrets: (name, { insecure }) => (insecure ? [] : Object.values(kurrentDbSecrets(name))),
  namedOutside: true,
  withoutArm: "KurrentDB has no ARM image",
  kind: "event-store",
  runs: "cluster",
  shape: object<KurrentDbSettings>({
    engine: told,
    version: optional(choice(Object.keys(KURRENTDB), "release line of KurrentDB")),
    size: optional(size),
    nodes: optional(whole(1, 5)),
    cpu: optional(quantity(millicores)),
    memory: optional(quantity(bytes)),
    storage: optional(quantity(bytes)),
    projections: optional(choice(["none", "system", "all"], "set of projections that the store runs")),
    standardProjections: optional(flag),
    ...declared,
    atomPub: optional(flag),
    options: optional(records(scalar)),
    insecure: optional(flag),
    backup: optional(drilledSchedule),
    volumeSnapshots: optional(volumeSnapshotSchedule),
  }),
  resolved: ({ version = DEFAULT_KURRENTDB, ...settings }, { size: of }) => {
    const { nodes, cpu, memory, storage } = kurrentDbSize({ size: of, ...settings });
    return { settings: { version, nodes, cpu, memory, storage }, pods: { count: nodes, cpu, memory, volumes: 1 } };
  },
  backup: ({ backup = {}, volumeSnapshots = {}, insecure }, target) => {
    if (insecure) return { methods: [] };
    const drillsOf = (drilled: Draft<Drilled>) => drillSchedule(drilled, { ...target, rto: backup.rto });
    const snapshots = snapshotted(volumeSnapshots, target, drillsOf(volumeSnapshots));
    return {
      methods: [...streamed(backup, target, drillsOf(backup)), ...snapshots],
      ...(bucketFor(target) ? { alternative: 'set backup: { every: "15m", keep: "28d" }, or ' } : WITHOUT_BUCKET),
      ...(snapshots.length > 0 ? { where: target.onEks ? " outside of its region" : " outside of the storage of its cluster" } : {}),
    };
  },
  volumeSnapshots: (settings, of = "medium") => {
    const { volumeSnapshots, insecure } = settings;
    return volumeSnapshots && !insecure ? { ...volumeSnapshots, scratch: scratchOf(settings, of) } : undefined;
  },
  followsStreams: true,
  streamBackup: (settings, of = "medium") => {
    const { backup, insecure } = settings;
    if (!backup || insecure) return undefined;
    const scratch = scratchOf(settings, of);
    const administrator = (store: string) => ({ secret: kurrentDbSecrets(store).users.name, key: "admin" });
    return { setting: "backup", every: backup.every, keep: backup.keep, scratch, administrator };
  },
  problems: (settings, context) => [...quorumProblems(settings, context), ...insecureProblems(settings, context)],
  dataLoss: (before, after, sizes) => {
    const [was, now] = [kurrentDbSize({ size: sizes.before, ...before }), kurrentDbSize({ size: sizes.after, ...after })];
    return [
      ...joinedNodes(was.nodes, now.nodes),
      ...bySetting(shrinkProblems(was, now, ["storage"])),
      ...older(before.version ?? DEFAULT_KURRENTDB, after.version ?? DEFAULT_KURRENTDB),
    ];
  },
  ownNodes: ({ nodes }) => nodes,
};

/** Server of restore drills. */
function scratchOf(
  { version = DEFAULT_KURRENTDB, size: own, storage: said, options }: Draft<KurrentDbSettings>,
  of: Size,
): ScratchServer & Required<Pick<ScratchServer, "version">> {
  const { storage } = kurrentDbSize({ size: own ?? of, ...(said === undefined ? {} : { storage: said }) });
  return { version, storage, ...(options ? { options: options as KurrentDbOptions } : {}) };
}

/** Snapshots of volumes. A snapshot is ready before the next one starts, which would wait otherwise. Drills need a bucket for results. */
function snapshotted(
  { every, keep }: Draft<VolumeSnapshotSchedule>,
  target: BackupTarget,
  schedule: string | undefined,
): readonly BackupMethod[] {
  if (!every || !keep) return [];
  return [
    {
      by: VOLUME_SNAPSHOTS,
      every,
      keep,
      loses: 2 * known(seconds(every)),
      because: `a snapshot every ${every} is ready before the next one starts`,
      place: target.onEks ? "snapshots" : "storage",
      alert: "VolumeSnapshotLate",
      ...(schedule !== undefined && bucketFor(target) ? { drill: schedule } : {}),
    },
  ];
}

function quorumProblems(
  { size: own, nodes: said }: Draft<KurrentDbSettings>,
  { size: of = "medium", exceptions }: StoreContext,
): Finding[] {
  const { nodes }: { nodes: number } = kurrentDbSize({ size: own ?? of, ...(said === undefined ? {} : { nodes: said }) });
  const found = (rule: string, remedy: string) => [{ keys: ["nodes"], value: nodes, rule, remedy }];
  if (nodes % 2 === 0) {
    return found(`gives no better quorum than ${nodes - 1} and can split evenly`, nodes === 2 ? "use 1 or 3" : "use 3 or 5");
  }
  return nodes === 1 && !("disposable" in exceptions)
    ? found("loses the event store with its node", "use 3 or 5, or say in exceptions.disposable why nothing here is kept")
    : [];
}

/**
 * Problems of `insecure`: without TLS and users, any client that can connect has full access, so only clients on the same machine may
 * connect.
 */
function insecureProblems(settings: Draft<KurrentDbSettings>, { size: of, exceptions, onAws }: StoreContext): readonly Finding[] {
  if (settings.insecure !== true) return [];
  const found = (rule: string, remedy: string): Finding[] => [{ keys: ["insecure"], value: true, rule, remedy }];
  if (onAws) return found("lets in every client that reaches it, and the environment is on AWS", "leave it out");
  if (!("disposable" in exceptions)) {
    return found(
      "lets in every client that reaches it, and the environment keeps what it has",
      "leave it out, or say in exceptions.disposable why nothing here is kept",
    );
  }
  const { nodes = (settings.size ?? of) === "small" ? 1 : 3 } = settings;
  return nodes > 1
    ? found(`lets in every client that reaches it, and ${nodes} nodes are on no single machine`, "leave it out, or use 1 node")
    : [];
}

function joinedNodes(was: number, now: number): readonly SettingProblem[] {
  if (was === now) return [];
  return [
    {
      at: "nodes",
      value: now,
      rule: `nodes would be joined to ${was} that know of no others, and could choose a leader without the events`,
      remedy: `keep nodes: ${was}, or restore a backup into a second environment with ${now}, then send users there`,
    },
  ];
}
