import type { Environment } from "../stacks";
import { deployedParts } from "../stacks/model/derive/standby";
import { type Member, workloadsIn } from "../stacks/model/derive/workloads";
import { asDomains } from "../stacks/model/shorthand";

/** Ends of the stack names of a workload, in deployment order: the stack of its domain, and the stack of its routes if they have one. */
export function stacksOfWorkload({ domain: { stack, trafficAfter }, workload }: Member): readonly string[] {
  const routedApart = trafficAfter !== undefined && workload.kind === "service" && workload.exposed;
  return [stack, ...(routedApart ? [`${stack}-traffic`] : [])];
}

/** Names of the stacks of a domain, or of one workload. Empty if the environment has neither. */
export function stacksOf(environment: Environment, domainOrWorkload: string): readonly string[] {
  const all = workloadsIn(deployedParts(asDomains(environment)));
  const one = all.filter(({ workload }) => workload.name === domainOrWorkload);
  const members = one.length > 0 ? one : all.filter(({ domain }) => domain.name === domainOrWorkload);
  return [...new Set(members.flatMap(stacksOfWorkload))].map((stack) => `${environment.name}-${stack}`);
}

/** Names of the stacks of all domains, also of those without long-running workloads. */
export function stacksOfDomains(environment: Environment): readonly string[] {
  return asDomains(environment).domains.flatMap(({ stack }) => [`${environment.name}-${stack}`, `${environment.name}-${stack}-traffic`]);
}

/** Names of the domains and workloads of an environment. */
export function releasable(environment: Environment): { readonly domains: readonly string[]; readonly workloads: readonly string[] } {
  const all = workloadsIn(deployedParts(asDomains(environment)));
  return { domains: [...new Set(all.map(({ domain }) => domain.name))], workloads: all.map(({ workload }) => workload.name) };
}
