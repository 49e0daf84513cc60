export { CachePassword, type CachePasswordProps, cachePasswordStatements } from "./cache-password";
export * from "./contract";
export { type CacheNode, ElastiCache, type ElastiCacheProps, elastiCacheRedis } from "./elasticache";
export { Valkey, type ValkeyProps, valkeyRedis } from "./valkey";
export { type Eviction, type LogSync, resolveValkey, VALKEY_SIZES, type ValkeySettings, valkeyMoveProblems } from "./valkey-settings";
