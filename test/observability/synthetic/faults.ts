import { ago, DAY, GIB, type Part, VERSIONS } from "./healthy";
import type { System } from "./system";

/** Who is told: by what is critical, by what waits for the day, by what a domain owns, and nobody by what only informs. */
export type Receiver = "oncall" | "team" | "market" | "nobody";

/** What happens to a system, and what people are told of it. */
export interface Fault {
  readonly name: string;
  readonly happens: (system: System) => unknown;

  /** What sees it or suffers from it, in addition to the parts of its concern. */
  readonly also?: readonly Part[];

  /** Alerts, the receiver of each, and within what time after the fault it has arrived. Nothing else may arrive. */
  readonly told: Readonly<Record<string, readonly [Receiver, `${number}m`]>>;

  /** Almost the same, of which nobody is told. */
  readonly almost?: (system: System) => unknown;

  /** Whether it has always been so, as what is judged by its course over hours. */
  readonly always?: true;
}

const MINUTE = 60;
const HOUR = 3600;

const event = { store: "event-store" };
const node = (index: number) => ({ ...event, pod: `event-store-${index}` });
const billing = { event_stream_id: "orders", group_name: "billing" };
const database = { store: "read-database" };
const server = (number: number) => ({ ...database, pod: `read-database-${number}` });
const live = { projection: "orders", slot: "blue" };
const broker = (index: number) => ({ store: "broker", pod: `broker-${index}` });
const consumer = { consumer_name: "billing", is_consumer_leader: "true" };
const cache = (index: number) => ({ store: "cache", pod: `cache-${index}` });
const queue = (index: number) => ({ store: "queue", pod: `queue-${index}` });
const commands = { app_kubernetes_io_name: "command-api" };
const DURATIONS = "http_server_request_duration_seconds";

/** Pods of a StatefulSet that don't run, and nothing is exported of them. */
function lost(system: System, namespace: string, name: string, pods: readonly number[], of: number): System {
  const left = of - pods.length;
  for (const status of ["kube_statefulset_status_replicas_ready", "kube_statefulset_status_replicas_available"])
    system.set(status, { namespace, statefulset: name }, left);
  for (const index of pods) {
    const pod = `${name}-${index}`;
    notReady(system, namespace, pod);
    system.end(undefined, { store: name, pod });
  }
  return system;
}

function notReady(system: System, namespace: string, pod: string): System {
  return system.set("kube_pod_status_ready", { namespace, pod, condition: "true" }, 0);
}

/** Pods of a Deployment that don't work. */
function unavailable(system: System, namespace: string, deployment: string, pods: readonly number[], of: number): System {
  for (const index of pods) notReady(system, namespace, `${deployment}-6d9f-${index}`);
  return system.set("kube_deployment_status_replicas_available", { namespace, deployment }, of - pods.length);
}

/** Requests of a service fail, so many a second, and the commands in them. */
const failing = (system: System, app_kubernetes_io_name: string, perSecond: number) =>
  system
    .set(`${DURATIONS}_count`, { app_kubernetes_io_name, http_response_status_code: "500" }, (before, since) => before + perSecond * since)
    .set("cqrs_command_total", { app_kubernetes_io_name, status: "error" }, (before, since) => before + perSecond * since);

const waits = (system: System, pod: string, reason: string) =>
  system.add(
    "kube_pod_container_status_waiting_reason",
    { ...place(system), namespace: "read-side", pod, container: "query-api", reason },
    1,
  );

/** The job of a CronJob that was started so long before has ended. */
function ended(system: System, how: "failed" | "complete", namespace: string, cronjob: string, number: string, started: number): System {
  const labels = { ...place(system), namespace, job_name: `${cronjob}-${number}` };
  return system
    .add("kube_job_status_start_time", labels, ago(started))
    .add(`kube_job_${how}`, { ...labels, condition: "true" }, 1)
    .add("kube_job_owner", { ...labels, owner_kind: "CronJob", owner_name: cronjob }, 1);
}

/** A suspended drill that was created so long before, and never ran. */
function neverDrilled(system: System, created: number): System {
  const drill = { cronjob: "event-store-drill" };
  for (const series of ["status_last_schedule_time", "status_last_successful_time", "next_schedule_time"])
    system.end(`kube_cronjob_${series}`, drill);
  return system.set("kube_cronjob_created", drill, ago(created)).set("kube_cronjob_spec_suspend", drill, 1);
}

/** The projection of the event store doesn't run, for a time (in seconds). */
function stopped(system: System, lasts: number): System {
  return system
    .dip("kurrentdb_projection_status", { status: "Running" }, 0, lasts)
    .dip("kurrentdb_projection_status", { status: "Stopped" }, 1, lasts);
}

/** The autoscaler can't read its signal. */
const blind = (system: System) =>
  system
    .set("kube_horizontalpodautoscaler_status_condition", { status: "false" }, 1)
    .set("kube_horizontalpodautoscaler_status_condition", { status: "true" }, 0);

function place({ cluster }: System) {
  return { cluster };
}

