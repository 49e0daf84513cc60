import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, type Duration, known, millicores, seconds } from "../core/quantities";
import { DEFAULT_POSTGRES, type PostgresVersion } from "../core/versions";
import { type Size, shrinkProblems } from "../sizing";
import type { BackupPlace, PostgresClusterProps, Synchronous } from "./cloud-native-pg";
import { type PostgresParameters, parameterProblems } from "./parameters";

/** Settings that a size determines and that can be set individually. */
export interface PostgresClusterSettings {
  /** PostgreSQL servers: one primary, and standbys that can be promoted. */
  readonly instances: number;

  /** CPU request of each server, without a limit, because throttling would slow it down. */
  readonly cpu: Cores;

  /** Memory request and limit of each server. */
  readonly memory: Bytes;

  /** Size of each server's data volume. It grows in place and never shrinks. */
  readonly storage: Bytes;

  /** Size of each server's WAL volume, which is separate so that neither volume fills the other. It grows in place and never shrinks. */
  readonly walStorage: Bytes;

  /** Server parameters. They override those derived from memory. */
  readonly parameters: PostgresParameters;
}

/** Settings of each size. `max_connections` and `work_mem` fit into memory at worst, in addition to shared buffers of a quarter of it. */
export const POSTGRES_CLUSTER_SIZES: Readonly<Record<Size, PostgresClusterSettings>> = {
  small: {
    instances: 1,
    cpu: "500m",
    memory: "2Gi",
    storage: "20Gi",
    walStorage: "10Gi",
    parameters: { max_connections: 50, work_mem: "4MB", maintenance_work_mem: "64MB" },
  },
  medium: {
    instances: 3,
    cpu: 1,
    memory: "4Gi",
    storage: "100Gi",
    walStorage: "20Gi",
    parameters: { max_connections: 100, work_mem: "8MB", maintenance_work_mem: "128MB" },
  },
  large: {
    instances: 3,
    cpu: 4,
    memory: "16Gi",
    storage: "500Gi",
    walStorage: "50Gi",
    parameters: { max_connections: 200, work_mem: "16MB", maintenance_work_mem: "512MB" },
  },
};

/** Settings with all values derived from the size. */
export interface ResolvedPostgres extends PostgresClusterSettings {
  readonly version: PostgresVersion;
  readonly synchronous: Synchronous | undefined;
  readonly database: string;
  readonly schedule: string;
  readonly serverName: string;
  readonly poolers: number;
}

/** Schedules of base backups by the hours between two. The first field is seconds; the hours must divide a day. */
const SCHEDULES: Readonly<Record<number, string>> = {
  ...Object.fromEntries([1, 2, 3, 4, 6, 8, 12].map((hours) => [hours, `10 0 */${hours} * * *`])),
  24: "10 0 2 * * *",
  168: "10 0 2 * * 0",
};

/** Schedule of base backups at this interval: `"10 0 2 * * *"` for a day. Undefined if there is none. */
export function baseBackupSchedule(every: Duration): string | undefined {
  const distance = seconds(every);
  return typeof distance === "number" ? SCHEDULES[distance / 3600] : undefined;
}

/** Every day at 02:00. */
const SCHEDULE = "10 0 2 * * *";

/** Settings of a cluster with all defaults of its size. */
export function resolvePostgres(props: Omit<PostgresClusterProps, "cluster" | "clients">): ResolvedPostgres {
  const { name, version = DEFAULT_POSTGRES, database = "app", backup, pooler } = props;
  const size = POSTGRES_CLUSTER_SIZES[props.size ?? "medium"];
  const { instances = size.instances, cpu = size.cpu, memory = size.memory } = props;
  const { storage = size.storage, walStorage = size.walStorage } = props;
  const copies: Synchronous | undefined = instances > 2 ? { standbys: 1, durability: "required" } : undefined;
  return {
    version,
    instances,
    cpu,
    memory,
    storage,
    walStorage,
    parameters: { ...derived(memory, walStorage), ...size.parameters, ...props.parameters },
    synchronous: props.synchronous === false ? undefined : (props.synchronous ?? copies),
    database,
    schedule: backup?.schedule ?? SCHEDULE,
    serverName: backup?.serverName ?? name,
    poolers: pooler ? (pooler.instances ?? 2) : 0,
  };
}

