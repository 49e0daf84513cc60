import { GIB, VERSIONS } from "../healthy";
import { type Fault, lost, MINUTE, notReady, place, server, unavailable, waits } from "./happenings";

export const NODES: readonly Fault[] = [
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
    name: "a node is not ready, and an image can't be pulled",
    happens: (system) => {
      system.set("kube_node_status_condition", { node: "node-3", condition: "Ready" }, 0);
      waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "ImagePullBackOff");
    },
    told: { NodeNotReady: ["team", "7m"], WorkloadContainerWaiting: ["team", "12m"] },
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
    name: "a volume is not enlarged",
    happens: (system) =>
      system.add(
        "kube_persistentvolumeclaim_status_condition",
        {
          ...place(system),
          namespace: "event-store",
          persistentvolumeclaim: "data-event-store-0",
          condition: "FileSystemResizePending",
          status: "true",
        },
        1,
      ),
    told: { VolumeResizeStuck: ["team", "33m"] },
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
