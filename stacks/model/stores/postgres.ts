import * as v from "valibot";
import { MAX_LOCK_DAYS, RESTORE_TESTS, snapshotLoss, snapshotSchedule } from "../../../constructs/backup";
import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import { bytes, daysIn, known, millicores, seconds } from "../../../constructs/core/quantities";
import type { PostgresVersion } from "../../../constructs/core/versions";
import { DEFAULT_POSTGRES, POSTGRES } from "../../../constructs/core/versions";
import {
  AURORA_SIZES,
  baseBackupSchedule,
  databaseName as defaultDatabase,
  instanceClass,
  type ManagedEngine,
  POSTGRES_CLUSTER_SIZES,
  POSTGRES_ROLES,
  type PostgresClusterProps,
  postgresMoveProblems,
  postgresUser,
  RDS_SIZES,
  resolvePostgres,
} from "../../../constructs/postgres";
import type { SecretSpec } from "../../../constructs/secrets";
import { type Size, shrinkProblems } from "../../../constructs/sizing";
import { type ArchiveBackup, archiveBackup, type Drilled, drillSchedule, type ManagedBackup, managedBackup } from "../backup";
import type { Draft, Finding } from "../check/finding";
import { choice, engines, flag, madeOf, object, optional, quantity, records, type Schema, text, told, whole } from "../check/shape";
import { anything, nameOf, scalar, size } from "../common";
import {
  type BackedUp,
  type BackupTarget,
  bucketFor,
  bySetting,
  type OnDemandBackup,
  older,
  type ResolvedSettings,
  type SettingProblem,
  type StoreEngine,
  WITHOUT_BUCKET,
} from "./engine";
import { type Restore, restore } from "./restore";

/** PostgreSQL server, by engine. Missing settings follow from the size. */
export type PostgresSettings = AuroraSettings | RdsSettings | CloudNativePgSettings;

/** Settings of a PostgreSQL server that all engines have. */
export interface PostgresServer {
  /**
   * Name of the server.
   * @default - the role's; required if several servers fill the role
   */
  readonly name?: string;

  /** @default - the size of the environment */
  readonly size?: Size;

  /**
   * Name of the database, the prefix of its users: `orders` has `orders_writer`. Changing it creates another, empty database.
   * @default - the server's name, with `_` in place of hyphens; `app` for a server with the name of a system database (`postgres`)
   */
  readonly database?: string;

  /** Major version of PostgreSQL. A later version is an upgrade; docs/data.md has the steps. */
  readonly version?: PostgresVersion;

  /**
   * Server parameters: `{ max_connections: 200, work_mem: "16MB" }`. Values that exceed its memory are rejected.
   * @default - values for the size
   */
  readonly parameters?: Readonly<Record<string, string | number>>;

  /**
   * Creates the server from a backup of another one.
   * @default - it starts empty
   */
  readonly restore?: Restore;
}

/** PostgreSQL on Amazon Aurora. */
export interface AuroraSettings extends PostgresServer {
  readonly engine: "aurora";

  /** Number of readers besides the writer, at most 15. */
  readonly replicas: number;

  /**
   * Automated backups, and their recovery objectives.
   * @default - retention is `backup.keep` of the environment
   */
  readonly backup?: ManagedBackup;

  /**
   * Replicates the server to the standby environment, as an Aurora global database: usually a second behind, in place of the age of a copied
   * snapshot. The standby pays its instances, storage and each replicated write from the start. docs/standby.md has prices and steps.
   * @default - none: a standby creates the server from a snapshot, with its promotion
   */
  readonly globalDatabase?: GlobalDatabase;
}

/** Aurora global database: the servers of one name in a primary environment and in its standby. The standby needs the same setting. */
export interface GlobalDatabase {
  /** Environment that creates the global database, and owns it. Never changes, whichever environment is the primary. */
  readonly of: string;

  /**
   * Minor version of PostgreSQL, which must be the same in both: 5 for 17.5. AWS doesn't upgrade it automatically. To upgrade, raise it in
   * the standby first.
   */
  readonly minorVersion: number;
}

/** PostgreSQL on Amazon RDS, with a standby in another zone. */
export interface RdsSettings extends PostgresServer {
  readonly engine: "rds";

