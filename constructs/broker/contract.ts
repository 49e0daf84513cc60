import type { Authority, Connection, SecretFact } from "../connection";
import type { Peer } from "../kubernetes";

/** A broker of messages as others know it. Plain data: its values may be outputs of another stack. */
export interface Broker {
  /** What it is called: `broker`. */
  readonly name: string;
  readonly protocol: "nats";
  readonly host: string;

  /** @default 4222 */
  readonly port?: number;
  readonly authority: Authority;

  /** Where its pods are, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** The user of an account that workloads share. */
  readonly user: string;
  readonly password: SecretFact;
}

/** How a workload talks to it. */
export function brokerConnection({ name, host, port = 4222, authority, peers, user, password }: Broker): Connection {
  return {
    name,
    facts: { host, port: String(port), user, password },
    variables: { NATS_URL: "tls://{user}:{password}@{host}:{port}", NATS_CA: "{ca}" },
    authority,
    reaches: [{ name, peer: peers, ports: [port] }],
    ready: { host, port },
  };
}
