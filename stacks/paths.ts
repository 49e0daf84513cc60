import { all, type Environment } from "./environment";
import type { DraftEnvironment } from "./rules";

/** One step further down a path: `projections`, `projections[0]`, `projections[0].image`. */
export function step(path: string, key: string): string {
  return /^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`;
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
