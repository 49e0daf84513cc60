import type { Labels, Metrics, Series } from "./promql";

/**
 * A day of an invented system, as functions of time: a night, a morning, a busy noon, a rollout at 10:40, an election at 14:05,
 * and at 02:47 a node is lost with one of five projection workers. It is looked at at 03:20.
 */

const HOUR = 3600;
const MIDNIGHT = Date.UTC(2026, 5, 17) / 1000;

/** The moment at which someone looks at it. */
export const NOW = MIDNIGHT + 3 * HOUR + 20 * 60;

const BEGIN = NOW - 27 * HOUR;
const at = (hours: number, minutes: number) => MIDNIGHT + hours * HOUR + minutes * 60;

const ROLLOUT = at(-24 + 10, 40);
const ELECTION = at(-24 + 14, 5);
const ERRORS = at(-24 + 18, 12);
const LOST = at(2, 47);

/** The day. */
export function day(): Metrics {
  const metrics = new Map<string, Series[]>();
  const gauge = (name: string, labels: Labels, of: (time: number) => number | undefined) => {
    metrics.set(name, [...(metrics.get(name) ?? []), { labels, at: of }]);
  };
  const counter = (name: string, labels: Labels, rate: (time: number) => number) => gauge(name, labels, integrated(rate));
  services(gauge, counter);
  eventStore(gauge, counter);
  readModels(gauge);
  workloads(gauge, counter);
  promises(gauge);
  return metrics;
}

type Add = (name: string, labels: Labels, of: (time: number) => number | undefined) => void;
type Count = (name: string, labels: Labels, rate: (time: number) => number) => void;

const WRITE = { cluster: "write" } as const;
const READ = { cluster: "read" } as const;

const COMMANDS = [
  { type: "PlaceOrder", rate: 42, p95: 0.084 },
  { type: "CancelOrder", rate: 5, p95: 0.061 },
  { type: "UpdateInventory", rate: 17, p95: 0.112 },
] as const;

const QUERIES = [
  { type: "GetOrder", rate: 310, p95: 0.021 },
  { type: "GetAllOrders", rate: 24, p95: 0.19 },
  { type: "GetInventory", rate: 120, p95: 0.034 },
] as const;

const MARKETPLACE = [
  { name: "user-management", rate: 96, p95: 0.12, pods: 5, cpu: 0.31, memory: 0.62 },
  { name: "vendor-management", rate: 38, p95: 0.18, pods: 3, cpu: 0.27, memory: 0.55 },
  { name: "search-discovery", rate: 71, p95: 0.34, pods: 2, cpu: 0.52, memory: 0.71 },
] as const;

