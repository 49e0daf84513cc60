import type { Bytes, Cores } from "../../../constructs/core/quantities";
import { bytes, known, millicores, seconds } from "../../../constructs/core/quantities";
import type { KurrentCloudVersion, KurrentDbLine } from "../../../constructs/core/versions";
import {
  DEFAULT_KURRENT_CLOUD,
  DEFAULT_KURRENTDB,
  EVENT_SOURCING_DB,
  KURRENT_CLOUD_VERSIONS,
  KURRENTDB,
} from "../../../constructs/core/versions";
import {
  EVENT_SOURCING_DB_SIZES,
  eventSourcingDbPing,
  eventSourcingDbSecrets,
  eventSourcingDbToken,
  isOfStandardProjection,
  KURRENT_CLOUD_SIZES,
  type KurrentCloudSize,
  type KurrentDbOptions,
  kurrentCloudBackupProblems,
  kurrentCloudNetworkProblems,
  kurrentCloudSecrets,
  kurrentDbSecrets,
  kurrentDbSize,
  type PersistentSubscription,
  type SubscriptionFilter,
} from "../../../constructs/event-store";
import { POSTGRES_CLUSTER_SIZES } from "../../../constructs/postgres";
import { type Size, shrinkProblems } from "../../../constructs/sizing";
import {
  type BackupSchedule,
  type Drilled,
  drill,
  drilledSchedule,
  drillSchedule,
  schedule,
  type VolumeSnapshotSchedule,
  volumeSnapshotSchedule,
} from "../backup";
import type { Draft, Finding } from "../check/finding";
import { choice, engines, flag, list, moment, object, optional, quantity, records, text, told, whole } from "../check/shape";
import { anyText, anything, nameOf, scalar, size, someTexts } from "../common";
import {
  anotherEngine,
  type BackedUp,
  type BackupMethod,
  type BackupTarget,
  bucketFor,
  bySetting,
  older,
  type SettingProblem,
  type StoreContext,
  type StoreEngine,
  WITHOUT_BUCKET,
} from "./engine";
import type { PostgresSettings } from "./postgres";
import { postgres, postgresEngine, serverSecrets } from "./postgres";
import { recordSchedule } from "./restore";

/** Event store of the write side, by engine. */
export type EventStore = KurrentCloudSettings | KurrentDbSettings | PostgresEventsSettings | EventSourcingDbSettings;

/** Managed event store of Kurrent. */
export interface KurrentCloudSettings {
  readonly engine: "kurrent-cloud";

  /** `production`: three nodes in three zones, `m32`, 1 TiB each. `development`: one node, `c4`, 100 GiB. */
  readonly size: KurrentCloudSize;

  /** `every` is at least one hour. The vendor keeps a number of backups: `{ every: "1h", keep: "30d" }` keeps 720. */
  readonly backup: BackupSchedule;

  /**
   * Backup of all events in the environment's bucket, in addition to the vendor's backups, which can't leave their region or the vendor:
   * `{ every: "15m", keep: "28d" }`. On an existing cluster it requires `backup.bucket` of the environment. Settings as for the backup of `kurrentdb`; objectives
   * are those of `backup`.
   * @default - none
   */
  readonly streamBackup?: StreamBackupSchedule;

  /**
   * Vendor network of the event store, peered with the environment's network.
   * @default - `10.128.0.0/20`
   */
  readonly network?: {
    /** CIDR block, from /8 to /24. Changing it creates a new cluster. */
    readonly cidr: string;
  };

  /**
   * KurrentDB release line at creation. Changing only the line upgrades nothing.
   * @default "26.0"
   */
  readonly version?: KurrentCloudVersion;

  /**
   * Patch version of the line: `26.0.3`. Changing it upgrades the cluster.
   * @default - the newest of the line at creation, then unchanged
   */
  readonly patch?: string;

