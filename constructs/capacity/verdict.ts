import { fitsAnyhow, sharesZones } from "./bound";
import type { NodePool, NodeRoom, PodGroup } from "./contract";
import { courses } from "./courses";
import { SimulationInput } from "./ground";
import { type Amount, type PlacementOrder, Simulation, type Unschedulable } from "./scheduling";

/** Result of the capacity check. */
export type Verdict = Unknown | Known;

/** No result. */
export interface Unknown {
  readonly known: false;

  /** Reason why there is no result. */
  readonly reason: string;
}

/** Result of a capacity check for nodes of known size. */
export interface Known {
  readonly known: true;

  /** Is true if everything fits in every case. */
  readonly fits: boolean;

  /** With all nodes first, then with each zone down. */
  readonly cases: readonly Case[];

  /** Resources that autoscaled workloads add at maximum replicas. `fits` is true if these fit too, with all nodes. */
  readonly scaled: Demand & { readonly fits: boolean };
}

/** Sum of the requests of required pods. */
export interface Demand extends Amount {
  readonly pods: number;
  readonly volumes: number;
}

/** One state of the nodes. */
export interface Case {
  /** @default - all nodes are up */
  readonly lostZone?: string;

  readonly nodes: number;

  /** Allocatable resources of these nodes. */
  readonly room: Demand;

  /** Requests of required pods, less pods that wait for volumes in the failed zone. */
  readonly asked: Demand;

  readonly fits: boolean;

  /** Unschedulable pods of the first placement attempt that has any. */
  readonly homeless: readonly Unplaced[];

  /** Approximately the largest pod, limited by CPU and memory, that would fit in addition. */
  readonly largest: Amount;
}

/** Reason why a group doesn't fit: as in scheduling, or during a rolling update (`surge`), or as a transient pod (`passing`). */
export interface Unplaced {
  readonly group: PodGroup;
  readonly pods: number;
  readonly why: Unschedulable["why"] | "overhead" | "surge" | "passing";
}

/** One placement attempt, and its unschedulable pods. */
interface Trial {
  readonly lostZone?: string;
  readonly homeless: readonly Unplaced[];
  readonly largest: Amount;

  /** Number of pods, by group index, that wait for their volumes. */
  readonly waiting: ReadonlyMap<number, number>;
}

/**
 * Checks that everything fits a pool: with all nodes, including the surge of one workload; and with any one zone down, if there are
 * several. It fits if it does in any placement order (`isCertain`), or else in every order that is tried.
 */
export function verdictOn(pool: NodePool, entries: readonly PodGroup[]): Known {
  const { groups, overhead, placed, states } = read(pool, entries);
  const first = firstFailure(new SimulationInput(pool, groups, overhead));
  const cases = states.map((lostZone): Case => {
    const { homeless, largest, waiting } = first.find((trial) => trial.lostZone === lostZone) as Trial;
    const { nodes, room } = roomOf(pool, lostZone);
    const asked = difference(demand(placed, nodes), demandOf(waiting, groups));
    return { ...(lostZone === undefined ? {} : { lostZone }), nodes, room, asked, fits: homeless.length === 0, homeless, largest };
  });
  const scaled = placed.map(atMost);
  const more = difference(demand(scaled, roomOf(pool).nodes), demand(placed, roomOf(pool).nodes));
  const fits = cases.every((state) => state.fits);
  return { known: true, fits, cases, scaled: { ...more, fits: fits && (more.pods === 0 || fitsNow(pool, groups.map(atMost), overhead)) } };
}

/** A placement order with unschedulable pods. */
export interface Counterexample {
  readonly course: PlacementOrder;

  /** The groups to which the indices of the order refer. */
  readonly groups: readonly PodGroup[];

  /** @default - it fails with all nodes up */
  readonly lostZone?: string;
}

