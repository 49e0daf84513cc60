import type { ClusterKey } from "../cluster";
import type { System } from "../system";
import { domainsOn } from "./signals";

/**
 * Priority of stores, which preempt all other pods. Domains follow with their own priority. Pods without a class have 0:
 * jobs and tests, which are preempted first and preempt nothing. The gaps are for your own classes.
 */
const STORES = 4_000_000;

/** Owner of a PriorityClass: stores, or a domain by its name. */
export type Priority = "stores" | (string & {});

/** Name of a PriorityClass, unique in a cluster, also a shared one. Names that begin with `system-` are reserved by Kubernetes. */
export function priorityClass({ system, name }: Pick<System, "system" | "name">, of: Priority): string {
  return `${of}-${system}-${name}`;
}

/** PriorityClasses of a cluster. */
export function prioritiesOn(system: System, key: ClusterKey) {
  const domains = domainsOn(system, key).flatMap(({ name, priority }) => (priority === undefined ? [] : [{ of: name, value: priority }]));
  return [{ of: "stores", value: STORES }, ...domains].map(({ of, value }) => ({ of, name: priorityClass(system, of), value }));
}
