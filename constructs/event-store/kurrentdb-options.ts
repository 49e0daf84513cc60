import type { Problem } from "../core/errors";
import { nearest } from "../core/nearest";
import type { KurrentDbLine } from "../core/versions";

/** Options of the server without their prefix: `{ READER_THREADS_COUNT: 8 }`. */
export type KurrentDbOptions = Readonly<Record<string, string | number | boolean>>;

/** Options of every line (ClusterVNodeOptions.cs and LoggingOptions.cs of v24.10.14, v25.1.4, v26.0.3, v26.1.0). */
const EVERYWHERE = words(`
  CONFIG HELP VERSION WHAT_IF ALLOW_UNKNOWN_OPTIONS DISABLE_HTTP_CACHING STATS_PERIOD_SEC LOG_HTTP_REQUESTS
  LOG_FAILED_AUTHENTICATION_ATTEMPTS SKIP_INDEX_SCAN_ON_READS INSECURE ALLOW_ANONYMOUS_ENDPOINT_ACCESS
  ALLOW_ANONYMOUS_STREAM_ACCESS OVERRIDE_ANONYMOUS_ENDPOINT_ACCESS_FOR_GOSSIP TELEMETRY_OPTOUT MAX_APPEND_SIZE
  MAX_APPEND_EVENT_SIZE WORKER_THREADS ENABLE_HISTOGRAMS DEFAULT_ADMIN_PASSWORD DEFAULT_OPS_PASSWORD DEV REMOVE_DEV_CERTS
  AUTHENTICATION_TYPE AUTHENTICATION_CONFIG AUTHORIZATION_TYPE AUTHORIZATION_CONFIG
  CERTIFICATE_FILE CERTIFICATE_PRIVATE_KEY_FILE CERTIFICATE_PASSWORD CERTIFICATE_PRIVATE_KEY_PASSWORD
  TRUSTED_ROOT_CERTIFICATES_PATH CERTIFICATE_RESERVED_NODE_COMMON_NAME
  CERTIFICATE_STORE_LOCATION CERTIFICATE_STORE_NAME CERTIFICATE_SUBJECT_NAME CERTIFICATE_THUMBPRINT
  TRUSTED_ROOT_CERTIFICATE_STORE_LOCATION TRUSTED_ROOT_CERTIFICATE_STORE_NAME TRUSTED_ROOT_CERTIFICATE_SUBJECT_NAME
  TRUSTED_ROOT_CERTIFICATE_THUMBPRINT
  CLUSTER_SIZE NODE_PRIORITY DISCOVER_VIA_DNS CLUSTER_DNS CLUSTER_GOSSIP_PORT GOSSIP_SEED GOSSIP_INTERVAL_MS
  GOSSIP_ALLOWED_DIFFERENCE_MS GOSSIP_TIMEOUT_MS READ_ONLY_REPLICA ARCHIVER UNSAFE_ALLOW_SURPLUS_NODES
  DEAD_MEMBER_REMOVAL_PERIOD_SEC LEADER_ELECTION_TIMEOUT_MS STREAM_INFO_CACHE_CAPACITY
  NODE_IP REPLICATION_IP NODE_PORT REPLICATION_PORT NODE_HOST_ADVERTISE_AS REPLICATION_HOST_ADVERTISE_AS
  ADVERTISE_HOST_TO_CLIENT_AS ADVERTISE_NODE_PORT_TO_CLIENT_AS NODE_PORT_ADVERTISE_AS REPLICATION_TCP_PORT_ADVERTISE_AS
  REPLICATION_HEARTBEAT_TIMEOUT REPLICATION_HEARTBEAT_INTERVAL ENABLE_UNIX_SOCKET CONNECTION_PENDING_SEND_BYTES_THRESHOLD
  CONNECTION_QUEUE_SIZE_THRESHOLD DISABLE_ADMIN_UI DISABLE_STATS_ON_HTTP DISABLE_GOSSIP_ON_HTTP ENABLE_TRUSTED_AUTH
  ENABLE_ATOM_PUB_OVER_HTTP KEEP_ALIVE_INTERVAL KEEP_ALIVE_TIMEOUT
  DB INDEX TRANSFORM MIN_FLUSH_DELAY_MS DISABLE_SCAVENGE_MERGING SCAVENGE_HISTORY_MAX_AGE CACHED_CHUNKS CHUNKS_CACHE_SIZE
  MAX_MEM_TABLE_SIZE HASH_COLLISION_READ_LIMIT USE_INDEX_BLOOM_FILTERS INDEX_CACHE_SIZE INDEX_CACHE_DEPTH
  INDEX_BITNESS_VERSION SKIP_DB_VERIFY SKIP_INDEX_VERIFY WRITE_THROUGH PREPARE_TIMEOUT_MS COMMIT_TIMEOUT_MS
  WRITE_TIMEOUT_MS REDUCE_FILE_CACHE_PRESSURE INITIALIZATION_THREADS READER_THREADS_COUNT MAX_AUTO_MERGE_INDEX_LEVEL
  MAX_TRUNCATION CHUNK_SIZE STATS_STORAGE DB_LOG_FORMAT STREAM_EXISTENCE_FILTER_SIZE SCAVENGE_BACKEND_PAGE_SIZE
  SCAVENGE_BACKEND_CACHE_SIZE SCAVENGE_HASH_USERS_CACHE_CAPACITY MEM_DB UNSAFE_DISABLE_FLUSH_TO_DISK
  UNSAFE_IGNORE_HARD_DELETE UNBUFFERED CHUNK_INITIAL_READER_COUNT
  RUN_PROJECTIONS START_STANDARD_PROJECTIONS PROJECTION_THREADS PROJECTIONS_QUERY_EXPIRY FAULT_OUT_OF_ORDER_PROJECTIONS
  PROJECTION_COMPILATION_TIMEOUT PROJECTION_EXECUTION_TIMEOUT MAX_PROJECTION_STATE_SIZE
  LOG LOG_CONFIG LOG_LEVEL LOG_CONSOLE_FORMAT LOG_FILE_SIZE LOG_FILE_INTERVAL LOG_FILE_RETENTION_COUNT DISABLE_LOG_FILE
`);