  /** Number of read replicas besides the primary, at most 15. */
  readonly replicas: number;

  /** Disk size of the primary and of each replica. It can grow in place. */
  readonly storage?: Bytes;

  /**
   * Automated backups, and their recovery objectives.
   * @default - retention is `backup.keep` of the environment
   */
  readonly backup?: ManagedBackup;
}

/** PostgreSQL on the cluster, by the operator CloudNativePG. */
export interface CloudNativePgSettings extends PostgresServer {
  readonly engine: "cloudnative-pg";

  /** Number of instances, including the primary. */
  readonly instances?: number;

  /** CPU request per instance. */
  readonly cpu?: Cores;

  /** Memory request and limit per instance. */
  readonly memory?: Bytes;

  /** Disk size per instance, for data. It can grow in place. */
  readonly storage?: Bytes;

  /** Disk size per instance, for the WAL. It can grow in place. */
  readonly walStorage?: Bytes;

  /**
   * Number of replicas that must have a write before it is acknowledged. If too few are available, writes wait
   * (`required`) or continue with fewer copies (`preferred`).
   * @default - one, required, with three or more instances; none with one; must be set with two
   */
  readonly synchronous?: { readonly standbys: number; readonly durability: "required" | "preferred" } | false;

  /**
   * Adds PgBouncer poolers, whose connections workloads share.
   * @default false
   */
  readonly pooler?: boolean;

  /**
   * Backups, on an existing cluster only with `backup.bucket` of the environment: the write-ahead log, and base backups at an interval.
   * @default - a base backup every day
   */
  readonly backup?: ArchiveBackup & Drilled;
}

/** Also the prefix of role names: see PostgresRoles. The first three names already exist. */
const databaseName = text(
  /^(?!postgres$|template[01]$|pg_)[a-z_][a-z0-9_]{0,47}$/,
  "can't be the name of a database and its users",
  "use up to 48 lower-case letters, digits and _, not beginning with a digit or pg_, and not postgres or template0",
);

export const server = {
  // Names of Helm releases contain it: secret-<name>-administrator.
  name: optional(nameOf(32)),
  engine: told,
  size: optional(size),
  database: optional(databaseName),
  version: optional(choice(Object.keys(POSTGRES), "version of PostgreSQL")),
  parameters: optional(records(scalar)),
  restore: optional(restore),
};

export const off = v.literal(false);

export const copied = object<Exclude<CloudNativePgSettings["synchronous"], false | undefined>>({
  standbys: whole(1, 24),
  durability: choice(["required", "preferred"], "durability"),
});

export const synchronous: Schema = madeOf(
  { "(off)": off, "(on)": copied },
  v.lazy((input) => (input === false ? off : copied)),
);

/** Resolved settings of a server on a cluster. */
export function cloudNativePgSize({ pooler, ...settings }: CloudNativePgSettings, size: Size) {
  const { engine: _, name: __, backup: ___, restore: ____, ...given } = settings;
  return resolvePostgres({ size, ...given, ...(pooler ? { pooler: {} } : {}) } as PostgresClusterProps);
}

/** Disk size of an RDS instance. */
export function rdsStorage(settings: RdsSettings, size: Size): Bytes {
  return settings.storage ?? RDS_SIZES[settings.size ?? size].storage;
}

/** Sizes of disks by engine. Aurora has no disk of its own, and is compared with RDS. */
const DISKS: Readonly<Record<PostgresSettings["engine"], Readonly<Record<Size, { readonly storage: Bytes }>>>> = {
  aurora: RDS_SIZES,
  rds: RDS_SIZES,
  "cloudnative-pg": POSTGRES_CLUSTER_SIZES,
};

/** Disk size of an instance for data. For Aurora that of RDS. */
export function serverStorage(server: Draft<PostgresSettings>, size: Size): Bytes {
  const { engine, size: own = size } = server;
  const said = "storage" in server ? server.storage : undefined;
  return said ?? DISKS[engine ?? "rds"][own].storage;
}

type Sizes = typeof AURORA_SIZES | typeof RDS_SIZES;

