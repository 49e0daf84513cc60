import { KUBERNETES } from "../../../constructs/core/versions";
import type { Labels, Series, Value } from "./system";

/** Versions of Kubernetes from the oldest on, and when they are no longer supported. */
export const VERSIONS = Object.entries(KUBERNETES)
  .map(([version, { standardSupportEnds }]) => ({ version, ends: Date.parse(standardSupportEnds) / 1000 }))
  .sort((one, other) => one.ends - other.ends);

/** When a synthetic system lives: four weeks before the oldest version of Kubernetes is no longer supported. */
export const LIVES_AT = (VERSIONS[0]?.ends ?? 0) - 28 * 86_400;

export const GIB = 2 ** 30;
export const DAY = 86_400;

const now = (elapsed: number) => LIVES_AT + elapsed;

/** So long before the system began to live. */
export const ago = (seconds: number) => LIVES_AT - seconds;

const counter =
  (perSecond: number, from = 1000): Value =>
  (elapsed) =>
    from + perSecond * elapsed;

/** Series of one exporter, which have some labels in common. */
function exported(common: Labels, metrics: readonly (readonly [string, Value, Labels?])[]): readonly Series[] {
  return metrics.map(([name, value, labels = {}]) => ({ name, value, labels: { ...common, ...labels } }));
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A pod that runs, of what owns it. */
function pod(namespace: string, name: string, kind: string, owner: string, container: string): readonly Series[] {
  return exported({ namespace, pod: name }, [
    ["kube_pod_owner", 1, { owner_kind: kind, owner_name: owner, owner_is_controller: "true" }],
    ["kube_pod_status_ready", 1, { condition: "true" }],
    ["kube_pod_container_status_restarts_total", 0, { container }],
  ]);
}

function statefulSet(namespace: string, name: string, pods: number, container: string, claim?: string): readonly Series[] {
  return [
    ...exported({ namespace, statefulset: name }, [
      ["kube_statefulset_replicas", pods],
      ["kube_statefulset_status_replicas_ready", pods],
      ["kube_statefulset_status_replicas_available", pods],
      ["kube_statefulset_status_replicas_updated", pods],
    ]),
    ...numbers(pods).flatMap((index) => [
      ...pod(namespace, `${name}-${index}`, "StatefulSet", name, container),
      ...exported({ namespace, pod: `${name}-${index}`, container }, [
        ["kube_pod_container_resource_limits", 4 * GIB, { resource: "memory", unit: "byte", node: "node-1" }],
      ]),
      ...(claim && index === 0 ? volume(namespace, `${claim}-${name}-${index}`) : []),
    ]),
  ];
}

function volume(namespace: string, persistentvolumeclaim: string): readonly Series[] {
  return exported({ namespace, persistentvolumeclaim }, [
    ["kubelet_volume_stats_capacity_bytes", 100 * GIB],
    ["kubelet_volume_stats_available_bytes", 60 * GIB],
    ["kube_persistentvolumeclaim_info", 1, { storageclass: "gp3", volumename: `pv-${persistentvolumeclaim}` }],
  ]);
}

function deployment(namespace: string, name: string, pods: number): readonly Series[] {
  return [
    ...exported({ namespace, deployment: name }, [
      ["kube_deployment_spec_replicas", pods],
      ["kube_deployment_status_replicas_available", pods],
      ["kube_deployment_status_replicas_updated", pods],
      ["kube_deployment_status_condition", 1, { condition: "Progressing", status: "true" }],
    ]),
    ...numbers(pods).flatMap((index) => pod(namespace, `${name}-6d9f-${index}`, "ReplicaSet", `${name}-6d9f`, name)),
  ];
}

function kurrentdb(): readonly Series[] {
  const place = { namespace: "event-store", store: "event-store", job: "event-store" };
  const leader = { ...place, pod: "event-store-0" };
  const orders = { event_stream_id: "orders", group_name: "billing" };
  const all = { event_stream_id: "$all", group_name: "audit" };
  return [
    ...statefulSet("event-store", "event-store", 3, "kurrentdb", "data"),
    ...numbers(3).flatMap((index) =>
      exported({ ...place, pod: `event-store-${index}` }, [
        ["up", 1],
        ["kurrentdb_statuses", now, { name: "Node", status: index === 0 ? "Leader" : "Follower" }],
        ["kurrentdb_statuses", now, { name: "Index", status: "Idle" }],
        ["kurrentdb_elections_count_total", 1],
        ["kurrentdb_checkpoints", counter(20_000, 1e10), { name: "writer", read: "non-flushed" }],
      ]),
    ),
    // What each node exports of itself is judged by itself: one of them will do.
    ...exported(leader, [
      ["kurrentdb_sys_disk_bytes", 40 * GIB, { disk: "/var/lib/kurrentdb", kind: "used" }],
      ["kurrentdb_sys_disk_bytes", 100 * GIB, { disk: "/var/lib/kurrentdb", kind: "total" }],
      ["kurrentdb_proc_mem_bytes", 2 * GIB, { kind: "working-set" }],
      ["kurrentdb_gc_pause_duration_max_seconds", 0.02, { range: "16-20 seconds" }],
      ["kurrentdb_writer_flush_duration_max_seconds", 0.006, { range: "16-20 seconds" }],
      ["kurrentdb_queue_queueing_duration_max_seconds", 0.01, { name: "Readers", range: "16-20 seconds" }],
      ["kurrentdb_queue_queueing_duration_max_seconds", 0.01, { name: "Writer", range: "16-20 seconds" }],
      ["kurrentdb_gossip_latency_seconds_bucket", counter(2), { activity: "push-to-peer", status: "successful", le: "1" }],
      ["kurrentdb_gossip_latency_seconds_count", counter(2), { activity: "push-to-peer", status: "successful" }],
      ["kurrentdb_incoming_grpc_calls_total", counter(30), { kind: "total" }],
      ["kurrentdb_incoming_grpc_calls_total", counter(0.01), { kind: "failed" }],
      ["kurrentdb_grpc_method_duration_seconds_bucket", counter(10), { activity: "append", status: "successful", le: "0.1" }],
      ["kurrentdb_grpc_method_duration_seconds_count", counter(10), { activity: "append", status: "successful" }],
      ["kurrentdb_io_events_total", counter(20), { activity: "written" }],
    ]),
    ...exported({ ...leader, ...orders }, [
      ["kurrentdb_persistent_sub_connections", 2],
      ["kurrentdb_persistent_sub_parked_messages", 0],
      ["kurrentdb_persistent_sub_last_known_event_number", counter(20, 100_000)],
      ["kurrentdb_persistent_sub_checkpointed_event_number", counter(20, 99_800)],
    ]),
    ...exported({ ...leader, ...all }, [
      ["kurrentdb_persistent_sub_connections", 1],
      ["kurrentdb_persistent_sub_parked_messages", 0],
      ["kurrentdb_persistent_sub_last_known_event_commit_position", counter(20_000, 1e10)],
      ["kurrentdb_persistent_sub_checkpointed_event_commit_position", counter(20_000, 1e10 - 2e6)],
    ]),
    ...exported({ ...leader, projection: "$by_category" }, [
      ["kurrentdb_projection_status", 1, { status: "Running" }],
      ["kurrentdb_projection_status", 0, { status: "Faulted" }],
      ["kurrentdb_projection_status", 0, { status: "Stopped" }],
    ]),
    ...cronJob("event-store", "event-store-scavenge", { every: 7 * DAY, last: 2 * DAY }),
    // They run by the day, because nothing runs them here: others would be late before the play ends.
    ...cronJob("event-store", "event-store-backup", { every: DAY, last: 0.2 * DAY }),
    ...cronJob("event-store", "event-store-verify", { every: 7 * DAY, last: 3 * DAY }),
    ...cronJob("audit-digests", "audit-digest", { every: DAY, last: 600 }),
    ...cronJob("event-store", "event-store-drill", { every: 7 * DAY, last: 3 * DAY }),
    ...drilled("event-store", "event-store-drill", { rto: [5000, 7200], rpo: [0, 1800] }),
  ];
}

/** A CronJob whose last run was successful. */
function cronJob(
  namespace: string,
  cronjob: string,
  { every, last }: { readonly every: number; readonly last: number },
): readonly Series[] {
  return exported({ namespace, cronjob }, [
    ["kube_cronjob_created", ago(90 * DAY)],
    ["kube_cronjob_spec_suspend", 0],
    ["kube_cronjob_status_last_schedule_time", ago(last)],
    ["kube_cronjob_status_last_successful_time", ago(last - 600)],
    ["kube_cronjob_next_schedule_time", ago(last - every)],
  ]);
}

/** What the pod of a restore drill exposes: what it measured, and the objectives, in seconds. */
function drilled(
  namespace: string,
  name: string,
  measured: Readonly<Record<"rto" | "rpo", readonly [seconds: number, objective: number]>>,
): readonly Series[] {
  return Object.entries(measured).flatMap(([objective, [seconds, most]]) =>
    exported({ namespace, app_kubernetes_io_name: name, objective }, [
      ["restore_drill_seconds", seconds],
      ["restore_drill_objective_seconds", most],
    ]),
  );
}

function job(namespace: string, job_name: string, cronjob: string, started: number, condition: "complete" | "failed"): readonly Series[] {
  return exported({ namespace, job_name }, [
    ["kube_job_status_start_time", ago(started)],
    ["kube_job_owner", 1, { owner_kind: "CronJob", owner_name: cronjob, owner_is_controller: "true" }],
    [`kube_job_${condition}`, 1, { condition: "true" }],
  ]);
}

function postgres(): readonly Series[] {
  const place = { namespace: "read-store", store: "read-database", job: "read-database" };
  return [1, 2, 3]
    .flatMap((number) => {
      const name = `read-database-${number}`;
      const primary = number === 1;
      return [
        ...pod("read-store", name, "Cluster", "read-database", "postgres"),
        ...(primary
          ? [...volume("read-store", name), ...volume("read-store", `${name}-wal`)]
          : exported({ namespace: "read-store" }, [["kube_persistentvolumeclaim_info", 1, { persistentvolumeclaim: name }]])),
        ...exported({ ...place, pod: name }, [
          ["up", 1],
          ["cnpg_collector_up", 1, { exported_cluster: "read-database" }],
          ["cnpg_pg_replication_in_recovery", primary ? 0 : 1],
          ["cnpg_pg_replication_is_wal_receiver_up", primary ? 0 : 1],
          ["cnpg_pg_replication_streaming_replicas", primary ? 2 : 0],
          ["cnpg_pg_replication_lag", primary ? 0 : 0.4],
          ["cnpg_collector_sync_replicas", primary ? 1 : 0, { value: "observed" }],
        ]),
        ...exported(
          { ...place, pod: name },
          primary
            ? [
                ["cnpg_backends_total", 30, { datname: "orders", usename: "query", application_name: "query", state: "active" }],
                [
                  "cnpg_backends_max_tx_duration_seconds",
                  2,
                  { datname: "orders", usename: "query", application_name: "", state: "idle in transaction" },
                ],
                [
                  "cnpg_backends_max_tx_duration_seconds",
                  3,
                  { datname: "orders", usename: "query", application_name: "query", state: "active" },
                ],
                ["cnpg_backends_waiting_total", 0],
                ["cnpg_pg_stat_database_deadlocks", 3, { datname: "orders" }],
                ["cnpg_pg_settings_setting", 100, { name: "max_connections" }],
                ["cnpg_pg_settings_setting", 10_240, { name: "max_slot_wal_keep_size" }],
                ["cnpg_pg_database_xid_age", 150_000_000, { datname: "orders" }],
                ["cnpg_pg_database_mxid_age", 1_000_000, { datname: "orders" }],
                ["cnpg_pg_postmaster_start_time", ago(10 * DAY)],
                // Segments are archived every five minutes.
                ["cnpg_pg_stat_archiver_last_archived_time", (elapsed) => now(Math.floor(elapsed / 300) * 300)],
                ["cnpg_collector_pg_wal_archive_status", 0, { value: "ready" }],
                ["cnpg_pg_replication_slots_pg_wal_lsn_diff", 1e6, { slot_name: "_cnpg_read_database_2", slot_type: "physical" }],
                ["barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", ago(10 * 3600)],
                ["barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp", 0],
              ]
            : [],
        ),
      ];
    })
    .concat(
      exported({ ...place, pod: "read-database-pool-rw-6d9f-0", job: "read-database-pool" }, [
        ["cnpg_pgbouncer_pools_maxwait", 0, { database: "orders", user: "query" }],
      ]),
      deployment("read-store", "read-database-pool-rw", 2),
    );
}

function readModels(): readonly Series[] {
  return [
    ...exported({ namespace: "read-store", store: "read-database", job: "read-models" }, [
      ["up", 1],
      ["cqrs_projection_exporter_success", 1],
      ["cqrs_projection_exporter_last_success_timestamp_seconds", now],
    ]),
    // The green slot is no longer projected: nobody owns its partitions.
    ...["orders"].flatMap((projection) =>
      exported({ namespace: "read-store", store: "read-database", job: "read-models", projection }, [
        ["cqrs_projection_behind_events", 12, { slot: "blue" }],
        ["cqrs_projection_position", counter(20, 1e6), { slot: "blue" }],
        ["cqrs_projection_last_seen_timestamp_seconds", (elapsed: number) => now(elapsed) - 4, { slot: "blue" }],
        ["cqrs_projection_last_advanced_timestamp_seconds", (elapsed: number) => now(elapsed) - 2, { slot: "blue" }],
        ["cqrs_projection_partitions", 5, { slot: "blue" }],
        ["cqrs_projection_partitions_unowned", 0, { slot: "blue" }],
        ["cqrs_projection_live", 1, { slot: "blue" }],
        ["cqrs_projection_ahead", 0, { slot: "blue" }],
        ["cqrs_projection_behind_events", counter(20, 5e5), { slot: "green" }],
        ["cqrs_projection_position", 5e5, { slot: "green" }],
        ["cqrs_projection_last_seen_timestamp_seconds", ago(DAY), { slot: "green" }],
        ["cqrs_projection_last_advanced_timestamp_seconds", ago(DAY), { slot: "green" }],
        ["cqrs_projection_partitions", 5, { slot: "green" }],
        ["cqrs_projection_partitions_unowned", 5, { slot: "green" }],
        ["cqrs_projection_live", 0, { slot: "green" }],
        ["cqrs_projection_ahead", 0, { slot: "green" }],
      ]),
    ),
  ];
}

function nats(): readonly Series[] {
  const place = { namespace: "broker", store: "broker", job: "broker" };
  return [
    ...statefulSet("broker", "broker", 3, "nats", "broker-js"),
    ...numbers(3).flatMap((index) => {
      const leads = String(index === 0);
      const consumer = { account: "$G", stream_name: "ORDERS", consumer_name: "billing", is_consumer_leader: leads };
      return exported({ ...place, pod: `broker-${index}` }, [
        ["up", 1],
        ["nats_varz_connections", 12],
        ["nats_varz_mem", GIB],
        ["nats_varz_slow_consumers", 0],
        ["nats_server_jetstream_disabled", 0, { is_meta_leader: leads }],
        ["nats_server_total_message_bytes", 20 * GIB, { is_meta_leader: leads }],
        ["nats_server_max_storage", 90 * GIB, { is_meta_leader: leads }],
        ["nats_stream_total_messages", counter(10), { account: "$G", stream_name: "ORDERS", is_stream_leader: leads }],
        ["nats_consumer_num_pending", 3, consumer],
        ["nats_consumer_num_redelivered", 0, consumer],
        ["nats_consumer_ack_floor_stream_seq", counter(10), consumer],
      ]);
    }),
  ];
}

/** A primary and a replica. */
function valkey(namespace: string, store: string, purpose: "cache" | "store"): readonly Series[] {
  return [
    ...statefulSet(namespace, store, 2, "valkey", "valkey-data"),
    ...numbers(2).flatMap((index) =>
      exported({ namespace, store, purpose, job: store, pod: `${store}-${index}` }, [
        ["up", 1],
        ["redis_up", 1],
        ["redis_instance_info", 1, { role: index === 0 ? "master" : "slave" }],
        ...(index === 0 ? [] : [["redis_master_link_up", 1] as const]),
        ["redis_memory_used_bytes", (purpose === "cache" ? 0.99 : 0.4) * GIB],
        ["redis_memory_max_bytes", GIB],
        ["redis_keyspace_hits_total", counter(90)],
        ["redis_keyspace_misses_total", counter(10)],
        ["redis_evicted_keys_total", purpose === "cache" ? counter(5) : 0],
        ["redis_rejected_connections_total", 0],
        ["redis_aof_last_write_status", 1],
        ["redis_aof_last_bgrewrite_status", 1],
      ]),
    ),
  ];
}

function aws(): readonly Series[] {
  const database = { dimension_DBInstanceIdentifier: "orders-archive" };
  const cache = { dimension_CacheClusterId: "orders-sessions-0001-001" };
  const [nat, balancer] = [
    { dimension_NatGatewayId: "nat-1" },
    { dimension_LoadBalancer: "net/gateway", dimension_TargetGroup: "gateway" },
  ];
  const cdn = { dimension_DistributionId: "E1" };
  const vault = { dimension_BackupVaultName: "orders" };
  const named = { name: "arn:aws:rds:eu-west-1:111122223333:db:orders-archive" };
  const node = { name: "arn:aws:elasticache:eu-west-1:111122223333:cluster:orders-sessions-0001-001" };
  // It asks AWS every five minutes.
  const calls = (each: number) => (elapsed: number) => 1000 + each * Math.floor(elapsed / 300);
  return exported({ namespace: "observability", job: "cloudwatch" }, [
    ["up", 1],
    ["yace_cloudwatch_request_errors", 1, { api_name: "GetMetricData" }],
    ["yace_cloudwatch_requests_total", calls(6), { api_name: "GetMetricData" }],
    ["yace_cloudwatch_resourcegrouptaggingapi_requests_total", calls(4)],
    ["aws_rds_info", 1, named],
    ["aws_rds_cpuutilization_average", 30, { ...named, ...database }],
    ["aws_rds_free_storage_space_average", 50 * GIB, { ...named, ...database }],
    ["aws_rds_freeable_memory_average", 2 * GIB, { ...named, ...database }],
    ["aws_rds_replica_lag_maximum", 1, { ...named, ...database }],
    ["aws_rds_maximum_used_transaction_ids_maximum", 1e8, { ...named, ...database }],
    ["aws_elasticache_info", 1, node],
    ["aws_elasticache_engine_cpuutilization_average", 20, { ...node, ...cache }],
    ["aws_elasticache_is_master_maximum", 1, { ...node, ...cache }],
    ["aws_elasticache_curr_connections_maximum", 500, { ...node, ...cache }],
    ["aws_natgateway_error_port_allocation_sum", 0, nat],
    ["aws_natgateway_packets_drop_count_sum", 0, nat],
    ["aws_natgateway_packets_in_from_source_sum", 1e6, nat],
    ["aws_natgateway_packets_in_from_destination_sum", 1e6, nat],
    ["aws_networkelb_healthy_host_count_maximum", 3, balancer],
    ["aws_networkelb_un_healthy_host_count_maximum", 0, balancer],
    ["aws_cloudfront_5xx_error_rate_average", 0.1, cdn],
    ["aws_cloudfront_requests_sum", 20_000, cdn],
    ["aws_backup_number_of_backup_jobs_failed_sum", 0, vault],
    ["aws_backup_number_of_copy_jobs_failed_sum", 0, vault],
  ]);
}

function nodes(): readonly Series[] {
  return [
    ...[1, 2, 3].flatMap((number) => [
      ...exported({ node: `node-${number}` }, [
        ["kube_node_status_condition", 1, { condition: "Ready", status: "true" }],
        ["kube_node_status_condition", 0, { condition: "MemoryPressure", status: "true" }],
        ["kube_node_status_condition", 0, { condition: "DiskPressure", status: "true" }],
      ]),
      ...exported(
        {
          namespace: "observability-nodes",
          job: "node-exporter",
          pod: `node-exporter-${number}`,
          instance: `10.0.0.${number}:9100`,
          node: `node-${number}`,
        },
        [
          ["up", 1],
          ["node_memory_MemAvailable_bytes", 6 * GIB],
          ["node_memory_MemTotal_bytes", 16 * GIB],
          ["node_filesystem_avail_bytes", 40 * GIB, { device: "/dev/nvme0n1p1", fstype: "xfs", mountpoint: "/" }],
          ["node_filesystem_size_bytes", 80 * GIB, { device: "/dev/nvme0n1p1", fstype: "xfs", mountpoint: "/" }],
        ],
      ),
    ]),
    ...exported({ persistentvolume: "pv-1" }, [
      ["kube_persistentvolume_info", 1, { csi_driver: "ebs.csi.aws.com", csi_volume_handle: "vol-1" }],
      ["kube_persistentvolume_claim_ref", 1, { claim_namespace: "event-store", name: "data-event-store-0" }],
    ]),
    ...exported({ namespace: "kube-system", job: "ebs-csi", instance_id: "i-1", volume_id: "vol-1" }, [
      ["aws_ebs_csi_exceeded_iops_seconds_total", 0],
      ["aws_ebs_csi_exceeded_tp_seconds_total", 0],
    ]),
  ];
}

function workloads(): readonly Series[] {
  return [
    ...exported({ namespace: "observability-nodes", daemonset: "node-exporter" }, [
      ["kube_daemonset_status_desired_number_scheduled", 3],
      ["kube_daemonset_status_number_available", 3],
      ["kube_daemonset_status_updated_number_scheduled", 3],
    ]),
    ...deployment("write-side", "command-api", 2),
    ...deployment("read-side", "query-api", 2),
    ...exported({ namespace: "read-side", horizontalpodautoscaler: "query-api" }, [
      ["kube_horizontalpodautoscaler_info", 1, { scaletargetref_kind: "Deployment", scaletargetref_name: "query-api" }],
      ["kube_horizontalpodautoscaler_spec_min_replicas", 2],
      ["kube_horizontalpodautoscaler_spec_max_replicas", 10],
      ["kube_horizontalpodautoscaler_status_desired_replicas", 2],
      ["kube_horizontalpodautoscaler_status_condition", 1, { condition: "ScalingActive", status: "true" }],
      ["kube_horizontalpodautoscaler_status_condition", 0, { condition: "ScalingActive", status: "false" }],
    ]),
    ...exported({ namespace: "write-side", poddisruptionbudget: "command-api" }, [
      ["kube_poddisruptionbudget_status_expected_pods", 2],
      ["kube_poddisruptionbudget_status_desired_healthy", 1],
      ["kube_poddisruptionbudget_status_current_healthy", 2],
      ["kube_poddisruptionbudget_status_pod_disruptions_allowed", 1],
    ]),
    ...exported({ namespace: "write-side", resourcequota: "quota", resource: "requests.cpu" }, [
      ["kube_resourcequota", 4, { type: "used" }],
      ["kube_resourcequota", 10, { type: "hard" }],
    ]),
    // Its stores have all volumes that they may have.
    ...exported({ namespace: "event-store", resourcequota: "quota", resource: "persistentvolumeclaims" }, [
      ["kube_resourcequota", 3, { type: "used" }],
      ["kube_resourcequota", 3, { type: "hard" }],
    ]),
    ...exported({ namespace: "write-side", job_name: "migrate-1" }, [["kube_job_complete", 1, { condition: "true" }]]),
    ...cronJob("write-side", "expire-orders", { every: 2 * DAY, last: 600 }),
    ...job("write-side", "expire-orders-1", "expire-orders", 600, "complete"),
  ];
}

function platform(): readonly Series[] {
  return [
    ...deployment("kube-system", "coredns", 1),
    ...deployment("keda", "keda-operator", 1),
    ...deployment("keda", "keda-operator-metrics-apiserver", 1),
    ...deployment("kube-system", "karpenter", 1),
    ...deployment("external-secrets", "external-secrets", 1),
    ...deployment("gateway", "gateway-nginx", 2),
    ...deployment("cnpg-system", "cnpg-cloudnative-pg", 1),
    ...exported({ namespace: "cert-manager", job: "cert-manager" }, [
      ["up", 1],
      ["certmanager_clusterissuer_ready_status", 1, { name: "letsencrypt", condition: "True" }],
      ["certmanager_clusterissuer_ready_status", 0, { name: "letsencrypt", condition: "False" }],
      ["controller_runtime_reconcile_total", counter(1), { controller: "certificates", result: "success" }],
      ["controller_runtime_reconcile_errors_total", counter(0.01), { controller: "certificates" }],
    ]),
    ...exported({ namespace: "gateway", name: "entry", issuer_name: "letsencrypt", job: "cert-manager" }, [
      ["certmanager_certificate_ready_status", 1, { condition: "True" }],
      ["certmanager_certificate_ready_status", 0, { condition: "False" }],
      ["certmanager_certificate_expiration_timestamp_seconds", LIVES_AT + 60 * DAY],
      ["certmanager_certificate_renewal_timestamp_seconds", LIVES_AT + 30 * DAY],
    ]),
    ...exported({ namespace: "write-side", name: "database", app_kubernetes_io_part_of: "secrets-manager", job: "external-secrets" }, [
      ["externalsecret_status_condition", 0, { condition: "Ready", status: "False" }],
      ["externalsecret_status_condition", 1, { condition: "Ready", status: "True" }],
    ]),
    ...exported({ job: "external-secrets", name: "secrets-manager" }, [
      ["clustersecretstore_status_condition", 0, { condition: "Ready", status: "False" }],
      ["clustersecretstore_status_condition", 1, { condition: "Ready", status: "True" }],
    ]),
    ...exported({ namespace: "kube-system", job: "coredns", pod: "coredns-6d9f-0" }, [
      ["up", 1],
      ["coredns_dns_responses_total", counter(40), { rcode: "NOERROR" }],
      ["coredns_dns_responses_total", counter(0.05), { rcode: "SERVFAIL" }],
    ]),
    ...exported({ namespace: "external-dns", job: "external-dns" }, [
      ["up", 1],
      ["external_dns_controller_last_sync_timestamp_seconds", (elapsed) => now(Math.floor(elapsed / 60) * 60)],
    ]),
    ...exported({ nodepool: "default", resource_type: "cpu", job: "karpenter" }, [
      ["karpenter_nodepools_usage", 20],
      ["karpenter_nodepools_limit", 100],
    ]),
    ...exported({ namespace: "gateway", job: "gateway" }, [
      ["up", 1],
      ["nginx_http_connections_total", counter(50), { nginx_connections_outcome: "ACCEPTED" }],
      ["nginx_http_connections_total", counter(50), { nginx_connections_outcome: "HANDLED" }],
      ["nginx_http_requests_total", counter(100)],
      ["nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", counter(1), { le: "500" }],
      ["nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", counter(1), { le: "5000" }],
      ["nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", counter(1), { le: "10000" }],
      ["nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", counter(1), { le: "+Inf" }],
    ]),
    ...exported({ namespace: "gateway", job: "endpoints", instance: "https://orders.example.com" }, [
      ["up", 1],
      ["probe_success", 1],
      ["probe_ssl_earliest_cert_expiry", LIVES_AT + 60 * DAY],
    ]),
  ];
}

/** What applications count, one by the names of OpenTelemetry, one of a domain by those of prom-client. */
function applications(): readonly Series[] {
  const api = (namespace: string, app_kubernetes_io_name: string) => {
    const histogram = "http_server_request_duration_seconds";
    return exported({ namespace, app_kubernetes_io_name, job: app_kubernetes_io_name, pod: `${app_kubernetes_io_name}-6d9f-0` }, [
      ["up", 1],
      [`${histogram}_count`, counter(40), { http_response_status_code: "200" }],
      [`${histogram}_count`, counter(0.001), { http_response_status_code: "500" }],
      [`${histogram}_count`, counter(0.1), { http_response_status_code: "401" }],
      ...(["0.1", "0.25", "1", "2.5", "+Inf"] as const).flatMap((le) => [
        [`${histogram}_bucket`, counter(40), { http_response_status_code: "200", le }] as const,
        [`${histogram}_bucket`, counter(0.1), { http_response_status_code: "401", le }] as const,
      ]),
      ["cqrs_command_total", counter(10), { command_type: "PlaceOrder", status: "success" }],
      ["cqrs_command_total", counter(0.001), { command_type: "PlaceOrder", status: "error" }],
    ]);
  };
  const vendor = { domain: "marketplace", service: "vendor-management" };
  return [
    ...api("write-side", "command-api"),
    ...api("read-side", "query-api"),
    ...exported({ namespace: "orders-market", app_kubernetes_io_name: "vendor-management", job: "vendor-management", ...vendor }, [
      ["up", 1],
      ["http_requests_total", counter(1), { method: "GET", status_code: "200" }],
      ["http_requests_total", counter(0.001), { method: "GET", status_code: "500" }],
    ]),
  ];
}

function pipeline(): readonly Series[] {
  const exporters = (job: string, exporter: string) =>
    exported({ namespace: "observability", job, exporter }, [
      ["otelcol_exporter_send_failed_spans", 0],
      ["otelcol_exporter_enqueue_failed_spans", 0],
      ["otelcol_exporter_queue_size", 10],
      ["otelcol_exporter_queue_capacity", 1000],
    ]);
  return [
    ...statefulSet("observability", "prometheus-metrics", 1, "prometheus", "data"),
    ...exported({ namespace: "observability", job: "metrics-prometheus", pod: "prometheus-metrics-0" }, [
      ["up", 1],
      ["prometheus_remote_storage_highest_timestamp_in_seconds", now],
      [
        "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
        (elapsed) => now(elapsed) - 5,
        { remote_name: "hub", url: "https://hub" },
      ],
      ["prometheus_remote_storage_samples_total", counter(1000), { remote_name: "hub", url: "https://hub" }],
      ["prometheus_remote_storage_samples_failed_total", 0, { remote_name: "hub", url: "https://hub" }],
      ["prometheus_rule_evaluation_failures_total", 0, { rule_group: "/etc/rules/nats.yaml;nats" }],
      ["prometheus_notifications_dropped_total", 0],
      ["prometheus_notifications_alertmanagers_discovered", 3],
      ["alertmanager_notifications_total", counter(0.1), { integration: "pagerduty" }],
      ["alertmanager_notifications_failed_total", 0, { integration: "pagerduty", reason: "other" }],
    ]),
    ...exporters("collector", "elasticsearch"),
    ...exporters("jaeger", "jaeger_storage_exporter"),
    ...exported({ namespace: "observability", job: "collector", receiver: "otlp", transport: "grpc" }, [
      ["otelcol_receiver_refused_spans", 0],
    ]),
    ...exported({ namespace: "observability-nodes", job: "collector-agent", pod: "collector-agent-1" }, [
      ["up", 1],
      ["otelcol_receiver_accepted_log_records", counter(20), { receiver: "file_log/containers" }],
    ]),
    ...exported({ namespace: "observability", job: "elasticsearch" }, [
      ["up", 1],
      ["elasticsearch_cluster_health_status", 1, { color: "green" }],
      ["elasticsearch_cluster_health_status", 0, { color: "yellow" }],
      ["elasticsearch_cluster_health_status", 0, { color: "red" }],
      ["elasticsearch_filesystem_data_available_bytes", 50 * GIB, { name: "elasticsearch-0" }],
      ["elasticsearch_filesystem_data_size_bytes", 100 * GIB, { name: "elasticsearch-0" }],
      ["elasticsearch_jvm_memory_used_bytes", 2 * GIB, { name: "elasticsearch-0", area: "heap" }],
      ["elasticsearch_jvm_memory_max_bytes", 4 * GIB, { name: "elasticsearch-0", area: "heap" }],
      ["elasticsearch_snapshot_stats_latest_snapshot_timestamp_seconds", ago(8 * 3600), { repository: "logs" }],
    ]),
  ];
}

/** Of every cluster. */
function cluster(): readonly Series[] {
  return exported({ job: "apiserver", namespace: "default" }, [
    ["up", 1],
    ["apiserver_admission_webhook_rejection_count", 2, { name: "vcluster.cnpg.io", error_type: "calling_webhook_error" }],
    ["kubernetes_build_info", 1, { git_version: `v${VERSIONS.at(-1)?.version}.2-eks-1a2b3c4` }],
  ]);
}

/** What a system consists of, as far as it is exported. */
const PARTS = {
  workloads,
  nodes,
  "event-store": kurrentdb,
  postgres,
  "read-models": readModels,
  broker: nats,
  valkey: () => [...valkey("read-store", "cache", "cache"), ...valkey("orders-market", "queue", "store")],
  aws,
  platform,
  applications,
  pipeline,
} as const;

export type Part = keyof typeof PARTS;

export const WHOLE = Object.keys(PARTS) as readonly Part[];

/** What a system says in which nothing is wrong, as it says it on a cluster. */
export function healthy(name: string, parts: readonly Part[]): readonly Series[] {
  return [cluster, ...parts.map((part) => PARTS[part])]
    .flatMap((part) => part())
    .map((series) => ({ ...series, labels: { cluster: name, ...series.labels } }));
}