/** The first placement order with unschedulable pods, if one of those that are tried has any. */
export function witness(pool: NodePool, entries: readonly PodGroup[]): Counterexample | undefined {
  const { groups, overhead } = read(pool, entries);
  const ground = new SimulationInput(pool, groups, overhead);
  const stage = new Stage(ground);
  for (const course of coursesOn(ground)) {
    const failed = trials(stage, course).find(({ homeless }) => homeless.length > 0);
    if (failed) return { course, groups, ...(failed.lostZone === undefined ? {} : { lostZone: failed.lostZone }) };
  }
  return undefined;
}

/** Checks without a simulation that everything fits in any placement order. Sufficient, not necessary. */
export function isCertain(pool: NodePool, entries: readonly PodGroup[]): boolean {
  const { groups, overhead, states } = read(pool, entries);
  const node = less(pool.node, overhead);
  if (Object.values(node).some((left) => left < 0)) return false;
  return states.every((lostZone) => {
    const rollout = lostZone === undefined;
    if (!rollout && !groups.every(sharesZones)) return false;
    const zones = zonesOf(pool)
      .filter((zone) => zone !== lostZone)
      .map((zone) => pool.zones[zone] as number);
    return fitsAnyhow({ zones, node, groups, renewed: rollout ? overhead.filter(({ surge }) => surge) : [], rollout });
  });
}

/** Cases of the first placement order that fails; if none does, those with the least free capacity on one node. */
function firstFailure(ground: SimulationInput): readonly Trial[] {
  const certain = isCertain(ground.pool, [...ground.groups, ...ground.overhead]);
  const stage = new Stage(ground);
  let first: readonly Trial[] | undefined;
  for (const course of coursesOn(ground)) {
    const results = trials(stage, course);
    if (results.some(({ homeless }) => homeless.length > 0)) return results;
    first = first ? least(first, results) : results;
    if (certain) break;
  }
  return first as readonly Trial[];
}

/** Simulations that are reused for all placement orders: one with all nodes, one that continues from it with a zone down. */
class Stage {
  readonly whole: Simulation;
  readonly left: Simulation;

  constructor(readonly ground: SimulationInput) {
    this.whole = new Simulation(ground);
    this.left = new Simulation(ground);
  }
}

/** Results of one placement order, with all nodes and with each zone down. */
function trials({ ground, whole, left }: Stage, course: PlacementOrder): readonly Trial[] {
  const states = lossesOf(ground.pool);
  if (!ground.overheadFits) {
    const homeless = ground.overhead.map((group): Unplaced => ({ group, pods: 1, why: "overhead" }));
    return [undefined, ...states].map((lostZone) => ({
      ...(lostZone === undefined ? {} : { lostZone }),
      homeless,
      largest: NOTHING,
      waiting: new Map(),
    }));
  }
  whole.begin(course);
  const unplaced = whole.settle();
  const homeless = [...unplaced, ...passers(whole, ground), ...surges(whole, ground)];
  return [
    { homeless, largest: whole.largest, waiting: new Map() },
    ...states.map((lostZone) => {
      left.lose(lostZone, whole);
      // Pods that were unschedulable before still are, and are reported already.
      const homeless = [...left.settle(), ...passers(left, ground)];
      return { lostZone, homeless: unplaced.length > 0 ? [] : homeless, largest: left.largest, waiting: new Map(left.waiting) };
    }),
  ];
}

function passers(simulation: Simulation, { groups, passing }: SimulationInput): readonly Unplaced[] {
  return passing
    .filter((index) => !simulation.hasRoomFor(index, 1))
    .map((index) => ({ group: groups[index] as PodGroup, pods: 1, why: "passing" }));
}

function surges(simulation: Simulation, { groups, surging, overhead }: SimulationInput): readonly Unplaced[] {
  const again = ({ surge = 0 }: PodGroup) => surge;
  const unplaced = (group: PodGroup): Unplaced => ({ group, pods: again(group), why: "surge" });
  return [
    ...surging
      .filter((index) => !simulation.hasRoomFor(index, again(groups[index] as PodGroup)))
      .map((index) => unplaced(groups[index] as PodGroup)),
    ...overhead.filter(({ surge, request }) => surge && !simulation.hasRoomOnEach(request)).map(unplaced),
  ];
}

const NOTHING: Demand = { millicores: 0, memoryBytes: 0, pods: 0, volumes: 0 };

