import type { Problem } from "../../../constructs/core/errors";
import { all } from "../common";
import type { Environment, Program } from "../environment";
import type { EXCEPTIONS } from "../exceptions";

/** What remains of a value when everything of a wrong shape is taken out. */
export type Draft<T> = T extends object ? { readonly [Key in keyof T]?: Draft<T[Key]> } : T;

/** A problem at a path of keys below an environment. */
export type Finding = Omit<Problem, "path"> & { readonly keys: readonly string[] };

export type DraftEnvironment = Draft<Environment>;

export type Rule = (environment: DraftEnvironment) => readonly Finding[];

/** A problem of one environment or account that only shows beside the others. */
export type ProgramFinding = Finding & { readonly root: string };

export type DraftProgram = {
  readonly accounts: readonly Draft<Program["accounts"][number]>[];
  readonly environments: readonly DraftEnvironment[];
};

/** Whether an exception is claimed, be its reason good or not: one mistake is reported once. */
export function excepted(exceptions: DraftEnvironment["exceptions"], name: keyof typeof EXCEPTIONS): boolean {
  return name in (exceptions ?? {});
}

/** The one or several of a role, each with its keys. */
export function each(environment: DraftEnvironment, role: keyof Environment): [string[], Readonly<Record<string, unknown>>][] {
  const value = environment[role] as object | undefined;
  // From a list with holes, too: what is missing there is said of its shape.
  return Array.from(all(value), (item, index) => [
    Array.isArray(value) ? [role, String(index)] : [role],
    (item ?? {}) as Record<string, unknown>,
  ]);
}
