import type { Problem } from "../core/errors";

/**
 * Parameters of a server, with PostgreSQL's names and units on every engine:
 * `{ max_connections: 200, shared_buffers: "256MB", work_mem: "16MB" }`. A number without a unit has the unit of `postgresql.conf`: 8 kB
 * pages for `shared_buffers`, kB for `work_mem`.
 */
export type PostgresParameters = Readonly<Record<string, string | number>>;

/** PostgreSQL's units, case-sensitive: memory in bytes, time in microseconds (PostgreSQL, setting parameters). */
const UNITS = {
  memory: { B: 1, kB: 2 ** 10, "8kB": 2 ** 13, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 },
  time: { us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, d: 86_400e6 },
} as const;

interface Setting {
  /** Unit of a number without a suffix. Absent for a plain count. */
  readonly unit?: keyof typeof UNITS.memory | keyof typeof UNITS.time;

  /** Requires a restart of the server. */
  readonly restart?: true;
}

/** Parameters with a unit, and parameters that require a restart (PostgreSQL 17, `pg_settings.unit` and `context`). */
const SETTINGS: Readonly<Record<string, Setting>> = {
  autovacuum_freeze_max_age: { restart: true },
  autovacuum_max_workers: { restart: true },
  autovacuum_naptime: { unit: "s" },
  autovacuum_vacuum_cost_delay: { unit: "ms" },
  autovacuum_vacuum_cost_limit: {},
  autovacuum_vacuum_scale_factor: {},
  autovacuum_work_mem: { unit: "kB" },
  checkpoint_timeout: { unit: "s" },
  deadlock_timeout: { unit: "ms" },
  default_statistics_target: {},
  effective_cache_size: { unit: "8kB" },
  effective_io_concurrency: {},
  hash_mem_multiplier: {},
  huge_pages: { restart: true },
  idle_in_transaction_session_timeout: { unit: "ms" },
  idle_session_timeout: { unit: "ms" },
  lock_timeout: { unit: "ms" },
  log_autovacuum_min_duration: { unit: "ms" },
  log_connections: {},
  log_disconnections: {},
  log_lock_waits: {},
  log_min_duration_statement: { unit: "ms" },
  log_statement: {},
  log_temp_files: { unit: "kB" },
  logical_decoding_work_mem: { unit: "kB" },
  maintenance_work_mem: { unit: "kB" },
  max_connections: { restart: true },
  max_locks_per_transaction: { restart: true },
  max_parallel_maintenance_workers: {},
  max_parallel_workers: {},
  max_parallel_workers_per_gather: {},
  max_prepared_transactions: { restart: true },
  max_replication_slots: { restart: true },
  max_slot_wal_keep_size: { unit: "MB" },
  max_stack_depth: { unit: "kB" },
  max_standby_archive_delay: { unit: "ms" },
  max_standby_streaming_delay: { unit: "ms" },
  max_wal_senders: { restart: true },
  max_wal_size: { unit: "MB" },
  max_worker_processes: { restart: true },
  min_wal_size: { unit: "MB" },
  random_page_cost: {},
  shared_buffers: { unit: "8kB", restart: true },
  shared_preload_libraries: { restart: true },
  statement_timeout: { unit: "ms" },
  tcp_keepalives_idle: { unit: "s" },
  tcp_keepalives_interval: { unit: "s" },
  temp_buffers: { unit: "8kB" },
  temp_file_limit: { unit: "kB" },
  timezone: {},
  track_activity_query_size: { unit: "B", restart: true },
  track_io_timing: {},
  transaction_timeout: { unit: "ms" },
  wal_buffers: { unit: "8kB", restart: true },
  wal_keep_size: { unit: "MB" },
  wal_level: { restart: true },
  wal_receiver_timeout: { unit: "ms" },
  wal_sender_timeout: { unit: "ms" },
  work_mem: { unit: "kB" },
};

