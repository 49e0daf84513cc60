/** One of the two places of a read model, of which one is read. Its tables are in the schema `<projection>_<slot>`. */
export type ReadModelSlot = "a" | "b";

/** Slots of a read model that workers project into: one, or two while it is built anew and until the old one is let go. */
export type ReadModelSlots = { readonly [Slot in ReadModelSlot]?: { readonly partitions: number } };
