import type { PodGroup } from "./contract";
import type { PlacementOrder } from "./scheduling";

/** Pods placed times nodes looked at, which take about half a second in all. */
const BUDGET = 6_000_000;

/** How many courses are tried: one that fails one time in fifty is found with few, and small clusters are cheap. */
const COURSES = { least: 4, most: 160 } as const;

/** How often a course looks at all of the nodes for all of the pods: once, and in part again with each zone lost. */
const LOOKS = 2;

/**
 * The courses that a verdict tries, always the same ones for the same groups: friendly and unfriendly orders first,
 * then shuffled ones. `share` says how much of a node a pod asks for.
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

/** Every other course shuffles single pods, the others whole groups. */
function shuffledArrivals(course: number, whole: (order: readonly number[]) => number[], groups: readonly number[]): number[] {
  return course % 2 === 0 ? shuffled(whole(groups), course) : whole(shuffled(groups, course));
}

/** Fisher and Yates' shuffle with numbers of a linear congruence (Numerical Recipes): the same for the same seed. */
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