  /**
   * Projections on the server: none (`off`), system projections (`system`: streams by category and type), or also user
   * projections (`user`).
   * @default "off"
   */
  readonly projections?: "off" | "system" | "user";

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
}

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
   * minutes, for any number of events, and keeps positions; but snapshots stay in the region, or in the storage of the cluster. Changes in
   * place.
   * @default - none
   */
  readonly volumeSnapshots?: VolumeSnapshotSchedule;
}

/** Schedule of a stream backup without recovery objectives: those of the store are in its `backup`. */
export type StreamBackupSchedule = Pick<BackupSchedule, "every" | "keep"> & Drilled;

/** Event store in PostgreSQL tables. */
export interface PostgresEventsSettings {
  readonly engine: "postgres";

  /** Dedicated PostgreSQL server of the event store. */
  readonly server: PostgresSettings;

  /**
   * Cron schedule (UTC) at which number, last position and hash of all events are recorded: `"0 * * * *"`. A restore can end at the newest
   * record and is compared with it; docs/restore.md. Each record reads all events.
   * @default - none
   */
  readonly records?: string;
}

/** EventSourcingDB on the write cluster: one node; while it is down, nothing can be written. */
export interface EventSourcingDbSettings {
  readonly engine: "eventsourcingdb";

  /** @default - the size of the environment */
  readonly size?: Size;

  /** Disk size. It can grow in place. */
  readonly storage?: Bytes;

  /**
   * Vendor's licence, as a reference to a secret. Without a licence, the store accepts only 25,000 events, so a protected
   * environment and the size `large` require one. Changing it restarts the store.
   * @default - none: for evaluation
   */
  readonly licence?: EventSourcingDbLicence;
}

/** Licence in a secret that you create. Its value is in no file, plan or state (docs/secrets.md#licences). */
export interface EventSourcingDbLicence {
  /**
   * Name of the secret. On EKS it is in Secrets Manager, with the prefix `<system>-<environment>-`; on an existing
   * cluster it is a Secret in the namespace `event-store`.
   */
  readonly secret: string;

  /**
   * Key in the secret.
   * @default "licence"
   */
  readonly key?: string;

  /** Flag of `eventsourcingdb run` for the licence text, without hyphens. `run --help` of your version lists it. */
  readonly flag: string;
}

/**
 * Default CIDR block of the vendor's network. Above the blocks that environments use from 10.0.0.0/16 upwards, and
 * disjoint from the service and pod networks of EKS (10.100.0.0/16, 172.20.0.0/16) and kind (10.96.0.0/16,
 * 10.244.0.0/16).
 */
export const KURRENT_CLOUD_CIDR = "10.128.0.0/20";

/** CIDR block of the vendor's network. */
export function kurrentCloudCidr({ network }: { readonly network?: { readonly cidr?: string } }): string {
  return network?.cidr ?? KURRENT_CLOUD_CIDR;
}

/** Settings of the KurrentDB engines for readers of events. */
export const declared = {
  persistentSubscriptions: optional(
    list(
      object<PersistentSubscription>({
        stream: anyText,
        group: anyText,
        filter: optional(
          object<SubscriptionFilter>({
            streamPrefix: optional(someTexts),
            streamRegex: optional(anyText),
            eventTypePrefix: optional(someTexts),
            eventTypeRegex: optional(anyText),
          }),
        ),
        from: optional(choice(["start", "end"], "place to start from")),
        resolveLinks: optional(flag),
        strategy: optional(choice(["RoundRobin", "DispatchToSingle", "Pinned"], "strategy")),
        messageTimeout: optional(moment),
        maxRetries: optional(whole(0, 1000)),
        maxConsumers: optional(whole(0, 1000)),
        readBatch: optional(whole(1, 10_000)),
        buffer: optional(whole(2, 100_000)),
        maxCheckpoint: optional(whole(10, 100_000)),
      }),
      'write [{ stream: "$ce-order", group: "billing" }], or leave it out',
    ),
  ),
  systemStreams: optional(list(anyText, 'write ["$ce-order"], or leave it out')),
};

