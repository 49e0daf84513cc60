import { fitsAnyhow, sharesZones } from "./bound";
import type { NodePool, NodeRoom, PodGroup } from "./contract";
import { courses } from "./courses";
import { SimulationInput } from "./ground";
import { type Amount, type PlacementOrder, Simulation, type Unschedulable } from "./scheduling";

/** Whether everything that must run fits. */
export type Verdict = Unknown | Known;

/** No verdict. */
export interface Unknown {
  readonly known: false;

  /** Why there is none. */
  readonly reason: string;
}

export interface Known {
  readonly known: true;

  /** Whether it does in every case. */
  readonly fits: boolean;

  /** With all nodes first, then with each of the zones lost. */
  readonly cases: readonly Case[];

  /** What autoscaled workloads add when each is at its most, and whether that fits as well, with all nodes. */
  readonly scaled: Demand & { readonly fits: boolean };
}

export interface Demand extends Amount {
  readonly pods: number;
  readonly volumes: number;
}

/** One state of the nodes. */
export interface Case {
  /** @default - none: all nodes are there */
  readonly lostZone?: string;

  readonly nodes: number;

  /** What these nodes leave to pods. */
  readonly room: Demand;

  /** What must run on them, less what waits for its volumes in the zone that is lost. */
  readonly asked: Demand;

  readonly fits: boolean;

  /** What finds no place, of the first course of events in which something does not. */
  readonly homeless: readonly Unplaced[];

  /** The largest pod, in the proportions of a node, that would find room beside everything: about this. */
  readonly largest: Amount;
}

/** Why a group finds no place: as in scheduling, or as it comes up anew (`surge`), or when it comes by (`passing`). */
export interface Unplaced {
  readonly group: PodGroup;
  readonly pods: number;
  readonly why: Unschedulable["why"] | "overhead" | "surge" | "passing";
}

/** One course of events, and what finds no place in it. */
interface Trial {
  readonly lostZone?: string;
  readonly homeless: readonly Unplaced[];
  readonly largest: Amount;

  /** How many pods of a group, by its index, wait for their volumes. */
  readonly waiting: ReadonlyMap<number, number>;
}

/**
 * Whether everything fits a pool: with all nodes, and one workload coming up anew beside everything else; and with
 * any one zone lost, where there are several. It fits if it does however the others were placed before, or else in
 * every course of events that is tried.
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

/** A course of events in which something finds no place. */
export interface Counterexample {
  readonly course: PlacementOrder;

  /** The groups that the course means by their index. */
  readonly groups: readonly PodGroup[];

  /** @default - it happens with all nodes */
  readonly lostZone?: string;
}

/** The first course of events in which something finds no place, if any of those that are tried is one. */
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

/** Whether everything fits however it is placed, which can be said without trying. */
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

/** The states of the first course that fails, or of the most frugal one if none does. */
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

/** Where courses of events are played, one after the other: with all nodes, and from there on with a zone lost. */
class Stage {
  readonly whole: Simulation;
  readonly left: Simulation;

  constructor(readonly ground: SimulationInput) {
    this.whole = new Simulation(ground);
    this.left = new Simulation(ground);
  }
}

/** All states of the nodes in one course of events. */
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
      // What had no place before has none now either, and is told already.
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

/** Of two courses, for each state the one that leaves less in one piece. */
function least(one: readonly Trial[], other: readonly Trial[]): readonly Trial[] {
  return one.map((trial, index) => {
    const rival = other[index] as Trial;
    return rival.largest.millicores < trial.largest.millicores ? rival : trial;
  });
}

/** One friendly course, with all nodes. */
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

/** The entries in an order of their own: theirs means nothing. */
function read(pool: NodePool, entries: readonly PodGroup[]) {
  const keyed = entries.map((group) => ({ group, key: JSON.stringify([group.name, group]) }));
  const placed = keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ group }) => group);
  const overhead = placed.filter(({ pods }) => pods === "each-node");
  const groups = placed.filter(({ pods }) => pods !== "each-node");
  return { placed, overhead, groups, states: [undefined, ...lossesOf(pool)] };
}

function zonesOf(pool: NodePool): readonly string[] {
  return Object.keys(pool.zones).filter((zone) => (pool.zones[zone] as number) > 0);
}

/** The zones that can be lost: none is, where it is the only one. */
function lossesOf(pool: NodePool): readonly string[] {
  const zones = zonesOf(pool);
  return zones.length > 1 ? zones : [];
}

function roomOf({ zones, node }: NodePool, lostZone?: string): { readonly nodes: number; readonly room: Demand } {
  const nodes = Object.entries(zones).reduce((sum, [zone, count]) => sum + (zone === lostZone ? 0 : count), 0);
  const { millicores, memoryBytes, pods, volumes } = node;
  return { nodes, room: times({ millicores, memoryBytes, pods, volumes }, nodes) };
}

/** What groups ask of so many nodes. */
function demand(groups: readonly PodGroup[], nodes: number): Demand {
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

/** How much of a node a pod takes, of what it takes most of. */
function part({ request }: PodGroup, node: NodeRoom): number {
  return Math.max(request.millicores / node.millicores, request.memoryBytes / node.memoryBytes);
}
