import type { Connection, SecretReference } from "../connection";
import type { EventStore, EventStoreRole } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";

/** How a cluster of Kurrent Cloud is reached. Plain data: its values may be outputs of another stack. */
export interface KurrentCloudAccess {
  /**
   * The event store's name: of its connections, its secrets and the jobs that make its users.
   * @default "event-store"
   */
  readonly name?: string;

  /** The name of its nodes. */
  readonly host: string;

  /** The addresses of its network, for network policies. */
  readonly cidr: string;

  /** Whether it has several nodes, which a client has to tell apart. */
  readonly clustered: boolean;

  /** A user for each side. `KurrentCloudUsers` makes them, with the passwords of `kurrentCloudSecrets`. */
  readonly users: Readonly<Record<EventStoreRole, { readonly user: SecretReference; readonly password: SecretReference }>>;
}

/** At which nodes are reached. */
export const PORT = 2113;

/** Kurrent Cloud as workloads know it. Its certificates are signed by an authority that every image knows. */
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
  // A client asks any node for the others by gossip, and goes to the leader.
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
