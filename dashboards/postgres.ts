import { BY_STORE, dashboard, figure, lines, POD_LOGS, RATE, STORE, storeVariables, table, toLogs, UNIT } from "./kit";

const connections = (by: string) => `max by (${by}) (pod:postgres_connections:ratio{${STORE}})`;

const replayLag = (by: string) => `max by (${by}) (cnpg_pg_replication_lag{${STORE}})`;

const volumeUsed = (pattern: string) => `persistentvolumeclaim:postgres_volume_used:ratio{persistentvolumeclaim${pattern},${STORE}}`;

// How much of max_slot_wal_keep_size, in MB, each slot keeps; the primary's are the ones that hold log back.
const slotLag = `max by (${BY_STORE}, pod, slot_name) (cnpg_pg_replication_slots_pg_wal_lsn_diff{${STORE}}) / on (${BY_STORE}, pod) group_left () (1048576 * max by (${BY_STORE}, pod) (cnpg_pg_settings_setting{name="max_slot_wal_keep_size",${STORE}} > 0)) and on (${BY_STORE}, pod) cnpg_pg_replication_in_recovery{${STORE}} == 0`;

const LAG = { warning: { at: 30, alert: "PostgresReplicationLag" } } as const;
const CONNECTIONS = { warning: { at: 0.8, alert: "PostgresConnectionsNearMax" } } as const;

// PostgreSQL 17 counts them in a view of their own, older ones with the background writer.
const checkpoints = (kind: "timed" | "req") =>
  ["checkpointer", "bgwriter"]
    .map((view) => `sum by (${BY_STORE}) (increase(cnpg_pg_stat_${view}_checkpoints_${kind}{${STORE}}[15m]))`)
    .join(" or ");

