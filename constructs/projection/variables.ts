import type { ReadModelSlot } from "./contract";

/**
 * Environment variables of a worker, in addition to `WORKER`, `WORKERS`, `PARTITIONS` and `PARALLELISM`: the projection, the slot, and in
 * `SCHEMA` the slot's tables. A migration gets the same. Its lease owner is `HOSTNAME`, the pod name.
 */
export function projectionVariables(projection: string, slot: ReadModelSlot): Readonly<Record<string, string>> {
  return { PROJECTION: projection, SLOT: slot, SCHEMA: `${projection}_${slot}` };
}
