import { cloudName } from "../../../constructs/core/names";
import type { ReadModelSlot } from "../../../constructs/projection";
import type { DomainOf, ReadModelOf } from "../system";
import { slotsOf } from "./read-models";
import type { AnyWorkload } from "./workloads";

/** The workers of a slot of a projection. */
export function slotWorkers({ name }: { readonly name: string }, slot: ReadModelSlot): string {
  return `${name}-${slot}`;
}

/** The run of a job for a slot of a read model. */
export function slotRun({ name }: { readonly name: string }, { projection }: ReadModelOf, slot: ReadModelSlot): string {
  return cloudName("workload", name, projection.replaceAll("_", "-"), slot);
}

/** What the pods of a workload are called: those of a projection, and of what runs for its slots, are called after the slot as well. */
export function podNames({ readModels }: DomainOf, workload: AnyWorkload): readonly string[] {
  const { kind, name } = workload;
  if (kind === "projection") return slotsOf(workload.model).map(([slot]) => slotWorkers(workload, slot));
  if (kind !== "job" || workload.settings.when !== "before" || workload.settings.per !== "slot") return [name];
  const migrated = workload.uses.flatMap(({ store, as }) => (as === "migrator" ? [store] : []));
  return readModels
    .filter(({ database }) => migrated.includes(database))
    .flatMap((model) => slotsOf(model).map(([slot]) => slotRun(workload, model, slot)));
}
