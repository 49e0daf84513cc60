import { GATEWAY_PORTS, READINESS } from "../../../constructs/gateway/contract";
import { type AllowedFlow, INTERNET, type SecurityGroupMember } from "../../../constructs/network";
import type { ClusterKey } from "../cluster";
import { isExistingNetwork } from "../place";
import { kurrentCloudCidr } from "../stores/event-store";
import type { StoreOf, System } from "../system";
import type { Workload } from "../workloads/workload";
import { newClusters } from "./clusters";
import { publicEndpoints } from "./endpoints";
import { receivesMetrics } from "./hub";
import { isAtVendor, isManagedRedis, membersOf, usersOf } from "./members";
import { isUsedFromElsewhere, managedServersOf } from "./servers";

/** Who takes part in an environment's network, and who may open a connection to whom. */
export interface Traffic {
  readonly parties: readonly SecurityGroupMember[];
  readonly flows: readonly AllowedFlow[];

  /** Networks that this one is joined to, by name, each with its addresses. */
  readonly networks: Readonly<Record<string, string>>;
}

const PORTS = { https: 443, postgres: 5432, redis: 6379, kurrentDb: 2113 } as const;

/** The network of Kurrent Cloud that an environment is joined to. */
const KURRENT_CLOUD = "kurrent-cloud";

/** Whoever is in this group deploys from inside the network: a pipeline's runners, where the API is private. */
const RUNNERS: SecurityGroupMember = { name: "deploy-runners", description: "Runners of pipelines that deploy from inside the network" };

type Way = Pick<AllowedFlow, "port" | "lastPort" | "protocol" | "description">;

/** What a control plane opens on nodes: their kubelet, and what Kubernetes asks before it changes something (EKS, security groups). */
const FROM_API: readonly Way[] = [
  { port: 443, description: "webhooks and aggregated APIs" },
  { port: 4443, description: "webhooks" },
  { port: 6443, description: "aggregated APIs" },
  { port: 8443, description: "webhooks" },
  { port: 9443, description: "webhooks" },
  { port: 10_250, description: "kubelet: logs, metrics, shells" },
  { port: 10_251, description: "metrics server" },
];

/** What the nodes of one cluster open on each other; below 1025 only names, and Gateways where there are any. Who may reach which pod is a network policy's. */
export const AMONG_NODES: readonly Way[] = [
  { port: 53, description: "names" },
  { port: 53, protocol: "udp", description: "names" },
  { port: 1025, lastPort: 65_535, description: "pods among themselves" },
];

/** Reads from an environment which parties it has and which flows they need; nothing else is open between them. */
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
  // The nodes of those who use a store, and of the jobs that set it up.
  const callers = (store: Pick<StoreOf, "name" | "cluster">, name = store.name) => {
    const keys = new Set([store.cluster, ...usersOf(system, name).map(({ domain }) => domain.cluster)]);
    return (["cluster", "writeCluster", "readCluster"] as const).flatMap((key) => (keys.has(key) ? [nodes[key]] : []));
  };

  // In an existing network somebody else looks after the ways to AWS; without nodes nobody takes them.
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
    flows.push({ from: nodes.writeCluster, to: nodes.readCluster, port: GATEWAY_PORTS.encrypted, description: "samples, to the hub" });
  const networks: Record<string, string> = {};
  for (const store of system.stores) {
    if (!isAtVendor(store)) continue;
    const name = vendorNetwork(store);
    networks[name] = kurrentCloudCidr(store.settings);
    for (const from of new Set(Object.values(nodes)))
      flows.push({ from, to: name, port: PORTS.kurrentDb, description: "events, at Kurrent Cloud" });
  }
  for (const { name, domain, party, tcp } of publicEndpoints(system)) {
    parties.push({ name: party, description: `Load balancer: ${name}` });
    const to = nodes[domain.cluster];
    if (to === undefined) continue;
    flows.push({ from: party, to, port: GATEWAY_PORTS.encrypted, description: name });
    flows.push({ from: party, to, port: READINESS.port, description: "whether a gateway is well" });
    for (const { service, port, name: named } of tcp) flows.push({ from: party, to, port, description: `${named} of ${service.name}` });
    // A test in the cluster asks as clients do, from whichever node it is on.
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

/** A gateway beside another one on the same nodes needs the same flows. */
function unique(flows: readonly AllowedFlow[]): readonly AllowedFlow[] {
  return [...new Map(flows.map((flow) => [JSON.stringify([flow.from, flow.to, flow.port, flow.lastPort, flow.protocol]), flow])).values()];
}

/** The ports that workloads of each cluster reach outside, each once. */
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

/** The network of a vendor that an environment is joined to, by the store in it. */
function vendorNetwork({ name, keys: [first] }: StoreOf): string {
  return first === "stores" ? `${KURRENT_CLOUD}-${name}` : KURRENT_CLOUD;
}

/** The party of the nodes of each cluster that is made here. */
export function nodeParties(system: Pick<System, ClusterKey>): Readonly<Partial<Record<ClusterKey, string>>> {
  const names: Readonly<Record<ClusterKey, string>> = { cluster: "nodes", writeCluster: "write-nodes", readCluster: "read-nodes" };
  return Object.fromEntries(newClusters(system).map(([key]) => [key, names[key]]));
}

/** Whether pods on one node reach a port of pods on another, for a cluster that is made here. */
export function isOpenAmongNodes(port: number): boolean {
  return AMONG_NODES.some((way) => lets(way, { port }));
}

export function lets(way: Pick<AllowedFlow, "port" | "lastPort" | "protocol">, { port, endPort, protocol = "TCP" }: Port): boolean {
  const [first, last] = [Number(port), endPort ?? Number(port)];
  return (way.protocol ?? "tcp") === protocol.toLowerCase() && way.port <= first && last <= (way.lastPort ?? way.port);
}

/** A port that one end opens, or that pods listen on. */
export interface Port {
  readonly port?: string | number;
  readonly endPort?: number;
  readonly protocol?: string;
}
