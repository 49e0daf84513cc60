import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/** Connection values of a server with the Redis protocol, for any engine. Plain data: its values may be outputs of another stack. */
export interface Redis {
  /** Its name: `cache`. */
  readonly name: string;

  /** The configuration endpoint of a cluster, otherwise the primary's host name. */
  readonly host: string;

  /** @default 6379 */
  readonly port?: number;

  /** Requires clients to use the cluster protocol, because keys are distributed over shards. */
  readonly clustered: boolean;

  readonly authority: Authority;

  /** Its pods or addresses, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  readonly user: string;
  readonly password: SecretReference;

  /**
   * Purpose. Workloads start without a `cache`, but not without a `store`.
   * @default "cache"
   */
  readonly purpose?: RedisPurpose;
}

/**
 * A `cache` may lose data that clients can read elsewhere. A `store` holds the only copy, so settings that can lose an acknowledged write
 * are refused: eviction, a log that is not synced, or asynchronous failover.
 */
export type RedisPurpose = "cache" | "store";

/** Connection settings of a workload. */
export function redisConnection({
  name,
  host,
  port = 6379,
  clustered,
  authority,
  peers,
  user,
  password,
  purpose = "cache",
}: Redis): Connection {
  return {
    name,
    facts: { host, port: String(port), user, password },
    variables: { REDIS_URL: "rediss://{user}:{password}@{host}:{port}", REDIS_CLUSTER: String(clustered), REDIS_CA: "{ca}" },
    authority,
    egress: [{ name, peer: peers, ports: [port] }],
    ...(purpose === "store" ? { ready: { host, port } } : {}),
  };
}
