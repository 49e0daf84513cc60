export * from "./contract";
export { type CacheNode, ElastiCache, type ElastiCacheProps } from "./elasticache";
export { Valkey, type ValkeyProps } from "./valkey";
export { type Eviction, type LogSync, VALKEY_SIZES, type ValkeySettings } from "./valkey-settings";
