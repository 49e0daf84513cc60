import { GATEWAY_PORTS, READINESS } from "../../../constructs/gateway/contract";
import { type AllowedFlow, INTERNET, type SecurityGroupMember } from "../../../constructs/network";
import type { ClusterKey } from "../cluster";
import { isExistingNetwork } from "../place";
import { kurrentCloudCidr } from "../stores/kurrent-cloud";
import type { StoreOf, System } from "../system";
import type { Workload } from "../workloads/workload";
import { newClusters } from "./clusters";
import { publicEndpoints } from "./endpoints";
import { receivesMetrics } from "./hub";
import { isAtVendor, isManagedRedis, membersOf, usersOf } from "./members";
import { isUsedFromElsewhere, managedServersOf, replicaServersOf } from "./servers";

/** Security groups of an environment's network, and the connections that they allow. */
export interface Traffic {
  readonly parties: readonly SecurityGroupMember[];
  readonly flows: readonly AllowedFlow[];

  /** Peered networks by name, with their CIDR blocks. */
  readonly networks: Readonly<Record<string, string>>;
}

const PORTS = { https: 443, postgres: 5432, redis: 6379, kurrentDb: 2113 } as const;

/** Network of Kurrent Cloud that an environment is peered with. */
const KURRENT_CLOUD = "kurrent-cloud";

/** Security group of the runners of pipelines that deploy from inside the network, because the cluster API is private. */
const RUNNERS: SecurityGroupMember = { name: "deploy-runners", description: "Runners of pipelines that deploy from inside the network" };

type Way = Pick<AllowedFlow, "port" | "lastPort" | "protocol" | "description">;

/** Ports of nodes that the control plane uses: kubelet, webhooks and aggregated APIs (EKS, security groups). */
const FROM_API: readonly Way[] = [
  { port: 443, description: "webhooks and aggregated APIs" },
  { port: 4443, description: "webhooks" },
  { port: 6443, description: "aggregated APIs" },
  { port: 8443, description: "webhooks" },
  { port: 9443, description: "webhooks" },
  { port: 10_250, description: "kubelet: logs, metrics, shells" },
  { port: 10_251, description: "metrics server" },
];

/**
 * Ports open between the nodes of a cluster: below 1025 only DNS, and Gateways if there are any. Network policies
 * restrict access to pods.
 */
export const AMONG_NODES: readonly Way[] = [
  { port: 53, description: "DNS" },
  { port: 53, protocol: "udp", description: "DNS" },
  { port: 1025, lastPort: 65_535, description: "pods among themselves" },
];

