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

/** Where nodes are found from one side. */
interface Found {
  readonly hosts: readonly string[];

  /** A name that any node answers to. */
  readonly any: string;
  readonly peers: readonly End[];
  readonly authority?: RemoteCopy;
}

/** What has to be known of a KurrentDB to speak to it. */
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
   * How it is known outside of its cluster, for those who are there.
   * @default - for those in its own cluster
   */
  readonly outside?: Outside;
}

/** A KurrentDB as workloads know it, from wherever they are. */
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

/** How those in the same cluster find its nodes. */
function insideOf({ namespace, name, nodes }: Node): Found {
  return {
    hosts: nodeNames({ name, namespace, nodes }),
    any: `${name}.${namespace}.svc.cluster.local`,
    peers: [{ namespace, labels: nodeLabels(name) }],
  };
}

/** How those elsewhere find them. */
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

function secretFact(secret: SecretSpec, home: string, key: string): SecretReference {
  return { secret, home, key };
}
