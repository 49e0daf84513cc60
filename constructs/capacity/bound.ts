import type { NodeRoom, PodGroup, Spread } from "./contract";

/** Nodes, and what is to run on them. */
export interface PodSet {
  /** How many nodes each zone has, none without any. */
  readonly zones: readonly number[];

  /** What a node leaves, less what runs on every one. */
  readonly node: NodeRoom;

  /** What is to run and what passes. None of it is one on every node. */
  readonly groups: readonly PodGroup[];

  /** What every node needs room for once more, as it comes up anew. */
  readonly renewed: readonly PodGroup[];

  /** Whether one workload comes up anew beside everything else. */
  readonly rollout: boolean;
}

/** What is counted, of a node and of a pod. */
const DIMENSIONS = [
  { room: (node: NodeRoom) => node.millicores, asked: ({ request }: PodGroup) => request.millicores },
  { room: (node: NodeRoom) => node.memoryBytes, asked: ({ request }: PodGroup) => request.memoryBytes },
  { room: (node: NodeRoom) => node.pods, asked: () => 1 },
  { room: (node: NodeRoom) => node.volumes, asked: ({ request }: PodGroup) => request.volumes ?? 0 },
] as const;

/**
 * Whether every pod finds a place however the others were placed before it: they can't fill all the nodes that its
 * rules of spread leave to it. Sufficient, not necessary.
 */
export function fitsAnyhow({ zones, node, groups, renewed, rollout }: PodSet): boolean {
  const running = groups.filter(({ passing }) => !passing);
  // Of what comes beside everything else, one at a time, the most of each.
  const beside = groups.map((group) => (group.passing ? 1 : rollout ? (group.surge ?? 0) : 0));
  const totals = DIMENSIONS.map(
    ({ asked }) =>
      running.reduce((sum, group) => sum + count(group) * asked(group), 0) +
      groups.reduce((most, group, index) => Math.max(most, (beside[index] as number) * asked(group)), 0),
  );
  const own = (group: PodGroup) => (group.passing ? 1 : count(group));
  return (
    groups.every((group, index) => {
      const pods = own(group) + (group.passing ? 0 : (beside[index] as number));
      return pods === 0 || blocked(group, node, totals, 1) < open(group, pods, zones);
    }) && renewed.every((group) => blocked(group, node, totals, 0) === 0)
  );
}

/** On how many nodes all pods but so many of a group's own can at most leave too little for one of it. */
function blocked(group: PodGroup, node: NodeRoom, totals: readonly number[], own: number): number {
  return DIMENSIONS.reduce((sum, { room, asked }, index) => {
    const needs = asked(group);
    if (needs === 0) return sum;
    // A node is full for the pod from the smallest amount on that leaves it too little.
    const fill = room(node) - needs + 1;
    return fill <= 0 ? Number.POSITIVE_INFINITY : sum + Math.floor(((totals[index] as number) - own * needs) / fill);
  }, 0);
}

/** How many nodes its rules of spread leave to a pod at least, wherever the other pods of its group are; 0 if unknown. */
function open({ spread = [] }: PodGroup, pods: number, zones: readonly number[]): number {
  const rules = spread.filter(({ required }) => required);
  const inSmallest = Math.min(...zones);
  const all = zones.reduce((sum, nodes) => sum + nodes, 0);
  const others = pods - 1;
  const overZones = rules.filter(({ over }) => over === "zone");
  const overNodes = rules.filter(({ over }) => over === "node");
  // One zone can be the only one with the fewest pods; no zone can be, once each has one that is to be alone.
  if (overZones.some(({ how }) => how === "apart") && others >= zones.length) return 0;
  if (overNodes.length === 0) return overZones.length === 0 ? all : inSmallest;
  if (others >= all) return 0;
  return (overZones.length === 0 ? all : inSmallest) - others;
}

function count({ pods }: PodGroup): number {
  return pods === "each-node" ? 0 : pods;
}

/** Whether no zone ever holds more of a group's volumes than its share. */
export function sharesZones({ pods, request, spread = [] }: PodGroup): boolean {
  const strict = ({ over, how, maxSkew = 1, required }: Spread) => over === "zone" && required && (how === "apart" || maxSkew === 1);
  return !request.volumes || pods === 1 || pods === 0 || spread.some(strict);
}
