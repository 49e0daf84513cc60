import { BY_STORE, dashboard, figure, lines, NAMESPACE, POD_LOGS, RATE, STORE, storeVariables, table, toLogs, UNIT } from "./kit";

const GROUP = `${BY_STORE}, event_stream_id, group_name`;

const lag = `pod:kurrentdb_writer_lag:bytes{${STORE}}`;
const diskUsed = (by: string) => `max by (${by}) (pod:kurrentdb_disk_used:ratio{${STORE}})`;
const slowAppends = `store:kurrentdb_appends_over_100ms:ratio_rate5m{${STORE}}`;
const failedCalls = `store:kurrentdb_grpc_calls_failed:ratio_rate5m{${STORE}}`;
const elections = (range: string) => `max by (${BY_STORE}) (increase(kurrentdb_elections_count_total{${STORE}}[${range}]))`;

// What a node sees as total memory is its machine's; the pod ends at its limit.
const memoryUsed = `max by (${BY_STORE}, pod) (kurrentdb_proc_mem_bytes{kind="working-set",${STORE}}) / on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) (kube_pod_container_resource_limits{container="kurrentdb",resource="memory",${NAMESPACE}})`;

const slower = (activity: string, le: string) =>
  `1 - sum by (${BY_STORE}) (rate(kurrentdb_grpc_method_duration_seconds_bucket{activity="${activity}",le="${le}",${STORE}}${RATE})) / sum by (${BY_STORE}) (rate(kurrentdb_grpc_method_duration_seconds_count{activity="${activity}",${STORE}}${RATE}))`;

const nodes = (which: string) => `store:kurrentdb_nodes:${which}{${STORE}}`;

const BEHIND = { warning: { at: 268_435_456, alert: "KurrentDbFollowerBehind" } } as const;
const DISK = { critical: { at: 0.9, alert: "KurrentDbDiskFull" } } as const;
const MEMORY = { warning: { at: 0.9, alert: "KurrentDbMemoryHigh" } } as const;
const APPENDS = { warning: { at: 0.05, alert: "KurrentDbAppendsSlow" } } as const;