const EVENT_STORE: readonly Fault[] = [
  {
    name: "no node of the event store runs",
    happens: (system) => {
      lost(system, "event-store", "event-store", [0, 1, 2], 3);
      failing(system, "command-api", 10);
      system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - since);
    },
    told: { KurrentDbDown: ["oncall", "3m"] },
    almost: (system) =>
      lost(system, "event-store", "event-store", [], 3).dip(
        "kube_statefulset_status_replicas_ready",
        { statefulset: "event-store" },
        2,
        10 * MINUTE,
      ),
  },
  {
    name: "no node of the event store leads",
    happens: (system) => failing(system.relabel("kurrentdb_statuses", { name: "Node" }, { status: "Unknown" }), "command-api", 10),
    told: { KurrentDbNoLeader: ["oncall", "3m"] },
    almost: (system) => system.relabel("kurrentdb_statuses", { name: "Node", ...node(1) }, { status: "CatchingUp" }, 11 * MINUTE),
  },
  {
    name: "two nodes of the event store lead",
    happens: (system) => system.relabel("kurrentdb_statuses", { name: "Node", ...node(1) }, { status: "Leader" }),
    told: { KurrentDbSeveralLeaders: ["oncall", "3m"] },
    almost: (system) =>
      system
        .relabel("kurrentdb_statuses", { name: "Node", ...node(0) }, { status: "Follower" })
        .relabel("kurrentdb_statuses", { name: "Node", ...node(1) }, { status: "Leader" }),
  },
  {
    name: "a node of the event store is away",
    happens: (system) => lost(system, "event-store", "event-store", [2], 3),
    told: { KurrentDbNodeDown: ["team", "17m"] },
  },
  {
    name: "a node of the event store doesn't follow",
    happens: (system) => system.relabel("kurrentdb_statuses", { name: "Node", ...node(2) }, { status: "CatchingUp" }),
    told: { KurrentDbNodeNotInRole: ["team", "17m"] },
  },
  {
    name: "the event store elects again and again",
    happens: (system) => system.set("kurrentdb_elections_count_total", event, (before, since) => before + Math.floor(since / 240)),
    told: { KurrentDbElections: ["team", "35m"] },
    almost: (system) =>
      system.set("kurrentdb_elections_count_total", event, (before, since) => before + Math.min(2, Math.floor(since / 240))),
  },
  {
    name: "a follower is behind",
    happens: (system) => system.set("kurrentdb_checkpoints", node(2), (before) => before - 400e6),
    told: { KurrentDbFollowerBehind: ["team", "12m"] },
    almost: (system) => system.set("kurrentdb_checkpoints", node(2), (before) => before - 200e6),
  },
  {
    name: "nodes of the event store don't hear each other",
    happens: (system) => system.set("kurrentdb_gossip_latency_seconds_bucket", event, (before, since) => before - 0.6 * since),
    told: { KurrentDbGossipFails: ["team", "15m"] },
    almost: (system) => system.set("kurrentdb_gossip_latency_seconds_bucket", event, (before, since) => before - 0.1 * since),
  },
  {
    name: "flushes of the event store are slow",
    happens: (system) => system.set("kurrentdb_writer_flush_duration_max_seconds", node(0), 0.4),
    told: { KurrentDbFlushSlow: ["team", "10m"] },
    almost: (system) => system.set("kurrentdb_writer_flush_duration_max_seconds", node(0), 0.08),
  },
  {
    name: "messages wait in a queue of the event store",
    happens: (system) => system.set("kurrentdb_queue_queueing_duration_max_seconds", { ...node(0), name: "Readers" }, 3),
    told: { KurrentDbQueueSlow: ["team", "12m"] },
    almost: (system) => system.set("kurrentdb_queue_queueing_duration_max_seconds", { ...node(0), name: "Readers" }, 0.8),
  },
  {
    name: "the disk of the event store is full",
    happens: (system) =>
      system
        .set("kurrentdb_sys_disk_bytes", { ...event, kind: "used" }, 96 * GIB)
        .set("kubelet_volume_stats_available_bytes", { namespace: "event-store" }, 4 * GIB),
    told: { KurrentDbDiskFull: ["oncall", "7m"] },
    almost: (system) =>
      system
        .set("kurrentdb_sys_disk_bytes", { ...event, kind: "used" }, 84 * GIB)
        .set("kubelet_volume_stats_available_bytes", { namespace: "event-store" }, 16 * GIB),
    always: true,
  },
  {
    name: "the disk of the event store is full within a day",
    happens: (system) =>
      system
        .set("kurrentdb_sys_disk_bytes", { ...event, kind: "used" }, (_, since) => 65 * GIB + (2 * GIB * since) / HOUR)
        .set("kubelet_volume_stats_available_bytes", { namespace: "event-store" }, (_, since) => 35 * GIB - (2 * GIB * since) / HOUR),
    told: { KurrentDbDiskFullWithinDay: ["team", "40m"] },
    almost: (system) =>
      system
        .set("kurrentdb_sys_disk_bytes", { ...event, kind: "used" }, (_, since) => 65 * GIB + (GIB * since) / HOUR)
        .set("kubelet_volume_stats_available_bytes", { namespace: "event-store" }, (_, since) => 35 * GIB - (GIB * since) / HOUR),
    always: true,
  },
  {
    name: "a node of the event store is near its memory limit",
    happens: (system) => system.set("kurrentdb_proc_mem_bytes", node(0), 3.8 * GIB),
    told: { KurrentDbMemoryHigh: ["team", "17m"] },
    almost: (system) => system.set("kurrentdb_proc_mem_bytes", node(0), 3.5 * GIB),
  },
  {
    name: "a node of the event store pauses",
    happens: (system) => system.set("kurrentdb_gc_pause_duration_max_seconds", node(0), 1.5),
    told: { KurrentDbGcPauses: ["team", "17m"] },
    almost: (system) => system.set("kurrentdb_gc_pause_duration_max_seconds", node(0), 0.4),
  },
  {
    name: "calls of the event store fail",
    happens: (system) =>
      system.set("kurrentdb_incoming_grpc_calls_total", { ...event, kind: "failed" }, (before, since) => before + 5 * since),
    told: { KurrentDbCallsFail: ["team", "14m"] },
    almost: (system) => system.set("kurrentdb_incoming_grpc_calls_total", { ...event, kind: "failed" }, (before, since) => before + since),
  },
  {
    name: "appends are slow",
    happens: (system) => system.set("kurrentdb_grpc_method_duration_seconds_bucket", event, (before, since) => before - 3 * since),
    told: { KurrentDbAppendsSlow: ["team", "13m"] },
    almost: (system) => system.set("kurrentdb_grpc_method_duration_seconds_bucket", event, (before, since) => before - 0.3 * since),
  },
  {
    name: "a node rebuilds its index",
    happens: (system) =>
      system
        .relabel("kurrentdb_statuses", { ...node(2), name: "Index" }, { status: "Rebuilding" })
        .relabel("kurrentdb_statuses", { ...node(2), name: "Node" }, { status: "Initializing" }),
    told: { KurrentDbIndexRebuilding: ["team", "12m"] },
    almost: (system) => system.relabel("kurrentdb_statuses", { ...node(2), name: "Index" }, { status: "Rebuilding" }, 7 * MINUTE),
  },
  {
    name: "consumers of a group are behind",
    happens: (system) => system.set("kurrentdb_persistent_sub_checkpointed_event_number", billing, (before, since) => before - 19 * since),
    told: { KurrentDbSubscriptionBehind: ["team", "14m"] },
    almost: (system) => system.set("kurrentdb_persistent_sub_checkpointed_event_number", billing, (before) => before - 1500),
  },
  {
    name: "consumers of $all are behind",
    happens: (system) =>
      system.set("kurrentdb_persistent_sub_checkpointed_event_commit_position", { group_name: "audit" }, (before) => before - 100e6),
    told: { KurrentDbAllSubscriptionBehind: ["team", "12m"] },
    almost: (system) =>
      system.set("kurrentdb_persistent_sub_checkpointed_event_commit_position", { group_name: "audit" }, (before) => before - 50e6),
  },
  {
    name: "events are parked",
    happens: (system) => system.set("kurrentdb_persistent_sub_parked_messages", billing, 2),
    told: { KurrentDbEventsParked: ["team", "7m"] },
    almost: (system) => system.dip("kurrentdb_persistent_sub_parked_messages", billing, 2, 3 * MINUTE),
  },
  {
    name: "nobody consumes a group",
    happens: (system) =>
      system
        .set("kurrentdb_persistent_sub_connections", billing, 0)
        .set("kurrentdb_persistent_sub_checkpointed_event_number", billing, (before, since) => before - 20 * since),
    told: { KurrentDbSubscriptionUnconnected: ["team", "12m"] },
    almost: (system) => system.dip("kurrentdb_persistent_sub_connections", billing, 0, 7 * MINUTE),
  },
  {
    name: "a projection has failed",
    happens: (system) =>
      system.set("kurrentdb_projection_status", { status: "Running" }, 0).set("kurrentdb_projection_status", { status: "Faulted" }, 1),
    told: { KurrentDbProjectionFaulted: ["oncall", "4m"] },
    almost: (system) => stopped(system, 20 * MINUTE),
  },
  {
    name: "a projection was stopped",
    happens: (system) => stopped(system, Number.POSITIVE_INFINITY),
    told: { KurrentDbProjectionStopped: ["team", "33m"] },
  },
  {
    name: "the volume of the event store is throttled",
    also: ["nodes"],
    happens: (system) =>
      system
        .set("aws_ebs_csi_exceeded_iops_seconds_total", {}, (before, since) => before + 0.8 * since)
        .set("kurrentdb_writer_flush_duration_max_seconds", node(0), 0.4)
        .set("kurrentdb_queue_queueing_duration_max_seconds", { ...node(0), name: "Writer" }, 1.5)
        .set("kurrentdb_grpc_method_duration_seconds_bucket", event, (before, since) => before - 3 * since),
    told: { KurrentDbFlushSlow: ["team", "10m"] },
  },
  {
    name: "a scavenge is late",
    happens: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-scavenge" }, ago(3 * DAY))
        .set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-scavenge" }, ago(10 * DAY)),
    told: { KurrentDbScavengeLate: ["team", "66m"] },
    almost: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-scavenge" }, ago(1.5 * DAY))
        .set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-scavenge" }, ago(8.4 * DAY)),
    always: true,
  },
  {
    name: "stream backups hang",
    happens: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-backup" }, ago(2.2 * DAY)),
    told: { StreamBackupLate: ["oncall", "8m"] },
    almost: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-backup" }, ago(1.9 * DAY)),
    always: true,
  },
  {
    name: "a stream backup is damaged",
    happens: (system) => ended(system, "failed", "event-store", "event-store-verify", "2", 60),
    told: { StreamBackupVerificationFailed: ["oncall", "4m"] },
    // The one after it succeeded.
    almost: (system) =>
      ended(
        ended(system, "failed", "event-store", "event-store-verify", "1", DAY),
        "complete",
        "event-store",
        "event-store-verify",
        "2",
        60,
      ),
  },
  {
    name: "stream backups are not verified",
    happens: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-verify" }, ago(9 * DAY)),
    told: { StreamBackupNotVerified: ["team", "18m"] },
    almost: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-verify" }, ago(7.5 * DAY)),
    always: true,
  },
  {
    name: "a restore drill fails",
    happens: (system) =>
      ended(system, "failed", "event-store", "event-store-drill", "2", 60)
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-drill" }, ago(60))
        .set("restore_drill_seconds", { objective: "rto" }, Number.NaN),
    told: { RestoreDrillFailed: ["team", "8m"] },
    // One that was started by hand has succeeded since. Jobs are deleted an hour after their end.
    almost: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-drill" }, ago(4 * DAY))
        .set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-drill" }, ago(3 * DAY)),
  },
  {
    name: "a restore drill takes longer than the RTO, and fails",
    happens: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-drill" }, ago(8000))
        .set("restore_drill_seconds", { objective: "rto" }, 7300),
    told: { RestoreObjectiveExceeded: ["team", "4m"] },
    almost: (system) => system.set("restore_drill_seconds", { objective: "rto" }, 7200),
  },
  {
    name: "restore drills don't start",
    happens: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-drill" }, ago(7.2 * DAY))
        .set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-drill" }, ago(7.15 * DAY))
        .set("kube_cronjob_next_schedule_time", { cronjob: "event-store-drill" }, ago(0.2 * DAY)),
    told: { CronJobLate: ["team", "5m"] },
    almost: (system) =>
      system
        .set("kube_cronjob_status_last_schedule_time", { cronjob: "event-store-drill" }, ago(6.9 * DAY))
        .set("kube_cronjob_status_last_successful_time", { cronjob: "event-store-drill" }, ago(6.85 * DAY))
        .set("kube_cronjob_next_schedule_time", { cronjob: "event-store-drill" }, ago(-0.1 * DAY)),
  },
  {
    name: "restore drills are suspended before the first",
    happens: (system) => neverDrilled(system, 9 * DAY),
    told: { RestoreDrillMissing: ["team", "18m"] },
    almost: (system) => neverDrilled(system, 7 * DAY),
    always: true,
  },
  {
    name: "digests of the audit trail are late",
    happens: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "audit-digest" }, ago(4 * 3600)),
    told: { AuditDigestLate: ["team", "8m"] },
    almost: (system) => system.set("kube_cronjob_status_last_successful_time", { cronjob: "audit-digest" }, ago(3600)),
    always: true,
  },
];