/** Procedure for copying events from one engine to another. */
export const COPY_EVENTS =
  "make the other in a second environment, stop the write side, append every event there in the order of its position, compare counts, then send users there";

export const kurrentCloud: StoreEngine<KurrentCloudSettings> = {
  secrets: (name) => Object.values(kurrentCloudSecrets(name)),
  sized: false,
  kind: "event-store",
  runs: "vendor",
  shape: object<KurrentCloudSettings>({
    engine: told,
    size: choice(["development", "production"], "size of Kurrent Cloud"),
    backup: schedule,
    streamBackup: optional(object<StreamBackupSchedule>({ every: quantity(seconds), keep: quantity(seconds), drill })),
    network: optional(object<NonNullable<KurrentCloudSettings["network"]>>({ cidr: anything })),
    version: optional(choice(KURRENT_CLOUD_VERSIONS, "release line of KurrentDB at Kurrent Cloud")),
    patch: optional(text(/^\d+\.\d+\.\d+$/, "is not a patch release of KurrentDB", "write one like 26.0.3")),
    projections: optional(choice(["off", "system", "user"], "set of projections that the store runs")),
    ...declared,
  }),
  resolved: ({ version = DEFAULT_KURRENT_CLOUD, patch, size: of }) => ({
    settings: { version: patch ?? version, ...KURRENT_CLOUD_SIZES[of] },
  }),
  backup: scheduledBackups,
  streamBackup: ({ streamBackup, version = DEFAULT_KURRENT_CLOUD, size: of = "production" }) =>
    streamBackup && {
      setting: "streamBackup",
      ...streamBackup,
      scratch: { version, storage: KURRENT_CLOUD_SIZES[of].storage },
      administrator: (store) => ({ secret: kurrentCloudSecrets(store).admin.name, key: "password" }),
    },
  problems: (settings, { network, path }) => [
    ...frequencyProblems(settings),
    ...vendorNetworkProblems(settings, network),
    ...patchProblems(settings),
    ...emptyStreams(settings, path),
  ],
  vendorNetwork: kurrentCloudCidr,
  dataLoss: (before, after) => [...topologyLoss(before, after), ...vendorNetworkLoss(before, after), ...vendorVersionLoss(before, after)],
};

/**
 * Duration of a backup in seconds, half an hour. A backup has the data of its start, and is available after its end (Kurrent Cloud, offsets
 * of schedules).
 */
const BACKUP_TAKES = 1800;

/** Backups on a schedule. A restore creates a new cluster, which takes at least as long as a backup. */
function scheduledBackups(
  { backup: { every, keep, rto } = {}, streamBackup }: Draft<KurrentCloudSettings>,
  target: BackupTarget,
): BackedUp {
  if (!every || !keep) return { methods: [] };
  return {
    methods: [
      ...(streamBackup ? streamed(streamBackup, target, drillSchedule(streamBackup, { ...target, rto })) : []),
      {
        by: "backups of Kurrent Cloud",
        every,
        keep,
        loses: known(seconds(every)) + BACKUP_TAKES,
        because: `a backup every ${every} counts from its start, and takes up to 30 minutes`,
        place: "vendor",
      },
    ],
    restore: { seconds: BACKUP_TAKES, because: "Kurrent Cloud restores into a new cluster, and takes 30 minutes" },
  };
}

/** Backup of new events. It ends, or continues with a full backup for half of the interval, before the next one starts. */
function streamed({ every, keep }: Draft<StreamBackupSchedule>, target: BackupTarget, schedule?: string): readonly BackupMethod[] {
  const bucket = bucketFor(target);
  if (!every || !keep || !bucket) return [];
  return [
    {
      by: "stream backup",
      every,
      keep,
      followsKeep: true,
      loses: 2 * known(seconds(every)),
      because: `a backup every ${every} ends before the next one starts`,
      ...bucket,
      alert: "StreamBackupLate",
      onDemand: "stream",
      ...(schedule === undefined ? {} : { drill: schedule }),
    },
  ];
}

