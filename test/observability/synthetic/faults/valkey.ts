import { GIB } from "../healthy";
import { cache, type Fault, lost, MINUTE, queue } from "./happenings";

export const VALKEY: readonly Fault[] = [
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
