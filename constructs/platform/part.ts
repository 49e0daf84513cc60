import type { ITerraformDependable } from "cdktf";
import { evenly, type PodGroup, requested, type Spread } from "../capacity";
import type { Bytes, Cores } from "../core/quantities";
import type { KubernetesTarget } from "../kubernetes";

/** Properties of every part of a cluster's platform. */
export interface PartProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. For a part that calls AWS: the namespace that its IAM role is bound to. */
  readonly namespace: string;

  /**
   * Creates monitors for Prometheus, which requires the CRDs of the Prometheus operator.
   * @default false
   */
  readonly metrics?: boolean;

  /**
   * Runs several replicas, so that it survives the failure of a node or zone.
   * @default - true if the cluster has several zones
   */
  readonly highlyAvailable?: boolean;

  /** Resources created before it: its namespace, the custom resource definitions that it uses. */
  readonly after?: readonly ITerraformDependable[];
}

/** Resource requests of one container. */
export interface Asked {
  readonly cpu: Cores;
  readonly memory: Bytes;
}

/** The pods of a chart's Deployment or Job. */
export interface Pods {
  readonly name: string;
  readonly replicas: number;

  /** Requests of a pod's containers, sidecars included. */
  readonly asked: readonly Asked[];

  /** @default 1, the default of Kubernetes (25%) for up to four replicas */
  readonly surge?: number;

  /** @default "ordinary" */
  readonly priority?: keyof typeof PRIORITIES;

  /** @default - preferably even over zones and nodes */
  readonly spread?: readonly Spread[];
}

/** PriorityClass of pods that the cluster's admission or service discovery depends on. */
export const CRITICAL = "system-cluster-critical";

const PRIORITIES = { ordinary: 0, [CRITICAL]: 2_000_000_000 } as const;

const EVENLY = evenly(false);

/** Number of replicas of a part: several if the cluster can spread them, otherwise one. */
export function replicas(
  {
    cluster,
    highlyAvailable = cluster.zones.length > 1,
  }: { readonly cluster: Pick<KubernetesTarget, "zones"> } & Pick<PartProps, "highlyAvailable">,
  several: number,
): number {
  return highlyAvailable ? several : 1;
}

/** Resources of a container. Memory is limited to its request; CPU has no limit, which would only throttle it. */
export function resources({ cpu, memory }: Asked) {
  return { requests: { cpu, memory }, limits: { memory } };
}

/** Prefers an even spread of pods with these labels, without keeping any pending: a zone failure must not block them. */
export function spread(matchLabels: Readonly<Record<string, string>>) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  }));
}

/** Conventional Helm labels of a chart's pods. */
export function labels(name: string, release: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": release };
}

/** Pods of a Deployment, for the ledger. */
export function deployed({ name, replicas: pods, asked, surge = 1, priority = "ordinary", spread: how = EVENLY }: Pods): PodGroup {
  return { name, pods, request: requested(asked), surge, spread: how, priority: PRIORITIES[priority] };
}

/** The transient pod of a job, for the ledger. */
export function passing(name: string, asked: readonly Asked[]): PodGroup {
  return { name, pods: 1, request: requested(asked), passing: true };
}

/** An image in the cluster's mirror, with the path of its public registry; undefined without a mirror. */
export function mirrored({ mirror }: KubernetesTarget, path: string): { readonly repository: string } | undefined {
  return mirror === undefined ? undefined : { repository: `${mirror}/${path}` };
}