/** Snapshots of volumes. A snapshot is ready before the next one starts, which would wait otherwise. */
function snapshotted({ every, keep }: Draft<VolumeSnapshotSchedule>, { onEks }: BackupTarget): readonly BackupMethod[] {
  if (!every || !keep) return [];
  return [
    {
      by: "snapshots of a volume",
      every,
      keep,
      loses: 2 * known(seconds(every)),
      because: `a snapshot every ${every} is ready before the next one starts`,
      place: onEks ? "snapshots" : "storage",
      alert: "VolumeSnapshotLate",
    },
  ];
}

/** Problems of the interval. Overlapping backups are reported by a common check of all engines. */
function frequencyProblems({ backup }: Draft<KurrentCloudSettings>): readonly Finding[] {
  if (!backup?.every) return [];
  const often = { every: backup.every, keep: backup.every };
  return kurrentCloudBackupProblems(often).map((problem) => ({ keys: ["backup", "every"], ...problem }));
}

function vendorNetworkProblems(settings: Draft<KurrentCloudSettings>, network: string | undefined): readonly Finding[] {
  const problems = kurrentCloudNetworkProblems(kurrentCloudCidr(settings), network);
  return problems.map((problem) => ({ keys: ["network", "cidr"], ...problem }));
}

function patchProblems({ version = DEFAULT_KURRENT_CLOUD, patch }: Draft<KurrentCloudSettings>): readonly Finding[] {
  if (patch === undefined || patch.startsWith(`${version}.`)) return [];
  const remedy = `name one that begins with ${version}., or the line that it belongs to`;
  return [{ keys: ["patch"], value: patch, rule: `is not a patch release of ${version}`, remedy }];
}

/** Problems of streams that stay empty: projections of the server write the streams by category and type. KurrentDb has its own check. */
function emptyStreams(
  { projections = "off", persistentSubscriptions = [], systemStreams = [] }: Draft<KurrentCloudSettings>,
  path: string,
): readonly Finding[] {
  if (projections !== "off") return [];
  const read = [
    ...persistentSubscriptions.map((one, index) => [["persistentSubscriptions", index, "stream"], one?.stream] as const),
    ...systemStreams.map((stream, index) => [["systemStreams", index], stream] as const),
  ];
  return read
    .filter(([, stream]) => isOfStandardProjection(stream ?? ""))
    .map(([keys, value]) => ({
      keys: keys.map(String),
      value,
      rule: "stays empty, because no projection fills it",
      remedy: `set ${path}.projections to "system"`,
    }));
}

function topologyLoss(before: KurrentCloudSettings, after: KurrentCloudSettings): readonly SettingProblem[] {
  if (before.size === after.size) return [];
  return [
    {
      at: "size",
      value: after.size,
      rule: `is another topology than ${before.size}, and its vendor changes none: it would be another cluster, and empty`,
      remedy: "back this one up, and restore the backup into a second environment of that size, then send users there",
    },
  ];
}

function vendorNetworkLoss(before: KurrentCloudSettings, after: KurrentCloudSettings): readonly SettingProblem[] {
  const [was, now] = [kurrentCloudCidr(before), kurrentCloudCidr(after)];
  if (was === now) return [];
  return [
    {
      at: "network.cidr",
      value: now,
      rule: `was ${was}: another network is another cluster, and empty`,
      remedy: `keep ${was}, or restore a backup into a second environment with the other`,
    },
  ];
}

