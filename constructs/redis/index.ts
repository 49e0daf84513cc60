export { CachePassword, type CachePasswordProps, cachePasswordStatements } from "./cache-password";
export * from "./contract";
export { type CacheNode, ElastiCache, type ElastiCacheProps } from "./elasticache";
export { Valkey, type ValkeyProps } from "./valkey";
export { type Eviction, type LogSync, resolveValkey, VALKEY_SIZES, type ValkeySettings, valkeyMoveProblems } from "./valkey-settings";