/** Nested options, which the server itself does not validate: a typo is silently ignored. */
const NESTED = words(`
  LICENSING__LICENSE_KEY LICENSING__BASE_URL LICENSING__INCLUDE_PORT_IN_FINGERPRINT
  TCP_PLUGIN__ENABLE_EXTERNAL_TCP TCP_PLUGIN__NODE_TCP_PORT TCP_PLUGIN__NODE_TCP_PORT_ADVERTISE_AS
  TCP_PLUGIN__NODE_HEARTBEAT_INTERVAL TCP_PLUGIN__NODE_HEARTBEAT_TIMEOUT TCP_PLUGIN__TCP_READ_TIMEOUT_MS
  OPEN_TELEMETRY__OTLP__ENDPOINT OPEN_TELEMETRY__OTLP__HEADERS OPEN_TELEMETRY__OTLP__PROTOCOL
  ENCRYPTION_AT_REST__ENABLED ENCRYPTION_AT_REST__MASTER_KEY__FILE__KEY_PATH
  ENCRYPTION_AT_REST__ENCRYPTION__AES_GCM__ENABLED ENCRYPTION_AT_REST__ENCRYPTION__AES_GCM__KEY_SIZE
  CONNECTORS__ENABLED CONNECTORS__DATA_PROTECTION__TOKEN CONNECTORS__DATA_PROTECTION__TOKEN_FILE
  AUTO_SCAVENGE__ENABLED USER_CERTIFICATES__ENABLED AUTHORIZATION__DEFAULT_POLICY_TYPE
`);

/** Options that only some lines have. */
const SOMEWHERE: Readonly<Record<string, readonly KurrentDbLine[]>> = {
  DISABLE_FIRST_LEVEL_HTTP_AUTHORIZATION: ["24.10"],
  GOSSIP_ON_SINGLE_NODE: ["24.10"],
  OPTIMIZE_INDEX_MERGE: ["24.10"],
  ALWAYS_KEEP_SCAVENGED: ["24.10"],
  DISABLE_CLIENT_AUTH_EKU_VALIDATION: ["24.10", "26.0", "26.1"], // since 24.10.12 and 26.0.2
  MAX_PARTITION_STATE_CACHE_SIZE: ["26.1"],
  SECONDARY_INDEXING__ENABLED: ["25.1", "26.0", "26.1"],
  SECONDARY_INDEXING__OPTIONS__COMMIT_BATCH_SIZE: ["25.1", "26.0", "26.1"],
  SECONDARY_INDEXING__OPTIONS__DB_PATH: ["25.1", "26.0", "26.1"],
  OPEN_TELEMETRY__LOGS__ENABLED: ["25.1", "26.0", "26.1"],
  OPEN_TELEMETRY__METRICS__OTLP__ENDPOINT: ["26.1"],
  OPEN_TELEMETRY__LOGS__OTLP__ENDPOINT: ["26.1"],
};

