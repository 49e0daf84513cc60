import type { ReadModelSlot } from "../../../constructs/projection";
import type { ReadModelOf } from "../system";
import type { FilledSlot } from "../workloads/projection";

/** Slots of a read model. */
export const READ_MODEL_SLOTS: readonly ReadModelSlot[] = ["a", "b"];

/** Slots of a read model that have workers. */
export function slotsOf({ slots }: Pick<ReadModelOf, "slots">): readonly (readonly [slot: ReadModelSlot, filled: FilledSlot])[] {
  return READ_MODEL_SLOTS.flatMap((slot) => (slots[slot] ? [[slot, slots[slot]] as const] : []));
}
