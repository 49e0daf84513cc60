/** One of the two copies of a read model, of which one is live. Its tables are in the schema `<projection>_<slot>`. */
export type ReadModelSlot = "a" | "b";

/** Slots that workers write: one, or two from the start of a rebuild until the old slot is deleted. */
export type ReadModelSlots = { readonly [Slot in ReadModelSlot]?: { readonly partitions: number } };
