import type { PodGroup, Spread } from "../capacity";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";

/** Pods of one add-on. Both its configuration and its resource requests are derived from this. */
interface AddonPods {
  readonly pods: number | "each-node";

  /** Number of containers of a pod with the same requests. */
  readonly containers: number;

  /** Requests of each container. Absent: none, and EKS doesn't allow setting them. */
  readonly each?: { readonly cpu: Cores; readonly memory: Bytes; readonly limit?: Bytes };

  readonly most?: number;
  readonly surge?: number;
  readonly spread?: readonly Spread[];
  readonly priority?: number;
}

/** Values of the two PriorityClasses that every cluster has (Kubernetes, pod priority). */
const PRIORITY = { node: 2_000_001_000, cluster: 2_000_000_000 } as const;

/** Preferred spread: over zones first, then over nodes. Pods are scheduled even if neither is possible. */
const SPREAD: readonly Spread[] = [
  { over: "zone", how: "even", required: false },
  { over: "node", how: "apart", required: false },
];

const ON_NODES = { pods: "each-node", priority: PRIORITY.node } as const;
const TWO = { pods: 2, surge: 1 } as const;

/** Pods of the add-ons by name. Limits apply to memory only: CPU throttling of an add-on would delay the whole node. */
export const ADDON_PODS = {
  // The chart sets no requests, and the add-on has no known setting for them.
  "eks-pod-identity-agent": { ...ON_NODES, containers: 1 },
  // eks-charts, aws-vpc-cni 1.22: 25m each. The memory is our estimate; it includes the policy agent's connection tables.
  "aws-node": { ...ON_NODES, containers: 2, each: { cpu: "25m", memory: "64Mi", limit: "512Mi" } },
  // Our estimate.
  "kube-proxy": { ...ON_NODES, containers: 1, each: { cpu: "50m", memory: "64Mi", limit: "512Mi" } },
  // EKS, CoreDNS: defaults of the add-on.
  coredns: {
    ...TWO,
    most: 10,
    containers: 1,
    each: { cpu: "100m", memory: "70Mi", limit: "170Mi" },
    spread: SPREAD,
    priority: PRIORITY.cluster,
  },
  // aws-ebs-csi-driver, chart 2.64: the driver's defaults, for each container. Driver, provisioner, attacher, snapshotter, resizer,
  // liveness probe.
  "ebs-csi-controller": {
    ...TWO,
    containers: 6,
    each: { cpu: "10m", memory: "40Mi", limit: "256Mi" },
    spread: SPREAD,
    priority: PRIORITY.cluster,
  },
  // The same chart. Driver, registrar, liveness probe.
  "ebs-csi-node": { ...ON_NODES, containers: 3, each: { cpu: "10m", memory: "40Mi", limit: "256Mi" } },
  // metrics-server, chart 3.13: its default; the add-on has no known setting for it.
  "metrics-server": { ...TWO, containers: 1, each: { cpu: "100m", memory: "200Mi" }, priority: PRIORITY.cluster },
  // external-snapshotter, setup-snapshot-controller.yaml: no requests and no priority.
  "snapshot-controller": { ...TWO, containers: 1 },
  // eks-node-monitoring-agent, chart of 1.6: its defaults.
  "eks-node-monitoring-agent": { ...ON_NODES, containers: 1, each: { cpu: "10m", memory: "30Mi", limit: "200Mi" } },
} as const satisfies Readonly<Record<string, AddonPods>>;

type Configured = { [Name in keyof typeof ADDON_PODS]: (typeof ADDON_PODS)[Name] extends { each: { limit: Bytes } } ? Name : never };

/** Resources of every container of an add-on's pods, in the format of Kubernetes. */
export function resourcesOf(name: Configured[keyof Configured]): object {
  const { cpu, memory, limit } = ADDON_PODS[name].each;
  return { requests: { cpu, memory }, limits: { memory: limit } };
}

/** Pods of the add-ons of a cluster, in addition to all other pods there. */
export function addonPods(): readonly PodGroup[] {
  return Object.entries<AddonPods>(ADDON_PODS).map(([name, { containers, each, ...group }]) => ({
    ...group,
    name: `kube-system/${name}`,
    request: {
      millicores: each ? containers * known(millicores(each.cpu)) : 0,
      memoryBytes: each ? containers * known(bytes(each.memory)) : 0,
    },
  }));
}
