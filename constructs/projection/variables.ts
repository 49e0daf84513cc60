import type { ReadModelSlot } from "./contract";

/**
 * What a worker is told beside `WORKER`, `WORKERS`, `PARTITIONS` and `PARALLELISM`: what it projects, and into which slot.
 * `SCHEMA` has the slot's tables; a migration is told the same. Its name for claims is `HOSTNAME`, that of its pod.
 */
export function projectionVariables(projection: string, slot: ReadModelSlot): Readonly<Record<string, string>> {
  return { PROJECTION: projection, SLOT: slot, SCHEMA: `${projection}_${slot}` };
}