/** Renamed options, with their new names. */
const REPLACED: Readonly<Record<string, string>> = {
  INT_IP: "REPLICATION_IP",
  EXT_IP: "NODE_IP",
  HTTP_PORT: "NODE_PORT",
  INT_TCP_PORT: "REPLICATION_PORT",
  INT_HOST_ADVERTISE_AS: "REPLICATION_HOST_ADVERTISE_AS",
  EXT_HOST_ADVERTISE_AS: "NODE_HOST_ADVERTISE_AS",
  ADVERTISE_HTTP_PORT_TO_CLIENT_AS: "ADVERTISE_NODE_PORT_TO_CLIENT_AS",
  HTTP_PORT_ADVERTISE_AS: "NODE_PORT_ADVERTISE_AS",
  INT_TCP_PORT_ADVERTISE_AS: "REPLICATION_TCP_PORT_ADVERTISE_AS",
  INT_TCP_HEARTBEAT_TIMEOUT: "REPLICATION_HEARTBEAT_TIMEOUT",
  INT_TCP_HEARTBEAT_INTERVAL: "REPLICATION_HEARTBEAT_INTERVAL",
  ENABLE_EXTERNAL_TCP: "TCP_PLUGIN__ENABLE_EXTERNAL_TCP",
  EXT_TCP_PORT: "TCP_PLUGIN__NODE_TCP_PORT",
  NODE_TCP_PORT: "TCP_PLUGIN__NODE_TCP_PORT",
  NODE_TCP_PORT_ADVERTISE_AS: "TCP_PLUGIN__NODE_TCP_PORT_ADVERTISE_AS",
  EXT_TCP_PORT_ADVERTISE_AS: "TCP_PLUGIN__NODE_TCP_PORT_ADVERTISE_AS",
  ADVERTISE_TCP_PORT_TO_CLIENT_AS: "TCP_PLUGIN__NODE_TCP_PORT_ADVERTISE_AS",
  NODE_HEARTBEAT_INTERVAL: "TCP_PLUGIN__NODE_HEARTBEAT_INTERVAL",
  NODE_HEARTBEAT_TIMEOUT: "TCP_PLUGIN__NODE_HEARTBEAT_TIMEOUT",
  EXT_TCP_HEARTBEAT_INTERVAL: "TCP_PLUGIN__NODE_HEARTBEAT_INTERVAL",
  EXT_TCP_HEARTBEAT_TIMEOUT: "TCP_PLUGIN__NODE_HEARTBEAT_TIMEOUT",
  TCP_READ_TIMEOUT_MS: "TCP_PLUGIN__TCP_READ_TIMEOUT_MS",
  LOG_RETENTION_COUNT: "LOG_FILE_RETENTION_COUNT",
};

/** Removed options without a successor, with the reason. */
const REMOVED: Readonly<Record<string, string>> = {
  EXT_PORT: "is the port of a second interface, which nodes no longer have",
  DISABLE_INTERNAL_TCP_TLS: "would turn off TLS between nodes, which is always on",
  DISABLE_EXTERNAL_TCP_TLS: "would turn off TLS for clients, which is always on",
  PREPARE_COUNT: "follows from the number of nodes",
  COMMIT_COUNT: "follows from the number of nodes",
};

/** Options that require a licence when they are on: without one the server stops. */
const LICENSED: readonly (readonly [begins: string, what: string])[] = [
  ["TCP_PLUGIN__ENABLE_EXTERNAL_TCP", "the TCP protocol of old clients"],
  ["OPEN_TELEMETRY__", "export by OTLP"],
  ["ENCRYPTION_AT_REST__", "encryption by the server"],
  ["AUTO_SCAVENGE__ENABLED", "scavenging by the server's own schedule"],
  ["USER_CERTIFICATES__ENABLED", "users known by certificates"],
  ["AUTHORIZATION__DEFAULT_POLICY_TYPE", "stream policies"],
];