/** Resolved settings of a server on AWS, by the sizes and the AWS name of its engine. */
function managed(settings: AuroraSettings | RdsSettings, sizes: Sizes, engine: ManagedEngine, size: Size, disk: object): ResolvedSettings {
  const { version = DEFAULT_POSTGRES, replicas } = settings;
  const { instance, parameters } = sizes[settings.size ?? size];
  const { max_connections } = { ...parameters, ...settings.parameters };
  const instances = { instance: instanceClass(engine, instance), memory: instance.memory, replicas };
  return { settings: { version, ...instances, ...disk, max_connections } };
}

function olderServer(before: PostgresSettings, after: PostgresSettings) {
  return older(before.version ?? DEFAULT_POSTGRES, after.version ?? DEFAULT_POSTGRES);
}

/** A restore is only read when a server is created: later it would have no effect, or replace the server. */
function restoredLater(before: PostgresSettings, after: PostgresSettings): readonly SettingProblem[] {
  const [was, now] = [before.restore, after.restore].map((one) => (one === undefined ? undefined : JSON.stringify(one)));
  if (was === now) return [];
  if (was !== undefined) {
    return [
      {
        at: "restore",
        ...(after.restore ? { value: after.restore } : {}),
        rule: "names what an existing server was created from: changed, it has no effect or replaces the server",
        remedy: "keep it as it was",
      },
    ];
  }
  return [
    {
      at: "restore",
      value: after.restore,
      rule: "can't restore a server that exists: backups are never restored in place",
      remedy: "add a server with it under another name, or in a second environment",
    },
  ];
}

/** A cluster can't join another global database. */
function ownedElsewhere({ globalDatabase: was }: AuroraSettings, { globalDatabase: now }: AuroraSettings): readonly SettingProblem[] {
  if (!was || !now || was.of === now.of) return [];
  const rule = `was "${was.of}": the server can't leave that global database for another one`;
  return [{ at: "globalDatabase.of", value: now.of, rule, remedy: `keep "${was.of}", also after a failover` }];
}

/** Database name of a server, the prefix of its roles. */
export function databaseOf({ name, settings: { database } }: DatabaseServer): string {
  return database ?? defaultDatabase(name);
}

/** PostgreSQL server, as input for the names of its database and users. */
export interface DatabaseServer {
  readonly name: string;
  readonly settings: Pick<PostgresSettings, "database">;
}

/** Secrets of a server's users, one per role. */
export function serverSecrets(name: string, settings: DatabaseServer["settings"]): readonly SecretSpec[] {
  return POSTGRES_ROLES.map((role) => postgresUser(databaseOf({ name, settings }), role, name));
}

/** Seconds. Aurora and RDS restore up to about five minutes ago (RDS, point-in-time recovery, LatestRestorableTime). */
const UPLOADED_LOG = 300;

/** Seconds. CloudNativePG closes and archives a WAL segment after five minutes at the latest (`archive_timeout`). */
const ARCHIVED_LOG = 300;

/** Seconds. AWS creates a new database instance in about ten minutes, regardless of its data. */
const NEW_INSTANCE = 600;

/** Baseline throughput of gp3 in bytes per second, without extra cost (Amazon EBS, general purpose SSD volumes). */
const VOLUME_THROUGHPUT = 125 * 2 ** 20;

/** Default interval between snapshots of AWS Backup. */
export const DEFAULT_SNAPSHOT: Duration = "1d";

/** Retention of automated backups: 35 days at most (RDS, backup retention period). */
export function automatedKeep(keep: Duration): Duration {
  return daysIn(keep) > MOST_AUTOMATED_DAYS ? `${MOST_AUTOMATED_DAYS}d` : keep;
}

/** Maximum retention of automated backups of RDS and Aurora, in days. */
export const MOST_AUTOMATED_DAYS = 35;