/** Derives the security groups of an environment and the flows that they need. All other traffic is denied. */
export function traffic(system: System): Traffic {
  const nodes = nodeParties(system);
  const clusters = [...new Set(Object.values(nodes))].map((name) => ({ name, api: name.replace(/nodes$/, "api") }));
  const runners = clusters.length > 0 ? RUNNERS.name : undefined;
  const parties: SecurityGroupMember[] = clusters.map(({ name }) => ({ name, description: `Nodes and pods: ${name}` }));
  if (runners) parties.push(RUNNERS);
  const flows: AllowedFlow[] = [];
  const offer = (party: SecurityGroupMember, port: number, callers: readonly (string | undefined)[], why: string) => {
    parties.push(party);
    for (const from of new Set(callers)) if (from) flows.push({ from, to: party.name, port, description: why });
  };
  // Nodes of the workloads that use a store, and of the jobs that set it up.
  const callers = (store: Pick<StoreOf, "name" | "cluster">, name = store.name) => {
    const keys = new Set([store.cluster, ...usersOf(system, name).map(({ domain }) => domain.cluster)]);
    return (["cluster", "writeCluster", "readCluster"] as const).flatMap((key) => (keys.has(key) ? [nodes[key]] : []));
  };

  // The owner of an existing network provides its AWS endpoints. Without nodes none are needed.
  const network = system.aws?.network;
  if (parties.length > 0 && system.exceptions?.awsApisOverInternet === undefined && !(network && isExistingNetwork(network))) {
    offer(
      { name: "aws-endpoints", description: "AWS services, inside the network" },
      PORTS.https,
      [...Object.values(nodes), runners],
      "calls to AWS",
    );
  }
  for (const server of managedServersOf(system)) {
    const { name, holdsEvents } = server;
    const owner = system.stores.find(({ keys }) => keys.every((key, index) => server.keys[index] === key))?.name ?? name;
    offer(
      { name, description: `PostgreSQL: ${name}` },
      PORTS.postgres,
      callers(server, owner),
      holdsEvents ? "events" : "projections and queries",
    );
  }
  for (const { name } of replicaServersOf(system)) offer({ name, description: `PostgreSQL: ${name}` }, PORTS.postgres, [], "");
  for (const store of system.stores.filter((one) => isManagedRedis(one))) {
    offer({ name: store.name, description: "Cache of queries" }, PORTS.redis, callers(store), "cached queries");
  }
  for (const store of system.stores.filter((one) => isUsedFromElsewhere(system, one))) {
    const to = nodes[store.cluster];
    for (const from of callers(store)) {
      if (from && to && from !== to)
        flows.push({ from, to, port: PORTS.kurrentDb, description: "projections subscribe to the event store" });
    }
  }
  if (receivesMetrics(system, "readCluster") && nodes.writeCluster && nodes.readCluster)
    flows.push({
      from: nodes.writeCluster,
      to: nodes.readCluster,
      port: GATEWAY_PORTS.encrypted,
      description: "metrics, to the read cluster",
    });
  const networks: Record<string, string> = {};
  for (const store of system.stores) {
    if (!isAtVendor(store)) continue;
    const name = vendorNetwork(store);
    networks[name] = kurrentCloudCidr(store.settings);
    for (const from of new Set(Object.values(nodes)))
      flows.push({ from, to: name, port: PORTS.kurrentDb, description: "events, at Kurrent Cloud" });
  }
  for (const { name, domain, party, https, tcp } of publicEndpoints(system)) {
    parties.push({ name: party, description: `Load balancer: ${name}` });
    const to = nodes[domain.cluster];
    if (to === undefined) continue;
    for (const { service, port, name: named } of tcp) flows.push({ from: party, to, port, description: `${named} of ${service.name}` });
    if (!https) continue;
    flows.push({ from: party, to, port: GATEWAY_PORTS.encrypted, description: name });
    flows.push({ from: party, to, port: READINESS.port, description: "health checks of the gateway" });
    // Tests in the cluster connect as clients do, from any node.
    flows.push({ from: to, to, port: GATEWAY_PORTS.encrypted, description: "gateways, for tests in the cluster" });
  }
  for (const { name, api } of clusters) {
    offer({ name: api, description: `Control plane: ${api}` }, PORTS.https, [name, runners], "the Kubernetes API");
    flows.push(
      ...FROM_API.map((way) => ({ from: api, to: name, ...way })),
      ...AMONG_NODES.map((way) => ({ from: name, to: name, ...way })),
    );
  }
  for (const from of [...clusters.map(({ name }) => name), ...(runners ? [runners] : [])]) {
    flows.push({ from, to: INTERNET, port: PORTS.https, description: "images, packages, and services outside" });
  }
  for (const { key, port } of portsOutside(system)) {
    const from = nodes[key];
    if (from && port !== PORTS.https) flows.push({ from, to: INTERNET, port, description: "services outside that workloads reach" });
  }
  return { parties, flows: unique(flows), networks };
}

/** Several gateways on the same nodes need the same flows. */
function unique(flows: readonly AllowedFlow[]): readonly AllowedFlow[] {
  return [...new Map(flows.map((flow) => [JSON.stringify([flow.from, flow.to, flow.port, flow.lastPort, flow.protocol]), flow])).values()];
}

/** Distinct egress ports of the workloads on each cluster. */
function portsOutside({ domains }: System): readonly { readonly key: ClusterKey; readonly port: number }[] {
  const found = domains.flatMap((domain) =>
    membersOf(domain).flatMap(({ settings }) =>
      ((settings as Pick<Workload, "egress">).egress ?? []).flatMap(({ ports = [443] }) =>
        ports.map((port) => ({ key: domain.cluster, port })),
      ),
    ),
  );
  return [...new Map(found.map((one) => [`${one.key} ${one.port}`, one])).values()];
}

/** Name of a vendor network, by the store in it. */
function vendorNetwork({ name, keys: [first] }: StoreOf): string {
  return first === "stores" ? `${KURRENT_CLOUD}-${name}` : KURRENT_CLOUD;
}

/** Security group of the nodes of each cluster that the environment creates. */
export function nodeParties(system: Pick<System, ClusterKey>): Readonly<Partial<Record<ClusterKey, string>>> {
  const names: Readonly<Record<ClusterKey, string>> = { cluster: "nodes", writeCluster: "write-nodes", readCluster: "read-nodes" };
  return Object.fromEntries(newClusters(system).map(([key]) => [key, names[key]]));
}

/** Checks if pods can connect to a port of pods on other nodes, on a cluster that the environment creates. */
export function isOpenAmongNodes(port: number): boolean {
  return AMONG_NODES.some((way) => lets(way, { port }));
}

export function lets(way: Pick<AllowedFlow, "port" | "lastPort" | "protocol">, { port, endPort, protocol = "TCP" }: Port): boolean {
  const [first, last] = [Number(port), endPort ?? Number(port)];
  return (way.protocol ?? "tcp") === protocol.toLowerCase() && way.port <= first && last <= (way.lastPort ?? way.port);
}

/** Port at one end of a connection, or that pods listen on. */
export interface Port {
  readonly port?: string | number;
  readonly endPort?: number;
  readonly protocol?: string;
}
