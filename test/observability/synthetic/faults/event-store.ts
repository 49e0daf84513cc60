import { ago, DAY, GIB } from "../healthy";
import { billing, ended, event, type Fault, failing, HOUR, live, lost, MINUTE, neverDrilled, node, stopped } from "./happenings";

export const EVENT_STORE: readonly Fault[] = [
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
    name: "no node of the event store runs, and a service that doesn't use it fails",
    happens: (system) => {
      lost(system, "event-store", "event-store", [0, 1, 2], 3);
      failing(failing(system, "command-api", 10), "query-api", 10);
      system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - since);
    },
    told: { KurrentDbDown: ["oncall", "3m"], RequestErrors: ["oncall", "5m"] },
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
    name: "a projection has failed, and a node is away",
    happens: (system) =>
      lost(system, "event-store", "event-store", [2], 3)
        .set("kurrentdb_projection_status", { status: "Running" }, 0)
        .set("kurrentdb_projection_status", { status: "Faulted" }, 1),
    told: { KurrentDbProjectionFaulted: ["oncall", "4m"], KurrentDbNodeDown: ["team", "17m"] },
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
