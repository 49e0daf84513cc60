import { optional, value } from "../check/shape";

export const SLOTS = ["blue", "green"] as const satisfies readonly Slot[];

/** The slot beside a slot. */
export function otherSlot(slot: Slot): Slot {
  return slot === "blue" ? "green" : "blue";
}

/** A role whose workloads are released. */
export interface Released {
  /** What its workload is called where nobody names it. */
  readonly name: string;

  /** The end of the id of the stack that it is in. */
  readonly stack: string;

  /**
   * Why it must be single, and has no slots.
   * @default - it may run in two versions at once
   */
  readonly single?: string;

  /**
   * Whether an older image takes nothing back.
   * @default false
   */
  readonly forwardOnly?: boolean;
}

export type Role = "commandApi" | "commandProcessors" | "queryApi" | "projections" | "migrations";

/** What is released, by role. */
export const WORKLOADS: Readonly<Record<Role, Released>> = {
  commandApi: { name: "command-api", stack: "write-side" },
  commandProcessors: { name: "command-processors", stack: "write-side", single: "both slots would take from the same queue" },
  queryApi: { name: "query-api", stack: "read-side" },
  projections: { name: "projections", stack: "projections", single: "both slots would write the same read models" },
  migrations: { name: "migrations", stack: "migrations", single: "both slots would change the same tables", forwardOnly: true },
};

export const ROLES = Object.keys(WORKLOADS) as readonly Role[];

/** Why a role has no slots. */
export function wouldRunTwice(role: Role): string {
  return `would run twice: ${WORKLOADS[role].single}`;
}

/** Whoever asks for slots of what must be single hears why there are none. */
export const single = (role: keyof typeof WORKLOADS) => ({
  release: optional(
    value((input) => (input === "rolling" ? undefined : { rule: wouldRunTwice(role), remedy: "leave it out: it is released by rolling" })),
  ),
});

/** Where a version of a service runs beside another one. */
export type Slot = "blue" | "green";
