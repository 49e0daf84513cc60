import type { NodePool, PodGroup, Spread } from "./contract";

/** One way in which the same pods may come: their order, and chance where the scheduler leaves it to that. */
export interface Course {
  /** Groups by their index, once for each pod, in the order in which the pods come. */
  readonly arrivals: readonly number[];

  /** Whether what names no spread is spread softly, as the scheduler does for pods of a Deployment, or not at all. */
  readonly spreadByDefault: boolean;

  readonly seed: number;
}

/** A group whose pods find no place. */
export interface Homeless {
  readonly group: PodGroup;
  readonly pods: number;

  /**
   * `room`: no node has enough. `spread`: a node has, where its rules of spread let none go. `volumes`: more of its
   * volumes are in the zone that is lost than its share.
   */
  readonly why: "room" | "spread" | "volumes";
}

/** What a node has free, or a pod asks for. */
export interface Amount {
  readonly millicores: number;
  readonly memoryBytes: number;
}

/** A group as the simulation needs it. */
interface Load {
  readonly group: PodGroup;
  readonly millicores: number;
  readonly memory: number;
  readonly volumes: number;
  readonly priority: number;
  readonly required: readonly Rule[];
  readonly preferred: readonly Rule[];

  /** The most of its volumes that may be out of reach with one zone. */
  readonly share: number;
}

/** How many pods a place may have to get one more. */
interface Limit {
  readonly counts: Int32Array;
  readonly ofNodes: boolean;
  readonly most: number;
}

type Rule = Required<Omit<Spread, "required">>;

/** kube-scheduler, system default constraints of PodTopologySpread. */
const DEFAULT_SPREAD: readonly Rule[] = [
  { over: "node", how: "even", maxSkew: 3 },
  { over: "zone", how: "even", maxSkew: 5 },
];

const MAX_SCORE = 100;

/** Weight of spread and of affinity beside least and balanced allocation (kube-scheduler, default plugins). */
const SPREAD_WEIGHT = 2;

// Looked up once: in a sandbox, as Jest's, each look at a global costs more than the sum it stands in.
const { abs, ceil, floor, imul, log, max, min, round } = Math;
const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

const NOWHERE = -1;

/** Waits for its volume's zone. */
const WAITING = -2;

/**
 * What kube-scheduler does with pods one after the other: its filters (room, volumes, required spread), its scores
 * (least and balanced allocation, preferred spread) and its preemption.
 */
export class Simulation {
  private readonly loads: readonly Load[];
  private readonly zoneOf: Int32Array;
  private readonly zones: readonly string[];
  private readonly alive: Uint8Array;
  private readonly freeMillicores: Float64Array;
  private readonly freeMemory: Float64Array;
  private readonly freePods: Float64Array;
  private readonly freeVolumes: Float64Array;

  /** Pods of each group on each node and in each zone. */
  private readonly onNode: Int32Array[];
  private readonly inZone: Int32Array[];

  /** Each pod's group, node and the zone of its volumes. */
  private readonly groupOf: Int32Array;
  private readonly nodeOf: Int32Array;
  private readonly volumesIn: Int32Array;

  private readonly feasible: Int32Array;
  private readonly spreadScores: Float64Array;
  private readonly affinityScores: Float64Array;
  private readonly preempts: boolean;
  private chance: number;