function automated(
  engine: string,
  { backup }: Draft<AuroraSettings | RdsSettings>,
  { keep: ofEnvironment, isProtected }: BackupTarget,
  least: number,
  onDemand: OnDemandBackup,
): BackedUp {
  const { keep = ofEnvironment, every = DEFAULT_SNAPSHOT } = backup ?? {};
  const followsKeep = backup?.keep === undefined;
  return {
    methods: [
      {
        by: `automated backups of ${engine}`,
        keep: automatedKeep(keep),
        followsKeep,
        loses: UPLOADED_LOG,
        because: `${engine} restores up to 5 minutes before a failure`,
        place: "region",
      },
      {
        by: `snapshots of ${engine} by AWS Backup`,
        every,
        keep,
        followsKeep,
        loses: snapshotLoss(known(seconds(every))),
        because: "a snapshot starts within an hour, and takes up to 4",
        place: "vault",
        onDemand,
        ...(isProtected ? { drill: RESTORE_TESTS } : {}),
      },
    ],
    restore: { seconds: least, because: `AWS takes ${least / 60} minutes to make what it restores into` },
  };
}

/** Problems of snapshots of AWS Backup. */
function snapshotProblems({ backup }: Draft<AuroraSettings | RdsSettings>): readonly Finding[] {
  const { every, keep } = backup ?? {};
  const days = keep === undefined ? 1 : daysIn(keep);
  const found = (key: string, value: unknown, rule: string, remedy: string): Finding[] => [{ keys: ["backup", key], value, rule, remedy }];
  return [
    ...(every === undefined || snapshotSchedule(every) !== undefined
      ? []
      : found("every", every, "is not a time between snapshots that a schedule can have", "use one of 6h, 8h, 12h, 1d")),
    ...(Number.isInteger(days) && days >= 1 && days <= MAX_LOCK_DAYS
      ? []
      : found("keep", keep, "must be a whole number of days", `use 1d to ${MAX_LOCK_DAYS}d`)),
  ];
}

/** Default interval between base backups of CloudNativePG. */
export const DEFAULT_BASE_BACKUP: Duration = "1d";

function archived(
  settings: Draft<CloudNativePgSettings>,
  { keep, size: of, isProtected }: BackupTarget,
  bucket: NonNullable<ReturnType<typeof bucketFor>>,
): BackedUp {
  const { every = DEFAULT_BASE_BACKUP, rto, drill } = settings.backup ?? {};
  const drills = drillSchedule({ drill }, { rto, isProtected });
  const storage = settings.storage ?? POSTGRES_CLUSTER_SIZES[settings.size ?? of].storage;
  return {
    methods: [
      {
        by: `CloudNativePG: log, and a base backup every ${every}`,
        base: every,
        keep,
        followsKeep: true,
        loses: ARCHIVED_LOG,
        because: "the log is archived every 5 minutes",
        alert: "PostgresBackupLate",
        onDemand: "base-backup",
        ...(drills === undefined ? {} : { drill: drills }),
        ...bucket,
      },
    ],
    restore: {
      seconds: Math.ceil(known(bytes(storage)) / VOLUME_THROUGHPUT),
      because: `a volume takes 125 MiB a second, and a full one has ${storage}`,
    },
  };
}

/** Problems of the interval between base backups. */
function baseBackupProblems({ backup }: Draft<CloudNativePgSettings>): readonly Finding[] {
  const every = backup?.every;
  if (every === undefined || baseBackupSchedule(every) !== undefined) return [];
  return [
    {
      keys: ["backup", "every"],
      value: every,
      rule: "is not a time between base backups that a schedule can have",
      remedy: "use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 7d",
    },
  ];
}

/** Targets of servers that AWS runs. */
const OF_AWS = { kinds: ["time", "snapshot"], remedy: "use time or snapshot" } as const;

export const aurora: StoreEngine<AuroraSettings> = {
  secrets: serverSecrets,
  kind: "postgres",
  runs: "aws",
  cloudWatch: "aurora",
  instances: { suffix: "-", named: false },
  restoreTargets: OF_AWS,
  shape: object<AuroraSettings>({
    ...server,
    replicas: whole(0, 15, ", as many readers as Aurora has"),
    backup: optional(managedBackup),
    globalDatabase: optional(object<GlobalDatabase>({ of: anything, minorVersion: whole(0, 99) })),
  }),
  resolved: (settings, { size: of }) => managed(settings, AURORA_SIZES, "aurora-postgresql", of, {}),
  problems: snapshotProblems,
  // The cluster is created first, then its first instance.
  backup: (settings, target) => automated("Aurora", settings, target, 2 * NEW_INSTANCE, "cluster-snapshot"),
  // Storage is not a setting: it grows and shrinks with the data.
  dataLoss: (before, after) => [...olderServer(before, after), ...restoredLater(before, after), ...ownedElsewhere(before, after)],
};

