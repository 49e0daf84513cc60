import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/**
 * Connection values of a message broker. Plain data: its values may be outputs of another stack.
 *
 * NATS is the only engine. AWS offers no equivalent: clients use the NATS protocol, with subjects, request and reply, and streams that can
 * be read again from any point. SQS and SNS delete delivered messages and have APIs of their own; Amazon MQ is AMQP, MQTT or OpenWire; MSK
 * is Kafka. Each would need another library in every workload, so each would be another contract.
 */
export interface Broker {
  /** Its name: `broker`. */
  readonly name: string;
  readonly protocol: "nats";
  readonly host: string;

  /** @default 4222 */
  readonly port?: number;
  readonly authority: Authority;

  /**
   * Address and account of the monitoring endpoint, which reports the pending messages of consumers in plaintext to allowed clients. In a
   * cluster each server is queried separately, with its own name as a prefix of this address.
   */
  readonly monitoring: { readonly address: string; readonly account: string };

  /** Its pods, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** User of the account that workloads share. */
  readonly user: string;
  readonly password: SecretReference;
}

/** Connection settings of a workload. */
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