  /** `groups` are those whose pods are not one on every node; those are `overhead`, taken from every node. */
  constructor(
    private readonly pool: NodePool,
    groups: readonly PodGroup[],
    overhead: readonly PodGroup[],
    course: Course,
  ) {
    this.zones = Object.keys(pool.zones).filter((zone) => (pool.zones[zone] ?? 0) > 0);
    this.zoneOf = Int32Array.from(this.zones.flatMap((zone, index) => Array<number>(pool.zones[zone] ?? 0).fill(index)));
    this.loads = groups.map((group) => loadOf(group, course.spreadByDefault, this.zones.length));
    const nodes = this.zoneOf.length;
    const kept = (of: (group: PodGroup) => number) => overhead.reduce((sum, group) => sum + of(group), 0);
    this.alive = new Uint8Array(nodes).fill(1);
    this.freeMillicores = new Float64Array(nodes).fill(pool.node.millicores - kept(({ request }) => request.millicores));
    this.freeMemory = new Float64Array(nodes).fill(pool.node.memoryBytes - kept(({ request }) => request.memoryBytes));
    this.freePods = new Float64Array(nodes).fill(pool.node.pods - overhead.length);
    this.freeVolumes = new Float64Array(nodes).fill(pool.node.volumes - kept(({ request }) => request.volumes ?? 0));
    this.onNode = groups.map(() => new Int32Array(nodes));
    this.inZone = groups.map(() => new Int32Array(this.zones.length));
    this.groupOf = Int32Array.from(course.arrivals);
    this.nodeOf = new Int32Array(this.groupOf.length).fill(NOWHERE);
    this.volumesIn = new Int32Array(this.groupOf.length).fill(NOWHERE);
    this.feasible = new Int32Array(nodes);
    this.spreadScores = new Float64Array(nodes);
    this.affinityScores = new Float64Array(nodes);
    this.preempts = new Set(this.loads.map(({ priority }) => priority)).size > 1;
    this.chance = course.seed;
  }

  /** Whether any node can't even hold what runs on each. */
  get overheadFits(): boolean {
    return [this.freeMillicores, this.freeMemory, this.freePods, this.freeVolumes].every((free) => free.every((left) => left >= 0));
  }

  /** Places every pod that has no place yet. Whoever finds none is tried again as long as others still move. */
  settle(): readonly Homeless[] {
    let queue: number[] = [];
    for (let pod = 0; pod < this.groupOf.length; pod++) if (this.nodeOf[pod] === NOWHERE) queue.push(pod);
    for (let moved = true; moved && queue.length > 0; ) {
      moved = false;
      const next: number[] = [];
      for (let at = 0; at < queue.length; at++) {
        const pod = queue[at] as number;
        const node = this.choose(this.groupOf[pod] as number, this.volumesIn[pod] as number);
        if (node !== NOWHERE) this.put(pod, node);
        else if (this.preempts && this.preempt(pod, queue)) moved = true;
        else {
          next.push(pod);
          continue;
        }
        moved = true;
      }
      queue = next;
    }
    return this.homeless(queue);
  }

  /** The same, with a zone's nodes gone. Pods whose volumes are there wait for them; the others need another place. */
  without(zone: string): Simulation {
    const left = this.copy();
    const lost = this.zones.indexOf(zone);
    for (let node = 0; node < left.zoneOf.length; node++) if (left.zoneOf[node] === lost) left.alive[node] = 0;
    for (let pod = 0; pod < left.nodeOf.length; pod++) {
      const node = left.nodeOf[pod] as number;
      if (node < 0 || left.alive[node]) continue;
      left.take(left.groupOf[pod] as number, node, -1);
      left.nodeOf[pod] = left.volumesIn[pod] === lost ? WAITING : NOWHERE;
    }
    return left;
  }

  /** Whether so many more pods of a group fit beside everything else, which stays as it is. */
  hasRoomFor(group: number, pods: number): boolean {
    const placed: number[] = [];
    while (placed.length < pods) {
      const node = this.choose(group, NOWHERE);
      if (node === NOWHERE) break;
      this.take(group, node, 1);
      placed.push(node);
    }
    for (const node of placed) this.take(group, node, -1);
    return placed.length === pods;
  }

  /** Whether every node has room for one more pod. */
  hasRoomOnEach({ millicores, memoryBytes, volumes = 0 }: PodGroup["request"]): boolean {
    return this.alive.every(
      (alive, node) =>
        !alive ||
        ((this.freeMillicores[node] as number) >= millicores &&
          (this.freeMemory[node] as number) >= memoryBytes &&
          (this.freePods[node] as number) >= 1 &&
          (this.freeVolumes[node] as number) >= volumes),
    );
  }

