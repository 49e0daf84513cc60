import type { ClusterKey } from "../cluster";
import type { System } from "../system";
import { domainsOn } from "./signals";

/**
 * Stores stay when nodes are full, and preempt everything else; domains come after them by their own priority. What has no
 * class has 0: jobs and tests come last, and preempt nothing. There is room between them for a user's own.
 */
const STORES = 4_000_000;

/** What a PriorityClass is of: stores, or a domain by its name. */
export type Priority = "stores" | (string & {});

/** The name of a PriorityClass, of which a cluster has one of a name, whoever shares it. Names that begin with `system-` are its own. */
export function priorityClass({ system, name }: Pick<System, "system" | "name">, of: Priority): string {
  return `${of}-${system}-${name}`;
}

/** The PriorityClasses of a cluster. */
export function prioritiesOn(system: System, key: ClusterKey) {
  const domains = domainsOn(system, key).flatMap(({ name, priority }) => (priority === undefined ? [] : [{ of: name, value: priority }]));
  return [{ of: "stores", value: STORES }, ...domains].map(({ of, value }) => ({ of, name: priorityClass(system, of), value }));
}
