import type { Environment, Program } from "../environment";
import type { EXCEPTIONS } from "../exceptions";
import type { System } from "../system";
import type { Draft, Finding } from "./finding";

export type DraftEnvironment = Draft<Environment>;

/** A system whose settings are drafts. Its stores, domains and workloads are all there, with whatever remains of their settings. */
export type DraftSystem = Draft<Omit<System, "stores" | "domains">> & Pick<System, "stores" | "domains">;

/** A problem of one environment. */
export type RuleFinding = Finding & {
  /**
   * Whether it is about a store, a domain or a workload that is missing. While something of that kind is refused, the finding is
   * not reported: the refused value may be what is missing.
   * @default false
   */
  readonly lacking?: boolean;
};

/** What must hold between the values of one environment: in its general form, and as it is written. */
export type Rule = (system: DraftSystem, environment: DraftEnvironment) => readonly RuleFinding[];

/** A problem of one environment or account that only shows beside the others. */
export type ProgramFinding = Finding & { readonly root: string };

export interface DraftProgram {
  readonly accounts: readonly Draft<Program["accounts"][number]>[];
  readonly environments: readonly DraftSystem[];
}

/** Whether an exception is claimed, be its reason good or not: one mistake is reported once. */
export function excepted(exceptions: DraftEnvironment["exceptions"], name: keyof typeof EXCEPTIONS): boolean {
  return name in (exceptions ?? {});
}