const POSTGRES: readonly Fault[] = [
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
    happens: (system) => system.set("cnpg_backends_max_tx_duration_seconds", server(1), (_, since) => since),
    told: { PostgresIdleTransaction: ["team", "12m"] },
    almost: (system) => system.set("cnpg_backends_max_tx_duration_seconds", server(1), (_, since) => since % 290),
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

const READ_MODELS: readonly Fault[] = [
  {
    name: "a read model is behind",
    happens: (system) => system.set("cqrs_projection_behind_events", live, 5000),
    told: { ReadModelBehind: ["team", "7m"] },
    almost: (system) => system.set("cqrs_projection_behind_events", live, 990),
  },
  {
    name: "a read model stands still",
    happens: (system) =>
      system
        .set("cqrs_projection_position", live, (before, since) => before - 20 * since)
        .set("cqrs_projection_behind_events", live, (before, since) => before + 20 * since),
    told: { ReadModelNotAdvancing: ["oncall", "11m"] },
    almost: (system) => system.set("cqrs_projection_position", live, (before, since) => before - 20 * (since % 150)),
  },
  {
    name: "nobody projects some partitions",
    happens: (system) =>
      system
        .set("cqrs_projection_partitions_unowned", live, 2)
        .set("cqrs_projection_position", live, (before, since) => before - 20 * since)
        .set("cqrs_projection_behind_events", live, (before, since) => before + 20 * since),
    told: { ReadModelPartitionsUnowned: ["oncall", "5m"] },
    almost: (system) => system.dip("cqrs_projection_partitions_unowned", live, 1, 90),
  },
  {
    name: "the end of the event store is not seen",
    happens: (system) => system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - since),
    told: { ReadModelNotSeen: ["team", "6m"] },
    almost: (system) => system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - (since % 45)),
  },
  {
    name: "a read model is ahead of its event store",
    happens: (system) => system.set("cqrs_projection_ahead", live, 1).set("cqrs_projection_behind_events", live, 0),
    told: { ReadModelAhead: ["oncall", "3m"] },
    almost: (system) => system.set("cqrs_projection_ahead", { projection: "orders", slot: "green" }, 1),
  },
  {
    name: "the build of a read model stands still",
    happens: (system) => system.set("cqrs_projection_partitions_unowned", { projection: "orders", slot: "green" }, 2),
    told: { ReadModelBuildStalled: ["team", "17m"] },
    almost: (system) =>
      system
        .set("cqrs_projection_partitions_unowned", { projection: "orders", slot: "green" }, 0)
        .set("cqrs_projection_position", { projection: "orders", slot: "green" }, (before, since) => before + 500 * since),
  },
  {
    name: "the state of read models is unknown",
    happens: (system) =>
      system
        .set("cqrs_projection_exporter_success", {}, 0)
        .set("cqrs_projection_exporter_last_success_timestamp_seconds", {}, (before, since) => before - since),
    told: { ReadModelsUnknown: ["team", "8m"] },
    almost: (system) => system.dip("cqrs_projection_exporter_success", {}, 0, 3 * MINUTE),
  },
];