/** Options that the platform sets, with the property that controls each. */
export const DECIDED: Readonly<Record<string, string>> = {
  ...byProperty("nodes", "CLUSTER_SIZE DISCOVER_VIA_DNS GOSSIP_SEED CLUSTER_DNS CLUSTER_GOSSIP_PORT UNSAFE_ALLOW_SURPLUS_NODES"),
  ...byProperty("name", "NODE_HOST_ADVERTISE_AS REPLICATION_HOST_ADVERTISE_AS NODE_IP REPLICATION_IP NODE_PORT REPLICATION_PORT"),
  ...byProperty("name", "NODE_PORT_ADVERTISE_AS REPLICATION_TCP_PORT_ADVERTISE_AS ADVERTISE_NODE_PORT_TO_CLIENT_AS"),
  ...byProperty("outside", "ADVERTISE_HOST_TO_CLIENT_AS"),
  ...byProperty("insecure", "INSECURE"),
  ...byProperty(
    "certificates",
    "CERTIFICATE_FILE CERTIFICATE_PRIVATE_KEY_FILE CERTIFICATE_PASSWORD CERTIFICATE_PRIVATE_KEY_PASSWORD TRUSTED_ROOT_CERTIFICATES_PATH CERTIFICATE_RESERVED_NODE_COMMON_NAME",
  ),
  ...byProperty("secrets", "DEFAULT_ADMIN_PASSWORD DEFAULT_OPS_PASSWORD"),
  ...byProperty("licence", "LICENSING__LICENSE_KEY"),
  ...byProperty("projections", "RUN_PROJECTIONS START_STANDARD_PROJECTIONS"),
  ...byProperty("atomPub", "ENABLE_ATOM_PUB_OVER_HTTP"),
  ...byProperty("version", "DB INDEX LOG CONFIG"),
  ...byProperty("telemetry", "TELEMETRY_OPTOUT"),
};

/** Defaults of the platform that options may override. */
export const DEFAULTS: KurrentDbOptions = { DISABLE_LOG_FILE: true, LOG_CONSOLE_FORMAT: "Json" };

const WINDOWS = "reads a store of certificates that only Windows has";
const ANYBODY = "allows anonymous access";

/** Options that would lose events, allow unauthenticated access, or disable what the platform needs. */
const NEVER: Readonly<Record<string, string>> = {
  UNSAFE_DISABLE_FLUSH_TO_DISK: "loses events that were acknowledged when a node stops",
  UNSAFE_IGNORE_HARD_DELETE: "brings back streams that were deleted",
  MEM_DB: "keeps events in memory only",
  SKIP_DB_VERIFY: "starts a node on chunks that may be broken",
  ALLOW_UNKNOWN_OPTIONS: "lets a typo pass for an option",
  ALLOW_ANONYMOUS_ENDPOINT_ACCESS: ANYBODY,
  ALLOW_ANONYMOUS_STREAM_ACCESS: ANYBODY,
  ENABLE_TRUSTED_AUTH: "believes any client who it says that it is",
  DEV: "makes certificates that no client verifies, and allows anonymous access",
  REMOVE_DEV_CERTS: "ends the server after it has run",
  HELP: "ends the server after it has run",
  VERSION: "ends the server after it has run",
  WHAT_IF: "ends the server after it has run",
  READ_ONLY_REPLICA: "would be said to every node, and none could lead",
  ARCHIVER: "would be said to every node, and none could lead",
  NODE_PRIORITY: "would be said to every node, and so mean nothing",
  DISABLE_GOSSIP_ON_HTTP: "takes away the address by which upgrades see that followers have caught up, and clients find the leader",
  DISABLE_ADMIN_UI: "takes away the addresses by which scavenges, upgrades and new certificates are ordered",
  AUTHENTICATION_TYPE: "does not go with passwords of the server's own users, which are always set",
  AUTHENTICATION_CONFIG: "does not go with passwords of the server's own users, which are always set",
  CERTIFICATE_STORE_LOCATION: WINDOWS,
  CERTIFICATE_STORE_NAME: WINDOWS,
  CERTIFICATE_SUBJECT_NAME: WINDOWS,
  CERTIFICATE_THUMBPRINT: WINDOWS,
  TRUSTED_ROOT_CERTIFICATE_STORE_LOCATION: WINDOWS,
  TRUSTED_ROOT_CERTIFICATE_STORE_NAME: WINDOWS,
  TRUSTED_ROOT_CERTIFICATE_SUBJECT_NAME: WINDOWS,
  TRUSTED_ROOT_CERTIFICATE_THUMBPRINT: WINDOWS,
};

