import { ago, GIB } from "../healthy";
import { alternating, database, type Fault, failing, HOUR, MINUTE, notReady, server, unavailable } from "./happenings";

export const POSTGRES: readonly Fault[] = [
  {
    name: "no server of the read database runs",
    happens: (system) => {
      for (const number of [1, 2, 3]) notReady(system.end(undefined, server(number)), "read-store", `read-database-${number}`);
      failing(system, "query-api", 10)
        .set("cqrs_projection_exporter_success", {}, 0)
        .set("cqrs_projection_exporter_last_success_timestamp_seconds", {}, (before, since) => before - since);
      for (const name of ["behind_events", "position", "last_seen_timestamp_seconds", "live", "ahead", "partitions", "partitions_unowned"])
        system.end(`cqrs_projection_${name}`);
    },
    told: { PostgresDown: ["oncall", "3m"] },
    almost: (system) =>
      system
        .set("cnpg_pg_replication_in_recovery", server(1), 1)
        .set("cnpg_pg_replication_is_wal_receiver_up", server(1), 1)
        .set("cnpg_pg_replication_streaming_replicas", server(1), 0)
        .set("cnpg_pg_replication_in_recovery", server(2), 0)
        .set("cnpg_pg_replication_is_wal_receiver_up", server(2), 0)
        .set("cnpg_pg_replication_streaming_replicas", server(2), 2),
  },
  {
    name: "a standby is away",
    happens: (system) =>
      notReady(system.end(undefined, server(3)), "read-store", "read-database-3").set(
        "cnpg_pg_replication_streaming_replicas",
        server(1),
        1,
      ),
    told: { PostgresInstanceDown: ["team", "12m"] },
    almost: (system) => system.dip("kube_pod_status_ready", { pod: "read-database-3", condition: "true" }, 0, 8 * MINUTE),
  },
  {
    name: "no standby acknowledges commits",
    happens: (system) => {
      for (const number of [2, 3]) system.set("cnpg_pg_replication_is_wal_receiver_up", server(number), 0);
      system.set("cnpg_pg_replication_streaming_replicas", server(1), 0);
    },
    told: { PostgresNoSynchronousStandby: ["oncall", "3m"] },
    almost: (system) => system.set("cnpg_pg_replication_streaming_replicas", server(1), 1),
  },
  {
    name: "a standby doesn't stream",
    happens: (system) =>
      system.set("cnpg_pg_replication_is_wal_receiver_up", server(3), 0).set("cnpg_pg_replication_streaming_replicas", server(1), 1),
    told: { PostgresStandbyNotStreaming: ["team", "7m"] },
    almost: (system) => system.dip("cnpg_pg_replication_is_wal_receiver_up", server(3), 0, 3 * MINUTE),
  },
  {
    name: "a standby is behind",
    happens: (system) => system.set("cnpg_pg_replication_lag", server(2), (_, since) => since),
    told: { PostgresReplicationLag: ["team", "8m"] },
    almost: (system) => system.set("cnpg_pg_replication_lag", server(2), 25),
  },
  {
    name: "sessions wait for locks",
    happens: (system) => system.set("cnpg_backends_waiting_total", server(1), 14),
    told: { PostgresLockWaiters: ["team", "7m"] },
    almost: (system) => system.set("cnpg_backends_waiting_total", server(1), 5),
  },
  {
    name: "a session is idle in a transaction",
    happens: (system) =>
      system.set("cnpg_backends_max_tx_duration_seconds", { ...server(1), state: "idle in transaction" }, (_, since) => since),
    told: { PostgresIdleTransaction: ["team", "12m"] },
    almost: (system) =>
      system.set("cnpg_backends_max_tx_duration_seconds", { ...server(1), state: "idle in transaction" }, (_, since) => since % 290),
  },
  {
    name: "a query runs for hours",
    happens: (system) => system.set("cnpg_backends_max_tx_duration_seconds", { state: "active" }, (_, since) => 3000 + since),
    told: { PostgresLongTransaction: ["team", "18m"] },
    almost: (system) => system.set("cnpg_backends_max_tx_duration_seconds", { state: "active" }, (_, since) => since % 3000),
  },
  {
    name: "transactions lock each other",
    happens: (system) => system.set("cnpg_pg_stat_database_deadlocks", {}, (before, since) => before + Math.floor(since / 60)),
    told: { PostgresDeadlocks: ["team", "13m"] },
    almost: (system) => system.set("cnpg_pg_stat_database_deadlocks", {}, (before, since) => before + Math.floor(since / 450)),
  },
  {
    name: "the primary changes again and again",
    happens: alternating,
    told: { PostgresFailovers: ["team", "22m"] },
  },
  {
    name: "WAL is not archived, and later a standby is behind",
    happens: (system) =>
      system
        .set("cnpg_pg_stat_archiver_last_archived_time", server(1), (before, since) => before - since)
        .set("cnpg_collector_pg_wal_archive_status", { ...server(1), value: "ready" }, 6)
        .set("cnpg_pg_replication_lag", server(2), (before, since) => (since < 25 * MINUTE ? before : 90)),
    told: { PostgresArchivingFails: ["oncall", "23m"], PostgresReplicationLag: ["team", "33m"] },
  },
  {
    name: "connections are nearly used up",
    happens: (system) => system.set("cnpg_backends_total", server(1), 92),
    told: { PostgresConnectionsNearMax: ["team", "7m"] },
    almost: (system) => system.set("cnpg_backends_total", server(1), 78),
  },
  {
    name: "clients wait for the pooler",
    happens: (system) => system.set("cnpg_pgbouncer_pools_maxwait", database, 9),
    told: { PostgresPoolerWaiting: ["team", "4m"] },
    almost: (system) => system.set("cnpg_pgbouncer_pools_maxwait", database, 1.5),
  },
  {
    name: "no pooler of the read database runs",
    happens: (system) => failing(unavailable(system, "read-store", "read-database-pool-rw", [0, 1], 2), "query-api", 10),
    told: { PostgresPoolerDown: ["oncall", "3m"] },
  },
  {
    name: "transaction ids are old",
    happens: (system) => system.set("cnpg_pg_database_xid_age", database, 600e6),
    told: { PostgresTransactionIdAge: ["team", "66m"] },
    almost: (system) => system.set("cnpg_pg_database_xid_age", database, 450e6),
    always: true,
  },
  {
    name: "transaction ids are nearly used up",
    happens: (system) => system.set("cnpg_pg_database_xid_age", database, 1.6e9),
    told: { PostgresTransactionIdsNearEnd: ["oncall", "7m"] },
  },
  {
    name: "WAL is not archived",
    happens: (system) =>
      system
        .set("cnpg_pg_stat_archiver_last_archived_time", server(1), (before, since) => before - since)
        .set("cnpg_collector_pg_wal_archive_status", { ...server(1), value: "ready" }, 6),
    told: { PostgresArchivingFails: ["oncall", "23m"] },
    almost: (system) => system.set("cnpg_collector_pg_wal_archive_status", { ...server(1), value: "ready" }, 6),
  },
  {
    name: "a backup has failed",
    happens: (system) => system.set("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp", database, ago(0)),
    told: { PostgresBackupFailed: ["team", "17m"] },
    almost: (system) => system.set("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp", database, ago(11 * HOUR)),
  },
  {
    name: "the last backup is old",
    happens: (system) => system.set("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", database, ago(40 * HOUR)),
    told: { PostgresBackupLate: ["team", "17m"] },
    almost: (system) => system.set("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", database, ago(32 * HOUR)),
  },
  {
    name: "a slot keeps WAL",
    happens: (system) => system.set("cnpg_pg_replication_slots_pg_wal_lsn_diff", server(1), 8e9),
    told: { PostgresSlotLag: ["team", "7m"] },
    almost: (system) => system.set("cnpg_pg_replication_slots_pg_wal_lsn_diff", server(1), 5e9),
  },
  {
    name: "the volume of WAL is nearly full",
    happens: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "read-database-1-wal" }, 3 * GIB),
    told: { PostgresWalVolumeFull: ["oncall", "7m"] },
    almost: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "read-database-1-wal" }, 24 * GIB),
    always: true,
  },
  {
    name: "the volume of the read database is nearly full",
    happens: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "read-database-1" }, 7 * GIB),
    told: { PostgresDiskFull: ["oncall", "7m"] },
    almost: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "read-database-1" }, 16 * GIB),
    always: true,
  },
  {
    name: "the volume of the read database is full within a day",
    happens: (system) =>
      system.set(
        "kubelet_volume_stats_available_bytes",
        { persistentvolumeclaim: "read-database-1" },
        (_, since) => 35 * GIB - (2 * GIB * since) / HOUR,
      ),
    told: { PostgresDiskFullWithinDay: ["team", "40m"] },
    almost: (system) =>
      system.set(
        "kubelet_volume_stats_available_bytes",
        { persistentvolumeclaim: "read-database-1" },
        (_, since) => 35 * GIB - (GIB * since) / HOUR,
      ),
    always: true,
  },
];