const BROKER: readonly Fault[] = [
  {
    name: "no server of the broker runs",
    also: ["workloads"],
    happens: (system) => {
      lost(system, "broker", "broker", [0, 1, 2], 3);
      blind(unavailable(system, "write-side", "command-api", [0, 1], 2));
    },
    told: { NatsDown: ["oncall", "3m"] },
    almost: (system) => system.dip("kube_statefulset_status_replicas_ready", { statefulset: "broker" }, 2, 10 * MINUTE),
  },
  {
    name: "a server of the broker is away",
    happens: (system) => lost(system, "broker", "broker", [2], 3),
    told: { NatsServerDown: ["team", "17m"] },
  },
  {
    name: "JetStream has no meta leader",
    happens: (system) =>
      system
        .relabel("nats_server_jetstream_disabled", { is_meta_leader: "true" }, { is_meta_leader: "false" })
        .relabel("nats_stream_total_messages", { is_stream_leader: "true" }, { is_stream_leader: "false" })
        .relabel("nats_consumer_num_pending", { is_consumer_leader: "true" }, { is_consumer_leader: "false" }),
    told: { NatsNoMetaLeader: ["oncall", "3m"] },
    almost: (system) =>
      system
        .relabel("nats_server_jetstream_disabled", broker(0), { is_meta_leader: "false" })
        .relabel("nats_server_jetstream_disabled", broker(1), { is_meta_leader: "true" }),
  },
  {
    name: "a stream has no leader",
    happens: (system) => system.relabel("nats_stream_total_messages", { is_stream_leader: "true" }, { is_stream_leader: "false" }),
    told: { NatsStreamNoLeader: ["oncall", "4m"] },
  },
  {
    name: "a consumer has no leader",
    happens: (system) => {
      for (const name of ["num_pending", "num_redelivered", "ack_floor_stream_seq"])
        system.relabel(`nats_consumer_${name}`, { is_consumer_leader: "true" }, { is_consumer_leader: "false" });
    },
    told: { NatsConsumerNoLeader: ["oncall", "4m"] },
    almost: (system) =>
      system.relabel("nats_consumer_num_pending", { is_consumer_leader: "true" }, { is_consumer_leader: "false" }, MINUTE),
  },
  {
    name: "a server has turned off JetStream",
    happens: (system) => system.set("nats_server_jetstream_disabled", broker(2), 1),
    told: { NatsJetStreamDisabled: ["oncall", "3m"] },
  },
  {
    name: "a server of the broker is near its memory limit",
    happens: (system) => system.set("nats_varz_mem", broker(1), 3.8 * GIB),
    told: { NatsMemoryHigh: ["team", "17m"] },
    almost: (system) => system.set("nats_varz_mem", broker(1), 3.5 * GIB),
  },
  {
    name: "clients of the broker are cut off",
    happens: (system) => system.set("nats_varz_slow_consumers", broker(1), (_, since) => 1 + Math.floor(since / 300)),
    told: { NatsSlowConsumers: ["team", "5m"] },
  },
  {
    name: "the storage of the broker is nearly full",
    happens: (system) => system.set("nats_server_total_message_bytes", {}, 84 * GIB),
    told: { NatsStorageFull: ["oncall", "7m"] },
    almost: (system) => system.set("nats_server_total_message_bytes", {}, 78 * GIB),
    always: true,
  },
  {
    name: "the storage of the broker is full within a day",
    happens: (system) => system.set("nats_server_total_message_bytes", {}, (_, since) => 60 * GIB + (3 * GIB * since) / HOUR),
    told: { NatsStorageFullWithinDay: ["team", "40m"] },
    almost: (system) => system.set("nats_server_total_message_bytes", {}, (_, since) => 60 * GIB + (GIB * since) / HOUR),
    always: true,
  },
  {
    name: "a consumer acknowledges nothing",
    happens: (system) =>
      system
        .set("nats_consumer_ack_floor_stream_seq", consumer, (before, since) => before - 10 * since)
        .set("nats_consumer_num_pending", consumer, (before, since) => before + 10 * since),
    told: { NatsConsumerStuck: ["team", "24m"] },
    almost: (system) => system.set("nats_consumer_ack_floor_stream_seq", consumer, (before, since) => before - 10 * (since % 600)),
  },
  {
    name: "a consumer is behind",
    happens: (system) => system.set("nats_consumer_num_pending", consumer, 5000),
    told: { NatsConsumerBehind: ["team", "22m"] },
    almost: (system) => system.set("nats_consumer_num_pending", consumer, 900),
  },
  {
    name: "messages are delivered again",
    happens: (system) => system.set("nats_consumer_num_redelivered", consumer, 40),
    told: { NatsRedelivered: ["team", "17m"] },
    almost: (system) => system.set("nats_consumer_num_redelivered", consumer, 8),
  },
];

