import type { Peer } from "../../../constructs/kubernetes";
import { SIGNAL_READER } from "../../../constructs/workload";
import type { ClusterKey } from "../cluster";
import type { DomainOf, ServerOf, ServiceOf, StoreOf, System, WorkerOf } from "../system";
import type { ScaleOn } from "../workloads/workload";
import { isBroker, type StoreWith, serversOf } from "./members";

/** Autoscaled workloads of the given domains. */
export function autoscaled(domains: readonly DomainOf[]): readonly (ServiceOf | WorkerOf)[] {
  return domains
    .flatMap(({ services, workers }) => [...services, ...workers])
    .filter(({ settings: { replicas } }) => typeof replicas === "object");
}

/** Domains of a cluster. */
export function domainsOn({ domains }: Pick<System, "domains">, key: ClusterKey): readonly DomainOf[] {
  return domains.filter(({ cluster }) => cluster === key);
}

/** Scaling signals of the autoscaled workloads. */
export function followed({ domains }: Pick<System, "domains">): readonly ScaleOn[] {
  return autoscaled(domains).flatMap(({ settings: { scaleOn } }) => scaleOn ?? []);
}

/** PostgreSQL server of a scaling signal; by default the first one without event tables. */
export function serverAsked(system: Pick<System, "stores">, database: string | undefined): ServerOf | undefined {
  const servers = serversOf(system).filter(({ holdsEvents }) => !holdsEvents);
  return database === undefined ? servers[0] : servers.find(({ name }) => name === database);
}

/** PostgreSQL server with event tables, for scaling signals of the event store. */
export function eventServerAsked(system: Pick<System, "stores">): ServerOf | undefined {
  return serversOf(system).find(({ holdsEvents }) => holdsEvents);
}

/** Broker whose streams are scaling signals. */
export function brokerAsked({ stores }: Pick<System, "stores">): StoreWith<"nats"> | undefined {
  return stores.find((store) => isBroker(store));
}

/** Pods that query a store for scaling signals, if a workload uses such a signal. */
export function readersOf(system: System, { name }: Pick<StoreOf, "name">): readonly Exclude<Peer, "anywhere">[] {
  const asks = ({ broker, eventStore, readDatabase }: ScaleOn) =>
    (broker !== undefined && brokerAsked(system)?.name === name) ||
    (eventStore !== undefined && eventServerAsked(system)?.name === name) ||
    (readDatabase !== undefined && serverAsked(system, readDatabase.database)?.name === name);
  return followed(system).some(asks) ? [SIGNAL_READER] : [];
}