  /** How many pods of each group wait for volumes in a zone that is lost. */
  get waiting(): readonly number[] {
    const counts = this.loads.map(() => 0);
    for (let pod = 0; pod < this.nodeOf.length; pod++) if (this.nodeOf[pod] === WAITING) (counts[this.groupOf[pod] as number] as number)++;
    return counts;
  }

  /** The largest pod, in the proportions of a node, that finds room on one node. */
  get largest(): Amount {
    let best: Amount = { millicores: 0, memoryBytes: 0 };
    let most = 0;
    for (let node = 0; node < this.alive.length; node++) {
      if (!this.alive[node] || (this.freePods[node] as number) < 1) continue;
      const millicores = this.freeMillicores[node] as number;
      const memoryBytes = this.freeMemory[node] as number;
      const part = min(millicores / this.pool.node.millicores, memoryBytes / this.pool.node.memoryBytes);
      if (part > most) [best, most] = [{ millicores, memoryBytes }, part];
    }
    return best;
  }

  private copy(): Simulation {
    const same = Object.create(Simulation.prototype) as Record<string, unknown>;
    for (const [field, value] of Object.entries(this)) same[field] = ArrayBuffer.isView(value) ? (value as Int32Array).slice() : value;
    same.onNode = this.onNode.map((counts) => counts.slice());
    same.inZone = this.inZone.map((counts) => counts.slice());
    return same as unknown as Simulation;
  }

  private homeless(unplaced: readonly number[]): readonly Homeless[] {
    const missing = new Map<number, number>();
    for (const pod of unplaced) missing.set(this.groupOf[pod] as number, (missing.get(this.groupOf[pod] as number) ?? 0) + 1);
    const found: Homeless[] = [...missing].map(([index, pods]) => {
      const load = this.loads[index] as Load;
      const roomy = this.alive.some((alive, node) => alive && this.holds(load, node));
      return { group: load.group, pods, why: roomy ? "spread" : "room" };
    });
    this.waiting.forEach((pods, index) => {
      const { group, share } = this.loads[index] as Load;
      if (pods > share) found.push({ group, pods: pods - share, why: "volumes" });
    });
    return found;
  }

  private put(pod: number, node: number): void {
    const group = this.groupOf[pod] as number;
    this.take(group, node, 1);
    this.nodeOf[pod] = node;
    if ((this.loads[group] as Load).volumes > 0) this.volumesIn[pod] = this.zoneOf[node] as number;
  }

  /** Gives room of a node to a pod (1), or back (-1). */
  private take(group: number, node: number, pods: 1 | -1): void {
    const load = this.loads[group] as Load;
    (this.freeMillicores[node] as number) -= pods * load.millicores;
    (this.freeMemory[node] as number) -= pods * load.memory;
    (this.freePods[node] as number) -= pods;
    (this.freeVolumes[node] as number) -= pods * load.volumes;
    ((this.onNode[group] as Int32Array)[node] as number) += pods;
    ((this.inZone[group] as Int32Array)[this.zoneOf[node] as number] as number) += pods;
  }

  private holds(load: Load, node: number): boolean {
    return (
      (this.freeMillicores[node] as number) >= load.millicores &&
      (this.freeMemory[node] as number) >= load.memory &&
      (this.freePods[node] as number) >= 1 &&
      (load.volumes === 0 || (this.freeVolumes[node] as number) >= load.volumes)
    );
  }

  /** The node that the scheduler binds a pod to, or none. */
  private choose(group: number, zone: number): number {
    const load = this.loads[group] as Load;
    const limits = this.limits(group);
    let count = 0;
    for (let node = 0; node < this.alive.length; node++)
      if (this.alive[node] && this.holds(load, node) && (zone < 0 || this.zoneOf[node] === zone) && this.allows(limits, node))
        this.feasible[count++] = node;
    if (count < 2) return count === 0 ? NOWHERE : (this.feasible[0] as number);
    const scored = load.preferred.length > 0;
    if (scored) this.scorePreferences(group, count);
    let best = -1;
    let ties = 0;
    let chosen = NOWHERE;
    for (let at = 0; at < count; at++) {
      const node = this.feasible[at] as number;
      const preference = scored ? (this.spreadScores[at] as number) + (this.affinityScores[at] as number) : 0;
      const score = this.allocationScore(load, node) + preference;
      if (score < best) continue;
      if (score > best) {
        best = score;
        ties = 1;
        chosen = node;
      } else if (this.random() * ++ties < 1) chosen = node;
    }
    return chosen;
  }

