import { BY_STORE, dashboard, figure, lines, POD_LOGS, RATE, STORE, storeVariables, table, toLogs, UNIT, UP } from "./kit";

const BY_POD = `${BY_STORE}, pod`;

const memory = (by: string, purpose = "") => `max by (${by}) (pod:valkey_memory_used:ratio{${purpose}${STORE}})`;
const hits = `store:valkey_hits:ratio_rate5m{${STORE}}`;
const OF_STORES = 'purpose="store",';

const FULL = { warning: { at: 0.75, alert: "ValkeyStoreMemoryHigh" }, critical: { at: 0.9, alert: "ValkeyStoreFull" } } as const;

// INFO counts in seconds per command; the exporter names both sums by the command.
const meanTime = `topk by (${BY_STORE}) (5, sum by (${BY_STORE}, cmd) (rate(redis_commands_duration_seconds_total{${STORE}}${RATE})) / sum by (${BY_STORE}, cmd) (rate(redis_commands_total{${STORE}}${RATE}) > 0))`;

export const valkey = dashboard({
  uid: "cqrs-valkey",
  title: "Valkey",
  description: "Caches and stores in memory: whether they answer, how full they are, whether their log is safe on the disk.",
  tags: ["cqrs-engine"],
  variables: storeVariables("redis_up"),
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "Servers up",
          description: "Whether each server answers PING. Of a cache: queries get slower. Of a store: its users stop.",
          unit: UNIT.count,
          width: 6,
          words: UP,
          queries: [{ expr: `min by (${BY_POD}) (redis_up{${STORE}})`, legend: "{{pod}}" }],
        }),
        figure({
          id: 2,
          title: "Memory used by stores",
          description: "Share of maxmemory. A store that reaches 1 refuses writes. Caches, which may be full, are not shown here.",
          unit: UNIT.share,
          max: 1,
          width: 6,
          limits: FULL,
          none: "No store",
          queries: [{ expr: memory(BY_STORE, OF_STORES), legend: "{{store}}" }],
        }),
        figure({
          id: 3,
          title: "Reads that hit",
          description: "Share of reads that found their key. It falls after a purge or restart, and rises as the cache fills.",
          unit: UNIT.share,
          max: 1,
          width: 6,
          queries: [{ expr: hits, legend: "{{store}}" }],
        }),
        figure({
          id: 4,
          title: "Append-only log written",
          description: "Whether the last write of the log to the disk succeeded. No: the volume is full or broken; writes are refused.",
          unit: UNIT.count,
          width: 6,
          words: { 1: { text: "Safe", color: "good" }, 0: { text: "Failed", color: "critical" } },
          queries: [{ expr: `min by (${BY_STORE}) (redis_aof_last_write_status{${STORE}})`, legend: "{{store}}" }],
        }),
        table({
          id: 5,
          title: "Servers",
          description: "Each server with its role and how far a replica is behind.",
          width: 24,
          height: 6,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "store", title: "Store" },
            { label: "pod", title: "Server", links: [toLogs({ column: "Server" })] },
            { label: "role", title: "Role" },
            { expr: withRole(`max by (${BY_POD}) (redis_uptime_in_seconds{${STORE}})`), title: "Running for", unit: UNIT.seconds },
            { expr: withRole(memory(BY_POD)), title: "Memory", unit: UNIT.share },
            { expr: withRole(`max by (${BY_POD}) (redis_connected_clients{${STORE}})`), title: "Clients", unit: UNIT.count },
            { expr: withRole(`max by (${BY_POD}) (redis_blocked_clients{${STORE}})`), title: "Waiting clients", unit: UNIT.count },
          ],
          sort: "Server",
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
          title: "Commands",
          description: "Commands per second.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [{ expr: `sum by (${BY_POD}) (rate(redis_commands_processed_total{${STORE}}${RATE}))`, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 11,
          title: "Slowest commands",
          description: "Mean time of the five slowest commands. One slow command holds up all others.",
          unit: UNIT.seconds,
          width: 8,
          queries: [{ expr: meanTime, legend: "{{store}} {{cmd}}" }],
        }),
        lines({
          id: 12,
          title: "Reads that hit",
          description: "Share of reads that found their key. A cache below one in two that evicts is too small.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.5, alert: "ValkeyCacheTooSmall" }, below: true },
          queries: [{ expr: hits, legend: "{{store}}" }],
        }),
        lines({
          id: 13,
          title: "Memory",
          description: "Share of maxmemory by server. A cache may stay at 1 and evict; the lines are the limits of stores.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: FULL,
          queries: [{ expr: memory(`${BY_POD}, purpose`), legend: "{{pod}} ({{purpose}})" }],
        }),
        lines({
          id: 14,
          title: "Evicted and expired keys",
          description: "Keys per second that were dropped for room, and that ended by their time. A store must never evict.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            { expr: `sum by (${BY_STORE}) (rate(redis_evicted_keys_total{${STORE}}${RATE}))`, legend: "{{store}} evicted" },
            { expr: `sum by (${BY_STORE}) (rate(redis_expired_keys_total{${STORE}}${RATE}))`, legend: "{{store}} expired" },
          ],
        }),
        lines({
          id: 15,
          title: "Connections",
          description: "Connected clients, and connections refused because there were too many.",
          unit: UNIT.count,
          width: 8,
          queries: [
            { expr: `sum by (${BY_STORE}) (redis_connected_clients{${STORE}})`, legend: "{{store}} connected" },
            {
              expr: `sum by (${BY_STORE}) (increase(redis_rejected_connections_total{${STORE}}[5m]))`,
              legend: "{{store}} refused in 5 min",
            },
          ],
        }),
      ],
    },
  ],
});

function withRole(expr: string): string {
  return `(${expr}) * on (${BY_POD}) group_left (role) max by (${BY_POD}, role) (redis_instance_info{${STORE}})`;
}
