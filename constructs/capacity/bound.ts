import type { NodeRoom, PodGroup, Spread } from "./contract";

/** Nodes, and the pods to place on them. */
export interface PodSet {
  /** Number of nodes of each zone that has nodes. */
  readonly zones: readonly number[];

  /** Allocatable resources of a node, less the pods that run on every node. */
  readonly node: NodeRoom;

  /** Groups of running and of transient pods. None of them runs on every node. */
  readonly groups: readonly PodGroup[];

  /** Pods for which every node needs capacity a second time, while they are updated. */
  readonly renewed: readonly PodGroup[];

  /** Includes the surge pods of one workload, in addition to everything else. */
  readonly rollout: boolean;
}

/** The resources that are counted, of a node and of a pod. */
const DIMENSIONS = [
  { room: (node: NodeRoom) => node.millicores, asked: ({ request }: PodGroup) => request.millicores },
  { room: (node: NodeRoom) => node.memoryBytes, asked: ({ request }: PodGroup) => request.memoryBytes },
  { room: (node: NodeRoom) => node.pods, asked: () => 1 },
  { room: (node: NodeRoom) => node.volumes, asked: ({ request }: PodGroup) => request.volumes ?? 0 },
] as const;

/**
 * Checks that every pod fits however the others were placed before it: the others can't fill all the nodes that the pod's spread rules
 * allow. Sufficient, not necessary.
 */
export function fitsAnyhow({ zones, node, groups, renewed, rollout }: PodSet): boolean {
  const running = groups.filter(({ passing }) => !passing);
  // Surge and transient pods come one group at a time: the largest of each resource counts.
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

/** Upper bound of nodes that the other pods (all but `own` pods of the group) can fill too far for one more pod of the group. */
function blocked(group: PodGroup, node: NodeRoom, totals: readonly number[], own: number): number {
  return DIMENSIONS.reduce((sum, { room, asked }, index) => {
    const needs = asked(group);
    if (needs === 0) return sum;
    // A node is full for the pod from the smallest amount that leaves too little for it.
    const fill = room(node) - needs + 1;
    return fill <= 0 ? Number.POSITIVE_INFINITY : sum + Math.floor(((totals[index] as number) - own * needs) / fill);
  }, 0);
}

/** Lower bound of nodes that the spread rules allow for a pod, wherever the other pods of its group are; 0 if unknown. */
function open({ spread = [] }: PodGroup, pods: number, zones: readonly number[]): number {
  const rules = spread.filter(({ required }) => required);
  const inSmallest = Math.min(...zones);
  const all = zones.reduce((sum, nodes) => sum + nodes, 0);
  const others = pods - 1;
  const overZones = rules.filter(({ over }) => over === "zone");
  const overNodes = rules.filter(({ over }) => over === "node");
  // One zone can be the only one with the fewest pods. With anti-affinity over zones, no zone is left once each has a pod.
  if (overZones.some(({ how }) => how === "apart") && others >= zones.length) return 0;
  if (overNodes.length === 0) return overZones.length === 0 ? all : inSmallest;
  if (others >= all) return 0;
  return (overZones.length === 0 ? all : inSmallest) - others;
}

function count({ pods }: PodGroup): number {
  return pods === "each-node" ? 0 : pods;
}

/** Checks that no zone can hold more of a group's volumes than an even share. */
export function sharesZones({ pods, request, spread = [] }: PodGroup): boolean {
  const strict = ({ over, how, maxSkew = 1, required }: Spread) => over === "zone" && required && (how === "apart" || maxSkew === 1);
  return !request.volumes || pods === 1 || pods === 0 || spread.some(strict);
}
