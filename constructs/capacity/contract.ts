/** Nodes of one size, by zone. */
export interface NodePool {
  /** How many nodes each zone has: `{ a: 2, b: 2, c: 1 }`. */
  readonly zones: Readonly<Record<string, number>>;

  /** What one node leaves to pods. */
  readonly node: NodeRoom;
}

/** What a node leaves to pods. */
export interface NodeRoom {
  /** In thousandths of a core. */
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly pods: number;

  /** Volumes that can be attached to it beside its own disk. */
  readonly volumes: number;
}

/** Pods that are made from one template, as a scheduler sees them. */
export interface PodGroup {
  /** Namespace and name: `cert-manager/cert-manager-webhook`. Also what its spread and anti-affinity count. */
  readonly name: string;

  /** How many must run, or one on every node. Of an autoscaled workload: its minimum. */
  readonly pods: number | "each-node";

  /**
   * The most that an autoscaler makes of it, which is reported and not demanded.
   * @default - it is not scaled
   */
  readonly most?: number;

  /** What one pod asks for. */
  readonly request: PodRequest;

  /**
   * Pods beyond `pods` while a new version comes up.
   * @default 0
   */
  readonly surge?: number;

  /**
   * How its pods keep away from each other.
   * @default - not at all
   */
  readonly spread?: readonly Spread[];

  /**
   * The scheduler's priority: the higher comes first.
   * @default 0
   */
  readonly priority?: number;

  /**
   * Labels of the nodes that its pods may run on. Nodes of a pool have no labels here: these pods are placed as if every node had
   * them, and `headroom` names them.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Whether its pods come and go, as those of a job: one of them has to fit beside everything else.
   * @default false
   */
  readonly passing?: boolean;
}

export interface PodRequest {
  readonly millicores: number;
  readonly memoryBytes: number;

  /**
   * Volumes of its own, each bound to the zone in which it was first used.
   * @default 0
   */
  readonly volumes?: number;
}

export interface Spread {
  readonly over: "zone" | "node";

  /** `even`: no place has more than `maxSkew` above another. `apart`: no place has two (an anti-affinity). */
  readonly how: "even" | "apart";

  /** @default 1 */
  readonly maxSkew?: number;

  /** Whether a pod waits rather than breaks it. */
  readonly required: boolean;
}