/** Spellings of booleans, for values that are refused: PostgreSQL accepts `off`, `false`, `no` and `0` as the same, in any case. */
const [OFF, ON] = [/^(off|of|false?|fals?|no?|f|0)$/i, /^(on|true?|tru|tr|t|yes?|ye|y|1)$/i];
const REFUSED: readonly { readonly name: string; readonly value: RegExp; readonly rule: string }[] = [
  { name: "fsync", value: OFF, rule: "can corrupt the database after a crash of the machine" },
  { name: "full_page_writes", value: OFF, rule: "can corrupt the database after a crash of the machine" },
  { name: "synchronous_commit", value: OFF, rule: "acknowledges writes that a crash loses" },
  { name: "zero_damaged_pages", value: ON, rule: "deletes what can't be read" },
  { name: "ignore_checksum_failure", value: ON, rule: "hands out damaged rows as if they were good" },
  { name: "allow_system_table_mods", value: ON, rule: "allows changes that destroy the catalogue" },
  { name: "autovacuum", value: OFF, rule: "ends in a server that stops to take writes, when transaction numbers run out" },
  { name: "track_counts", value: OFF, rule: "stops autovacuum, and with it in the end all writes" },
  { name: "wal_level", value: /^minimal$/i, rule: "leaves nothing that replicas and recovery could be made of" },
  { name: "ssl", value: OFF, rule: "allows connections in plaintext" },
  { name: "rds.force_ssl", value: OFF, rule: "allows connections in plaintext" },
  { name: "ssl_min_protocol_version", value: /^(TLSv1|TLSv1\.1)?$/i, rule: "takes versions of TLS that are broken" },
  { name: "password_encryption", value: /^(md5|on|off)$/i, rule: "stores passwords in a form that anyone who reads it can use" },
  { name: "log_statement", value: /^(ddl|mod|all)$/i, rule: "writes passwords into the log, when a role is given one" },
];

/**
 * Memory of a connection in addition to its `work_mem`: catalogue caches and the process, measured at 1.5 to 14.5 MB (AWS, resources
 * consumed by idle connections).
 */
const CONNECTION = 10 * 2 ** 20;

/** Default values (PostgreSQL 17, resource consumption). RDS and Aurora have a different default for shared buffers. */
const DEFAULTS = {
  autovacuum_max_workers: 3,
  maintenance_work_mem: "64MB",
  max_connections: 100,
  shared_buffers: "128MB",
  work_mem: "4MB",
} as const satisfies PostgresParameters;

type Summand = keyof typeof DEFAULTS;

/** Minimum number of connections to suggest as a remedy. */
const FEWEST_CONNECTIONS = 20;

/**
 * Problems of parameters on a server with this memory: values that can't be parsed, that can lose or expose data, or that exceed the memory
 * at worst: `shared_buffers`, `max_connections` times `work_mem` and a connection's overhead, and a vacuum in each of its workers.
 * `defaults` are the engine's, if they differ from PostgreSQL's.
 */
export function parameterProblems(
  parameters: PostgresParameters,
  memoryBytes: number,
  defaults: PostgresParameters = {},
): readonly Omit<Problem, "path">[] {
  const entries = Object.entries(parameters);
  const found = entries.flatMap(([name, value]) => [...unreadable(name, value), ...dangerous(name, value)]);
  const cache = amount("effective_cache_size", parameters.effective_cache_size ?? 0);
  if (cache !== undefined && cache > memoryBytes) {
    found.push({
      value: `effective_cache_size = ${parameters.effective_cache_size}`,
      rule: `is more than the ${mib(memoryBytes)} MiB of memory`,
      remedy: "use about three quarters of them",
    });
  }
  return [...found, ...tooMuch(parameters, memoryBytes, defaults)];
}

/**
 * Parameters as RDS and `pg_settings` represent them: numbers in each parameter's own unit. Parameters with an unknown unit stay unchanged.
 */
export function withoutUnits(parameters: PostgresParameters): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const { unit } = SETTINGS[name] ?? {};
      const read = amount(name, value);
      return [name, unit && read !== undefined && read >= 0 ? String(Math.round(read / factor(unit))) : String(value)];
    }),
  );
}