function demandOf(waiting: Trial["waiting"], groups: readonly PodGroup[]): Demand {
  return demand(
    [...waiting].map(([index, pods]) => ({ ...(groups[index] as PodGroup), pods })),
    0,
  );
}

/** The smaller `largest` of two attempts, for each case. */
function least(one: readonly Trial[], other: readonly Trial[]): readonly Trial[] {
  return one.map((trial, index) => {
    const rival = other[index] as Trial;
    return rival.largest.millicores < trial.largest.millicores ? rival : trial;
  });
}

/** Checks one friendly placement order, with all nodes. */
function fitsNow(pool: NodePool, groups: readonly PodGroup[], overhead: readonly PodGroup[]): boolean {
  const ground = new SimulationInput(pool, groups, overhead);
  const { value } = coursesOn(ground).next();
  if (value === undefined) return false;
  const simulation = new Simulation(ground);
  simulation.begin(value);
  return simulation.settle().length === 0;
}

function coursesOn({ pool, groups }: SimulationInput): Generator<PlacementOrder> {
  return courses(groups, roomOf(pool).nodes, (group) => part(group, pool.node));
}

/** The entries in a fixed order: their own must not affect the result. */
export function inOrder(entries: readonly PodGroup[]): readonly PodGroup[] {
  const keyed = entries.map((group) => ({ group, key: JSON.stringify([group.name, group]) }));
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ group }) => group);
}

function read(pool: NodePool, entries: readonly PodGroup[]) {
  const placed = inOrder(entries);
  const overhead = placed.filter(({ pods }) => pods === "each-node");
  const groups = placed.filter(({ pods }) => pods !== "each-node");
  return { placed, overhead, groups, states: [undefined, ...lossesOf(pool)] };
}

function zonesOf(pool: NodePool): readonly string[] {
  return Object.keys(pool.zones).filter((zone) => (pool.zones[zone] as number) > 0);
}

/** The zones that can fail: none if there is only one. */
function lossesOf(pool: NodePool): readonly string[] {
  const zones = zonesOf(pool);
  return zones.length > 1 ? zones : [];
}

function roomOf({ zones, node }: NodePool, lostZone?: string): { readonly nodes: number; readonly room: Demand } {
  const nodes = Object.entries(zones).reduce((sum, [zone, count]) => sum + (zone === lostZone ? 0 : count), 0);
  const { millicores, memoryBytes, pods, volumes } = node;
  return { nodes, room: times({ millicores, memoryBytes, pods, volumes }, nodes) };
}

/** Total requests of required pods on so many nodes. */
export function demand(groups: readonly PodGroup[], nodes: number): Demand {
  return groups.reduce((sum, { request, pods, passing }) => {
    const { millicores, memoryBytes, volumes = 0 } = request;
    return plus(sum, times({ millicores, memoryBytes, pods: 1, volumes }, pods === "each-node" ? nodes : passing ? 0 : pods));
  }, NOTHING);
}

function plus(one: Demand, other: Demand): Demand {
  return {
    millicores: one.millicores + other.millicores,
    memoryBytes: one.memoryBytes + other.memoryBytes,
    pods: one.pods + other.pods,
    volumes: one.volumes + other.volumes,
  };
}

function times({ millicores, memoryBytes, pods, volumes }: Demand, count: number): Demand {
  return { millicores: millicores * count, memoryBytes: memoryBytes * count, pods: pods * count, volumes: volumes * count };
}

function difference(one: Demand, other: Demand): Demand {
  return plus(one, times(other, -1));
}

function less(node: NodeRoom, overhead: readonly PodGroup[]): NodeRoom {
  return difference(node, demand(overhead, 1));
}

function atMost(group: PodGroup): PodGroup {
  return typeof group.pods === "number" && group.most !== undefined ? { ...group, pods: Math.max(group.pods, group.most) } : group;
}

/** Part of a node that a pod requests, of CPU or memory, whichever is more. */
function part({ request }: PodGroup, node: NodeRoom): number {
  return Math.max(request.millicores / node.millicores, request.memoryBytes / node.memoryBytes);
}
