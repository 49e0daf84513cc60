import type { PodGroup } from "./contract";
import type { PlacementOrder } from "./scheduling";

/** Placements tried, times nodes looked at per placement: this many take about half a second in all. */
const BUDGET = 6_000_000;

/** Number of placement orders that are tried. With few nodes many orders are cheap, and find a failure of one order in fifty. */
const COURSES = { least: 4, most: 160 } as const;

/** Passes over all nodes for all pods per placement order: one, and partial ones for each zone failure. */
const LOOKS = 2;

/**
 * The placement orders that are tried, always the same for the same groups: friendly and unfriendly orders first, then shuffled ones.
 * `share` returns the part of a node that a pod requests.
 */
export function* courses(groups: readonly PodGroup[], nodes: number, share: (group: PodGroup) => number): Generator<PlacementOrder> {
  const counts = groups.map(({ pods, passing }) => (passing || pods === "each-node" ? 0 : pods));
  const pods = counts.reduce((sum, count) => sum + count, 0);
  const many = Math.floor(BUDGET / (LOOKS * Math.max(1, pods * nodes)));
  const shares = groups.map(share);
  const bySize = groups.map((_, index) => index).sort((one, other) => at(shares, other) - at(shares, one) || one - other);
  const smallFirst = [...bySize].reverse();
  const byPriority = [...bySize].sort((one, other) => priority(groups, other) - priority(groups, one));
  const whole = (order: readonly number[]) => {
    const arrivals: number[] = [];
    for (const group of order) for (let pod = 0; pod < at(counts, group); pod++) arrivals.push(group);
    return arrivals;
  };
  const inTurn = (order: readonly number[]) => {
    const most = Math.max(0, ...counts);
    const arrivals: number[] = [];
    for (let round = 0; round < most; round++) for (const group of order) if (at(counts, group) > round) arrivals.push(group);
    return arrivals;
  };
  const fixed = [byPriority, smallFirst, bySize].flatMap((order) => [whole(order), inTurn(order)]);
  const wanted = Math.min(COURSES.most, Math.max(COURSES.least, many));
  for (let course = 0; course < wanted; course++) {
    const arrivals = fixed[course] ?? shuffledArrivals(course, whole, bySize);
    yield { arrivals, spreadByDefault: course % 4 !== 1, seed: course + 1 };
  }
}

/** Even placement orders shuffle single pods, odd ones whole groups. */
function shuffledArrivals(course: number, whole: (order: readonly number[]) => number[], groups: readonly number[]): number[] {
  return course % 2 === 0 ? shuffled(whole(groups), course) : whole(shuffled(groups, course));
}

/** Fisher–Yates shuffle with a linear congruential generator (Numerical Recipes): the same result for the same seed. */
function shuffled(items: readonly number[], seed: number): number[] {
  const result = [...items];
  let state = seed >>> 0;
  for (let last = result.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [result[last], result[other]] = [at(result, other), at(result, last)];
  }
  return result;
}

function at(list: readonly number[], index: number): number {
  return list[index] as number;
}

function priority(groups: readonly PodGroup[], index: number): number {
  return groups[index]?.priority ?? 0;
}
