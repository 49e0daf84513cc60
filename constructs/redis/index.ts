export { CachePassword, type CachePasswordProps, cachePasswordStatements } from "./cache-password";
export * from "./contract";
export { CACHE_NODES, type CacheNode, ELASTICACHE_SIZES, ElastiCache, type ElastiCacheProps, elastiCacheRedis } from "./elasticache";
export { redisUsers } from "./users";
export { Valkey, type ValkeyProps, valkeyRedis } from "./valkey";
export {
  EVICTIONS,
  type Eviction,
  type LogSync,
  type ResolvedValkey,
  resolveValkey,
  VALKEY_SIZES,
  type ValkeySafety,
  type ValkeySettings,
  type ValkeyWishes,
  valkeyMoveProblems,
} from "./valkey-settings";