/** A cluster is created with a line; upgrades are patches of that line. */
function vendorVersionLoss(before: KurrentCloudSettings, after: KurrentCloudSettings): readonly SettingProblem[] {
  const [was, now] = [before.version ?? DEFAULT_KURRENT_CLOUD, after.version ?? DEFAULT_KURRENT_CLOUD];
  if (was === now) return older(before.patch ?? was, after.patch ?? before.patch ?? was, "patch");
  return older(was, now);
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
    const snapshots = snapshotted(volumeSnapshots, target);
    const drills = drillSchedule(backup, { ...target, rto: backup.rto });
    return {
      methods: [...streamed(backup, target, drills), ...snapshots],
      ...(bucketFor(target) ? { alternative: 'set backup: { every: "15m", keep: "28d" }, or ' } : WITHOUT_BUCKET),
      ...(snapshots.some(({ place }) => place === "storage") ? { where: " outside of the storage of its cluster" } : {}),
    };
  },
  volumeSnapshots: ({ volumeSnapshots, insecure }) => (insecure ? undefined : volumeSnapshots),
  streamBackup: ({ backup, insecure, version = DEFAULT_KURRENTDB, size: own, storage: said, options }, of = "medium") => {
    if (!backup || insecure) return undefined;
    const { storage } = kurrentDbSize({ size: own ?? of, ...(said === undefined ? {} : { storage: said }) });
    const scratch = { version, storage, ...(options ? { options: options as KurrentDbOptions } : {}) };
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

export const postgresEvents: StoreEngine<PostgresEventsSettings> = {
  secrets: (name, { server }) => serverSecrets(server.name ?? name, server),
  server: ({ server }) => server,
  kind: "event-store",
  runs: "cluster",
  shape: object<PostgresEventsSettings>({ engine: told, server: postgres, records: optional(recordSchedule) }),
  resolved: ({ server }, sizing) => postgresEngine(server)?.resolved(server, sizing) ?? { settings: {} },
  backup: ({ server }, target) => postgresEngine(server)?.backup(server as PostgresSettings, target),
  problems: ({ server }, context) =>
    (postgresEngine(server)?.problems?.(server as PostgresSettings, context) ?? []).map(({ keys, ...problem }) => ({
      ...problem,
      keys: ["server", ...keys],
    })),
  unacknowledged: unacknowledgedEvents,
  dataLoss: (before, after, sizes) => {
    const [was, now] = [before, after].map(({ server }) => server.name ?? "event-store");
    if (was !== now)
      return [{ at: "server.name", value: now, rule: `was ${was}: a server of another name is another, and empty`, remedy: `keep ${was}` }];
    return serverLoss(before.server, after.server, sizes).map((problem) => ({ ...problem, at: `server.${problem.at}` }));
  },
};

function serverLoss(before: PostgresSettings, after: PostgresSettings, sizes: Parameters<typeof postgresEvents.dataLoss>[2]) {
  if (before.engine !== after.engine) return [anotherEngine(before.engine, after.engine, "what it holds", COPY_EVENTS)];
  return postgresEngine(before)?.dataLoss(before, after, sizes) ?? [];
}

/** Values that PostgreSQL treats as `on`, or that wait for more (PostgreSQL 17, `synchronous_commit`). */
const FLUSHED = /^(on|true?|tru|t|yes?|ye|y|1|remote_apply)$/i;

/**
 * Settings that let PostgreSQL acknowledge events that it may lose. An acknowledged event must be on the server's disk, and on two servers
 * if there are two.
 */
function unacknowledgedEvents({ server }: Draft<PostgresEventsSettings>, size?: Size): readonly Finding[] {
  if (!server) return [];
  const keys = ["server"];
  const or = "or say in exceptions.asynchronousEvents why that is right here";
  const commit = server.parameters?.synchronous_commit;
  const found: Finding[] =
    commit === undefined || FLUSHED.test(String(commit))
      ? []
      : [
          {
            keys: [...keys, "parameters", "synchronous_commit"],
            value: commit,
            rule: "acknowledges events before a second server has them on its disk",
            remedy: `leave it out, ${or}`,
          },
        ];
  if (!("synchronous" in server) || server.synchronous === undefined) return found;
  const { instances = POSTGRES_CLUSTER_SIZES[server.size ?? size ?? "medium"].instances, synchronous } = server;
  if (instances === 1 || (synchronous !== false && synchronous.durability === "required")) return found;
  const [below, rule] =
    synchronous === false
      ? [[], "acknowledges events that no second server has"]
      : [["durability"], "acknowledges events that no second server has while standbys are away"];
  const value = synchronous === false ? false : synchronous.durability;
  return [
    ...found,
    {
      keys: [...keys, "synchronous", ...below],
      ...(value === undefined ? {} : { value }),
      rule,
      remedy: `use durability "required", ${or}`,
    },
  ];
}

/** Resolved size of an EventSourcingDB. */
export function eventSourcingDbSize(settings: EventSourcingDbSettings, size: Size) {
  const of = EVENT_SOURCING_DB_SIZES[settings.size ?? size];
  return { ...of, storage: settings.storage ?? of.storage };
}

/** Number of events that EventSourcingDB accepts without a licence (the vendor's evaluation limit). */
const EVALUATION_EVENTS = (25_000).toLocaleString("en");

export const eventSourcingDb: StoreEngine<EventSourcingDbSettings> = {
  secrets: (name) => [eventSourcingDbToken(name)],
  ping: eventSourcingDbPing,
  kind: "event-store",
  runs: "cluster",
  shape: object<EventSourcingDbSettings>({
    engine: told,
    size: optional(size),
    storage: optional(quantity(bytes)),
    licence: optional(
      object<EventSourcingDbLicence>({
        // Its Helm release is named secret-<name>.
        secret: nameOf(40),
        key: optional(text(/^[A-Za-z0-9._-]{1,253}$/, "can't be a key of a Secret", "use letters, digits, . _ and -")),
        flag: text(/^[a-z][a-z0-9-]{0,62}$/, "must be the name of a flag", "write it without its hyphens, like license-key"),
      }),
    ),
  }),
  withinCluster: true,
  withoutRoles: "EventSourcingDB has one token, which reads and writes",
  resolved: (own, { size: of }) => {
    const resolved = eventSourcingDbSize(own, of);
    return {
      settings: { image: EVENT_SOURCING_DB, ...resolved },
      pods: { count: 1, cpu: resolved.cpu, memory: resolved.memory, volumes: 1 },
      ...(own.licence ? {} : { limit: `without a licence, which it needs to accept more than ${EVALUATION_EVENTS} events` }),
    };
  },
  backup: () => ({ methods: [], alternative: "use kurrent-cloud or postgres, or " }),
  problems: licenceProblems,
  dataLoss: (before, after, sizes) =>
    bySetting(shrinkProblems(eventSourcingDbSize(before, sizes.before), eventSourcingDbSize(after, sizes.after), ["storage"])),
};

function licenceProblems(settings: Draft<EventSourcingDbSettings>, { size: of, exceptions, isSecret }: StoreContext): readonly Finding[] {
  const { licence } = settings;
  if (licence) {
    const { secret } = licence;
    return secret !== undefined && (eventSourcingDbSecrets().includes(secret) || isSecret(secret))
      ? [{ keys: ["licence", "secret"], value: secret, rule: "is a secret that the platform makes", remedy: "choose another name" }]
      : [];
  }
  const large = (settings.size ?? of) === "large";
  if ("licence" in settings || ("disposable" in exceptions && !large)) return [];
  return [
    {
      keys: ["licence"],
      rule: `is required ${large ? "for the size large" : "in a protected environment"}: without one EventSourcingDB stops accepting events after ${EVALUATION_EVENTS}`,
      remedy: "write licence: { secret, flag }, as docs/secrets.md has it, or choose another engine",
    },
  ];
}

export const eventStoreShape = engines({
  "kurrent-cloud": kurrentCloud.shape,
  kurrentdb: kurrentDb.shape,
  postgres: postgresEvents.shape,
  eventsourcingdb: eventSourcingDb.shape,
});
