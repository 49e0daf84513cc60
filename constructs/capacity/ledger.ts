import type { NodePool, PodGroup } from "./contract";

/** What a cluster offers to pods, and what is asked of it. */
export class CapacityLedger {
  private readonly entries: PodGroup[] = [];

  /** `pool` is absent where the sizes of nodes are unknown: then there is no verdict. */
  constructor(readonly pool?: NodePool) {}

  /** Enters what is to run, by declaration. */
  add(...groups: readonly PodGroup[]): void {
    this.entries.push(...groups);
  }

  /** Everything that is to run. */
  get groups(): readonly PodGroup[] {
    return this.entries;
  }
}