export const rds: StoreEngine<RdsSettings> = {
  secrets: serverSecrets,
  kind: "postgres",
  runs: "aws",
  cloudWatch: "rds",
  instances: { suffix: "-replica-", named: true },
  shape: object<RdsSettings>({
    ...server,
    replicas: whole(0, 15, ", as many replicas as RDS has"),
    storage: optional(quantity(bytes)),
    backup: optional(managedBackup),
  }),
  resolved: (settings, { size: of, isProtected }) =>
    managed(settings, RDS_SIZES, "postgres", of, { standby: isProtected, storage: rdsStorage(settings, of) }),
  restoreTargets: OF_AWS,
  problems: snapshotProblems,
  backup: (settings, target) => automated("RDS", settings, target, NEW_INSTANCE, "instance-snapshot"),
  dataLoss: (before, after, sizes) => {
    const [was, now] = [{ storage: rdsStorage(before, sizes.before) }, { storage: rdsStorage(after, sizes.after) }];
    return [...bySetting(shrinkProblems(was, now, ["storage"])), ...olderServer(before, after), ...restoredLater(before, after)];
  },
};

export const cloudNativePg: StoreEngine<CloudNativePgSettings> = {
  secrets: serverSecrets,
  kind: "postgres",
  runs: "cluster",
  shape: object<CloudNativePgSettings>({
    ...server,
    instances: optional(whole(1, 25)),
    cpu: optional(quantity(millicores)),
    memory: optional(quantity(bytes)),
    storage: optional(quantity(bytes)),
    walStorage: optional(quantity(bytes)),
    synchronous: optional(synchronous),
    pooler: optional(flag),
    backup: optional(archiveBackup),
  }),
  withinCluster: true,
  restoreTargets: { kinds: ["time", "lsn", "latest"], remedy: "use time or lsn" },
  problems: baseBackupProblems,
  resolved: (own, { size: of }) => {
    const { version, instances, cpu, memory, storage, walStorage, parameters, poolers } = cloudNativePgSize(own, of);
    const shown = { version, instances, cpu, memory, storage, walStorage, ...(poolers > 0 ? { poolers } : {}) };
    return {
      settings: { ...shown, max_connections: parameters.max_connections },
      // In addition to the servers: the job that creates an instance's volumes, and poolers.
      pods: { count: instances + 1 + 2 * poolers, cpu, memory, volumes: 2 },
    };
  },
  backup: (settings, target) => {
    const bucket = bucketFor(target);
    return bucket ? archived(settings, target, bucket) : { methods: [], ...WITHOUT_BUCKET };
  },
  dataLoss: (before, after, sizes) => [
    ...bySetting(postgresMoveProblems(cloudNativePgSize(before, sizes.before), cloudNativePgSize(after, sizes.after))),
    ...olderServer(before, after),
    // It reads the setting once. AWS replaces a server that is no longer restored from anything.
    ...(after.restore ? restoredLater(before, after) : []),
  ],
};

/** Engines for PostgreSQL servers. */
export const POSTGRES_ENGINES: { readonly [S in PostgresSettings as S["engine"]]: StoreEngine<S> } = {
  aurora,
  rds,
  "cloudnative-pg": cloudNativePg,
};

/** Engine of a PostgreSQL server. Undefined for an unknown engine in unchecked input. */
export function postgresEngine({ engine }: { readonly engine?: unknown } = {}): StoreEngine<PostgresSettings> | undefined {
  const known = typeof engine === "string" && Object.hasOwn(POSTGRES_ENGINES, engine);
  return known ? (POSTGRES_ENGINES[engine as PostgresSettings["engine"]] as StoreEngine<PostgresSettings>) : undefined;
}

/** Shape of a PostgreSQL server. */
export const postgres = engines({ aurora: aurora.shape, rds: rds.shape, "cloudnative-pg": cloudNativePg.shape });
