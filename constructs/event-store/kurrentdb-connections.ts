import type { Connection, RemoteCopy, SecretFact } from "../connection";
import type { Peer } from "../kubernetes";
import type { SecretSpec } from "../secrets";
import type { EventStore, EventStoreRole } from "./contract";
import type { Outside } from "./kurrentdb";
import { certificateNames } from "./kurrentdb-certificates";
import { type NodeProps, nodeLabels, nodeNames, PORTS } from "./kurrentdb-node";
import { LINES } from "./kurrentdb-versions";

type End = Exclude<Peer, "anywhere">;

/** Where nodes are found from one side. */
interface Found {
  readonly hosts: readonly string[];

  /** A name that any node answers to. */
  readonly any: string;
  readonly peers: readonly End[];
  readonly authority?: RemoteCopy;
}

/** How those in the same cluster find its nodes. */
export function insideOf({ namespace, name, nodes }: NodeProps): Found {
  return {
    hosts: nodeNames({ name, namespace, nodes }),
    any: `${name}.${namespace}.svc.cluster.local`,
    peers: [{ namespace, labels: nodeLabels(name) }],
  };
}

/** How those elsewhere find them. */
export function outsideOf({ name, nodes }: NodeProps, { domain, networks, authority }: Outside): Found {
  return {
    hosts: Array.from({ length: nodes }, (_, index) => `${name}-${index}.${name}.${domain}`),
    any: `${name}.${domain}`,
    peers: networks.map((cidr) => ({ cidr })),
    ...(authority ? { authority } : {}),
  };
}

/** The store as workloads know it, from one side. */
export function storeOf(node: NodeProps, found: Found): EventStore {
  return {
    protocol: "kurrentdb",
    connections: { commands: connectionOf(node, "commands", found), subscriptions: connectionOf(node, "subscriptions", found) },
  };
}

function connectionOf(
  { name, namespace, line, insecure, secrets }: NodeProps,
  role: EventStoreRole,
  { hosts, any, peers, authority }: Found,
): Connection {
  const { scheme } = LINES[line];
  const shared = {
    name,
    reaches: [{ name, peer: peers, ports: [PORTS.http] }],
    ready: { host: any, port: PORTS.http },
  };
  // Several addresses are asked who leads; one is taken for what it is.
  const facts = { host: any, port: String(PORTS.http), hosts: hosts.map((host) => `${host}:${PORTS.http}`).join(",") };
  if (insecure) return { ...shared, facts, variables: { EVENT_STORE_URL: `${scheme}://{hosts}?tls=false` } };
  return {
    ...shared,
    facts: { ...facts, user: secretFact(secrets[role], namespace, "user"), password: secretFact(secrets[role], namespace, "password") },
    variables: { EVENT_STORE_URL: `${scheme}://{user}:{password}@{hosts}?tls=true&tlsCaFile={ca}` },
    authority: {
      home: namespace,
      secretName: certificateNames(name).authority,
      key: "ca.crt",
      ...(authority ? { elsewhere: authority } : {}),
    },
  };
}

function secretFact(secret: SecretSpec, home: string, key: string): SecretFact {
  return { secret, home, key };
}