const VALKEY: readonly Fault[] = [
  {
    name: "no server of a domain's store runs",
    happens: (system) => lost(system, "orders-market", "queue", [0, 1], 2),
    told: { ValkeyDown: ["market", "3m"] },
    almost: (system) => system.dip("kube_statefulset_status_replicas_ready", { statefulset: "queue" }, 1, 8 * MINUTE),
  },
  {
    name: "the primary of the cache doesn't answer",
    happens: (system) => {
      const { cluster } = system;
      lost(system, "read-store", "cache", [0], 2)
        .set("redis_master_link_up", cache(1), 0)
        .add("redis_up", { cluster, namespace: "read-store", purpose: "cache", job: "cache", ...cache(0) }, 0);
    },
    told: { ValkeyDown: ["oncall", "3m"] },
  },
  {
    name: "no server of the cache is its primary",
    happens: (system) => system.relabel("redis_instance_info", cache(0), { role: "slave" }),
    told: { ValkeyDown: ["oncall", "3m"] },
    almost: (system) => system.relabel("redis_instance_info", cache(0), { role: "slave" }, MINUTE),
  },
  {
    name: "a replica of the cache is away",
    happens: (system) => lost(system, "read-store", "cache", [1], 2),
    told: { ValkeyReplicaDown: ["team", "12m"] },
  },
  {
    name: "the exporter of the cache is refused",
    happens: (system) => {
      for (const name of ["instance_info", "memory_used_bytes", "memory_max_bytes", "aof_last_write_status", "aof_last_bgrewrite_status"])
        system.end(`redis_${name}`, cache(0));
      system.set("redis_up", cache(0), 0);
    },
    told: { ValkeyExporterFails: ["team", "12m"] },
    almost: (system) => system.dip("redis_up", cache(0), 0, 7 * MINUTE),
  },
  {
    name: "a store is full",
    happens: (system) => system.set("redis_memory_used_bytes", queue(0), 0.95 * GIB),
    told: { ValkeyStoreFull: ["market", "7m"] },
    almost: (system) => system.set("redis_memory_used_bytes", queue(0), 0.74 * GIB),
  },
  {
    name: "a store forgets",
    happens: (system) => system.set("redis_evicted_keys_total", queue(0), (before, since) => before + since),
    told: { ValkeyStoreEvicts: ["market", "4m"] },
  },
  {
    name: "a cache is too small",
    happens: (system) => system.set("redis_keyspace_misses_total", { store: "cache" }, (before, since) => before + 200 * since),
    told: { ValkeyCacheTooSmall: ["team", "34m"] },
    almost: (system) => system.set("redis_keyspace_misses_total", { store: "cache" }, (before, since) => before + 60 * since),
  },
  {
    name: "the log of a store can't be written",
    happens: (system) => system.set("redis_aof_last_write_status", queue(0), 0),
    told: { ValkeyLogWriteFails: ["market", "3m"] },
  },
  {
    name: "the log of a store can't be rewritten",
    happens: (system) => system.set("redis_aof_last_bgrewrite_status", queue(0), 0),
    told: { ValkeyLogRewriteFails: ["market", "17m"] },
    almost: (system) => system.dip("redis_aof_last_bgrewrite_status", queue(0), 0, 10 * MINUTE),
  },
  {
    name: "a cache turns clients away",
    happens: (system) => system.set("redis_rejected_connections_total", cache(0), (before, since) => before + since / 10),
    told: { ValkeyRejectsConnections: ["team", "8m"] },
    almost: (system) => system.set("redis_rejected_connections_total", cache(0), 3),
  },
  {
    name: "a replica has lost its primary",
    happens: (system) => system.set("redis_master_link_up", cache(1), 0),
    told: { ValkeyReplicaDisconnected: ["team", "12m"] },
    almost: (system) => system.dip("redis_master_link_up", cache(1), 0, 6 * MINUTE),
  },
  {
    name: "the volume of a store is nearly full",
    happens: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "valkey-data-queue-0" }, 9 * GIB),
    told: { ValkeyDiskFull: ["market", "7m"] },
    almost: (system) => system.set("kubelet_volume_stats_available_bytes", { persistentvolumeclaim: "valkey-data-queue-0" }, 25 * GIB),
    always: true,
  },
];

const CLOUD: readonly Fault[] = [
  {
    name: "a database of RDS reports nothing",
    happens: (system) => system.set("aws_rds_cpuutilization_average", {}, Number.NaN),
    told: { RdsNotReporting: ["oncall", "17m"] },
    almost: (system) => system.dip("aws_rds_cpuutilization_average", {}, Number.NaN, 10 * MINUTE),
  },
  {
    name: "a database of RDS has no storage left",
    happens: (system) => system.set("aws_rds_free_storage_space_average", {}, 3 * GIB),
    told: { RdsStorageLow: ["oncall", "17m"] },
    almost: (system) => system.set("aws_rds_free_storage_space_average", {}, 8 * GIB),
    always: true,
  },
  {
    name: "a shard of ElastiCache has no primary",
    happens: (system) => system.set("aws_elasticache_is_master_maximum", {}, 0),
    told: { ElastiCacheNoPrimary: ["oncall", "12m"] },
    almost: (system) => system.dip("aws_elasticache_is_master_maximum", {}, 0, 6 * MINUTE),
  },
  {
    name: "AWS refuses to tell metrics",
    happens: (system) =>
      system
        .end("aws_rds_cpuutilization_average")
        .end("aws_elasticache_engine_cpuutilization_average")
        .set("yace_cloudwatch_request_errors", {}, (before, since) => before + 6 * Math.floor(since / 300)),
    told: { CloudWatchExporterFails: ["team", "20m"] },
    almost: (system) => system.set("yace_cloudwatch_request_errors", {}, (before, since) => before + Math.floor(since / 600)),
  },
  {
    name: "AWS refuses to tell what there is",
    happens: (system) => {
      for (const of of ["rds_info", "rds_cpuutilization_average", "elasticache_info", "elasticache_engine_cpuutilization_average"])
        system.end(`aws_${of}`);
      system.set("yace_cloudwatch_requests_total", {}, 1024);
    },
    told: { CloudWatchExporterFails: ["team", "27m"] },
  },
  {
    name: "the NAT gateway has no ports left",
    happens: (system) => system.set("aws_natgateway_error_port_allocation_sum", {}, 40),
    told: { NatPortsExhausted: ["oncall", "12m"] },
    almost: (system) => system.dip("aws_natgateway_error_port_allocation_sum", {}, 40, 5 * MINUTE),
  },
  {
    name: "CloudFront answers with errors",
    happens: (system) => system.set("aws_cloudfront_5xx_error_rate_average", {}, 20),
    told: { CdnErrors: ["oncall", "12m"] },
    almost: (system) => system.set("aws_cloudfront_5xx_error_rate_average", {}, 4),
  },
  {
    name: "the load balancer has no healthy target",
    happens: (system) =>
      system.set("aws_networkelb_healthy_host_count_maximum", {}, 0).set("aws_networkelb_un_healthy_host_count_maximum", {}, 3),
    told: { LoadBalancerWithoutHealthyTargets: ["oncall", "5m"] },
    almost: (system) => system.dip("aws_networkelb_un_healthy_host_count_maximum", {}, 1, 6 * MINUTE),
  },
  {
    name: "a backup at AWS has failed",
    happens: (system) => system.dip("aws_backup_number_of_copy_jobs_failed_sum", {}, 1, 5 * MINUTE),
    told: { AwsBackupFailed: ["team", "5m"] },
  },
];

