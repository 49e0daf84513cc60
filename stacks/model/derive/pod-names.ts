import { cloudName } from "../../../constructs/core/names";
import type { ReadModelSlot } from "../../../constructs/projection";
import type { DomainOf, ReadModelOf } from "../system";
import { slotsOf } from "./read-models";
import type { AnyWorkload } from "./workloads";

/** Name of the workers of a projection's slot. */
export function slotWorkers({ name }: { readonly name: string }, slot: ReadModelSlot): string {
  return `${name}-${slot}`;
}

/** Name of a job's run for a slot of a read model. */
export function slotRun({ name }: { readonly name: string }, { projection }: ReadModelOf, slot: ReadModelSlot): string {
  return cloudName("workload", name, projection.replaceAll("_", "-"), slot);
}

/** Pod names of a workload. Those of a projection, and of jobs that run per slot, include the slot. */
export function podNames({ readModels }: DomainOf, workload: AnyWorkload): readonly string[] {
  const { kind, name } = workload;
  if (kind === "projection") return slotsOf(workload.model).map(([slot]) => slotWorkers(workload, slot));
  if (kind !== "job" || workload.settings.when !== "before" || workload.settings.per !== "slot") return [name];
  const migrated = workload.uses.flatMap(({ store, as }) => (as === "migrator" ? [store] : []));
  return readModels
    .filter(({ database }) => migrated.includes(database))
    .flatMap((model) => slotsOf(model).map(([slot]) => slotRun(workload, model, slot)));
}
