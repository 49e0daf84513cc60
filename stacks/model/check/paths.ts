import { all, type Environment } from "../environment";
import type { DraftEnvironment } from "../rules";

/** One step further down a path: `projections`, `projections[0]`, `projections[0].image`, `aws.tags["cost centre"]`. */
export function step(path: string, key: string): string {
  if (/^\d{1,9}$/.test(key)) return `${path}[${key}]`;
  if (/^[\w/@:+=.-]{1,80}$/.test(key)) return `${path}.${key}`;
  // Whatever somebody wrote as a key, the message about it is one line.
  return `${path}[${JSON.stringify(key.length > 80 ? `${key.slice(0, 77)}...` : key)}]`;
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
