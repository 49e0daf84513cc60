import type { ReadModelSlot } from "../../../constructs/projection";
import type { ReadModelOf } from "../system";
import type { FilledSlot } from "../workloads/projection";

/** The slots of a read model that have workers. */
export function slotsOf({ slots }: Pick<ReadModelOf, "slots">): readonly (readonly [slot: ReadModelSlot, filled: FilledSlot])[] {
  return (["a", "b"] as const).flatMap((slot) => (slots[slot] ? [[slot, slots[slot]] as const] : []));
}
