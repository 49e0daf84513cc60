import { optional, value } from "../check/shape";

/** Where a version of a service runs beside another one. */
export type Slot = "blue" | "green";

export const SLOTS = ["blue", "green"] as const satisfies readonly Slot[];

/** The slot beside a slot. */
export function otherSlot(slot: Slot): Slot {
  return slot === "blue" ? "green" : "blue";
}

/** What a workload is: it answers requests, takes work, builds read models, or runs to completion. */
export type WorkloadKind = "service" | "worker" | "projection" | "job";

/** Why workloads of a kind must be single, and have no slots. Services may run in two versions at once. */
export const SINGLE: Readonly<Partial<Record<WorkloadKind, string>>> = {
  worker: "both slots would take from the same queue",
  projection: "both slots would write the same read models",
  job: "both slots would change the same tables",
};

/** Why a kind has no slots. */
export function slotsUnsupported(kind: WorkloadKind): string {
  return `would run twice: ${SINGLE[kind]}`;
}

/** Whoever asks for slots of what must be single hears why there are none. */
export const single = (kind: WorkloadKind) => ({
  release: optional(
    value((input) =>
      input === "rolling" ? undefined : { rule: slotsUnsupported(kind), remedy: "leave it out: it is released by rolling" },
    ),
  ),
});