function services(gauge: Add, counter: Count): void {
  for (const { type, rate, p95 } of COMMANDS) {
    const labels = {
      ...WRITE,
      namespace: "write-side",
      job: "command-api",
      app_kubernetes_io_name: "command-api",
      kind: "command",
      operation: type,
    };
    const slow = (time: number) => pulse(time, ELECTION, 240) * 0.9;
    gauge("service:requests:rate5m", labels, (time) => rate * load(time) * wobble(type, time, 0.12));
    gauge(
      "service:errors:rate5m",
      labels,
      (time) => rate * load(time) * (0.0006 * wobble(type + 1, time, 0.9) + pulse(time, ELECTION, 200) * 0.03),
    );
    gauge(
      "service:request_duration_seconds:p95_5m",
      labels,
      (time) => p95 * (0.85 + 0.3 * load(time)) * wobble(type + 2, time, 0.12) + slow(time) * p95 * 6,
    );
  }
  for (const { type, rate, p95 } of QUERIES) {
    const labels = {
      ...READ,
      namespace: "read-side",
      job: "query-api",
      app_kubernetes_io_name: "query-api",
      kind: "query",
      operation: type,
    };
    gauge("service:requests:rate5m", labels, (time) => rate * load(time) * wobble(type, time, 0.1));
    gauge(
      "service:request_duration_seconds:p95_5m",
      labels,
      (time) => p95 * (0.8 + 0.4 * load(time)) * wobble(type + 2, time, 0.12) * (1 + pulse(time, ROLLOUT, 500)),
    );
  }
  for (const [name, namespace, cluster, rate] of [
    ["command-api", "write-side", WRITE, 64],
    ["query-api", "read-side", READ, 454],
  ] as const) {
    const labels = { ...cluster, namespace, job: name, app_kubernetes_io_name: name, kind: "http" };
    gauge("service:requests:rate5m", labels, (time) => rate * load(time) * wobble(name, time, 0.1));
    gauge(
      "service:errors:rate5m",
      labels,
      (time) => rate * load(time) * (0.0004 * wobble(name, time, 0.9) + (name === "command-api" ? pulse(time, ELECTION, 200) * 0.02 : 0)),
    );
    latency(counter, { ...cluster, namespace, app_kubernetes_io_name: name }, rate, 0.02);
  }
  for (const { name, rate, p95 } of MARKETPLACE) {
    const labels = {
      ...READ,
      namespace: "marketplace",
      job: name,
      app_kubernetes_io_name: name,
      domain: "marketplace",
      service: name,
      kind: "http",
    };
    const wrong = (time: number) => (name === "search-discovery" ? pulse(time, ERRORS, 900) : 0);
    gauge("service:requests:rate5m", labels, (time) => rate * load(time) * wobble(name, time, 0.12));
    gauge("service:errors:rate5m", labels, (time) => rate * load(time) * 0.0004 * wobble(name + 1, time, 0.9) + wrong(time) * 0.62);
    gauge(
      "service:request_duration_seconds:p95_5m",
      labels,
      (time) => p95 * (0.8 + 0.4 * load(time)) * wobble(name + 2, time, 0.14) + wrong(time) * 1.1,
    );
    latency(counter, { ...READ, namespace: "marketplace", app_kubernetes_io_name: name }, rate, p95 / 4);
  }
}

/** Buckets of a histogram whose values lie around a median. */
function latency(counter: Count, labels: Labels, rate: number, median: number): void {
  for (const le of ["0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"]) {
    const share = le === "+Inf" ? 1 : 1 / (1 + (median / Number(le)) ** 2);
    counter("http_server_request_duration_seconds_bucket", { ...labels, le }, (time) => rate * load(time) * share);
  }
}

const NODES = ["event-store-0", "event-store-1", "event-store-2"] as const;

