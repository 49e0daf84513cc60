import { GATEWAY_PORTS, READINESS } from "../../../constructs/gateway/contract";
import { type Flow, INTERNET, type Party } from "../../../constructs/network";
import { isExistingCluster } from "../cluster";
import type { Environment } from "../environment";
import { isExistingNetwork } from "../place";
import { kurrentCloudCidr } from "../stores/event-store";
import { entrances } from "./endpoints";
import { managedServersOf } from "./servers";

/** Who takes part in an environment's network, and who may open a connection to whom. */
export interface Traffic {
  readonly parties: readonly Party[];
  readonly flows: readonly Flow[];

  /** Networks that this one is joined to, by name, each with its addresses. */
  readonly networks: Readonly<Record<string, string>>;
}

const PORTS = { https: 443, postgres: 5432, redis: 6379, kurrentDb: 2113 } as const;

/** The network of Kurrent Cloud that an environment is joined to. */
const KURRENT_CLOUD = "kurrent-cloud";

/** Whoever is in this group deploys from inside the network: a pipeline's runners, where the API is private. */
const RUNNERS: Party = { name: "deploy-runners", description: "Runners of pipelines that deploy from inside the network" };

type Way = Pick<Flow, "port" | "lastPort" | "protocol" | "description">;

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
export function traffic(environment: Environment): Traffic {
  const nodes = nodeParties(environment);
  const clusters = [...new Set(Object.values(nodes))].map((name) => ({ name, api: name.replace(/nodes$/, "api") }));
  const runners = clusters.length > 0 ? RUNNERS.name : undefined;
  const parties: Party[] = clusters.map(({ name }) => ({ name, description: `Nodes and pods: ${name}` }));
  if (runners) parties.push(RUNNERS);
  const flows: Flow[] = [];
  const offer = (party: Party, port: number, callers: readonly (string | undefined)[], why: string) => {
    parties.push(party);
    for (const from of new Set(callers)) if (from) flows.push({ from, to: party.name, port, description: why });
  };

  // In an existing network somebody else looks after the ways to AWS; without nodes nobody takes them.
  const network = environment.aws?.network;
  if (parties.length > 0 && environment.exceptions?.awsApisOverInternet === undefined && !(network && isExistingNetwork(network))) {
    offer(
      { name: "aws-endpoints", description: "AWS services, inside the network" },
      PORTS.https,
      [nodes.write, nodes.read, runners],
      "calls to AWS",
    );
  }
  for (const { name, sides } of managedServersOf(environment)) {
    const why = sides.length > 1 ? "events" : "projections and queries";
    offer(
      { name, description: `PostgreSQL: ${name}` },
      PORTS.postgres,
      sides.map((side) => nodes[side]),
      why,
    );
  }
  if (environment.cache?.engine === "elasticache") {
    offer({ name: "cache", description: "Cache of queries" }, PORTS.redis, [nodes.read], "cached queries");
  }
  if (environment.eventStore?.engine === "kurrentdb" && nodes.write && nodes.read && nodes.write !== nodes.read) {
    flows.push({ from: nodes.read, to: nodes.write, port: PORTS.kurrentDb, description: "projections subscribe to the event store" });
  }
  const networks: Record<string, string> = {};
  if (environment.eventStore?.engine === "kurrent-cloud") {
    networks[KURRENT_CLOUD] = kurrentCloudCidr(environment.eventStore);
    for (const from of new Set(Object.values(nodes)))
      flows.push({ from, to: KURRENT_CLOUD, port: PORTS.kurrentDb, description: "events, at Kurrent Cloud" });
  }
  for (const { name, side, party } of entrances(environment)) {
    parties.push({ name: party, description: `Load balancer: ${name}` });
    const to = nodes[side];
    if (to === undefined) continue;
    flows.push({ from: party, to, port: GATEWAY_PORTS.encrypted, description: name });
    flows.push({ from: party, to, port: READINESS.port, description: "whether a gateway is well" });
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
  return { parties, flows, networks };
}

/** The party of the nodes that carry each side: one for both where they share a cluster. */
export function nodeParties({ cluster, writeCluster, readCluster }: Environment): { write?: string; read?: string } {
  if (cluster && !isExistingCluster(cluster)) return { write: "nodes", read: "nodes" };
  return {
    ...(writeCluster && !isExistingCluster(writeCluster) ? { write: "write-nodes" } : {}),
    ...(readCluster && !isExistingCluster(readCluster) ? { read: "read-nodes" } : {}),
  };
}

/** Whether pods on one node reach a port of pods on another, for a cluster that is made here. */
export function isOpenAmongNodes(port: number): boolean {
  return AMONG_NODES.some((way) => lets(way, { port }));
}

export function lets(way: Pick<Flow, "port" | "lastPort" | "protocol">, { port, endPort, protocol = "TCP" }: Port): boolean {
  const [first, last] = [Number(port), endPort ?? Number(port)];
  return (way.protocol ?? "tcp") === protocol.toLowerCase() && way.port <= first && last <= (way.lastPort ?? way.port);
}

/** A port that one end opens, or that pods listen on. */
export interface Port {
  readonly port?: string | number;
  readonly endPort?: number;
  readonly protocol?: string;
}
