/** Nodes of one size, by zone. */
export interface NodePool {
  /** Number of nodes in each zone: `{ a: 2, b: 2, c: 1 }`. */
  readonly zones: Readonly<Record<string, number>>;

  /** Allocatable resources of one node. */
  readonly node: NodeRoom;
}

/** Allocatable resources of a node. */
export interface NodeRoom {
  /** In thousandths of a core. */
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly pods: number;

  /** Volumes that can be attached in addition to its root disk. */
  readonly volumes: number;
}

/** Pods that are created from one template, as the scheduler sees them. */
export interface PodGroup {
  /** Namespace and name: `cert-manager/cert-manager-webhook`. Spread and anti-affinity count the pods of this name. */
  readonly name: string;

  /** Number of pods that must run, or one on every node. For an autoscaled workload: its minimum. */
  readonly pods: number | "each-node";

  /**
   * Maximum replicas of an autoscaler. Reported, not required to fit.
   * @default - not autoscaled
   */
  readonly most?: number;

  /** Resource requests of one pod. */
  readonly request: PodRequest;

  /**
   * Pods beyond `pods` during a rolling update.
   * @default 0
   */
  readonly surge?: number;

  /**
   * Spread constraints between its pods.
   * @default - none
   */
  readonly spread?: readonly Spread[];

  /**
   * Scheduler priority. Pods with a higher value may preempt others.
   * @default 0
   */
  readonly priority?: number;

  /**
   * Allows its pods to preempt pods with a lower priority. `false` if the `preemptionPolicy` of their PriorityClass is `Never`.
   * @default true
   */
  readonly preempts?: boolean;

  /**
   * Labels of the nodes that its pods may run on. Nodes of a pool have no labels here: these pods are placed as if every node had these
   * labels, and `headroom` names the pods.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Marks pods that run only for a time, such as those of a job: one of them must fit in addition to everything else.
   * @default false
   */
  readonly passing?: boolean;
}

/** Resource requests of one pod, and its number of volumes. */
export interface PodRequest {
  readonly millicores: number;
  readonly memoryBytes: number;

  /**
   * Number of volumes, each bound to the zone in which it was first used.
   * @default 0
   */
  readonly volumes?: number;
}

/** Distribution of a group's pods over zones or nodes. */
export interface Spread {
  readonly over: "zone" | "node";

  /** `even`: no zone or node has more than `maxSkew` pods above another. `apart`: none has two (anti-affinity). */
  readonly how: "even" | "apart";

  /** @default 1 */
  readonly maxSkew?: number;

  /** Keeps a pod pending rather than break the constraint. */
  readonly required: boolean;
}