function eventStore(gauge: Add, counter: Count): void {
  const store = { ...WRITE, namespace: "event-store", store: "event-store" };
  const events = (time: number) => 118 * load(time) * wobble("events", time, 0.1);
  const leader = (time: number) => (time < ELECTION ? "event-store-0" : "event-store-1");
  gauge("store:kurrentdb_events_written:rate5m", store, events);
  gauge(
    "store:kurrentdb_appends_over_100ms:ratio_rate5m",
    store,
    (time) => 0.002 * wobble("slow", time, 0.9) + pulse(time, ELECTION, 240) * 0.11,
  );
  gauge(
    "store:kurrentdb_grpc_calls_failed:ratio_rate5m",
    store,
    (time) => 0.0008 * wobble("failed", time, 0.9) + pulse(time, ELECTION, 200) * 0.02,
  );
  for (const kind of ["expected", "ready", "reporting"]) gauge(`store:kurrentdb_nodes:${kind}`, store, () => 3);
  NODES.forEach((pod, index) => {
    const labels = { ...store, pod };
    const leads = (time: number) => leader(time) === pod;
    gauge("kurrentdb_statuses", { ...labels, name: "Node", status: "Leader" }, (time) => (leads(time) ? time : undefined));
    gauge("kurrentdb_statuses", { ...labels, name: "Node", status: "Follower" }, (time) => (leads(time) ? undefined : time));
    gauge("kurrentdb_statuses", { ...labels, name: "Index", status: index === 2 ? "Merging" : "Idle" }, (time) => time);
    gauge("kurrentdb_statuses", { ...labels, name: "Scavenge", status: "Idle" }, (time) => time);
    gauge("pod:kurrentdb_writer_lag:bytes", labels, (time) =>
      leads(time) ? 0 : (9_000 + 30_000 * load(time)) * wobble(pod, time, 0.6) + (index === 0 ? pulse(time, ELECTION, 400) * 48e6 : 0),
    );
    gauge(
      "pod:kurrentdb_disk_used:ratio",
      { ...labels, disk: "/var/lib/kurrentdb" },
      (time) => 0.581 + index * 0.006 + ((time - BEGIN) / (24 * HOUR)) * 0.012,
    );
    gauge("kurrentdb_proc_up_time_seconds_total", { ...labels, pid: "1" }, (time) => time - at(-24 * (19 - index), 3));
    gauge(
      "kurrentdb_proc_mem_bytes",
      { ...labels, kind: "working-set" },
      (time) => 1024 ** 3 * (5.1 + 0.5 * load(time) + 0.15 * index) * wobble(`${pod}m`, time, 0.03),
    );
    gauge(
      "kube_pod_container_resource_limits",
      { ...WRITE, namespace: "event-store", pod, container: "kurrentdb", resource: "memory" },
      () => 8 * 1024 ** 3,
    );
    gauge(
      "kurrentdb_writer_flush_duration_max_seconds",
      { ...labels, range: "16-20 seconds" },
      (time) => (0.0032 + 0.004 * load(time)) * wobble(`${pod}f`, time, 0.35) + pulse(time, ELECTION, 300) * 0.03,
    );
    gauge(
      "kurrentdb_gc_pause_duration_max_seconds",
      { ...labels, range: "16-20 seconds" },
      (time) => (0.009 + 0.013 * load(time)) * wobble(`${pod}g`, time, 0.4),
    );
    counter("kurrentdb_elections_count_total", labels, (time) => (Math.abs(time - ELECTION) < 60 ? 1 / 120 : 0));
    counter("kurrentdb_io_events_total", { ...labels, activity: "read" }, (time) => events(time) * (index === 1 ? 1.4 : 2.6));
    counter("kurrentdb_gossip_latency_seconds_sum", { ...labels, activity: "push-to-peer" }, () => 0.0021 * 1.5 * (1 + index * 0.1));
    counter("kurrentdb_gossip_latency_seconds_count", { ...labels, activity: "push-to-peer" }, () => 1.5);
    for (const [activity, factor, fast] of [
      ["append", 0.55, 0.985],
      ["read", 2.1, 0.995],
    ] as const) {
      for (const status of ["successful", "failed"]) {
        const rate = (time: number) =>
          !leads(time) && activity === "append"
            ? 0
            : events(time) *
              factor *
              (status === "failed" ? 0.002 + pulse(time, ELECTION, 200) * 0.03 : 1) *
              (activity === "append" ? 1 : 0.33);
        counter("kurrentdb_grpc_method_duration_seconds_count", { ...labels, activity, status }, rate);
        for (const [le, share] of [
          ["0.01", fast - 0.02],
          ["0.1", fast + 0.013],
          ["1", 0.9999],
        ] as const)
          counter(
            "kurrentdb_grpc_method_duration_seconds_bucket",
            { ...labels, activity, status, le },
            (time) => rate(time) * Math.min(1, share - pulse(time, ELECTION, 240) * 0.1),
          );
      }
    }
    for (const [name, wait] of [
      ["Main", 0.004],
      ["Readers", 0.011],
      ["Writer", 0.008],
      ["Subscriptions", 0.006],
    ] as const)
      gauge(
        "kurrentdb_queue_queueing_duration_max_seconds",
        { ...labels, name, range: "16-20 seconds" },
        (time) => wait * (0.5 + load(time)) * wobble(pod + name, time, 0.4) + pulse(time, ELECTION, 300) * 0.12,
      );
    for (const [cache, hits] of [
      ["stream-info", 0.93],
      ["stream-last-event-number", 0.97],
    ] as const) {
      counter(
        "kurrentdb_cache_hits_misses_total",
        { ...labels, cache, kind: "hits" },
        (time) => events(time) * hits * wobble(pod + cache, time, 0.01),
      );
      counter("kurrentdb_cache_hits_misses_total", { ...labels, cache, kind: "misses" }, (time) => events(time) * (1 - hits));
    }
    for (const projection of ["$by_category", "$by_event_type", "$streams"])
      gauge("kurrentdb_projection_running", { ...labels, projection }, (time) => (leads(time) ? 1 : undefined));
  });
  for (const [group, behind] of [
    ["fulfilment", 14],
    ["invoices", 6],
  ] as const) {
    const labels = { ...store, pod: "event-store-1", event_stream_id: "$ce-order", group_name: group };
    const known = (time: number) => 8_400_000 + (time - BEGIN) * 60;
    gauge("kurrentdb_persistent_sub_last_known_event_number", labels, known);
    gauge(
      "kurrentdb_persistent_sub_checkpointed_event_number",
      labels,
      (time) => known(time) - behind * (0.4 + load(time)) * wobble(group, time, 0.6),
    );
    gauge("kurrentdb_persistent_sub_parked_messages", labels, (time) => (group === "invoices" && time > ERRORS ? 2 : 0));
  }
}

