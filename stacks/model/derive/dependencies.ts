import type { Dependencies } from "../../../constructs/observability";
import type { ClusterKey } from "../cluster";
import type { DomainOf, StoreOf, System, WorkloadOf } from "../system";
import { publicEndpoints } from "./endpoints";
import { membersOf, serversOf } from "./members";
import { domainsOn, readersOf } from "./signals";

/** Causes of alerts on a cluster: stores and their dependents, and gateways. */
export function dependenciesOn(system: System, key: ClusterKey): Dependencies {
  return {
    stores: system.stores
      .filter(({ cluster }) => cluster === key)
      .map((store) => {
        // Alerts name the server of a store.
        const { name = store.name } = serversOf({ stores: [store] })[0] ?? {};
        return { store: name, namespace: store.namespace, dependents: dependentsOf(system, store, name) };
      }),
    gateways: publicEndpoints(system).filter(({ domain }) => domain.cluster === key).length,
  };
}

/**
 * Namespaces with workloads on the store's cluster that use it, call a service that does, or are scaled by a signal of its server; its own
 * for the exporter of read models.
 */
function dependentsOf(system: System, { name, namespace, cluster }: StoreOf, server: string): readonly string[] {
  const domains = domainsOn(system, cluster);
  const uses = (workload: WorkloadOf<object>) => workload.uses.some(({ store }) => store === name);
  const dependents = callersOf(domains, domains.flatMap(membersOf).filter(uses));
  const isDependent = (domain: DomainOf) =>
    membersOf(domain).some((one) => dependents.has(one)) || readersOf({ ...system, domains: [domain] }, { name: server }).length > 0;
  const namespaces = domains.flatMap((domain) => (isDependent(domain) ? [domain.namespace] : []));
  const exported = domains.some(({ projections }) => projections.some(uses));
  return [...new Set([...namespaces, ...(exported ? [namespace] : [])])].sort();
}

/** Workloads, those that call them, and so on. */
function callersOf(domains: readonly DomainOf[], called: readonly WorkloadOf<object>[]): ReadonlySet<WorkloadOf<object>> {
  const found = new Set(called);
  // A set also visits what is added to it meanwhile.
  for (const { name } of found)
    for (const caller of domains.flatMap(membersOf)) if (caller.calls.some(({ service }) => service === name)) found.add(caller);
  return found;
}
