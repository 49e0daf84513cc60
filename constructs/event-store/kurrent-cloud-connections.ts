import type { Connection, SecretReference } from "../connection";
import type { EventStore, EventStoreRole } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";

/** Addresses and users of a Kurrent Cloud cluster. Plain data: its values may be outputs of another stack. */
export interface KurrentCloudAccess {
  /**
   * The event store's name: prefix of its connections, its secrets and the jobs that create its users.
   * @default "event-store"
   */
  readonly name?: string;

  /** DNS name of its nodes. */
  readonly host: string;

  /** CIDR block of its network, for network policies. */
  readonly cidr: string;

  /** Has several nodes, which a client must discover. */
  readonly clustered: boolean;

  /** A user for each role. `KurrentCloudUsers` creates them, with the passwords of `kurrentCloudSecrets`. */
  readonly users: Readonly<Record<EventStoreRole, { readonly user: SecretReference; readonly password: SecretReference }>>;
}

/** Client port of the nodes. */
export const PORT = 2113;

/** Returns the connection data of Kurrent Cloud for workloads. Its certificates are signed by a public CA. */
export function kurrentCloudEventStore({ users, ...access }: KurrentCloudAccess): EventStore {
  return {
    protocol: "kurrentdb",
    connections: { commands: connection(access, users.commands), subscriptions: connection(access, users.subscriptions) },
  };
}

function connection(
  { name = DEFAULT_STORE_NAME, host, cidr, clustered }: Omit<KurrentCloudAccess, "users">,
  { user, password }: KurrentCloudAccess["users"]["commands"],
): Connection {
  // A client discovers the nodes by gossip from any node, and connects to the leader.
  const scheme = clustered ? "esdb+discover" : "esdb";
  return {
    name,
    facts: { host, port: String(PORT), user, password },
    variables: { EVENT_STORE_URL: `${scheme}://{user}:{password}@{host}:{port}?tls=true` },
    authority: "public",
    egress: [{ name, peer: { cidr }, ports: [PORT] }],
    ready: { host, port: PORT },
  };
}
