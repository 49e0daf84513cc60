import { ago, GIB } from "../healthy";
import { broker, type Fault, HOUR, MINUTE, notReady } from "./happenings";

export const PIPELINE: readonly Fault[] = [
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
        system.add("up", { cluster, namespace: "broker", job: "broker", ...broker(index) }, 0);
      }
    },
    told: { ScrapeTargetsDown: ["team", "12m"] },
    almost: (system) => system.dip("up", { job: "external-dns" }, 0, 7 * MINUTE),
  },
  {
    name: "a target can be scraped only sometimes",
    happens: (system) => system.set("up", { job: "external-dns" }, (_, since) => (since % 180 < 60 ? 0 : 1)),
    told: { ScrapeTargetsFlapping: ["team", "22m"] },
  },
  {
    name: "the monitor of the broker is gone",
    happens: (system) => {
      for (const index of [0, 1, 2]) system.end(undefined, broker(index));
    },
    told: { ScrapeTargetsMissing: ["oncall", "13m"] },
  },
  {
    name: "no log line is collected",
    happens: (system) => system.set("otelcol_receiver_accepted_log_records", {}, (before, since) => before - 20 * since),
    told: { LogsNotCollected: ["team", "38m"] },
    almost: (system) => system.set("otelcol_receiver_accepted_log_records", {}, (before, since) => before - 19 * since),
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