const MODELS = [
  { projection: "orders", partitions: 10, rate: 16, lost: 2, usual: 14 },
  { projection: "customers", partitions: 10, rate: 5, lost: 0, usual: 5 },
  { projection: "inventory", partitions: 10, rate: 9, lost: 0, usual: 8 },
] as const;

function readModels(gauge: Add): void {
  for (const { projection, partitions, rate, lost, usual } of MODELS) {
    const labels = { ...READ, namespace: "read-store", store: "read-database", projection, slot: "a" };
    const flow = (time: number) => rate * load(time) * wobble(projection, time, 0.12);
    const stuck = lost > 0;
    const position = integrated(flow);
    // The partition that is furthest behind counts: one without a worker lacks every event since.
    const waiting = (time: number) => (stuck && time > LOST ? position(time) - position(LOST) : 0);
    const behind = (time: number) =>
      usual * (0.5 + 1.6 * load(time)) * wobble(`${projection}b`, time, 0.5) + pulse(time, ROLLOUT + 600, 400) * usual * 18 + waiting(time);
    gauge("read_model:behind_events:max", labels, (time) => Math.round(behind(time)));
    gauge("read_model:partitions:max", labels, () => partitions);
    gauge("read_model:partitions_unowned:max", labels, (time) =>
      stuck && time > LOST + 30 ? lost : Math.abs(time - ROLLOUT - 600) < 300 ? 1 : 0,
    );
    gauge("read_model:live:max", labels, () => 1);
    gauge("read_model:ahead:max", labels, () => 0);
    gauge("read_model:events:rate5m", labels, (time) => (stuck && time > LOST + 60 ? 0 : flow(time)));
    gauge("cqrs_projection_position", labels, (time) => 61_204_000 + position(stuck ? Math.min(time, LOST) : time));
    gauge("cqrs_projection_ahead", labels, () => 0);
    gauge("cqrs_projection_last_seen_timestamp_seconds", labels, (time) => time - 2.4 * wobble(`${projection}s`, time, 0.7));
    gauge("cqrs_projection_last_advanced_timestamp_seconds", labels, (time) => time - 0.4 - 2 / flow(time));
  }
}

const PODS = [
  { ...WRITE, namespace: "write-side", workload: "command-api", pods: 3 },
  { ...WRITE, namespace: "write-side", workload: "command-processors", pods: 5 },
  { ...WRITE, namespace: "event-store", workload: "event-store", pods: 3 },
  { ...READ, namespace: "read-side", workload: "query-api", pods: 10 },
  { ...READ, namespace: "projections", workload: "projections", pods: 5 },
  ...MARKETPLACE.map(({ name, pods }) => ({ ...READ, namespace: "marketplace", workload: name, pods })),
];