const REQUESTS: readonly Fault[] = [
  {
    name: "a service answers with errors",
    happens: (system) => failing(system, "command-api", 8),
    told: { RequestErrors: ["oncall", "5m"] },
    almost: (system) => failing(system, "command-api", 0.05),
  },
  {
    name: "a service of a domain answers with errors",
    happens: (system) => system.set("http_requests_total", { status_code: "500" }, (before, since) => before + 0.5 * since),
    told: { RequestErrors: ["market", "6m"] },
    almost: (system) => system.set("http_requests_total", { status_code: "500" }, (before, since) => before + 0.05 * since),
  },
  {
    name: "a service is slow",
    happens: (system) => {
      for (const le of ["0.1", "0.25", "1"]) system.set(`${DURATIONS}_bucket`, { ...commands, le }, (before, since) => before - 10 * since);
    },
    told: { RequestsSlow: ["team", "6m"] },
    almost: (system) => {
      for (const le of ["0.1", "0.25"]) system.set(`${DURATIONS}_bucket`, { ...commands, le }, (before, since) => before - 1.2 * since);
    },
  },
  {
    name: "an objective of a service is broken",
    happens: (system) => system.set(`${DURATIONS}_bucket`, { ...commands, le: "0.25" }, (before, since) => before - 30 * since),
    told: { ErrorBudgetBurnsFast: ["oncall", "60m"] },
  },
  {
    name: "no nginx of the gateway runs",
    happens: (system) =>
      unavailable(system, "gateway", "gateway-nginx", [0, 1], 2)
        .end("nginx_http_requests_total")
        .end("nginx_http_connections_total")
        .set("probe_success", {}, 0),
    told: { GatewayDown: ["oncall", "3m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "gateway-nginx" }, 1, 10 * MINUTE),
  },
  {
    name: "no name is resolved",
    happens: (system) => {
      failing(unavailable(system, "kube-system", "coredns", [0], 1), "command-api", 10);
      blind(system)
        .set("probe_success", {}, 0)
        .set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - since);
    },
    told: { ClusterDnsDown: ["oncall", "3m"] },
  },
  {
    name: "the gateway drops connections",
    happens: (system) =>
      system.set("nginx_http_connections_total", { nginx_connections_outcome: "HANDLED" }, (before, since) => before - 5 * since),
    told: { GatewayConnectionsDropped: ["oncall", "8m"] },
  },
  {
    name: "changes of routes are slow",
    happens: (system) => {
      for (const le of ["500", "5000"])
        system.set("nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", { le }, (before, since) => before - 0.5 * since);
    },
    told: { GatewayConfigurationSlow: ["team", "24m"] },
  },
  {
    name: "an endpoint doesn't answer",
    happens: (system) => system.set("probe_success", {}, 0),
    told: { EndpointDown: ["oncall", "4m"] },
    almost: (system) => system.dip("probe_success", {}, 0, 60),
  },
];

const WORKLOADS: readonly Fault[] = [
  {
    name: "no pod of a service works",
    happens: (system) => unavailable(system, "write-side", "command-api", [0, 1], 2),
    told: { WorkloadDown: ["oncall", "5m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "command-api" }, 0, 90),
  },
  {
    name: "a pod of a service doesn't work",
    happens: (system) => unavailable(system, "read-side", "query-api", [1], 2),
    told: { WorkloadReplicasUnavailable: ["team", "17m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "query-api" }, 1, 12 * MINUTE),
  },
  {
    name: "a container crashes again and again",
    happens: (system) => waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "CrashLoopBackOff"),
    told: { WorkloadCrashLooping: ["team", "12m"] },
    almost: (system) => system.set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, 2),
  },
  {
    name: "an image can't be pulled",
    happens: (system) => waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "ImagePullBackOff"),
    told: { WorkloadContainerWaiting: ["team", "12m"] },
    almost: (system) => waits(system, "query-api-6d9f-1", "PodInitializing"),
  },
  {
    name: "a container exceeds its memory limit",
    happens: (system) =>
      system
        .add(
          "kube_pod_container_status_last_terminated_reason",
          { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1", container: "query-api", reason: "OOMKilled" },
          1,
        )
        .set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, (_, since) => 1 + Math.floor(since / 200)),
    told: { WorkloadOutOfMemory: ["team", "9m"] },
  },
  {
    name: "a pod fits on no node",
    happens: (system) =>
      unavailable(system, "read-side", "query-api", [1], 2).add(
        "kube_pod_status_unschedulable",
        { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1" },
        1,
      ),
    told: { WorkloadPodsUnschedulable: ["team", "12m"] },
  },
  {
    name: "pods are refused",
    happens: (system) =>
      unavailable(system, "read-side", "query-api", [1], 2).add(
        "kube_deployment_status_condition",
        { ...place(system), namespace: "read-side", deployment: "query-api", condition: "ReplicaFailure", status: "true" },
        1,
      ),
    told: { WorkloadPodsRefused: ["team", "7m"] },
  },
  {
    name: "a rollout doesn't advance",
    happens: (system) =>
      system
        .relabel("kube_deployment_status_condition", { deployment: "query-api" }, { status: "false" })
        .set("kube_deployment_status_replicas_updated", { deployment: "query-api" }, 1),
    told: { WorkloadRolloutStuck: ["team", "17m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_updated", { deployment: "query-api" }, 1, 10 * MINUTE),
  },
  {
    name: "an autoscaler is at its maximum",
    happens: (system) => system.set("kube_horizontalpodautoscaler_status_desired_replicas", {}, 10),
    told: { WorkloadAutoscalerAtMaximum: ["team", "17m"] },
    almost: (system) => system.set("kube_horizontalpodautoscaler_status_desired_replicas", {}, 9),
  },
  {
    name: "an autoscaler can't read its signal",
    happens: blind,
    told: { WorkloadAutoscalerFailing: ["team", "12m"] },
  },
  {
    name: "a quota is nearly used",
    happens: (system) => system.set("kube_resourcequota", { type: "used" }, 9.5),
    told: { QuotaNearlyUsed: ["team", "17m"] },
    almost: (system) => system.set("kube_resourcequota", { type: "used" }, 8.9),
  },
  {
    name: "a disruption budget allows nothing",
    happens: (system) =>
      system
        .set("kube_poddisruptionbudget_status_current_healthy", {}, 1)
        .set("kube_poddisruptionbudget_status_pod_disruptions_allowed", {}, 0),
    told: { WorkloadDisruptionBudgetAtLimit: ["nobody", "33m"] },
  },
  {
    name: "a migration has failed",
    happens: (system) =>
      system.add("kube_job_failed", { ...place(system), namespace: "write-side", job_name: "migrate-2", condition: "true" }, 1),
    told: { JobFailed: ["team", "3m"] },
  },
  {
    name: "the last job of a schedule has failed",
    happens: (system) => ended(system, "failed", "write-side", "expire-orders", "2", 60),
    told: { CronJobFailed: ["team", "5m"] },
    almost: (system) => ended(system, "failed", "write-side", "expire-orders", "0", DAY),
  },
  {
    name: "a job is not started at its time",
    happens: (system) => system.set("kube_cronjob_next_schedule_time", { cronjob: "expire-orders" }, ago(-20 * MINUTE)),
    told: { CronJobLate: ["team", "18m"] },
  },
];

const PLATFORM: readonly Fault[] = [
  {
    name: "a certificate is not renewed",
    happens: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(8 * HOUR))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-29 * DAY)),
    told: { CertificateRenewalLate: ["team", "17m"] },
    almost: (system) => system.set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(3 * HOUR)),
  },
  {
    name: "a certificate expires",
    happens: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(28 * DAY))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-40 * HOUR)),
    told: { CertificateExpiring: ["oncall", "17m"] },
    almost: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(-12 * HOUR))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-24 * HOUR)),
  },
  {
    name: "a certificate is not issued",
    happens: (system) =>
      system
        .set("certmanager_certificate_ready_status", { condition: "False" }, 1)
        .set("certmanager_certificate_ready_status", { condition: "True" }, 0),
    told: { CertificateNotReady: ["team", "17m"] },
    almost: (system) => system.dip("certmanager_certificate_ready_status", { condition: "False" }, 1, 12 * MINUTE),
  },
  {
    name: "an issuer of certificates is not ready",
    happens: (system) =>
      system
        .set("certmanager_clusterissuer_ready_status", { condition: "False" }, 1)
        .set("certmanager_certificate_ready_status", { condition: "False" }, 1),
    told: { CertificateIssuerNotReady: ["team", "12m"] },
  },
  {
    name: "a certificate is served that expires soon",
    happens: (system) => system.set("probe_ssl_earliest_cert_expiry", {}, ago(-30 * HOUR)),
    told: { CertificateServedExpiringSoon: ["oncall", "7m"] },
    almost: (system) => system.set("probe_ssl_earliest_cert_expiry", {}, ago(-15 * DAY)),
  },
  {
    name: "a secret is not synchronized",
    happens: (system) => system.set("externalsecret_status_condition", { status: "False" }, 1),
    told: { SecretNotSynced: ["team", "17m"] },
    almost: (system) => system.dip("externalsecret_status_condition", { status: "False" }, 1, 12 * MINUTE),
  },
  {
    name: "the store of secrets can't be read",
    happens: (system) =>
      system
        .set("clustersecretstore_status_condition", { status: "False" }, 1)
        .set("externalsecret_status_condition", { status: "False" }, 1),
    told: { SecretStoreNotReady: ["team", "12m"] },
  },
  {
    name: "a controller is down",
    happens: (system) => unavailable(system, "keda", "keda-operator", [0], 1),
    told: { ControllerDown: ["team", "7m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "keda-operator" }, 0, 3 * MINUTE),
  },
  {
    name: "KEDA gives autoscalers no metrics",
    also: ["workloads"],
    happens: (system) => blind(unavailable(system, "keda", "keda-operator-metrics-apiserver", [0], 1)),
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "Karpenter is down, and a pod needs a node",
    also: ["workloads"],
    happens: (system) =>
      unavailable(unavailable(system, "kube-system", "karpenter", [0], 1), "read-side", "query-api", [1], 2).add(
        "kube_pod_status_unschedulable",
        { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1" },
        1,
      ),
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "External Secrets is down",
    happens: (system) => {
      for (const name of ["externalsecret_status_condition", "clustersecretstore_status_condition"]) system.end(name);
      unavailable(system, "external-secrets", "external-secrets", [0], 1);
    },
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "the operator of PostgreSQL is down",
    happens: (system) => unavailable(system, "cnpg-system", "cnpg-cloudnative-pg", [0], 1),
    told: { PostgresOperatorDown: ["oncall", "7m"] },
  },
  {
    name: "a controller fails at its objects",
    happens: (system) => system.set("controller_runtime_reconcile_errors_total", {}, (before, since) => before + 0.6 * since),
    told: { ControllerErrors: ["team", "27m"] },
    almost: (system) => system.set("controller_runtime_reconcile_errors_total", {}, (before, since) => before + 0.2 * since),
  },
  {
    name: "DNS is not synchronized",
    happens: (system) => system.set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - since),
    told: { ExternalDnsNotSynced: ["team", "23m"] },
    almost: (system) => system.set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - (since % 800)),
  },
  {
    name: "a pool of nodes is nearly full",
    happens: (system) => system.set("karpenter_nodepools_usage", {}, 95),
    told: { NodePoolNearlyFull: ["team", "17m"] },
    almost: (system) => system.set("karpenter_nodepools_usage", {}, 88),
  },
];