/** Parameters derived from memory and from the WAL volume. */
function derived(memory: Bytes, walStorage: Bytes): PostgresParameters {
  const [memoryBytes, walBytes] = [bytes(memory), bytes(walStorage)];
  // Values that can't be parsed are reported by the check of quantities.
  if (typeof memoryBytes !== "number" || typeof walBytes !== "number") return {};
  const megabytes = (amount: number) => `${Math.floor(amount / 2 ** 20)}MB`;
  return {
    shared_buffers: megabytes(memoryBytes / 4),
    effective_cache_size: megabytes((memoryBytes * 3) / 4),
    max_wal_size: megabytes(walBytes / 4),
    // An unavailable standby must not fill the WAL volume, which would stop all writes.
    max_slot_wal_keep_size: megabytes(walBytes / 2),
    log_min_duration_statement: "1s",
    log_lock_waits: "on",
  };
}

/** Connections reserved for migrations, the roles' job, the operator and operators with psql. */
const RESERVED = 20;

/** Maximum server connections of a pooler, so that all poolers together leave the reserved ones free. */
export function poolSize({ poolers, parameters }: ResolvedPostgres): number {
  return Math.floor((Number(parameters.max_connections ?? 100) - RESERVED) / Math.max(poolers, 1));
}

/** Parameters that the operator sets or rejects (CloudNativePG 1.30, pkg/postgres/configuration.go). */
const KEPT =
  /^(allow_system_table_mods|archive_(mode|command|cleanup_command)|bonjour(_name)?|cluster_name|(config|hba|ident|external_pid)_file|data_(directory|sync_retry)|event_source|hot_standby|jit_provider|listen_addresses|logging_collector|port|primary_(conninfo|slot_name)|recovery_.*|restore_command|shared_preload_libraries|temp_tablespaces|unix_socket_.*|log_(destination|directory|file_mode|filename|rotation_age|rotation_size|truncate_on_rotation)|pg_failover_slots\..*|promote_trigger_file|restart_after_crash|ssl|ssl_(ca|cert|crl|dh_params|key)_file|ssl_(passphrase_command.*|prefer_server_ciphers)|stats_temp_directory|synchron(ous_standby_names|ized_standby_slots)|syslog_.*)$/;

const LEAST = { storage: 2 ** 30, walStorage: 2 * 2 ** 30, memory: 512 * 2 ** 20 } as const;

type Found = Omit<Problem, "path">;

/** Problems by property. */
export function postgresProblems(props: PostgresClusterProps): Readonly<Record<string, readonly Found[]>> {
  const settings = resolvePostgres(props);
  const cpu = millicores(settings.cpu);
  const readable = (["storage", "walStorage", "memory"] as const).every((key) => typeof bytes(settings[key]) === "number");
  return {
    name: /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(props.name)
      ? []
      : [
          {
            value: props.name,
            rule: "is not a valid name of a PostgreSQL cluster",
            remedy: "use up to 40 lower-case letters, digits and hyphens",
          },
        ],
    cpu: typeof cpu === "number" ? [] : [{ value: settings.cpu, ...cpu }],
    instances: instanceProblems(settings, props),
    synchronous: synchronousProblems(settings),
    storage: tooLittle("storage", settings.storage, "holds little more than an empty database"),
    walStorage: tooLittle("walStorage", settings.walStorage, "is full before a standby that restarts is back"),
    memory: tooLittle("memory", settings.memory, "is less than PostgreSQL, its connections and its instance manager need"),
    parameters: [
      ...Object.keys(props.parameters ?? {})
        .filter((parameter) => KEPT.test(parameter))
        .map((parameter) => ({ value: parameter, rule: "is set by the operator, which refuses another", remedy: "leave it out" })),
      ...(readable ? parameterProblems(settings.parameters, known(bytes(settings.memory))) : []),
    ],
    pooler: props.pooler ? poolerProblems(settings) : [],
    backup: props.backup ? backupProblems(props, settings) : [],
    recoverFrom: recoveryProblems(props, settings),
  };
}

function instanceProblems({ instances }: ResolvedPostgres, { synchronous }: PostgresClusterProps): readonly Found[] {
  if (!Number.isInteger(instances) || instances < 1) {
    return [{ value: instances, rule: "must be a valid number of instances", remedy: "use 1, or 3 to survive the loss of one" }];
  }
  if (instances !== 2 || synchronous !== undefined) return [];
  return [
    {
      value: 2,
      rule: "can't both require a second copy of every write and accept writes while a standby is down",
      remedy: 'use 3, or choose: synchronous: { standbys: 1, durability: "preferred" } takes writes, without a second copy then',
    },
  ];
}