export const postgres = dashboard({
  uid: "cqrs-postgres",
  title: "PostgreSQL (CloudNativePG)",
  description: "PostgreSQL in the cluster: instances, replication, archiving and backups, connections, work and volumes.",
  tags: ["cqrs-engine"],
  variables: storeVariables("cnpg_collector_up"),
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "Servers missing",
          description: "Servers that should be ready and are not. With one missing of several, writes go on with less safety.",
          unit: UNIT.count,
          width: 4,
          limits: { warning: { at: 1, alert: "PostgresInstanceDown" } },
          queries: [
            {
              expr: `store:postgres_instances:expected{${STORE}} - (store:postgres_instances:ready{${STORE}} or 0 * store:postgres_instances:expected{${STORE}})`,
              legend: "{{store}}",
            },
          ],
        }),
        figure({
          id: 2,
          title: "Standbys",
          description: "Standbys connected to the primary. None where there should be some: a failure of the primary stops writes.",
          unit: UNIT.count,
          width: 4,
          spark: false,
          queries: [{ expr: `max by (${BY_STORE}) (cnpg_pg_replication_streaming_replicas{${STORE}})`, legend: "{{store}}" }],
        }),
        figure({
          id: 3,
          title: "Slowest standby",
          description: "Time since the last transaction that the standby has replayed. Reads from it are as old as this.",
          unit: UNIT.seconds,
          width: 4,
          limits: LAG,
          queries: [{ expr: replayLag(BY_STORE), legend: "{{store}}" }],
        }),
        figure({
          id: 4,
          title: "Connections in use",
          description: "Share of max_connections on the fullest instance. At 1 new clients are refused.",
          unit: UNIT.share,
          width: 4,
          max: 1,
          limits: CONNECTIONS,
          queries: [{ expr: connections(BY_STORE), legend: "{{store}}" }],
        }),
        figure({
          id: 5,
          title: "Last base backup",
          description: "Age of the last base backup in the object store. 0 in the metric means never, and shows as decades.",
          unit: UNIT.seconds,
          width: 4,
          spark: false,
          limits: { warning: { at: 129_600, alert: "PostgresBackupLate" } },
          queries: [
            {
              expr: `time() - max by (${BY_STORE}) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{${STORE}})`,
              legend: "{{store}}",
            },
          ],
        }),
        figure({
          id: 6,
          title: "Last WAL archived",
          description:
            "Age of the last archived segment. A recovery loses what came after it; a quiet database archives every 5 minutes too.",
          unit: UNIT.seconds,
          width: 4,
          limits: { critical: { at: 900, alert: "PostgresArchivingFails" } },
          queries: [
            { expr: `max by (${BY_STORE}) (cnpg_pg_stat_archiver_seconds_since_last_archival{${STORE}} >= 0)`, legend: "{{store}}" },
          ],
        }),
        table({
          id: 7,
          title: "Instances",
          description: "Each instance: 1 in recovery is a standby, 0 the primary. Exactly one primary is right.",
          width: 24,
          height: 6,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "store", title: "Store" },
            { label: "pod", title: "Instance", links: [toLogs({ column: "Instance" })] },
            {
              expr: `max by (${BY_STORE}, pod) (cnpg_pg_replication_in_recovery{${STORE}})`,
              title: "Role",
              unit: UNIT.count,
              words: { 0: { text: "Primary", color: "good" }, 1: { text: "Standby", color: "good" } },
            },
            {
              expr: `time() - max by (${BY_STORE}, pod) (cnpg_pg_postmaster_start_time{${STORE}})`,
              title: "Running for",
              unit: UNIT.seconds,
            },
            {
              expr: replayLag(`${BY_STORE}, pod`),
              title: "Behind",
              unit: UNIT.seconds,
              limits: LAG,
            },
            { expr: connections(`${BY_STORE}, pod`), title: "Connections", unit: UNIT.share },
            { expr: `max by (${BY_STORE}, pod) (cnpg_backends_waiting_total{${STORE}})`, title: "Waiting for locks", unit: UNIT.count },
            {
              expr: `max by (${BY_STORE}, pod) (cnpg_backends_max_tx_duration_seconds{${STORE}})`,
              title: "Longest transaction",
              unit: UNIT.seconds,
            },
          ],
          sort: "Role",
          ascending: true,
        }),
      ],
    },
    {
      id: 101,
      title: "Work",
      panels: [
        lines({
          id: 10,
          title: "Transactions",
          description: "Commits per second by database, and rollbacks.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            {
              expr: `sum by (${BY_STORE}, datname) (rate(cnpg_pg_stat_database_xact_commit{datname!~"template.*|postgres",${STORE}}${RATE}))`,
              legend: "{{datname}} committed",
            },
            {
              expr: `sum by (${BY_STORE}, datname) (rate(cnpg_pg_stat_database_xact_rollback{datname!~"template.*|postgres",${STORE}}${RATE}))`,
              legend: "{{datname}} rolled back",
            },
          ],
        }),
        lines({
          id: 11,
          title: "Connections by state",
          description: "Idle in transaction holds locks and keeps dead rows; it should be near none.",
          unit: UNIT.count,
          width: 8,
          stacked: true,
          queries: [{ expr: `sum by (${BY_STORE}, state) (cnpg_backends_total{${STORE}})`, legend: "{{store}} {{state}}" }],
        }),
        lines({
          id: 12,
          title: "Longest idle transaction",
          description: "A session that is idle in a transaction keeps locks, and vacuum from removing rows.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 300, alert: "PostgresIdleTransaction" } },
          queries: [
            {
              expr: `max by (${BY_STORE}, datname, usename) (cnpg_backends_max_tx_duration_seconds{state=~"idle in transaction.*",${STORE}})`,
              legend: "{{datname}} {{usename}}",
            },
          ],
        }),
        lines({
          id: 13,
          title: "Waiting for locks",
          description: "Pairs of a waiting and a holding session. A plateau: one transaction blocks the rest.",
          unit: UNIT.count,
          width: 8,
          limits: { warning: { at: 5, alert: "PostgresLockWaiters" } },
          queries: [{ expr: `max by (${BY_STORE}, pod) (cnpg_backends_waiting_total{${STORE}})`, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 14,
          title: "Deadlocks",
          description: "Deadlocks in 5 minutes by database.",
          unit: UNIT.count,
          width: 8,
          queries: [
            { expr: `sum by (${BY_STORE}, datname) (increase(cnpg_pg_stat_database_deadlocks{${STORE}}[5m]))`, legend: "{{datname}}" },
          ],
        }),
        lines({
          id: 15,
          title: "Longest wait for the pooler",
          description: "Time that a client of PgBouncer has waited for a connection. Empty without a pooler.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 2, alert: "PostgresPoolerWaiting" } },
          queries: [
            { expr: `max by (${BY_STORE}, pod, database, user) (cnpg_pgbouncer_pools_maxwait{${STORE}})`, legend: "{{database}} {{user}}" },
          ],
        }),
      ],
    },
    {
      id: 102,
      title: "Replication, archive and volumes",
      panels: [
        lines({
          id: 20,
          title: "Standbys behind",
          description: "Time since the last replayed transaction of each standby.",
          unit: UNIT.seconds,
          width: 8,
          limits: LAG,
          queries: [{ expr: replayLag(`${BY_STORE}, pod`), legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 21,
          title: "WAL that waits for the archive",
          description: "Segments not archived yet. A rising line fills the WAL volume, and then PostgreSQL stops.",
          unit: UNIT.count,
          width: 8,
          queries: [
            { expr: `max by (${BY_STORE}, pod) (cnpg_collector_pg_wal_archive_status{value="ready",${STORE}})`, legend: "{{pod}}" },
          ],
          links: POD_LOGS,
        }),
        lines({
          id: 22,
          title: "WAL volume used",
          description: "Share of the WAL volume. Full: PostgreSQL stops. Slots and a failing archive keep old segments.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { critical: { at: 0.8, alert: "PostgresWalVolumeFull" } },
          queries: [{ expr: volumeUsed('=~".+-wal"'), legend: "{{persistentvolumeclaim}}" }],
        }),
        lines({
          id: 23,
          title: "Kept for replication slots",
          description: "WAL that a slot keeps, as share of what slots may keep. At 1 PostgreSQL gives the slot up.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.5, alert: "PostgresSlotLag" } },
          queries: [{ expr: slotLag, legend: "{{store}} {{slot_name}}" }],
        }),
        lines({
          id: 24,
          title: "Data volumes used",
          description: "Share of each server's volume of data. Full: writes fail. Volumes can be enlarged while it runs.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { critical: { at: 0.9, alert: "PostgresDiskFull" } },
          queries: [{ expr: volumeUsed('!~".+-wal"'), legend: "{{persistentvolumeclaim}}" }],
        }),
        lines({
          id: 25,
          title: "Transaction-id age",
          description:
            "Transactions since the oldest row was frozen. At about 2.1 billion PostgreSQL refuses writes; vacuum brings it down.",
          unit: UNIT.count,
          width: 8,
          limits: {
            warning: { at: 500_000_000, alert: "PostgresTransactionIdAge" },
            critical: { at: 1_500_000_000, alert: "PostgresTransactionIdsNearEnd" },
          },
          queries: [{ expr: `max by (${BY_STORE}, datname) (cnpg_pg_database_xid_age{${STORE}})`, legend: "{{datname}}" }],
        }),
        lines({
          id: 26,
          title: "Size of databases",
          description: "Size on disk by database.",
          unit: UNIT.bytes,
          width: 12,
          queries: [{ expr: `max by (${BY_STORE}, datname) (cnpg_pg_database_size_bytes{${STORE}})`, legend: "{{datname}}" }],
        }),
        lines({
          id: 27,
          title: "Checkpoints",
          description: "Checkpoints by schedule and on demand in 15 minutes. Many on demand: max_wal_size is too small for the load.",
          unit: UNIT.count,
          width: 12,
          queries: [
            {
              expr: checkpoints("timed"),
              legend: "{{store}} scheduled",
            },
            {
              expr: checkpoints("req"),
              legend: "{{store}} on demand",
            },
          ],
        }),
      ],
    },
  ],
});
