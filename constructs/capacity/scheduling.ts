import type { PodGroup } from "./contract";
import type { Load, Rule, SimulationInput } from "./ground";

/** One order in which the pods arrive, with a seed for the scheduler's random choices. */
export interface PlacementOrder {
  /** Group index of each pod, in the order of arrival. */
  readonly arrivals: readonly number[];

  /** Applies the scheduler's default soft spread, as for pods of a Deployment, to groups without one. */
  readonly spreadByDefault: boolean;

  readonly seed: number;
}

/** A group with unschedulable pods. */
export interface Unschedulable {
  readonly group: PodGroup;
  readonly pods: number;

  /**
   * `room`: no node has enough capacity. `spread`: a node has, but required spread rules exclude it. `volumes`: more of its volumes are in
   * the failed zone than an even share.
   */
  readonly why: "room" | "spread" | "volumes";
}

/** Free resources of a node, or requests of a pod. */
export interface Amount {
  readonly millicores: number;
  readonly memoryBytes: number;
}

const MAX_SCORE = 100;

/** Weight of spread and affinity, relative to least and balanced allocation (kube-scheduler, default plugins). */
const SPREAD_WEIGHT = 2;

// Looked up once: in a sandbox such as Jest's, each access to a global costs more than the calculation around it.
const { abs, floor, imul, log, max, min, round } = Math;
const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

const NOWHERE = -1;

/** Pending until the zone of its volume is back. */
const WAITING = -2;

/**
 * Simulation of kube-scheduler, one pod after the other: its filters (capacity, volumes, required spread), its scores (least and balanced
 * allocation, preferred spread) and its preemption.
 */
export class Simulation {
  /** Number of pods, by group index, that wait for volumes in the failed zone. */
  readonly waiting = new Map<number, number>();

  private readonly zoneOf: Int32Array;
  private readonly nodes: number;
  private readonly zones: number;
  private loads: readonly Load[] = [];
  private groupOf: readonly number[] = [];
  private chance = 0;

  private readonly alive: Uint8Array;
  private readonly freeMillicores: Float64Array;
  private readonly freeMemory: Float64Array;
  private readonly freePods: Float64Array;
  private readonly freeVolumes: Float64Array;

  /** Pods of each group on each node and in each zone, ordered by group. */
  private readonly onNode: Int32Array;
  private readonly inZone: Int32Array;

  /** Each pod's node, and the zone of its volumes. */
  private readonly nodeOf: Int32Array;
  private readonly volumesIn: Int32Array;

  /** Nodes that are feasible for a pod, and their scores by the same index. */
  private readonly feasible: Int32Array;
  private readonly spreadScores: Float64Array;
  private readonly affinityScores: Float64Array;

  /** Maximum number of pods that a zone or node may have to get one more, for each required rule. */
  private readonly limits: number[] = [];

  /** Created once for many placement orders, because allocating the arrays costs more than placing the pods. */
  constructor(private readonly ground: SimulationInput) {
    const { zoneOf, zones, groups, pods } = ground;
    this.zoneOf = zoneOf;
    this.nodes = zoneOf.length;
    this.zones = zones.length;
    this.alive = new Uint8Array(this.nodes);
    this.freeMillicores = new Float64Array(this.nodes);
    this.freeMemory = new Float64Array(this.nodes);
    this.freePods = new Float64Array(this.nodes);
    this.freeVolumes = new Float64Array(this.nodes);
    this.onNode = new Int32Array(groups.length * this.nodes);
    this.inZone = new Int32Array(groups.length * this.zones);
    this.nodeOf = new Int32Array(pods);
    this.volumesIn = new Int32Array(pods);
    this.feasible = new Int32Array(this.nodes);
    this.spreadScores = new Float64Array(this.nodes);
    this.affinityScores = new Float64Array(this.nodes);
  }