/** Sections that need more than options: an additional node, another authentication. */
const NOT_HERE: readonly (readonly [begins: string, why: string])[] = [
  ["ARCHIVE__", "takes a further node of another kind, which is not made here"],
  ["LDAPS_AUTH__", "does not go with passwords of the server's own users, which are always set"],
  ["OAUTH__", "does not go with passwords of the server's own users, which are always set"],
];

/** Checks if a line has an option. From 26.0 on, variables can configure metrics, in a section of free form. */
export function knowsOption(line: KurrentDbLine, name: string): boolean {
  if (name.startsWith("METRICS__")) return line === "26.0" || line === "26.1";
  return EVERYWHERE.has(name) || NESTED.has(name) || (SOMEWHERE[name]?.includes(line) ?? false);
}

/** Returns the problems of options: rejected or ignored by a line of the server, or set by the platform. */
export function optionProblems(
  options: KurrentDbOptions,
  { line, licensed }: { readonly line: KurrentDbLine; readonly licensed: boolean },
): readonly Omit<Problem, "path">[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const found = problemOf(name, isOn(value), line, licensed);
    return found ? [{ value: name, ...found }] : [];
  });
}

function problemOf(name: string, on: boolean, line: KurrentDbLine, licensed: boolean): Omit<Problem, "path" | "value"> | undefined {
  if (/^(EVENTSTORE|KURRENTDB)_/.test(name)) {
    return { rule: "is written with its prefix, which follows from the version", remedy: `write ${name.replace(/^[A-Z]+_/, "")}` };
  }
  // The tables below have keys of this form only.
  if (!/^[A-Z][A-Z0-9_]*$/.test(name)) return { rule: "can't be an option", remedy: "write it in upper case, like READER_THREADS_COUNT" };
  const successor = REPLACED[name];
  if (successor) return { rule: "was renamed, and servers from 25.0 on stop at the old name", remedy: renamedTo(successor) };
  const gone = REMOVED[name];
  if (gone) return { rule: `is no longer an option: it ${gone}`, remedy: "leave it out" };
  const notHere = NOT_HERE.find(([begins]) => name.startsWith(begins));
  if (notHere) return { rule: notHere[1], remedy: "leave it out" };
  if (!knowsOption(line, name)) return unknown(name, line);
  const property = DECIDED[name];
  if (property) return { rule: "is set by the platform", remedy: PROPERTIES[property] ?? `say it with ${property}` };
  const harm = NEVER[name];
  if (harm && on) return { rule: harm, remedy: "leave it out" };
  const licence = LICENSED.find(([begins]) => name.startsWith(begins));
  if (licence && on && !licensed) {
    return {
      rule: `turns on ${licence[1]}, and a server without a licence stops there`,
      remedy: "leave it out, or make KurrentDb with the key of a licence",
    };
  }
  return undefined;
}

/** Remedies for options that users can't set. */
const PROPERTIES: Readonly<Record<string, string>> = {
  certificates: "leave it out: cert-manager makes certificates of what every node is called",
  secrets: "leave it out: passwords come from secrets",
  version: "leave it out: paths follow from the version",
  telemetry: "leave it out: nothing is reported to the vendor",
};

function renamedTo(successor: string): string {
  const property = DECIDED[successor];
  return property ? `leave it out: its successor ${successor} is set by the platform` : `write ${successor}`;
}

function unknown(name: string, line: KurrentDbLine): Omit<Problem, "path" | "value"> {
  const elsewhere = SOMEWHERE[name];
  if (elsewhere) return { rule: `is not an option of ${line}`, remedy: `leave it out, or run ${elsewhere.join(" or ")}` };
  const known = [...EVERYWHERE, ...NESTED, ...Object.keys(SOMEWHERE)].filter((option) => knowsOption(line, option));
  const meant = nearest(name, known);
  const remedy = meant ? `write ${meant}` : "see the vendor's list of options";
  return { rule: `is not an option of ${line}, and a server ${name.includes("__") ? "ignores it silently" : "stops with it"}`, remedy };
}

function isOn(value: string | number | boolean): boolean {
  return !["false", "", "0"].includes(String(value).toLowerCase());
}

function byProperty(property: string, names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, property]));
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