function synchronousProblems({ instances, synchronous }: ResolvedPostgres): readonly Found[] {
  if (!synchronous) return [];
  const { standbys, durability } = synchronous;
  if (!Number.isInteger(standbys) || standbys < 1) {
    return [{ value: standbys, rule: "must be a valid number of standbys", remedy: "use 1, or false for none" }];
  }
  if (standbys >= instances) {
    return [
      {
        value: standbys,
        rule: `${standbys === 1 ? "standby is" : "standbys are"} more than ${instances} ${instances === 1 ? "instance has" : "instances have"} in addition to the primary`,
        remedy: instances === 1 ? "use 3 instances, or leave it out" : `use at most ${instances - 1}`,
      },
    ];
  }
  if (durability === "required" && standbys === instances - 1) {
    return [
      {
        value: durability,
        rule: `stops all writes if one of ${instances} instances is down, because all ${standbys} standbys must confirm each write`,
        remedy: `use ${standbys + 2} instances, or durability "preferred"`,
      },
    ];
  }
  return [];
}

function tooLittle(what: keyof typeof LEAST, value: Bytes, rule: string): readonly Found[] {
  const read = bytes(value);
  if (typeof read !== "number") return [{ value, ...read }];
  return read >= LEAST[what] ? [] : [{ value, rule, remedy: `use ${LEAST[what] / 2 ** 20}Mi or more` }];
}

function poolerProblems(settings: ResolvedPostgres): readonly Found[] {
  const { poolers, instances } = settings;
  if (!Number.isInteger(poolers) || poolers < 1) return [{ value: poolers, rule: "must be a valid number of poolers", remedy: "use 2" }];
  if (poolers === 1 && instances > 1) {
    return [
      {
        value: poolers,
        rule: `pooler is lost with its node, and with it every connection to ${instances} instances that are not`,
        remedy: "use 2 or more",
      },
    ];
  }
  // With fewer connections, workloads wait longer for connections than for responses.
  if (poolSize(settings) >= 5) return [];
  return [
    {
      value: poolers,
      rule: `poolers have ${poolSize(settings)} of ${settings.parameters.max_connections} connections each, when ${RESERVED} are left to others`,
      remedy: "raise max_connections, or use fewer poolers",
    },
  ];
}

function backupProblems({ backup, cluster }: PostgresClusterProps, { schedule }: ResolvedPostgres): readonly Found[] {
  if (!backup) return [];
  const found: Found[] = [];
  if (!/^s3:\/\/[^/]+(\/.*[^/])?$/.test(backup.destination)) {
    found.push({
      value: backup.destination,
      rule: "must be an object storage location",
      remedy: "write s3://bucket/path, without a / at its end",
    });
  }
  const fields = schedule.trim().split(/\s+/).length;
  if (fields !== 6) {
    found.push({
      value: schedule,
      rule: `has ${fields} ${fields === 1 ? "field" : "fields"}, and the operator reads six, of which the first is seconds`,
      remedy: 'write it like "0 30 2 * * *", for half past two',
    });
  }
  if (!cluster.aws && !backup.credentials) {
    found.push({ rule: "has no identity on a cluster outside of AWS", remedy: "name a secret: credentials: { secretName: … }" });
  }
  return found;
}

function recoveryProblems({ recoverFrom, backup }: PostgresClusterProps, { serverName }: ResolvedPostgres): readonly Found[] {
  if (!recoverFrom || !backup) return [];
  const archive = ({ destination, endpoint = "" }: BackupPlace, server: string) => `${endpoint} ${destination}/${server}`;
  if (archive(recoverFrom, recoverFrom.serverName) !== archive(backup, serverName)) return [];
  return [
    {
      value: serverName,
      rule: "is also where it would back up to: it would find the archive of its predecessor and refuse to go on",
      remedy: 'give it an archive of its own, like backup.serverName: "orders-2"',
    },
  ];
}

/** Changes that are not allowed on servers with data. Changing the number of instances loses no data. */
export function postgresMoveProblems(before: PostgresClusterSettings, after: PostgresClusterSettings): readonly Found[] {
  return shrinkProblems(before, after, ["storage", "walStorage"]);
}
