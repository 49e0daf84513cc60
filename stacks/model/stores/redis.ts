import type { Bytes } from "../../../constructs/core/quantities";
import { bytes } from "../../../constructs/core/quantities";
import type { RedisPurpose } from "../../../constructs/redis";
import type { Size } from "../../../constructs/sizing";
import { choice, engines, object, optional, quantity, told, whole } from "../check/shape";
import { size } from "../common";

export type Cache = ElastiCacheSettings | ValkeySettings;

export interface RedisServer {
  /** @default - the environment's */
  readonly size?: Size;

  /**
   * `cache`: it may forget. `store`: it holds what is nowhere else, and is refused where an acknowledged write may be lost.
   * @default "cache"
   */
  readonly purpose?: RedisPurpose;
}

export interface ElastiCacheSettings extends RedisServer {
  readonly engine: "elasticache";

  readonly shards: number;

  /** At most 5. */
  readonly replicasPerShard: number;
}

export interface ValkeySettings extends RedisServer {
  readonly engine: "valkey";

  /** Replicas beside the primary. */
  readonly replicas?: number;

  /** The disk of each. */
  readonly storage?: Bytes;
}

export const redis = { size: optional(size), purpose: optional(choice(["cache", "store"], "purpose")) };

export const redisShape = engines({
  elasticache: object<ElastiCacheSettings>({
    engine: told,
    ...redis,
    shards: whole(1, 500),
    replicasPerShard: whole(0, 5, ", as many replicas as a shard has"),
  }),
  valkey: object<ValkeySettings>({ engine: told, ...redis, replicas: optional(whole(0, 5)), storage: optional(quantity(bytes)) }),
});