function workloads(gauge: Add, counter: Count): void {
  for (const { pods, ...labels } of PODS) {
    const { workload, cluster, namespace } = labels;
    const missing = (time: number) =>
      (workload === "projections" && time > LOST ? 1 : 0) + (workload === "search-discovery" && Math.abs(time - ERRORS) < 900 ? 1 : 0);
    gauge("workload:kube_replicas_desired:max", labels, () => pods);
    gauge("workload:kube_replicas_available:max", labels, (time) => pods - missing(time));
    const rolled =
      workload === "query-api" || workload === "projections" ? ROLLOUT : workload === "search-discovery" ? ERRORS - 300 : undefined;
    gauge("kube_deployment_status_observed_generation", { cluster, namespace, deployment: workload }, (time) =>
      rolled !== undefined && time >= rolled ? 13 : 12,
    );
  }
  for (const { name, pods, cpu, memory } of MARKETPLACE) {
    for (let index = 0; index < pods; index++) {
      const pod = `${name}-7d9c5b8f4-${["x2k8q", "m4v7t", "c9p2w", "h6r3z", "b5n8d"][index]}`;
      const labels = { ...READ, namespace: "marketplace", pod };
      gauge("pod:kube_workload:info", { ...labels, workload: name }, () => 1);
      counter(
        "container_cpu_usage_seconds_total",
        { ...labels, container: name },
        (time) => cpu * (0.35 + load(time)) * wobble(pod, time, 0.12),
      );
      gauge(
        "container_memory_working_set_bytes",
        { ...labels, container: name },
        (time) => 2 * 1024 ** 3 * memory * (0.9 + 0.1 * load(time)) * wobble(`${pod}m`, time, 0.03),
      );
      gauge("kube_pod_container_resource_requests", { ...labels, container: name, resource: "cpu" }, () => 0.5);
      gauge("kube_pod_container_resource_limits", { ...labels, container: name, resource: "memory" }, () => 2 * 1024 ** 3);
      counter("kube_pod_container_status_restarts_total", { ...labels, container: name }, (time) =>
        name === "search-discovery" && index === 0 && Math.abs(time - ERRORS) < 300 ? 3 / 600 : 0,
      );
      counter("container_cpu_cfs_periods_total", { ...labels, container: name }, () => 10);
      counter(
        "container_cpu_cfs_throttled_periods_total",
        { ...labels, container: name },
        (time) => Math.max(0, 10 * (cpu * load(time) - 0.3)) * wobble(`${pod}t`, time, 0.4),
      );
      counter(
        "container_network_receive_bytes_total",
        { ...labels, interface: "eth0" },
        (time) => 240_000 * load(time) * wobble(`${pod}r`, time, 0.15),
      );
      counter(
        "container_network_transmit_bytes_total",
        { ...labels, interface: "eth0" },
        (time) => 610_000 * load(time) * wobble(`${pod}s`, time, 0.15),
      );
    }
  }
  for (const [cluster, count] of [
    ["write", 3],
    ["read", 5],
  ] as const) {
    for (let index = 0; index < count; index++) {
      const labels = { cluster, node: `${cluster}-${index}`, instance: `10.0.${index}.12:9100` };
      const there = (time: number) => !(cluster === "read" && index === 3 && time > LOST);
      gauge("node_memory_MemTotal_bytes", labels, (time) => (there(time) ? 32 * 1024 ** 3 : undefined));
      gauge("node_memory_MemAvailable_bytes", labels, (time) =>
        there(time)
          ? 32 * 1024 ** 3 * (0.47 - index * 0.03 - 0.08 * load(time)) * wobble(labels.node, time, 0.04) -
            (cluster === "read" && time > LOST ? 2e9 : 0)
          : undefined,
      );
    }
  }
}

