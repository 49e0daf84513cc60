import { known, seconds } from "../../../constructs/core/quantities";
import { DEFAULT_KURRENT_CLOUD, KURRENT_CLOUD_VERSIONS, type KurrentCloudVersion } from "../../../constructs/core/versions";
import {
  isOfStandardProjection,
  KURRENT_CLOUD_SIZES,
  type KurrentCloudSize,
  kurrentCloudBackupProblems,
  kurrentCloudNetworkProblems,
  kurrentCloudSecrets,
  type PersistentSubscription,
} from "../../../constructs/event-store";
import { type BackupSchedule, drill, drillSchedule, schedule } from "../backup";
import type { Draft, Finding } from "../check/finding";
import { choice, object, optional, quantity, text, told } from "../check/shape";
import { anything } from "../common";
import { type BackedUp, type BackupTarget, older, type SettingProblem, type StoreEngine } from "./engine";
import { declared, type StreamBackupSchedule, streamed } from "./kurrent";

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
   * @default - none: a protected environment with `aws.recoveryRegion` needs the exception `noRecoveryCopy`
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
  followsStreams: true,
  streamBackup: ({ streamBackup, version = DEFAULT_KURRENT_CLOUD, size: of = "production" }) =>
    streamBackup && {
      setting: "streamBackup",
      ...streamBackup,
      scratch: { version, storage: KURRENT_CLOUD_SIZES[of].storage },
      // On the cluster, unlike the store.
      drillsWithoutArm: "KurrentDB, into which drills restore, has no ARM image",
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
    alternative: 'set streamBackup: { every: "15m", keep: "28d" }, or ',
    restore: { seconds: BACKUP_TAKES, because: "Kurrent Cloud restores into a new cluster, and takes 30 minutes" },
  };
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
