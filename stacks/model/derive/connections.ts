import type { DomainOf, Placed, StoreOf, System } from "../system";
import type { Egress, Workload } from "../workloads/workload";
import { exposedOf, type PublicEndpoint, publicEndpoints } from "./endpoints";
import { type AnyWorkload, workloadsIn } from "./workloads";

/** Kind of a connection: a client's request, a call of a service, the use of a store, or egress. */
export type ConnectionKind = "request" | "call" | "use" | "egress";

/** Connection between two parts of a system, from the part that opens it. */
export interface Connection {
  readonly kind: ConnectionKind;

  /** Id of the part that opens the connection: `partId` of a workload, or `endpointId`. */
  readonly from: string;

  /** Id of the other part: `partId` of a workload or store, or `destinationId`. */
  readonly to: string;

  /** Role in the store, path prefixes, or ports: `as writer`. Empty if there is nothing to add. */
  readonly detail: string;
}

/** Id of a workload or store in an environment. */
export function partId({ keys, name }: Pick<Placed, "keys" | "name">): string {
  return [...keys, name].join("/");
}

/** Id of a public endpoint. */
export function endpointId({ name }: Pick<PublicEndpoint, "name">): string {
  return `endpoints/${name}`;
}

/** Id of a destination outside of the environment. */
export function destinationId({ host }: Pick<Egress, "host">): string {
  return `egress/${host}`;
}

/** Connections that an environment's description declares. Network policies allow these, and those of the platform itself. */
export function connectionsOf(system: System): readonly Connection[] {
  const stores = new Map(system.stores.map((store): [string, StoreOf] => [store.name, store]));
  const members = workloadsIn(system);
  const services = new Map(
    members.flatMap(({ workload }): [string, AnyWorkload][] => (workload.kind === "service" ? [[workload.name, workload]] : [])),
  );
  const outbound = members.flatMap(({ workload }): Connection[] => {
    const from = partId(workload);
    const { egress = [] } = workload.settings as Pick<Workload, "egress">;
    return [
      ...workload.uses.flatMap(({ store, as }): Connection[] => {
        const to = stores.get(store);
        return to ? [{ kind: "use", from, to: partId(to), detail: as ? `as ${as}` : "" }] : [];
      }),
      ...workload.calls.flatMap(({ service }): Connection[] => {
        const to = services.get(service);
        return to ? [{ kind: "call", from, to: partId(to), detail: "" }] : [];
      }),
      ...egress.map((to): Connection => ({ kind: "egress", from, to: destinationId(to), detail: portsOf(to.ports) })),
    ];
  });
  return [...publicEndpoints(system).flatMap(requestsTo), ...outbound];
}

function requestsTo(endpoint: PublicEndpoint): readonly Connection[] {
  const { domain, tcp } = endpoint;
  const from = endpointId(endpoint);
  const byService = exposedOf(domain).map(
    (service): Connection => ({ kind: "request", from, to: partId(service), detail: (service.settings.paths ?? ["/"]).join(", ") }),
  );
  return [
    ...byService,
    ...tcp.map(({ service, name, port }): Connection => ({ kind: "request", from, to: partId(service), detail: `TCP ${port} (${name})` })),
  ];
}

function portsOf(ports: readonly number[] = [443]): string {
  return `port${ports.length > 1 ? "s" : ""} ${ports.join(", ")}`;
}

/** Domains in which services are exposed although no public endpoint is created: on an existing cluster you provide the ingress. */
export function withoutEndpoint(system: System): readonly DomainOf[] {
  const made = new Set(publicEndpoints(system).map(({ domain }) => domain.name));
  return system.domains.filter((domain) => !made.has(domain.name) && exposedOf(domain).length > 0);
}