function promises(gauge: Add): void {
  const lost = (time: number) => time > LOST + 60;
  gauge("cqrs:health", { part: "system" }, (time) => (lost(time) ? 1 : 2));
  gauge("cqrs:health", { ...WRITE, part: "write_side" }, () => 2);
  gauge("cqrs:health", { ...WRITE, part: "event_store" }, () => 2);
  gauge("cqrs:health", { ...READ, part: "read_side" }, () => 2);
  gauge("cqrs:health", { ...READ, part: "projections" }, (time) => (lost(time) ? 1 : 2));
  const alert = (alertname: string, severity: string, labels: Labels, minutes: number) => {
    gauge("ALERTS", { alertname, alertstate: "firing", severity, ...labels }, (time) => (time > LOST + minutes * 60 ? 1 : undefined));
    gauge("ALERTS_FOR_STATE", { alertname, severity, ...labels }, (time) => (time > LOST ? LOST : undefined));
  };
  alert(
    "ReadModelPartitionsUnowned",
    "critical",
    { ...READ, namespace: "read-store", store: "read-database", projection: "orders", slot: "a" },
    3,
  );
  alert("NodeNotReady", "warning", { ...READ, node: "read-3" }, 5);
  alert("WorkloadReplicasUnavailable", "warning", { ...READ, namespace: "projections", workload: "projections" }, 16);
  for (const [service, objective, cluster, namespace, allowed, left] of [
    ["command-api", "availability", "write", "write-side", 0.001, 0.71],
    ["command-api", "p95-250ms", "write", "write-side", 0.05, 0.84],
    ["query-api", "availability", "read", "read-side", 0.001, 0.93],
    ["query-api", "p95-250ms", "read", "read-side", 0.05, 0.66],
    ["search-discovery", "availability", "read", "marketplace", 0.001, 0.38],
    ["user-management", "availability", "read", "marketplace", 0.001, 0.9],
  ] as const) {
    const labels = { cluster, namespace, service, objective };
    gauge("service:slo_requests:rate5m", labels, () => 100);
    gauge("service:slo_failures:rate5m", labels, () => 100 * allowed * (1 - left));
    gauge("service:slo_budget:ratio", labels, () => allowed);
  }
}

/** Share of the day's peak: a night at a quarter, a morning, a busy noon, an evening. */
function load(time: number): number {
  const hour = (((time - MIDNIGHT) / HOUR) % 24) + (time < MIDNIGHT ? 24 : 0);
  const hill = (middle: number, width: number) => Math.exp(-(((hour - middle) / width) ** 2));
  return 0.16 + 0.66 * hill(12.5, 3.8) + 0.42 * hill(19.5, 2.6) + 0.1 * hill(36.5, 3.8);
}

/** 1 at a moment, and back to 0 after so many seconds. */
function pulse(time: number, moment: number, seconds: number): number {
  return time < moment - 60 ? 0 : Math.max(0, 1 - Math.abs(time - moment) / (seconds + 300));
}

/** A factor around 1 that moves smoothly and is always the same for the same name and time. */
function wobble(name: string, time: number, share: number): number {
  const grid = 420;
  const cell = Math.floor(time / grid);
  const part = (time - cell * grid) / grid;
  const smooth = part * part * (3 - 2 * part);
  return 1 + share * (2 * (noise(name, cell) * (1 - smooth) + noise(name, cell + 1) * smooth) - 1);
}

/** FNV-1a over name and number, as a share of 1. */
function noise(name: string, index: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${name}/${index}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) / 2 ** 32;
}

/** The sum of a rate since the beginning, in steps of a minute. */
function integrated(rate: (time: number) => number): (time: number) => number {
  const sums: number[] = [0];
  return (time) => {
    const steps = Math.max(0, (time - BEGIN) / 60);
    const whole = Math.floor(steps);
    while (sums.length <= whole) sums.push((sums.at(-1) ?? 0) + 60 * rate(BEGIN + (sums.length - 0.5) * 60));
    return (sums[whole] ?? 0) + (steps - whole) * 60 * rate(BEGIN + (whole + 0.5) * 60);
  };
}