  /** Starts a placement attempt with all nodes up and empty. */
  begin({ arrivals, spreadByDefault, seed }: PlacementOrder): void {
    const { free } = this.ground;
    this.loads = this.ground.loads(spreadByDefault);
    this.groupOf = arrivals;
    this.chance = seed;
    this.alive.fill(1);
    this.freeMillicores.fill(free.millicores);
    this.freeMemory.fill(free.memory);
    this.freePods.fill(free.pods);
    this.freeVolumes.fill(free.volumes);
    this.onNode.fill(0);
    this.inZone.fill(0);
    this.nodeOf.fill(NOWHERE);
    this.volumesIn.fill(NOWHERE);
    this.waiting.clear();
  }

  /** Places every pod that has no node yet. Retries pods that don't fit as long as others still move. */
  settle(): readonly Unschedulable[] {
    let queue: number[] = [];
    for (let pod = 0; pod < this.nodeOf.length; pod++) if (this.nodeOf[pod] === NOWHERE) queue.push(pod);
    for (let moved = true; moved && queue.length > 0; ) {
      moved = false;
      const next: number[] = [];
      for (let at = 0; at < queue.length; at++) {
        const pod = queue[at] as number;
        const node = this.choose(this.groupOf[pod] as number, this.volumesIn[pod] as number);
        if (node !== NOWHERE) this.put(pod, node);
        else if (this.ground.preempts && this.preempt(pod, queue)) moved = true;
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

  /** Continues from another simulation with the nodes of a zone down. Pods with volumes there wait; the others are rescheduled. */
  lose(zone: string, before: Simulation): void {
    this.become(before);
    const lost = this.ground.zones.indexOf(zone);
    for (let node = 0; node < this.nodes; node++) if (this.zoneOf[node] === lost) this.alive[node] = 0;
    for (let pod = 0; pod < this.nodeOf.length; pod++) {
      const node = this.nodeOf[pod] as number;
      if (node < 0 || this.alive[node]) continue;
      const group = this.groupOf[pod] as number;
      this.take(group, node, -1);
      const waits = this.volumesIn[pod] === lost;
      this.nodeOf[pod] = waits ? WAITING : NOWHERE;
      if (waits) this.waiting.set(group, (this.waiting.get(group) ?? 0) + 1);
    }
  }

  /** Checks that so many more pods of a group fit in addition to everything else, without moving pods. */
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

  /** Checks that every node has capacity for one more pod. */
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

  /** The largest pod, limited by the fuller of CPU and memory, that still fits on a node. */
  get largest(): Amount {
    let best: Amount = { millicores: 0, memoryBytes: 0 };
    let most = 0;
    for (let node = 0; node < this.nodes; node++) {
      if (!this.alive[node] || (this.freePods[node] as number) < 1) continue;
      const millicores = this.freeMillicores[node] as number;
      const memoryBytes = this.freeMemory[node] as number;
      const part = min(millicores / this.ground.pool.node.millicores, memoryBytes / this.ground.pool.node.memoryBytes);
      if (part > most) [best, most] = [{ millicores, memoryBytes }, part];
    }
    return best;
  }

  private become(other: Simulation): void {
    this.loads = other.loads;
    this.groupOf = other.groupOf;
    this.chance = other.chance;
    this.alive.set(other.alive);
    this.freeMillicores.set(other.freeMillicores);
    this.freeMemory.set(other.freeMemory);
    this.freePods.set(other.freePods);
    this.freeVolumes.set(other.freeVolumes);
    this.onNode.set(other.onNode);
    this.inZone.set(other.inZone);
    this.nodeOf.set(other.nodeOf);
    this.volumesIn.set(other.volumesIn);
    this.waiting.clear();
  }

  private homeless(unplaced: readonly number[]): readonly Unschedulable[] {
    const missing = new Map<number, number>();
    for (const pod of unplaced) missing.set(this.groupOf[pod] as number, (missing.get(this.groupOf[pod] as number) ?? 0) + 1);
    const found: Unschedulable[] = [...missing].map(([index, pods]) => {
      const load = this.loads[index] as Load;
      const roomy = this.alive.some((alive, node) => alive && this.holds(load, node));
      return { group: load.group, pods, why: roomy ? "spread" : "room" };
    });
    for (const [index, pods] of [...this.waiting].sort(([one], [other]) => one - other)) {
      const { group, share } = this.loads[index] as Load;
      if (pods > share) found.push({ group, pods: pods - share, why: "volumes" });
    }
    return found;
  }

  private put(pod: number, node: number): void {
    const group = this.groupOf[pod] as number;
    this.take(group, node, 1);
    this.nodeOf[pod] = node;
    if ((this.loads[group] as Load).volumes > 0) this.volumesIn[pod] = this.zoneOf[node] as number;
  }

  /** Assigns a node's resources to a pod (1), or frees them (-1). */
  private take(group: number, node: number, pods: 1 | -1): void {
    const load = this.loads[group] as Load;
    (this.freeMillicores[node] as number) -= pods * load.millicores;
    (this.freeMemory[node] as number) -= pods * load.memory;
    (this.freePods[node] as number) -= pods;
    (this.freeVolumes[node] as number) -= pods * load.volumes;
    (this.onNode[group * this.nodes + node] as number) += pods;
    (this.inZone[group * this.zones + (this.zoneOf[node] as number)] as number) += pods;
  }

  private holds(load: Load, node: number): boolean {
    return (
      (this.freeMillicores[node] as number) >= load.millicores &&
      (this.freeMemory[node] as number) >= load.memory &&
      (this.freePods[node] as number) >= 1 &&
      (load.volumes === 0 || (this.freeVolumes[node] as number) >= load.volumes)
    );
  }

  /** The node that the scheduler binds a pod to, or `NOWHERE`. */
  private choose(group: number, zone: number): number {
    const load = this.loads[group] as Load;
    this.limit(group);
    let count = 0;
    for (let node = 0; node < this.nodes; node++)
      if (this.alive[node] && this.holds(load, node) && (zone < 0 || this.zoneOf[node] === zone) && this.allows(group, node))
        this.feasible[count++] = node;
    if (count < 2) return count === 0 ? NOWHERE : (this.feasible[0] as number);
    const scored = load.even.length > 0 || load.apart.length > 0;
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

  /** Computes the limits of the required rules. */
  private limit(group: number): void {
    const { required } = this.loads[group] as Load;
    for (let rule = 0; rule < required.length; rule++) {
      const { apart, maxSkew } = required[rule] as Rule;
      this.limits[rule] = apart ? 0 : this.least(group, required[rule] as Rule) + maxSkew - 1;
    }
  }

  private allows(group: number, node: number): boolean {
    const { required } = this.loads[group] as Load;
    for (let rule = 0; rule < required.length; rule++)
      if (this.count(group, required[rule] as Rule, node) > (this.limits[rule] as number)) return false;
    return true;
  }

  /** Number of a group's pods in the zone or on the node that a rule counts. */
  private count(group: number, { overNodes }: Rule, node: number): number {
    return (overNodes ? this.onNode[group * this.nodes + node] : this.inZone[group * this.zones + (this.zoneOf[node] as number)]) as number;
  }

  private least(group: number, rule: Rule): number {
    let least = POSITIVE_INFINITY;
    for (let node = 0; node < this.nodes; node++) if (this.alive[node]) least = min(least, this.count(group, rule, node));
    return least;
  }

  /** Score of least and balanced allocation, in whole points as in the scheduler. */
  private allocationScore(load: Load, node: number): number {
    const { millicores, memoryBytes } = this.ground.pool.node;
    const leftMillicores = (this.freeMillicores[node] as number) - load.millicores;
    const leftMemory = (this.freeMemory[node] as number) - load.memory;
    const least = floor((floor((leftMillicores * MAX_SCORE) / millicores) + floor((leftMemory * MAX_SCORE) / memoryBytes)) / 2);
    const imbalance = abs(leftMillicores / millicores - leftMemory / memoryBytes) / 2;
    return least + floor((1 - imbalance) * MAX_SCORE);
  }

  private scorePreferences(group: number, count: number): void {
    const { even, apart } = this.loads[group] as Load;
    const { feasible, onNode, inZone, zoneOf, spreadScores } = this;
    const [onNodes, inZones] = [group * this.nodes, group * this.zones];
    for (let at = 0; at < count; at++) spreadScores[at] = this.affinityScores[at] = 0;
    if (even.length > 0) {
      for (let index = 0; index < even.length; index++) {
        const rule = even[index] as Rule;
        const { overNodes, maxSkew } = rule;
        const weight = log(this.domains(rule, count) + 2);
        for (let at = 0; at < count; at++) {
          const node = feasible[at] as number;
          const pods = (overNodes ? onNode[onNodes + node] : inZone[inZones + (zoneOf[node] as number)]) as number;
          (spreadScores[at] as number) += pods * weight + maxSkew - 1;
        }
      }
      let lowest = POSITIVE_INFINITY;
      let highest = NEGATIVE_INFINITY;
      for (let at = 0; at < count; at++) {
        const score = round(spreadScores[at] as number);
        spreadScores[at] = score;
        lowest = min(lowest, score);
        highest = max(highest, score);
      }
      for (let at = 0; at < count; at++) {
        const normal = highest === 0 ? MAX_SCORE : floor((MAX_SCORE * (highest + lowest - (spreadScores[at] as number))) / highest);
        spreadScores[at] = SPREAD_WEIGHT * normal;
      }
    }
    if (apart.length > 0) {
      let lowest = POSITIVE_INFINITY;
      let highest = NEGATIVE_INFINITY;
      for (let at = 0; at < count; at++) {
        let score = 0;
        for (const rule of apart) score -= this.count(group, rule, this.feasible[at] as number);
        this.affinityScores[at] = score;
        lowest = min(lowest, score);
        highest = max(highest, score);
      }
      for (let at = 0; at < count; at++) {
        const normal = highest === lowest ? 0 : floor((MAX_SCORE * ((this.affinityScores[at] as number) - lowest)) / (highest - lowest));
        this.affinityScores[at] = SPREAD_WEIGHT * normal;
      }
    }
  }

  /** Number of zones or nodes, as a rule counts them, that are feasible for a pod. */
  private domains({ overNodes }: Rule, count: number): number {
    if (overNodes) return count;
    let zones = 0;
    let last = NOWHERE;
    for (let at = 0; at < count; at++) {
      const zone = this.zoneOf[this.feasible[at] as number] as number;
      if (zone !== last) zones++;
      last = zone;
    }
    return zones;
  }

  /** Preempts pods of lower priority, on the node where the victims have the lowest priority, then the lowest sum. */
  private preempt(pod: number, queue: number[]): boolean {
    const group = this.groupOf[pod] as number;
    const load = this.loads[group] as Load;
    if (!load.preempts) return false;
    const zone = this.volumesIn[pod] as number;
    this.limit(group);
    let best: readonly number[] | undefined;
    let chosen = NOWHERE;
    for (let node = 0; node < this.nodes; node++) {
      if (!this.alive[node] || (zone >= 0 && this.zoneOf[node] !== zone) || !this.allows(group, node)) continue;
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

  /** Pods to evict from a node for a pod: only as many of lower priority as needed, the highest of them stay. */
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

  /** Mulberry32: the same numbers for the same seed. */
  private random(): number {
    this.chance = (this.chance + 0x6d2b79f5) | 0;
    let mixed = imul(this.chance ^ (this.chance >>> 15), this.chance | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
