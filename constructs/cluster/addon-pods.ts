import type { PodGroup, Spread } from "../capacity";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";

/** What runs for an add-on, once: its configuration and the capacity that it takes are both made from it. */
interface AddonPods {
  readonly pods: number | "each-node";

  /** How many containers a pod has that ask for the same. */
  readonly containers: number;

  /** What each container asks for. Absent: nothing, and EKS lets nobody change it. */
  readonly each?: { readonly cpu: Cores; readonly memory: Bytes; readonly limit?: Bytes };

  readonly most?: number;
  readonly surge?: number;
  readonly spread?: readonly Spread[];
  readonly priority?: number;
}

/** Kubernetes, pod priority: the two classes that every cluster has. */
const PRIORITY = { node: 2_000_001_000, cluster: 2_000_000_000 } as const;

/** As the scheduler is asked to: zones first, then nodes, and a pod that finds neither runs all the same. */
const SPREAD: readonly Spread[] = [
  { over: "zone", how: "even", required: false },
  { over: "node", how: "apart", required: false },
];

const ON_NODES = { pods: "each-node", priority: PRIORITY.node } as const;
const TWO = { pods: 2, surge: 1 } as const;

/** The pods of the add-ons by name. Limits are of memory only: a limit of CPU slows what a whole node waits for. */
export const ADDON_PODS = {
  // Its chart asks for nothing, and the add-on is not known to let anybody change that.
  "eks-pod-identity-agent": { ...ON_NODES, containers: 1 },
  // eks-charts, aws-vpc-cni 1.22: 25m each. The memory is ours; the policy agent's tables of connections count as its own.
  "aws-node": { ...ON_NODES, containers: 2, each: { cpu: "25m", memory: "64Mi", limit: "512Mi" } },
  // Ours.
  "kube-proxy": { ...ON_NODES, containers: 1, each: { cpu: "50m", memory: "64Mi", limit: "512Mi" } },
  // EKS, CoreDNS: its own defaults.
  coredns: {
    ...TWO,
    most: 10,
    containers: 1,
    each: { cpu: "100m", memory: "70Mi", limit: "170Mi" },
    spread: SPREAD,
    priority: PRIORITY.cluster,
  },
  // aws-ebs-csi-driver, chart 2.64: the driver's defaults, for all. Driver, provisioner, attacher, snapshotter, resizer, liveness probe.
  "ebs-csi-controller": {
    ...TWO,
    containers: 6,
    each: { cpu: "10m", memory: "40Mi", limit: "256Mi" },
    spread: SPREAD,
    priority: PRIORITY.cluster,
  },
  // The same chart. Driver, registrar, liveness probe.
  "ebs-csi-node": { ...ON_NODES, containers: 3, each: { cpu: "10m", memory: "40Mi", limit: "256Mi" } },
  // metrics-server, chart 3.13: its default, which the add-on is not known to let anybody change.
  "metrics-server": { ...TWO, containers: 1, each: { cpu: "100m", memory: "200Mi" }, priority: PRIORITY.cluster },
  // external-snapshotter, setup-snapshot-controller.yaml: asks for nothing, and has no priority.
  "snapshot-controller": { ...TWO, containers: 1 },
  // eks-node-monitoring-agent, chart of 1.6: its own defaults.
  "eks-node-monitoring-agent": { ...ON_NODES, containers: 1, each: { cpu: "10m", memory: "30Mi", limit: "200Mi" } },
} as const satisfies Readonly<Record<string, AddonPods>>;

type Configured = { [Name in keyof typeof ADDON_PODS]: (typeof ADDON_PODS)[Name] extends { each: { limit: Bytes } } ? Name : never };

/** What every container of an add-on's pods asks for, as Kubernetes writes it. */
export function resourcesOf(name: Configured[keyof Configured]): object {
  const { cpu, memory, limit } = ADDON_PODS[name].each;
  return { requests: { cpu, memory }, limits: { memory: limit } };
}

/** What the add-ons of a cluster ask of its nodes, beside everything else that runs there. */
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
