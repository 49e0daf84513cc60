import type { NodePool, PodGroup } from "./contract";
import { podGroups } from "./pod-groups";
import { type Verdict, verdictOn } from "./verdict";

/** Room that is kept for something that no entry names, and why. */
export interface CapacityReservation {
  readonly reason: string;
  readonly groups: readonly PodGroup[];
}

/** What a cluster offers to pods, and what is asked of it. */
export class CapacityLedger {
  private readonly entries: PodGroup[] = [];
  private readonly reserves: CapacityReservation[] = [];
  private readonly priorities: Map<string, number>;

  /** What was found for a pool, until an entry is added. */
  private readonly verdicts = new Map<NodePool, Verdict>();

  /**
   * `pool` is absent where the sizes of nodes are unknown: then there is no verdict. `priorities` are the values of
   * PriorityClasses by their names, for those who declare pods of them.
   */
  constructor(
    readonly pool?: NodePool,
    priorities: Readonly<Record<string, number>> = {},
  ) {
    this.priorities = new Map(Object.entries(priorities));
  }

  /** What pods of a PriorityClass declare. Of a class that is unknown here, and of none: nothing. */
  priorityOf(className: string | undefined): Pick<PodGroup, "priority"> {
    const priority = this.priorities.get(className ?? "");
    return priority ? { priority } : {};
  }

  /** Enters what is to run, by declaration. */
  add(...groups: readonly PodGroup[]): void {
    this.entries.push(...groups);
    this.verdicts.clear();
  }

  /**
   * Enters what is to run, from the objects that a stack sends to the API: workloads, with what scales them. Their
   * priority classes stand in the same list or in one that was entered before.
   */
  enter(objects: readonly object[]): void {
    this.add(...podGroups(objects, this.priorities));
  }

  /** Keeps room for what may come and no entry names, and says why: `"the other slot of query-api"`. */
  keep(reason: string, ...groups: readonly PodGroup[]): void {
    this.reserves.push({ reason, groups });
    this.verdicts.clear();
  }

  /** Another ledger with the same entries, for a result that leaves this one as it is. */
  copy(): CapacityLedger {
    const copied = new CapacityLedger(this.pool, Object.fromEntries(this.priorities));
    copied.entries.push(...this.entries);
    copied.reserves.push(...this.reserves);
    return copied;
  }

  /** Everything that is to run. */
  get groups(): readonly PodGroup[] {
    return this.entries;
  }

  /** Room that is kept. */
  get kept(): readonly CapacityReservation[] {
    return this.reserves;
  }

  /** Whether everything that must run fits, room that is kept included: its own pool, or another that might do. */
  verdict(pool: NodePool | undefined = this.pool): Verdict {
    if (!pool) return { known: false, reason: "the sizes of the nodes are unknown" };
    const found = this.verdicts.get(pool) ?? verdictOn(pool, [...this.entries, ...this.reserves.flatMap(({ groups }) => groups)]);
    this.verdicts.set(pool, found);
    return found;
  }
}
