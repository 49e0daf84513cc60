import type { Bytes } from "../core/quantities";
import type { NodePool, PodGroup } from "./contract";
import { podGroups, SYSTEM_PRIORITIES } from "./pod-groups";
import { type Demand, demand, inOrder, type Verdict, verdictOn } from "./verdict";

/** Capacity that is reserved for pods without an entry, with the reason. */
export interface CapacityReservation {
  readonly reason: string;
  readonly groups: readonly PodGroup[];
}

/** Capacity of a cluster, and the pods that request it. */
export class CapacityLedger {
  private readonly entries: PodGroup[] = [];
  private readonly reserves: CapacityReservation[] = [];
  private readonly scratch: Bytes[] = [];
  private readonly priorities: Map<string, number>;

  /** Results by pool and entries. */
  private verdicts = new Map<string, Verdict>();

  /**
   * `pool` is absent if node sizes are unknown: then there is no result. `priorities` are the values of PriorityClasses by name, for
   * callers that declare pods with a class; `nonPreempting` are the names of those whose `preemptionPolicy` is `Never`.
   */
  constructor(
    readonly pool?: NodePool,
    priorities: Readonly<Record<string, number>> = {},
    private readonly nonPreempting: readonly string[] = [],
  ) {
    this.priorities = new Map(Object.entries({ ...SYSTEM_PRIORITIES, ...priorities }));
  }

  /** Priority and preemption of pods with a PriorityClass. Without a class, or with an unknown one: neither. */
  priorityOf(className = ""): Pick<PodGroup, "priority" | "preempts"> {
    const priority = this.priorities.get(className);
    if (!priority) return {};
    return this.nonPreempting.includes(className) ? { priority, preempts: false } : { priority };
  }

  /** Adds pods by declaration. */
  add(...groups: readonly PodGroup[]): void {
    this.entries.push(...groups);
  }

  /**
   * Adds the pods of objects that a stack sends to the API: workloads and their autoscalers. Their PriorityClasses must be in the same list
   * or in one that was entered before.
   */
  enter(objects: readonly object[]): void {
    this.add(...podGroups(objects, this.priorities, this.nonPreempting));
  }

  /** Reserves capacity for pods that may be added without an entry, with the reason: `"the other slot of query-api"`. */
  keep(reason: string, ...groups: readonly PodGroup[]): void {
    this.reserves.push({ reason, groups });
  }

  /** Adds volumes that a program creates and deletes again: the size of each. No object of a stack has them. */
  addScratch(...volumes: readonly Bytes[]): void {
    this.scratch.push(...volumes);
  }

  /** A copy with the same entries, to compute a result without changing this ledger. */
  copy(): CapacityLedger {
    const copied = new CapacityLedger(this.pool, Object.fromEntries(this.priorities), this.nonPreempting);
    copied.entries.push(...this.entries);
    copied.reserves.push(...this.reserves);
    copied.scratch.push(...this.scratch);
    return copied;
  }

  /** Shares results with other ledgers: clusters of several environments are often alike, and a result takes many simulations. */
  shareVerdicts(verdicts: Map<string, Verdict>): void {
    this.verdicts = verdicts;
  }

  /** All pod groups, reservations included. */
  get groups(): readonly PodGroup[] {
    return this.entries;
  }

  /** Reserved capacity. */
  get kept(): readonly CapacityReservation[] {
    return this.reserves;
  }

  /** Volumes that programs create and delete again. */
  get scratchVolumes(): readonly Bytes[] {
    return this.scratch;
  }

  /** Total requests of required pods and reservations on so many nodes. */
  demand(nodes: number): Demand {
    return demand(this.all, nodes);
  }

  /** Checks that all required pods and reservations fit the ledger's pool, or another pool that is given. */
  verdict(pool: NodePool | undefined = this.pool): Verdict {
    if (!pool) return { known: false, reason: "node sizes are unknown" };
    const entries = this.all;
    const [alike, same] = [keyOf(pool, entries), () => JSON.stringify([pool, entries])];
    const known = this.verdicts.get(alike) ?? this.verdicts.get(same());
    if (known) return known;
    const found = verdictOn(pool, entries);
    // Only one that does not fit has names in it.
    this.verdicts.set(found.fits ? alike : same(), found);
    return found;
  }

  private get all(): readonly PodGroup[] {
    return [...this.entries, ...this.reserves.flatMap(({ groups }) => groups)];
  }
}

/** The same for pods that differ in their names only: jobs have hashes in theirs, in each environment another. */
function keyOf(pool: NodePool, entries: readonly PodGroup[]): string {
  const numbers = new Map<string, number>();
  const numbered = inOrder(entries).map(({ name, ...group }) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return [number, group];
  });
  return JSON.stringify([pool, numbered]);
}
