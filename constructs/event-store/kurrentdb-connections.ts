import type { Connection, RemoteCopy, SecretReference } from "../connection";
import { DEFAULT_KURRENTDB, type KurrentDbLine } from "../core/versions";
import type { Peer } from "../kubernetes";
import type { SecretSpec } from "../secrets";
import type { EventStore, EventStoreRole } from "./contract";
import type { Outside } from "./kurrentdb";
import { certificateNames } from "./kurrentdb-certificates";
import { nodeLabels, nodeNames, PORTS } from "./kurrentdb-node";
import { kurrentDbSecrets } from "./kurrentdb-secrets";
import { LINES } from "./kurrentdb-versions";
import { DEFAULT_STORE_NAME } from "./store-name";

type End = Exclude<Peer, "anywhere">;

/** Addresses of nodes, inside or outside of the cluster. */
interface Found {
  readonly hosts: readonly string[];

  /** A name that resolves to any node. */
  readonly any: string;
  readonly peers: readonly End[];
  readonly authority?: RemoteCopy;
}

/** Parameters to connect to a KurrentDB. */
export interface KurrentDbAccess {
  /** @default "event-store" */
  readonly name?: string;
  readonly namespace: string;
  readonly nodes: number;

  /** @default "26.0" */
  readonly version?: KurrentDbLine;

  /** @default false */
  readonly insecure?: boolean;

  /**
   * Names outside of its cluster, for clients there.
   * @default - the names inside its own cluster
   */
  readonly outside?: Outside;
}

/** Returns the connection data of a KurrentDB, for workloads in its cluster or elsewhere. */
export function kurrentDbEventStore(access: KurrentDbAccess): EventStore {
  const { name = DEFAULT_STORE_NAME, version = DEFAULT_KURRENTDB, insecure = false, outside, ...place } = access;
  const node: Node = { ...place, name, line: version, insecure };
  const found = outside ? outsideOf(node, outside) : insideOf(node);
  return {
    protocol: "kurrentdb",
    connections: { commands: connectionOf(node, "commands", found), subscriptions: connectionOf(node, "subscriptions", found) },
  };
}

interface Node {
  readonly name: string;
  readonly namespace: string;
  readonly nodes: number;
  readonly line: KurrentDbLine;
  readonly insecure: boolean;
}

/** Addresses for clients in the same cluster. */
function insideOf({ namespace, name, nodes }: Node): Found {
  return {
    hosts: nodeNames({ name, namespace, nodes }),
    any: `${name}.${namespace}.svc.cluster.local`,
    peers: [{ namespace, labels: nodeLabels(name) }],
  };
}

/** Addresses for clients elsewhere. */
function outsideOf({ name, nodes }: Node, { domain, networks, authority }: Outside): Found {
  return {
    hosts: Array.from({ length: nodes }, (_, index) => `${name}-${index}.${name}.${domain}`),
    any: `${name}.${domain}`,
    peers: networks.map((cidr) => ({ cidr })),
    ...(authority ? { authority } : {}),
  };
}

function connectionOf(
  { name, namespace, line, insecure }: Node,
  role: EventStoreRole,
  { hosts, any, peers, authority }: Found,
): Connection {
  const { scheme } = LINES[line];
  const secrets = kurrentDbSecrets(name);
  const shared = {
    name,
    egress: [{ name, peer: peers, ports: [PORTS.http] }],
    ready: { host: any, port: PORTS.http },
  };
  // With several addresses, clients discover the leader; a single one is used directly.
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

function secretFact(secret: SecretSpec, home: string, key: string): SecretReference {
  return { secret, home, key };
}