const NODES: readonly Fault[] = [
  {
    name: "a node is not ready",
    happens: (system) => {
      system.set("kube_node_status_condition", { node: "node-3", condition: "Ready" }, 0);
      unavailable(system, "read-side", "query-api", [1], 2);
      lost(system, "event-store", "event-store", [2], 3);
      notReady(system.end(undefined, server(3)), "read-store", "read-database-3");
    },
    told: { NodeNotReady: ["team", "7m"] },
    almost: (system) => system.dip("kube_node_status_condition", { node: "node-3", condition: "Ready" }, 0, 3 * MINUTE),
  },
  {
    name: "a node is not ready, and a release crashes",
    happens: (system) => {
      system.set("kube_node_status_condition", { node: "node-3", condition: "Ready" }, 0);
      unavailable(system, "write-side", "command-api", [1], 2);
      waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "CrashLoopBackOff");
    },
    told: { NodeNotReady: ["team", "7m"], WorkloadCrashLooping: ["team", "12m"] },
  },
  {
    name: "two nodes are not ready",
    happens: (system) => {
      for (const name of ["node-2", "node-3"]) system.set("kube_node_status_condition", { node: name, condition: "Ready" }, 0);
      unavailable(system, "write-side", "command-api", [1], 2);
      lost(system, "broker", "broker", [2], 3);
    },
    told: { NodesNotReady: ["oncall", "5m"] },
  },
  {
    name: "a node evicts pods",
    happens: (system) => system.set("kube_node_status_condition", { node: "node-1", condition: "MemoryPressure" }, 1),
    told: { NodeUnderPressure: ["team", "7m"] },
    almost: (system) => system.dip("kube_node_status_condition", { node: "node-1", condition: "MemoryPressure" }, 1, 3 * MINUTE),
  },
  {
    name: "a node has no memory left",
    happens: (system) => system.set("node_memory_MemAvailable_bytes", { node: "node-1" }, 0.5 * GIB),
    told: { NodeMemoryLow: ["team", "12m"] },
    almost: (system) => system.set("node_memory_MemAvailable_bytes", { node: "node-1" }, GIB),
  },
  {
    name: "the disk of a node fills up",
    happens: (system) => system.set("node_filesystem_avail_bytes", { node: "node-1" }, 8 * GIB),
    told: { NodeDiskFillingUp: ["team", "34m"] },
    almost: (system) => system.set("node_filesystem_avail_bytes", { node: "node-1" }, 12 * GIB),
    always: true,
  },
  {
    name: "a volume fills up",
    happens: (system) => system.set("kubelet_volume_stats_available_bytes", { namespace: "observability" }, 10 * GIB),
    told: { VolumeFillingUp: ["team", "39m"] },
    almost: (system) => system.set("kubelet_volume_stats_available_bytes", { namespace: "observability" }, 16 * GIB),
    always: true,
  },
  {
    name: "a volume is nearly full",
    happens: (system) => system.set("kubelet_volume_stats_available_bytes", { namespace: "observability" }, 3 * GIB),
    told: { VolumeNearlyFull: ["oncall", "9m"] },
  },
  {
    name: "a volume is throttled",
    happens: (system) => system.set("aws_ebs_csi_exceeded_iops_seconds_total", {}, (before, since) => before + 0.6 * since),
    told: { VolumeThrottled: ["team", "24m"] },
    almost: (system) => system.set("aws_ebs_csi_exceeded_iops_seconds_total", {}, (before, since) => before + 0.2 * since),
  },
  {
    name: "support of Kubernetes ends",
    happens: (system) => system.relabel("kubernetes_build_info", {}, { git_version: `v${VERSIONS[0]?.version}.1-eks-1a2b3c4` }),
    told: { ClusterSupportEnding: ["team", "66m"] },
    almost: (system) => system.relabel("kubernetes_build_info", {}, { git_version: `v${VERSIONS[1]?.version}.1-eks-1a2b3c4` }),
    always: true,
  },
];

