import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/** A server of the Redis protocol as others know it, whatever engine runs it. Plain data: its values may be outputs of another stack. */
export interface Redis {
  /** What it is called: `cache`. */
  readonly name: string;

  /** The configuration endpoint of a cluster, the primary's name otherwise. */
  readonly host: string;

  /** @default 6379 */
  readonly port?: number;

  /** Whether keys are spread over shards, so that clients have to speak the cluster protocol. */
  readonly clustered: boolean;

  readonly authority: Authority;

  /** Where its pods are, or its addresses, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  readonly user: string;
  readonly password: SecretReference;

  /**
   * Whether workloads start without it: they do without a cache.
   * @default "cache"
   */
  readonly purpose?: RedisPurpose;
}

/**
 * What it is for. A `cache` may forget: whoever asks it can ask elsewhere. A `store` holds what is nowhere else, and so
 * is refused where an acknowledged write can be lost: by eviction, by a log that is not synced, or by an asynchronous failover.
 */
export type RedisPurpose = "cache" | "store";

/** How a workload talks to it. */
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
