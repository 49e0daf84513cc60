import { optional, value } from "../check/shape";

/** Slot of a service version, for blue-green releases. */
export type Slot = "blue" | "green";

export const SLOTS = ["blue", "green"] as const satisfies readonly Slot[];

/** Returns the other slot. */
export function otherSlot(slot: Slot): Slot {
  return slot === "blue" ? "green" : "blue";
}

/** Kind of a workload: answers requests, consumes work, builds read models, or runs to completion. */
export type WorkloadKind = "service" | "worker" | "projection" | "job";

/** Reason why workloads of a kind must run in one version and have no slots. Services may run two versions at once. */
export const SINGLE: Readonly<Partial<Record<WorkloadKind, string>>> = {
  worker: "both slots would take from the same queue",
  projection: "both slots would write the same read models",
  job: "both slots would change the same tables",
};

/** Returns why a kind has no slots. */
export function slotsUnsupported(kind: WorkloadKind): string {
  return `would run twice: ${SINGLE[kind]}`;
}

/** Rejects slots of a kind that must run in one version, with the reason. */
export const single = (kind: WorkloadKind) => ({
  release: optional(
    value((input) =>
      input === "rolling" ? undefined : { rule: slotsUnsupported(kind), remedy: "leave it out: it is released by rolling" },
    ),
  ),
});
