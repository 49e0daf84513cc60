import type { NodePool, PodGroup, Spread } from "./contract";

/** A group in the form that the simulation needs. */
export interface Load {
  readonly group: PodGroup;
  readonly millicores: number;
  readonly memory: number;
  readonly volumes: number;
  readonly priority: number;
  readonly preempts: boolean;

  /** Constraints that keep its pods pending. */
  readonly required: readonly Rule[];

  /** Even spread that is preferred. */
  readonly even: readonly Rule[];
  readonly apart: readonly Rule[];

  /** Maximum number of its volumes that may be in a failed zone. */
  readonly share: number;
}

/** A spread constraint between the pods of a group. */
export interface Rule {
  readonly overNodes: boolean;
  readonly apart: boolean;
  readonly maxSkew: number;
}

/** Default constraints of PodTopologySpread (kube-scheduler). */
const DEFAULT_SPREAD: readonly Spread[] = [
  { over: "node", how: "even", maxSkew: 3, required: false },
  { over: "zone", how: "even", maxSkew: 5, required: false },
];

/** Input that all placement orders share: the nodes, and the pods to place on them. */
export class SimulationInput {
  readonly zones: readonly string[];

  /** Zone of each node, by node index. Nodes of a zone follow each other. */
  readonly zoneOf: Int32Array;

  /** Free resources of every node, less the pods that run on each. */
  readonly free: { readonly millicores: number; readonly memory: number; readonly pods: number; readonly volumes: number };

  /** Number of pods to place. */
  readonly pods: number;

  /** Indices of groups with transient pods, and of groups with surge pods. */
  readonly passing: readonly number[];
  readonly surging: readonly number[];

  /** Is true if groups differ in priority. */
  readonly preempts: boolean;

  private readonly loadsAsAsked: readonly Load[];
  private readonly loadsWithDefaults: readonly Load[];

  /** `groups` are those whose pods don't run on every node. `overhead` runs on every node, and is subtracted from each. */
  constructor(
    readonly pool: NodePool,
    readonly groups: readonly PodGroup[],
    readonly overhead: readonly PodGroup[],
  ) {
    this.zones = Object.keys(pool.zones).filter((zone) => (pool.zones[zone] ?? 0) > 0);
    this.zoneOf = Int32Array.from(this.zones.flatMap((zone, index) => Array<number>(pool.zones[zone] ?? 0).fill(index)));
    const kept = (of: (group: PodGroup) => number) => overhead.reduce((sum, group) => sum + of(group), 0);
    this.free = {
      millicores: pool.node.millicores - kept(({ request }) => request.millicores),
      memory: pool.node.memoryBytes - kept(({ request }) => request.memoryBytes),
      pods: pool.node.pods - overhead.length,
      volumes: pool.node.volumes - kept(({ request }) => request.volumes ?? 0),
    };
    this.pods = groups.reduce((sum, { pods, passing }) => sum + (passing || pods === "each-node" ? 0 : pods), 0);
    const indices = (are: (group: PodGroup) => unknown) => [...groups.keys()].filter((index) => are(groups[index] as PodGroup));
    this.passing = indices(({ passing, pods }) => passing && pods !== 0);
    this.surging = indices(({ passing, surge }) => surge && !passing);
    this.preempts = new Set(groups.map(({ priority = 0 }) => priority)).size > 1;
    this.loadsAsAsked = groups.map((group) => loadOf(group, [], this.zones.length));
    this.loadsWithDefaults = groups.map((group) => loadOf(group, DEFAULT_SPREAD, this.zones.length));
  }

  /** Checks that every node has capacity for the pods that run on each node. */
  get overheadFits(): boolean {
    return this.zoneOf.length === 0 || Object.values(this.free).every((left) => left >= 0);
  }

  /** The groups, in their order, with or without the scheduler's default spread. */
  loads(spreadByDefault: boolean): readonly Load[] {
    return spreadByDefault ? this.loadsWithDefaults : this.loadsAsAsked;
  }
}

function loadOf(group: PodGroup, defaults: readonly Spread[], zones: number): Load {
  const { request, priority = 0, preempts = true, spread = [], pods } = group;
  const evenly = spread.some(({ how }) => how === "even");
  const wanted = [...spread, ...(evenly ? [] : defaults)];
  const rules = (fits: (rule: Spread) => boolean) =>
    wanted.filter(fits).map(({ over, how, maxSkew = 1 }): Rule => ({ overNodes: over === "node", apart: how === "apart", maxSkew }));
  return {
    group,
    millicores: request.millicores,
    memory: request.memoryBytes,
    volumes: request.volumes ?? 0,
    priority,
    preempts,
    required: rules(({ required }) => required),
    even: rules(({ required, how }) => !required && how === "even"),
    apart: rules(({ required, how }) => !required && how === "apart"),
    // Share of an even spread.
    share: typeof pods === "number" ? Math.ceil(pods / zones) : 0,
  };
}