  /** The most pods that each required spread leaves to a place that is to get one more. */
  private limits(group: number): readonly Limit[] {
    return (this.loads[group] as Load).required.map((rule) => {
      const counts = this.counts(group, rule);
      return { counts, ofNodes: rule.over === "node", most: rule.how === "apart" ? 0 : this.least(counts, rule) + rule.maxSkew - 1 };
    });
  }

  private allows(limits: readonly Limit[], node: number): boolean {
    for (const { counts, ofNodes, most } of limits)
      if ((counts[ofNodes ? node : (this.zoneOf[node] as number)] as number) > most) return false;
    return true;
  }

  private counts(group: number, { over }: Rule): Int32Array {
    return (over === "node" ? this.onNode : this.inZone)[group] as Int32Array;
  }

  private least(counts: Int32Array, { over }: Rule): number {
    let least = POSITIVE_INFINITY;
    for (let node = 0; node < this.alive.length; node++) {
      const pods = counts[over === "node" ? node : (this.zoneOf[node] as number)] as number;
      if (this.alive[node] && pods < least) least = pods;
    }
    return least;
  }

  /** Least and balanced allocation, in whole points as the scheduler counts them. */
  private allocationScore(load: Load, node: number): number {
    const { millicores, memoryBytes } = this.pool.node;
    const leftMillicores = (this.freeMillicores[node] as number) - load.millicores;
    const leftMemory = (this.freeMemory[node] as number) - load.memory;
    const least = floor((floor((leftMillicores * MAX_SCORE) / millicores) + floor((leftMemory * MAX_SCORE) / memoryBytes)) / 2);
    const imbalance = abs(leftMillicores / millicores - leftMemory / memoryBytes) / 2;
    return least + floor((1 - imbalance) * MAX_SCORE);
  }

  private scorePreferences(group: number, count: number): void {
    const { preferred } = this.loads[group] as Load;
    this.spreadScores.fill(0, 0, count);
    this.affinityScores.fill(0, 0, count);
    const even = preferred.filter(({ how }) => how === "even");
    const apart = preferred.filter(({ how }) => how === "apart");
    if (even.length > 0) {
      for (const rule of even) {
        const weight = log(this.domains(rule, count) + 2);
        this.add(this.spreadScores, group, rule, count, (pods) => pods * weight + rule.maxSkew - 1);
      }
      const [lowest, highest] = range(this.spreadScores, count, round);
      for (let at = 0; at < count; at++) {
        const score = round(this.spreadScores[at] as number);
        const normal = highest === 0 ? MAX_SCORE : floor((MAX_SCORE * (highest + lowest - score)) / highest);
        this.spreadScores[at] = SPREAD_WEIGHT * normal;
      }
    }
    if (apart.length > 0) {
      for (const rule of apart) this.add(this.affinityScores, group, rule, count, (pods) => -pods);
      const [lowest, highest] = range(this.affinityScores, count, (score) => score);
      for (let at = 0; at < count; at++) {
        const normal = highest === lowest ? 0 : floor((MAX_SCORE * ((this.affinityScores[at] as number) - lowest)) / (highest - lowest));
        this.affinityScores[at] = SPREAD_WEIGHT * normal;
      }
    }
  }

  private add(scores: Float64Array, group: number, rule: Rule, count: number, points: (pods: number) => number): void {
    const counts = this.counts(group, rule);
    for (let at = 0; at < count; at++) {
      const node = this.feasible[at] as number;
      (scores[at] as number) += points(counts[rule.over === "node" ? node : (this.zoneOf[node] as number)] as number);
    }
  }

  private domains({ over }: Rule, count: number): number {
    if (over === "node") return count;
    const zones = new Set<number>();
    for (let at = 0; at < count; at++) zones.add(this.zoneOf[this.feasible[at] as number] as number);
    return zones.size;
  }

