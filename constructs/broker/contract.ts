import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/**
 * A broker of messages as others know it. Plain data: its values may be outputs of another stack.
 *
 * NATS is its one engine. AWS has none that fits: what its clients speak is NATS, with subjects, request and reply, and
 * streams that are read again from any point. SQS and SNS forget what was delivered and speak an API of their own; Amazon
 * MQ is AMQP, MQTT or OpenWire; MSK is Kafka. Each would be another library in every workload, so it is another contract.
 */
export interface Broker {
  /** What it is called: `broker`. */
  readonly name: string;
  readonly protocol: "nats";
  readonly host: string;

  /** @default 4222 */
  readonly port?: number;
  readonly authority: Authority;

  /**
   * Where it tells how much waits for a consumer, in clear and to whom it lets in, and of which account. A cluster's servers
   * are asked one by one, each by its own name before this one.
   */
  readonly monitoring: { readonly address: string; readonly account: string };

  /** Where its pods are, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** The user of an account that workloads share. */
  readonly user: string;
  readonly password: SecretReference;
}

/** How a workload talks to it. */
export function brokerConnection({ name, host, port = 4222, authority, peers, user, password }: Broker): Connection {
  return {
    name,
    facts: { host, port: String(port), user, password },
    variables: { NATS_URL: "tls://{user}:{password}@{host}:{port}", NATS_CA: "{ca}" },
    authority,
    egress: [{ name, peer: peers, ports: [port] }],
    ready: { host, port },
  };
}
