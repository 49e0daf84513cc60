import type { Environment, Program } from "../environment";
import type { EXCEPTIONS } from "../exceptions";
import type { System } from "../system";
import type { Draft, Finding } from "./finding";

/** Environment before it is validated: any value may be missing or wrong. */
export type DraftEnvironment = Draft<Environment>;

/** System with drafts as settings. All its stores, domains and workloads are present, with the valid part of their settings. */
export type DraftSystem = Draft<Omit<System, "stores" | "domains">> & Pick<System, "stores" | "domains">;

/** Problem of one environment. */
export type RuleFinding = Finding & {
  /**
   * Marks a finding about a missing store, domain or workload. It is dropped while a value of that kind is rejected,
   * because the rejected value may be the missing part.
   * @default false
   */
  readonly lacking?: boolean;
};

/** Rule between the values of one environment, in its general form and as written. */
export type Rule = (system: DraftSystem, environment: DraftEnvironment) => readonly RuleFinding[];

/** Problem of one environment or account in combination with others. */
export type ProgramFinding = Finding & { readonly root: string };

export interface DraftProgram {
  readonly accounts: readonly Draft<Program["accounts"][number]>[];
  readonly environments: readonly DraftSystem[];
}

/** Checks if an exception is claimed, with a valid reason or not: an invalid reason is reported only once. */
export function excepted(exceptions: DraftEnvironment["exceptions"], name: keyof typeof EXCEPTIONS): boolean {
  return name in (exceptions ?? {});
}
