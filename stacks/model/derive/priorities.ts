import type { ClusterKey } from "../cluster";
import { ownPrometheus } from "../monitoring";
import type { System } from "../system";
import { domainsOn } from "./signals";

/**
 * Priority of stores, which preempt all other pods. Domains follow with their own priority. Pods without a class have 0:
 * jobs and tests, which are preempted first and preempt nothing. The gaps are for your own classes.
 */
const STORES = 4_000_000;

/**
 * Priority of monitoring: below every domain and above jobs. It waits for capacity instead of preempting a job, because losing a job's work
 * is worse than missing metrics.
 */
const OBSERVABILITY = 50_000;

/** Owner of a PriorityClass: stores, monitoring, or a domain by its name. */
export type Priority = "stores" | "observability" | (string & {});

/** Name of a PriorityClass, unique in a cluster, also a shared one. Names that begin with `system-` are reserved by Kubernetes. */
export function priorityClass({ system, name }: Pick<System, "system" | "name">, of: Priority): string {
  return `${of}-${system}-${name}`;
}

/** PriorityClasses of a cluster. `preempts`: their pods preempt pods with a lower priority. */
export function prioritiesOn(system: System, key: ClusterKey) {
  const watching = ownPrometheus(system.monitoring) ? [{ of: "observability", value: OBSERVABILITY, preempts: false }] : [];
  const domains = domainsOn(system, key).flatMap(({ name, priority }) => (priority === undefined ? [] : [{ of: name, value: priority }]));
  const preempting = [{ of: "stores", value: STORES }, ...domains].map((each) => ({ ...each, preempts: true }));
  return [...preempting, ...watching].map((each) => ({ ...each, name: priorityClass(system, each.of) }));
}
