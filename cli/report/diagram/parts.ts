import { DEFAULT_KUBERNETES } from "../../../constructs/core/versions";
import type { System } from "../../../stacks";
import { type Cluster, type ClusterKey, isExistingCluster } from "../../../stacks/model/cluster";
import { CLUSTER_NAMES, clustersOf } from "../../../stacks/model/derive/clusters";
import { type Connection, connectionsOf, destinationId, endpointId, partId } from "../../../stacks/model/derive/connections";
import { publicEndpoints } from "../../../stacks/model/derive/endpoints";
import { presentStores, runsAt } from "../../../stacks/model/derive/members";
import { workloadsOf } from "../../../stacks/model/derive/overview";
import { nameIn, workloadsIn } from "../../../stacks/model/derive/workloads";
import { zoneNames } from "../../../stacks/model/place";
import { engineOf } from "../../../stacks/model/stores";

/** Part of a system in a diagram. */
export interface Shape {
  readonly id: string;
  readonly kind: "endpoint" | "service" | "worker" | "projection" | "job" | "store" | "destination";
  readonly title: string;

  /** Second line: `service, 3–20`. */
  readonly note: string;
}

/** Place of parts: a cluster, a namespace on it, AWS, a vendor, or what is outside. */
export interface Area {
  readonly id: string;
  readonly kind: "cluster" | "namespace" | "aws" | "vendor" | "outside";
  readonly title: string;

  /** Further lines below the title: nodes, zones. */
  readonly notes: readonly string[];
  readonly areas: readonly Area[];
  readonly shapes: readonly Shape[];
}

/** Diagram of an environment, without positions. */
export interface Diagram {
  readonly areas: readonly Area[];
  readonly connections: readonly Connection[];

  /** Name of each part, with its domain: `write-side / command-api`. */
  readonly names: ReadonlyMap<string, string>;
}

/** Diagram of an environment: everything that runs, where it runs, and who connects to whom. */
export function diagramOf(system: System): Diagram {
  const areas = [endpointArea(system), ...clusterAreas(system), ...managedAreas(system), destinationArea(system)];
  const names = [
    ...workloadsIn(system).map((member) => [partId(member.workload), nameIn(member)] as const),
    ...presentStores(system).map((store) => [partId(store), store.name] as const),
    ...publicEndpoints(system).map((endpoint) => [endpointId(endpoint), endpoint.hosts.join(", ")] as const),
    ...destinationsOf(system).map((host) => [destinationId({ host }), host] as const),
  ];
  return {
    areas: areas.filter(({ areas: inner, shapes, kind }) => kind === "cluster" || inner.length + shapes.length > 0),
    connections: connectionsOf(system),
    names: new Map(names),
  };
}

/** All parts in a diagram's areas. */
export function shapesIn(areas: readonly Area[]): readonly Shape[] {
  return areas.flatMap(({ shapes, areas: inner }) => [...shapes, ...shapesIn(inner)]);
}

function clusterAreas(system: System): readonly Area[] {
  return clustersOf(system).map(([key, cluster]) => ({
    id: `areas/${key}`,
    kind: "cluster",
    title: CLUSTER_NAMES[key],
    notes: notesOn(system, cluster),
    areas: namespacesOn(system, key),
    shapes: [],
  }));
}

function namespacesOn(system: System, key: ClusterKey): readonly Area[] {
  const instances = new Map(workloadsOf(system).map((one) => [one.path, one.instances]));
  const found = new Map<string, { readonly domains: string[]; readonly shapes: Shape[] }>();
  const place = (namespace: string) => {
    const place = found.get(namespace) ?? { domains: [], shapes: [] };
    found.set(namespace, place);
    return place;
  };
  const members = workloadsIn(system);
  for (const member of members) {
    const { domain, workload } = member;
    if (domain.cluster !== key) continue;
    const { domains, shapes } = place(domain.namespace);
    if (!domains.includes(domain.name)) domains.push(domain.name);
    const count = instances.get(nameIn(member)) ?? "";
    const note = workload.kind === "job" ? count : `${workload.kind}, ${count}`;
    shapes.push({ id: partId(workload), kind: workload.kind, title: workload.name, note });
  }
  for (const store of system.stores) {
    if (store.cluster !== key || runsAt(store) !== "cluster") continue;
    // The memory of a process is where the process runs.
    const process = engineOf(store)?.inProcess && members.find(({ workload }) => workload.uses.some((use) => use.store === store.name));
    place((process ? process.domain : store).namespace).shapes.push(shapeOf(store));
  }
  return [...found].map(([namespace, { domains, shapes }]) => {
    const others = domains.filter((name) => name !== namespace);
    const title = others.length > 0 ? `${namespace} (${others.join(", ")})` : namespace;
    return { id: `areas/${key}/${namespace}`, kind: "namespace", title, notes: [], areas: [], shapes };
  });
}

function shapeOf(store: System["stores"][number]): Shape {
  return { id: partId(store), kind: "store", title: store.name, note: store.settings.engine };
}

function notesOn(system: System, cluster: Cluster): readonly string[] {
  if (isExistingCluster(cluster)) {
    const zones = Object.entries(cluster.allocatable?.zones ?? {}).map(([zone, nodes]) => `${zone} (${nodes})`);
    return [`existing, context ${cluster.context}`, zones.length > 0 ? `zones ${zones.join(", ")}` : "zones unknown"];
  }
  const { nodes, node, version = DEFAULT_KUBERNETES } = cluster;
  const count = typeof nodes === "number" ? String(nodes) : `${nodes.min}–${nodes.max}`;
  return [`EKS ${version}, ${count} nodes: ${node.cpu} CPU, ${node.memory}`, ...zonesOf(system)];
}

function zonesOf({ aws, ...system }: System): readonly string[] {
  return aws ? [`zones ${zoneNames({ ...system, aws }).join(", ")}`] : [];
}

function managedAreas(system: System): readonly Area[] {
  const at = (place: "aws" | "vendor") =>
    presentStores(system)
      .filter((store) => runsAt(store) === place)
      .map(shapeOf);
  return [
    {
      id: "areas/aws",
      kind: "aws",
      title: `AWS ${system.aws?.region ?? ""}`,
      notes: zonesOf(system),
      areas: [],
      shapes: at("aws"),
    },
    { id: "areas/vendor", kind: "vendor", title: "Kurrent Cloud", notes: [], areas: [], shapes: at("vendor") },
  ];
}

function endpointArea(system: System): Area {
  const shapes = publicEndpoints(system).map((endpoint): Shape => {
    const [host, ...others] = endpoint.hosts;
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    const balancer = endpoint.internal ? "internal load balancer" : "load balancer";
    const note = endpoint.edge ? `${endpoint.edge}, ${balancer}` : balancer;
    return { id: endpointId(endpoint), kind: "endpoint", title: `${host}${more}`, note };
  });
  return { id: "areas/endpoints", kind: "outside", title: "Public endpoints", notes: [], areas: [], shapes };
}

function destinationArea(system: System): Area {
  const shapes = destinationsOf(system).map(
    (host): Shape => ({ id: destinationId({ host }), kind: "destination", title: host, note: "egress" }),
  );
  return { id: "areas/destinations", kind: "outside", title: "Outside", notes: [], areas: [], shapes };
}

function destinationsOf(system: System): readonly string[] {
  const hosts = workloadsIn(system).flatMap(({ workload: { settings } }) => (settings.egress ?? []).map(({ host }) => host));
  return [...new Set(hosts)];
}
