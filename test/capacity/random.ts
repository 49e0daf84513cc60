import type { NodePool, PodGroup, Spread } from "../../constructs/capacity";

const MI = 2 ** 20;

/** Numbers that look like chance and are the same for the same seed: a linear congruence (Numerical Recipes). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
    this.part();
  }

  /** From 0 up to, not including, 1. */
  part(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.state / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.part() * (to - from + 1));
  }

  /** Whether it happens, of so many times in a hundred. */
  percent(likely: number): boolean {
    return this.part() * 100 < likely;
  }

  one<T>(of: readonly T[]): T {
    return of[this.whole(0, of.length - 1)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.whole(0, last);
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  }
}

/** What EKS leaves to pods of instances of 2, 4 and 8 cores (nodeadm; Karpenter), and EBS volumes beside the root. */
const NODES = [
  { millicores: 1930, memoryBytes: 6903 * MI },
  { millicores: 1930, memoryBytes: 3114 * MI },
  { millicores: 3920, memoryBytes: 14_162 * MI },
  { millicores: 3920, memoryBytes: 29_317 * MI },
  { millicores: 7910, memoryBytes: 29_317 * MI },
].map((node) => ({ ...node, pods: 110, volumes: 25 }));

/** An environment that nobody has thought of. */
export interface Somewhere {
  readonly pool: NodePool;
  readonly groups: readonly PodGroup[];
}

/** A pool and workloads that take about the part of it which makes a verdict hard. */
export function somewhere(seed: number): Somewhere {
  const chance = new Chance(seed);
  const zones = chance.one([1, 2, 3, 3, 3]);
  const each = chance.whole(1, 4);
  const counts = Array.from({ length: zones }, (_, zone) => Math.max(1, each - (zone > 0 && chance.percent(20) ? 1 : 0)));
  const node = {
    ...chance.one(NODES),
    ...(chance.percent(10) ? { pods: chance.whole(5, 9) } : {}),
    volumes: chance.percent(30) ? chance.whole(1, 3) : 25,
  };
  const pool = { zones: Object.fromEntries(counts.map((count, zone) => [`zone-${"abc"[zone]}`, count])), node };
  const nodes = counts.reduce((sum, count) => sum + count, 0);
  // What is left when a zone is lost is what counts, and a little more or less of it.
  const left = zones > 1 ? nodes - Math.max(...counts) : nodes;
  const load = chance.whole(60, 105) / 100;
  const overhead = chance.percent(50) ? [anAgent(chance, pool)] : [];
  const goal = { millicores: left * node.millicores * load, memoryBytes: left * node.memoryBytes * load };
  const asked = { millicores: 0, memoryBytes: 0 };
  const groups: PodGroup[] = [];
  for (let tries = 0; tries < 12; tries++) {
    const group = aGroup(chance, pool, groups.length, nodes);
    const pods = group.passing ? 0 : (group.pods as number);
    const millicores = asked.millicores + pods * group.request.millicores;
    const memoryBytes = asked.memoryBytes + pods * group.request.memoryBytes;
    if (millicores > goal.millicores || memoryBytes > goal.memoryBytes) continue;
    Object.assign(asked, { millicores, memoryBytes });
    groups.push(group);
  }
  return { pool, groups: [...overhead, ...groups] };
}

function anAgent(chance: Chance, { node }: NodePool): PodGroup {
  const request = { millicores: chance.whole(1, 5) * 10, memoryBytes: Math.round((node.memoryBytes * chance.whole(1, 4)) / 100) };
  return { name: "system/agent", pods: "each-node", request, priority: 1000 };
}

function aGroup(chance: Chance, { node, zones }: NodePool, index: number, nodes: number): PodGroup {
  const part = () => chance.one([0.04, 0.07, 0.1, 0.15, 0.2, 0.28, 0.4]) * (0.8 + 0.4 * chance.part());
  const whole = part();
  const request = {
    millicores: Math.ceil(node.millicores * (chance.percent(60) ? whole : part())),
    memoryBytes: Math.ceil((node.memoryBytes * (chance.percent(60) ? whole : part())) / MI) * MI,
  };
  const stateful = chance.percent(15);
  const spread = stateful && chance.percent(90) ? [STRICT_ZONES] : someSpread(chance, Object.keys(zones).length, nodes);
  const apart = spread.some(({ over, how, required }) => over === "node" && how === "apart" && required);
  const pods = apart ? chance.whole(1, Math.min(4, nodes)) : chance.whole(1, stateful ? 3 : 5);
  return {
    name: `orders/group-${index}`,
    pods,
    request: stateful ? { ...request, volumes: 1 } : request,
    ...(spread.length > 0 ? { spread } : {}),
    ...(!stateful && chance.percent(15) ? { surge: chance.whole(1, 2) } : {}),
    ...(chance.percent(20) ? { priority: chance.one([10, 100]) } : {}),
    ...(!stateful && spread.length === 0 && chance.percent(6) ? { passing: true, pods: 1 } : {}),
  };
}

const STRICT_ZONES: Spread = { over: "zone", how: "even", required: true };

function someSpread(chance: Chance, zones: number, nodes: number): readonly Spread[] {
  const spread: Spread[] = [];
  if (chance.percent(45)) spread.push({ over: "zone", how: "even", required: zones > 1 && chance.percent(40) });
  if (chance.percent(25))
    spread.push({ over: "node", how: "even", required: chance.percent(25), ...(chance.percent(30) ? { maxSkew: 2 } : {}) });
  if (nodes > 2 && chance.percent(12)) spread.push({ over: "node", how: "apart", required: chance.percent(50) });
  return spread;
}
