import type { NodePool, PodGroup, Spread } from "./contract";

/** A group as the simulation needs it. */
export interface Load {
  readonly group: PodGroup;
  readonly millicores: number;
  readonly memory: number;
  readonly volumes: number;
  readonly priority: number;

  /** The rules for which its pods wait. */
  readonly required: readonly Rule[];

  /** The rules that it would rather keep. */
  readonly even: readonly Rule[];
  readonly apart: readonly Rule[];

  /** The most of its volumes that may be out of reach with one zone. */
  readonly share: number;
}

/** How the pods of a group keep away from each other. */
export interface Rule {
  readonly overNodes: boolean;
  readonly apart: boolean;
  readonly maxSkew: number;
}

/** kube-scheduler, system default constraints of PodTopologySpread. */
const DEFAULT_SPREAD: readonly Spread[] = [
  { over: "node", how: "even", maxSkew: 3, required: false },
  { over: "zone", how: "even", maxSkew: 5, required: false },
];

/** What all courses of events have in common: the nodes, and what is to run on them. */
export class SimulationInput {
  readonly zones: readonly string[];

  /** The zone of each node by its index. Nodes of a zone follow each other. */
  readonly zoneOf: Int32Array;

  /** What every node has left beside what runs on each. */
  readonly free: { readonly millicores: number; readonly memory: number; readonly pods: number; readonly volumes: number };

  /** How many pods have to find a place. */
  readonly pods: number;

  /** The groups by their index of which one pod comes by, and those that come up anew beside themselves. */
  readonly passing: readonly number[];
  readonly surging: readonly number[];

  /** Whether some groups come before others. */
  readonly preempts: boolean;

  private readonly loadsAsAsked: readonly Load[];
  private readonly loadsWithDefaults: readonly Load[];

  /** `groups` are those whose pods are not one on every node; those are `overhead`, taken from every node. */
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

  /** Whether every node can hold what runs on each. */
  get overheadFits(): boolean {
    return this.zoneOf.length === 0 || Object.values(this.free).every((left) => left >= 0);
  }

  /** The groups, in their order, with the scheduler's own spread or without. */
  loads(spreadByDefault: boolean): readonly Load[] {
    return spreadByDefault ? this.loadsWithDefaults : this.loadsAsAsked;
  }
}

function loadOf(group: PodGroup, defaults: readonly Spread[], zones: number): Load {
  const { request, priority = 0, spread = [], pods } = group;
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
    required: rules(({ required }) => required),
    even: rules(({ required, how }) => !required && how === "even"),
    apart: rules(({ required, how }) => !required && how === "apart"),
    // What an even spread leaves there.
    share: typeof pods === "number" ? Math.ceil(pods / zones) : 0,
  };
}