export const kurrentdb = dashboard({
  uid: "cqrs-kurrentdb",
  title: "KurrentDB",
  description: "The event store: who leads, how far followers are behind, how fast it writes and reads, how full it is.",
  tags: ["cqrs-engine"],
  variables: storeVariables("kurrentdb_statuses"),
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "Leaders",
          description: "Nodes that say they lead; one is right. None: no write is accepted. Two: the network is split; look at gossip.",
          unit: UNIT.count,
          width: 4,
          spark: false,
          words: {
            0: { text: "None", color: "critical" },
            1: { text: "1", color: "good" },
            2: { text: "2", color: "critical" },
            3: { text: "3", color: "critical" },
          },
          queries: [
            {
              expr: `count by (${BY_STORE}) (kurrentdb_statuses{name="Node",status=~"Leader( - .+)?",${STORE}}) or 0 * ${nodes("expected")}`,
              legend: "{{store}}",
            },
          ],
        }),
        figure({
          id: 2,
          title: "Elections",
          description: "New leaders elected. Each stops writes for some seconds; several in an hour point to slow disks or the network.",
          unit: UNIT.count,
          decimals: 0,
          width: 4,
          spark: false,
          queries: [{ expr: elections("$__range"), legend: "{{store}}" }],
        }),
        figure({
          id: 3,
          title: "Slowest follower",
          description: "Bytes of the log that the last follower does not have yet. With the leader lost, they are on fewer nodes.",
          unit: UNIT.bytes,
          width: 4,
          limits: BEHIND,
          queries: [{ expr: `max by (${BY_STORE}) (${lag})`, legend: "{{store}}" }],
        }),
        figure({
          id: 4,
          title: "Fullest disk",
          description: "Used share of the fullest node's volume. A full volume stops the node; volumes can be enlarged while it runs.",
          unit: UNIT.share,
          width: 4,
          max: 1,
          limits: DISK,
          queries: [{ expr: diskUsed(BY_STORE), legend: "{{store}}" }],
        }),
        figure({
          id: 5,
          title: "Appends > 100 ms",
          description: "Share of append calls above 100 ms, a boundary of the histogram.",
          unit: UNIT.share,
          width: 4,
          max: 1,
          limits: APPENDS,
          queries: [{ expr: slowAppends, legend: "{{store}}" }],
        }),
        figure({
          id: 6,
          title: "Failed calls",
          description: "Share of gRPC calls that failed, without deadlines that clients set themselves.",
          unit: UNIT.share,
          width: 4,
          max: 1,
          limits: { warning: { at: 0.05, alert: "KurrentDbCallsFail" } },
          queries: [{ expr: failedCalls, legend: "{{store}}" }],
        }),
        table({
          id: 7,
          title: "Nodes",
          description: "Each node with its role. A node in none of Leader, Follower and ReadOnlyReplica takes no part.",
          width: 24,
          height: 6,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "store", title: "Store" },
            { label: "pod", title: "Node", links: [toLogs({ column: "Node" })] },
            { label: "status", title: "Role" },
            {
              expr: withRole(`max by (${BY_STORE}, pod) (kurrentdb_proc_up_time_seconds_total{${STORE}})`),
              title: "Running for",
              unit: UNIT.seconds,
            },
            { expr: withRole(lag), title: "Behind the leader", unit: UNIT.bytes },
            {
              expr: withRole(diskUsed(`${BY_STORE}, pod`)),
              title: "Disk used",
              unit: UNIT.share,
              limits: DISK,
            },
            { expr: withRole(memoryUsed), title: "Memory used", unit: UNIT.share },
          ],
          sort: "Node",
          ascending: true,
        }),
        lines({
          id: 8,
          title: "Followers behind the leader",
          description: "Bytes of the log that each node lacks. A line that only rises: the node can't keep up or is cut off.",
          unit: UNIT.bytes,
          width: 12,
          limits: BEHIND,
          queries: [{ expr: lag, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 35,
          title: "Elections in an hour",
          description: "Elections in the last hour. A rollout and a scavenge take one each.",
          unit: UNIT.count,
          width: 12,
          limits: { warning: { at: 4, alert: "KurrentDbElections" } },
          queries: [{ expr: elections("1h"), legend: "{{store}}" }],
        }),
      ],
    },
    {
      id: 101,
      title: "Writes and reads",
      panels: [
        lines({
          id: 10,
          title: "Events written and read",
          description: "Events per second: written to the log, and read by clients, subscriptions and projections.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            { expr: `store:kurrentdb_events_written:rate5m{${STORE}}`, legend: "{{store}} written" },
            {
              expr: `sum by (${BY_STORE}) (rate(kurrentdb_io_events_total{activity="read",${STORE}}${RATE}))`,
              legend: "{{store}} read, all nodes",
            },
          ],
        }),
        lines({
          id: 11,
          title: "Calls by outcome",
          description: "Append and read calls per second, and those that failed.",
          unit: UNIT.requests,
          width: 8,
          queries: [
            {
              expr: `sum by (${BY_STORE}, activity, status) (rate(kurrentdb_grpc_method_duration_seconds_count{${STORE}}${RATE}))`,
              legend: "{{store}} {{activity}} {{status}}",
            },
          ],
        }),
        lines({
          id: 12,
          title: "Slow appends and reads",
          description: "Share of calls above a boundary of the histogram: it has one per decade, so percentiles between them mean little.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: APPENDS,
          queries: [
            { expr: slower("append", "0.01"), legend: "{{store}} append > 10 ms" },
            { expr: slower("append", "0.1"), legend: "{{store}} append > 100 ms" },
            { expr: slower("read", "0.1"), legend: "{{store}} read > 100 ms" },
          ],
        }),
      ],
    },
    {
      id: 102,
      title: "Inside the nodes",
      panels: [
        lines({
          id: 20,
          title: "Longest wait in a queue",
          description: "Longest time that a message waited, by queue. Reads and writes of clients pass these queues.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 1, alert: "KurrentDbQueueSlow" } },
          queries: [
            {
              expr: `max by (${BY_STORE}, name) (kurrentdb_queue_queueing_duration_max_seconds{${STORE}})`,
              legend: "{{store}} {{name}}",
            },
          ],
        }),
        lines({
          id: 21,
          title: "Longest flush to disk",
          description: "Time until written events are safe on the volume. Every append waits for it.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 0.1, alert: "KurrentDbFlushSlow" } },
          queries: [{ expr: `max by (${BY_STORE}, pod) (kurrentdb_writer_flush_duration_max_seconds{${STORE}})`, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 22,
          title: "Longest pause of garbage collection",
          description: "The node does nothing in a pause. Pauses near the gossip timeout (2.5 s) cause elections.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 0.5, alert: "KurrentDbGcPauses" } },
          queries: [{ expr: `max by (${BY_STORE}, pod) (kurrentdb_gc_pause_duration_max_seconds{${STORE}})`, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 23,
          title: "Memory",
          description: "Working set as share of the memory limit of the pod.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: MEMORY,
          queries: [{ expr: memoryUsed, legend: "{{pod}}" }],
        }),
        lines({
          id: 24,
          title: "Disk used",
          description: "Share of the volume that is used, with the rate at which it fills to be seen over a day.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: DISK,
          queries: [{ expr: diskUsed(`${BY_STORE}, pod`), legend: "{{pod}}" }],
        }),
        lines({
          id: 25,
          title: "Gossip between nodes",
          description: "Mean time of an exchange with another node. Above a second, nodes begin to take each other for dead.",
          unit: UNIT.seconds,
          width: 8,
          queries: [
            {
              expr: `sum by (${BY_STORE}, pod) (rate(kurrentdb_gossip_latency_seconds_sum{${STORE}}${RATE})) / sum by (${BY_STORE}, pod) (rate(kurrentdb_gossip_latency_seconds_count{${STORE}}${RATE}))`,
              legend: "{{pod}}",
            },
          ],
          links: POD_LOGS,
        }),
      ],
    },
    {
      id: 103,
      title: "Persistent subscriptions, projections and upkeep",
      panels: [
        lines({
          id: 30,
          title: "Subscriptions behind",
          description: "Events that a persistent subscription has not checkpointed. Empty while there are no persistent subscriptions.",
          unit: UNIT.count,
          width: 8,
          limits: { warning: { at: 2000, alert: "KurrentDbSubscriptionBehind" } },
          queries: [
            {
              expr: `max by (${GROUP}) (kurrentdb_persistent_sub_last_known_event_number{${STORE}} - kurrentdb_persistent_sub_checkpointed_event_number{${STORE}})`,
              legend: "{{event_stream_id}} / {{group_name}}",
            },
          ],
        }),
        lines({
          id: 31,
          title: "Parked messages",
          description: "Messages that consumers refused for good. They wait for a person: replay them or delete them.",
          unit: UNIT.count,
          width: 8,
          limits: { warning: { at: 0, alert: "KurrentDbEventsParked" } },
          queries: [
            {
              expr: `max by (${GROUP}) (kurrentdb_persistent_sub_parked_messages{${STORE}})`,
              legend: "{{event_stream_id}} / {{group_name}}",
            },
          ],
        }),
        table({
          id: 32,
          title: "Index and scavenge",
          description:
            "What each node does beside serving. A rebuild of the index slows reads; a scavenge that never runs lets the disk fill.",
          width: 8,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "pod", title: "Node" },
            { label: "name", title: "Task" },
            { label: "status", title: "State" },
            { rows: `count by (cluster, pod, name, status) (kurrentdb_statuses{name=~"Index|Scavenge",${STORE}})` },
          ],
          sort: "Node",
          ascending: true,
        }),
        lines({
          id: 33,
          title: "Projections inside the event store",
          description: "1 where a projection of the event store runs. 0: it was stopped or has faulted; its log says why.",
          unit: UNIT.count,
          max: 1,
          width: 12,
          queries: [{ expr: `min by (${BY_STORE}, projection) (kurrentdb_projection_running{${STORE}})`, legend: "{{projection}}" }],
        }),
        lines({
          id: 34,
          title: "Cache hits",
          description: "Share of reads that caches answer. Its vendor wants 80% or more; lower means more memory or a larger cache.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          queries: [
            {
              expr: `sum by (${BY_STORE}, cache) (rate(kurrentdb_cache_hits_misses_total{kind="hits",${STORE}}${RATE})) / sum by (${BY_STORE}, cache) (rate(kurrentdb_cache_hits_misses_total{${STORE}}${RATE}))`,
              legend: "{{store}} {{cache}}",
            },
          ],
        }),
      ],
    },
  ],
});

// The role is a label of another series, of which each node has one.
function withRole(expr: string): string {
  return `(${expr}) * on (${BY_STORE}, pod) group_left (status) max by (${BY_STORE}, pod, status) (kurrentdb_statuses{name="Node",${STORE}} > bool 0)`;
}
