import type { ITerraformDependable } from "cdktf";
import type { PodGroup, Spread } from "../capacity/contract";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import type { KubernetesTarget } from "../kubernetes";

/** What every part of a cluster's platform is told. */
export interface PartProps {
  readonly cluster: KubernetesTarget;

  /** Where its pods run. Of a part that calls AWS: the namespace that its role is bound to. */
  readonly namespace: string;

  /**
   * Whether it tells Prometheus where to scrape it, which takes the definitions of the Prometheus operator.
   * @default false
   */
  readonly metrics?: boolean;

  /**
   * Whether it runs more than once, so that neither a node nor a zone takes it away.
   * @default - where the cluster has several zones
   */
  readonly highlyAvailable?: boolean;

  /** What has to be there before: its namespace, the custom resource definitions that it uses. */
  readonly after?: readonly ITerraformDependable[];
}

/** What one container asks for. */
export interface Asked {
  readonly cpu: Cores;
  readonly memory: Bytes;
}

/** The pods of a chart's Deployment or Job. */
export interface Pods {
  readonly name: string;
  readonly replicas: number;

  /** What the containers of one pod ask for, sidecars included. */
  readonly asked: readonly Asked[];

  /** @default 1, which Kubernetes makes of a quarter of up to four */
  readonly surge?: number;

  /** @default "ordinary" */
  readonly priority?: keyof typeof PRIORITIES;

  /** @default - evenly over zones and nodes, where it can */
  readonly spread?: readonly Spread[];
}

/** The class of pods without which a cluster admits nothing or finds nothing. */
export const CRITICAL = "system-cluster-critical";

const PRIORITIES = { ordinary: 0, [CRITICAL]: 2_000_000_000 } as const;

const EVENLY: readonly Spread[] = [
  { over: "zone", how: "even", required: false },
  { over: "node", how: "even", required: false },
];

/** How many of a part run: several where a cluster can spread them, otherwise one. */
export function replicas(
  {
    cluster,
    highlyAvailable = cluster.zones.length > 1,
  }: { readonly cluster: Pick<KubernetesTarget, "zones"> } & Pick<PartProps, "highlyAvailable">,
  several: number,
): number {
  return highlyAvailable ? several : 1;
}

/** A container's resources. Memory ends at what was asked for; CPU doesn't: a limit of it only slows down. */
export function resources({ cpu, memory }: Asked) {
  return { requests: { cpu, memory }, limits: { memory } };
}

/** Keeps the pods with these labels apart, and lets one wait for nothing: a zone that is down must not hold it up. */
export function spread(matchLabels: Readonly<Record<string, string>>) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  }));
}

/** The labels that charts give their pods by Helm's habit. */
export function labels(name: string, release: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": release };
}

/** Pods of a Deployment, as the ledger counts them. */
export function deployed({ name, replicas: pods, asked, surge = 1, priority = "ordinary", spread: how = EVENLY }: Pods): PodGroup {
  return { name, pods, request: requested(asked), surge, spread: how, priority: PRIORITIES[priority] };
}

/** The pod of a job that comes and goes, as the ledger counts it. */
export function passing(name: string, asked: readonly Asked[]): PodGroup {
  return { name, pods: 1, request: requested(asked), passing: true };
}

/** An image in the cluster's mirror, under the path that it has where it is published; undefined where there is no mirror. */
export function mirrored({ mirror }: KubernetesTarget, path: string): { readonly repository: string } | undefined {
  return mirror === undefined ? undefined : { repository: `${mirror}/${path}` };
}

/** What containers ask for together, as the ledger counts it. */
export function requested(asked: readonly Asked[]) {
  const sum = (amounts: readonly number[]) => amounts.reduce((one, other) => one + other, 0);
  return {
    millicores: sum(asked.map(({ cpu }) => known(millicores(cpu)))),
    memoryBytes: sum(asked.map(({ memory }) => known(bytes(memory)))),
  };
}