  /** Takes a place from pods of lower priority: on the node where the least important, then the fewest, have to go. */
  private preempt(pod: number, queue: number[]): boolean {
    const group = this.groupOf[pod] as number;
    const load = this.loads[group] as Load;
    const zone = this.volumesIn[pod] as number;
    const limits = this.limits(group);
    let best: readonly number[] | undefined;
    let chosen = NOWHERE;
    for (let node = 0; node < this.alive.length; node++) {
      if (!this.alive[node] || (zone >= 0 && this.zoneOf[node] !== zone) || !this.allows(limits, node)) continue;
      const victims = this.victims(load, node);
      if (victims && (!best || this.cheaper(victims, best))) [best, chosen] = [victims, node];
    }
    if (!best) return false;
    for (const victim of best) {
      this.take(this.groupOf[victim] as number, chosen, -1);
      this.nodeOf[victim] = NOWHERE;
      queue.push(victim);
    }
    this.put(pod, chosen);
    return true;
  }

  /** Who has to leave a node for a pod: of those below it in priority only as many as needed, the most important stay. */
  private victims(load: Load, node: number): readonly number[] | undefined {
    const lower: number[] = [];
    for (let pod = 0; pod < this.nodeOf.length; pod++)
      if (this.nodeOf[pod] === node && this.priorityOf(pod) < load.priority) lower.push(pod);
    lower.sort((one, other) => this.priorityOf(other) - this.priorityOf(one));
    for (const pod of lower) this.take(this.groupOf[pod] as number, node, -1);
    const fits = this.holds(load, node);
    const victims: number[] = [];
    const back: number[] = [];
    for (const pod of lower) {
      this.take(this.groupOf[pod] as number, node, 1);
      if (!fits || this.holds(load, node)) continue;
      this.take(this.groupOf[pod] as number, node, -1);
      back.push(pod);
      victims.push(pod);
    }
    for (const pod of back) this.take(this.groupOf[pod] as number, node, 1);
    return fits ? victims : undefined;
  }

  private cheaper(victims: readonly number[], than: readonly number[]): boolean {
    const cost = (pods: readonly number[]) => [
      this.priorityOf(pods[0] as number),
      pods.reduce((sum, pod) => sum + this.priorityOf(pod) + 2 ** 31, 0),
    ];
    const [highest = 0, sum = 0] = cost(victims);
    const [otherHighest = 0, otherSum = 0] = cost(than);
    return highest === otherHighest ? sum < otherSum : highest < otherHighest;
  }

  private priorityOf(pod: number): number {
    return (this.loads[this.groupOf[pod] as number] as Load).priority;
  }

  /** The same numbers for the same seed: mulberry32. */
  private random(): number {
    this.chance = (this.chance + 0x6d2b79f5) | 0;
    let mixed = imul(this.chance ^ (this.chance >>> 15), this.chance | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

function loadOf(group: PodGroup, spreadByDefault: boolean, zones: number): Load {
  const rules = (required: boolean): readonly Rule[] =>
    (group.spread ?? []).filter((spread) => spread.required === required).map(({ over, how, maxSkew = 1 }) => ({ over, how, maxSkew }));
  const preferred = rules(false);
  const evens = (group.spread ?? []).some(({ how }) => how === "even");
  return {
    group,
    millicores: group.request.millicores,
    memory: group.request.memoryBytes,
    volumes: group.request.volumes ?? 0,
    priority: group.priority ?? 0,
    required: rules(true),
    preferred: spreadByDefault && !evens ? [...preferred, ...DEFAULT_SPREAD] : preferred,
    // What an even spread leaves there.
    share: typeof group.pods === "number" ? ceil(group.pods / zones) : 0,
  };
}

function range(scores: Float64Array, count: number, of: (score: number) => number): readonly [number, number] {
  let lowest = POSITIVE_INFINITY;
  let highest = NEGATIVE_INFINITY;
  for (let at = 0; at < count; at++) {
    lowest = min(lowest, of(scores[at] as number));
    highest = max(highest, of(scores[at] as number));
  }
  return [lowest, highest];
}