const PIPELINE: readonly Fault[] = [
  {
    name: "nothing arrives from a cluster",
    happens: (system) => system.end(undefined),
    told: { ClusterMetricsMissing: ["oncall", "12m"] },
  },
  {
    name: "targets can't be scraped",
    happens: (system) => {
      for (const index of [0, 1, 2]) {
        const { cluster } = system;
        system.end(undefined, broker(index));
        system.add("up", { cluster, namespace: "broker", job: "broker", pod: `broker-${index}` }, 0);
      }
    },
    told: { ScrapeTargetsDown: ["team", "12m"] },
    almost: (system) => system.dip("up", { job: "external-dns" }, 0, 7 * MINUTE),
  },
  {
    name: "metrics reach the hub late",
    happens: (system) =>
      system.set("prometheus_remote_storage_queue_highest_sent_timestamp_seconds", {}, (before, since) => before - since),
    told: { RemoteWriteBehind: ["team", "19m"] },
    almost: (system) => system.set("prometheus_remote_storage_queue_highest_sent_timestamp_seconds", {}, (before) => before - 50),
  },
  {
    name: "the hub refuses samples",
    happens: (system) => system.set("prometheus_remote_storage_samples_failed_total", {}, (before, since) => before + 50 * since),
    told: { RemoteWriteFailing: ["team", "18m"] },
    almost: (system) => system.set("prometheus_remote_storage_samples_failed_total", {}, (before, since) => before + 5 * since),
  },
  {
    name: "rules can't be evaluated",
    happens: (system) => system.set("prometheus_rule_evaluation_failures_total", {}, (before, since) => before + since / 30),
    told: { RuleEvaluationFailing: ["oncall", "14m"] },
    almost: (system) => system.set("prometheus_rule_evaluation_failures_total", {}, 1),
  },
  {
    name: "alerts are not delivered",
    happens: (system) => system.set("prometheus_notifications_alertmanagers_discovered", {}, 0),
    told: { AlertsUndelivered: ["oncall", "7m"] },
    almost: (system) => system.dip("prometheus_notifications_alertmanagers_discovered", {}, 0, 3 * MINUTE),
  },
  {
    name: "receivers refuse notifications",
    happens: (system) => system.set("alertmanager_notifications_failed_total", {}, (before, since) => before + 0.05 * since),
    told: { AlertNotificationsFailing: ["oncall", "8m"] },
  },
  {
    name: "a part of observability is down",
    happens: (system) => {
      notReady(system, "observability", "prometheus-metrics-0");
      for (const status of ["ready", "available"])
        system.set(`kube_statefulset_status_replicas_${status}`, { statefulset: "prometheus-metrics" }, 0);
    },
    told: { ObservabilityPartDown: ["team", "7m"] },
  },
  {
    name: "the collector loses data",
    happens: (system) => system.set("otelcol_exporter_enqueue_failed_spans", { job: "collector" }, (before, since) => before + since),
    told: { CollectorLosingData: ["team", "14m"] },
    almost: (system) => system.set("otelcol_exporter_send_failed_spans", { job: "collector" }, 30),
  },
  {
    name: "the collector refuses data",
    happens: (system) => system.set("otelcol_receiver_refused_spans", {}, (before, since) => before + since),
    told: { CollectorRefusing: ["team", "14m"] },
  },
  {
    name: "the queue of the collector is nearly full",
    happens: (system) => system.set("otelcol_exporter_queue_size", { job: "collector" }, 900),
    told: { CollectorQueueNearlyFull: ["team", "12m"] },
    almost: (system) => system.set("otelcol_exporter_queue_size", { job: "collector" }, 750),
  },
  {
    name: "Jaeger can't store",
    happens: (system) => system.set("otelcol_exporter_send_failed_spans", { job: "jaeger" }, (before, since) => before + since),
    told: { JaegerNotStoring: ["team", "14m"] },
  },
  {
    name: "Elasticsearch is red",
    happens: (system) =>
      system
        .set("elasticsearch_cluster_health_status", { color: "red" }, 1)
        .set("elasticsearch_cluster_health_status", { color: "green" }, 0),
    told: { ElasticsearchRed: ["team", "7m"] },
    almost: (system) =>
      system
        .dip("elasticsearch_cluster_health_status", { color: "yellow" }, 1, 40 * MINUTE)
        .dip("elasticsearch_cluster_health_status", { color: "green" }, 0, 40 * MINUTE),
  },
  {
    name: "the disk of Elasticsearch is nearly full",
    happens: (system) => system.set("elasticsearch_filesystem_data_available_bytes", {}, 12 * GIB),
    told: { ElasticsearchDiskLow: ["team", "17m"] },
    almost: (system) => system.set("elasticsearch_filesystem_data_available_bytes", {}, 17 * GIB),
  },
  {
    name: "the heap of Elasticsearch is used up",
    happens: (system) => system.set("elasticsearch_jvm_memory_used_bytes", {}, 3.7 * GIB),
    told: { ElasticsearchHeapHigh: ["team", "23m"] },
    almost: (system) => system.set("elasticsearch_jvm_memory_used_bytes", {}, (_, since) => (since % 600 < 300 ? 3.7 : 2) * GIB),
  },
  {
    name: "snapshots of logs are late",
    happens: (system) => system.set("elasticsearch_snapshot_stats_latest_snapshot_timestamp_seconds", {}, ago(40 * HOUR)),
    told: { ElasticsearchSnapshotLate: ["team", "17m"] },
    almost: (system) => system.set("elasticsearch_snapshot_stats_latest_snapshot_timestamp_seconds", {}, ago(30 * HOUR)),
  },
];

/**
 * Faults by what they happen to, and the parts of a system that see them or suffer from them. A system to which something almost
 * happens has the parts of all that happens to it.
 */
export const FAULTS: Readonly<Record<string, { readonly parts: readonly Part[]; readonly faults: readonly Fault[] }>> = {
  "event-store": { parts: ["event-store", "read-models", "applications"], faults: EVENT_STORE },
  postgres: { parts: ["postgres", "read-models", "applications"], faults: POSTGRES },
  "read-models": { parts: ["read-models", "postgres"], faults: READ_MODELS },
  broker: { parts: ["broker"], faults: BROKER },
  valkey: { parts: ["valkey"], faults: VALKEY },
  cloud: { parts: ["aws", "nodes"], faults: CLOUD },
  requests: { parts: ["applications", "workloads", "platform"], faults: REQUESTS },
  workloads: { parts: ["workloads", "applications"], faults: WORKLOADS },
  platform: { parts: ["platform", "nodes"], faults: PLATFORM },
  nodes: { parts: ["nodes", "workloads", "event-store", "postgres", "broker", "pipeline"], faults: NODES },
  pipeline: { parts: ["pipeline", "platform", "broker"], faults: PIPELINE },
};