/** Checks that a parameter takes effect only after a restart. True for unknown parameters. */
export function needsRestart(name: string): boolean {
  return SETTINGS[name]?.restart ?? !(name in SETTINGS);
}

function unreadable(name: string, value: string | number): readonly Omit<Problem, "path">[] {
  const setting = SETTINGS[name];
  const shown = `${name} = ${value}`;
  if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(name)) {
    return [
      { value: name, rule: "is not a valid parameter name", remedy: "write it as PostgreSQL's documentation does, like max_connections" },
    ];
  }
  if (!setting?.unit) {
    if (name in DEFAULTS && !(Number.isInteger(Number(value)) && Number(value) >= 1)) {
      return [{ value: shown, rule: "must be a whole number", remedy: "write a whole number from 1" }];
    }
    return [];
  }
  if (amount(name, value) !== undefined) return [];
  const units = Object.keys(setting.unit in UNITS.memory ? UNITS.memory : UNITS.time).filter((unit) => unit !== "8kB");
  return [
    {
      value: shown,
      rule: "can't be read",
      remedy: `write a number and one of ${units.join(", ")}, or a whole number in units of ${setting.unit}`,
    },
  ];
}

function dangerous(name: string, value: string | number): readonly Omit<Problem, "path">[] {
  return REFUSED.filter((each) => each.name === name && each.value.test(String(value))).map(({ rule }) => ({
    value: `${name} = ${value}`,
    rule,
    remedy: "leave it out",
  }));
}

function tooMuch(given: PostgresParameters, memoryBytes: number, engine: PostgresParameters): readonly Omit<Problem, "path">[] {
  const names = Object.keys(DEFAULTS) as Summand[];
  if (!names.some((name) => name in given)) return [];
  const parameters: PostgresParameters = { ...DEFAULTS, ...engine, ...given };
  const of = (name: string) => amount(name, parameters[name] ?? Number.NaN) ?? Number.NaN;
  const [clients, each, shared, vacuums] = [of("max_connections"), of("work_mem"), of("shared_buffers"), of("autovacuum_max_workers")];
  const vacuum = of("autovacuum_work_mem") > 0 ? of("autovacuum_work_mem") : of("maintenance_work_mem");
  const fixed = shared + vacuums * vacuum;
  const needed = fixed + clients * (each + CONNECTION);
  if (!(needed > memoryBytes)) return []; // or one can't be parsed, which is reported already
  const fitting = Math.floor((memoryBytes - fixed) / (each + CONNECTION));
  return [
    {
      rule:
        `${clients} connections of ${mib(each)} MiB work_mem and ${mib(CONNECTION)} MiB of their own, ${mib(shared)} MiB shared_buffers and ` +
        `${vacuums} vacuums of ${mib(vacuum)} MiB are ${mib(needed)} MiB, more than the ${mib(memoryBytes)} MiB of memory`,
      remedy: `${fitting < FEWEST_CONNECTIONS ? "lower shared_buffers or work_mem" : `use at most ${fitting} connections, or less work_mem`}, or take more memory`,
    },
  ];
}

/** A value in bytes or microseconds, or a plain count. */
function amount(name: string, value: string | number): number | undefined {
  const { unit } = SETTINGS[name] ?? {};
  const [, digits, suffix] = /^\s*(-1|\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)?\s*$/.exec(String(value)) ?? [];
  if (digits === undefined) return undefined;
  if (!unit) return suffix ? undefined : Number(digits);
  if (digits === "-1") return suffix ? undefined : -1; // "no limit" or "as another parameter" in PostgreSQL
  const units: Readonly<Record<string, number>> = unit in UNITS.memory ? UNITS.memory : UNITS.time;
  const times = suffix === undefined ? factor(unit) : units[suffix];
  if (times === undefined || (suffix === undefined && digits.includes("."))) return undefined;
  return Number(digits) * times;
}

function factor(unit: keyof typeof UNITS.memory | keyof typeof UNITS.time): number {
  return { ...UNITS.memory, ...UNITS.time }[unit];
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
