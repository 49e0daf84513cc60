export * from "./contract";
export { CACHE_NODES, type CacheNode, ELASTICACHE_SIZES, ElastiCache, type ElastiCacheProps } from "./elasticache";
export { Valkey, type ValkeyProps } from "./valkey";
export {
  type Eviction,
  type LogSync,
  type ResolvedValkey,
  resolveValkey,
  VALKEY_SIZES,
  type ValkeySettings,
  valkeyMoveProblems,
} from "./valkey-settings";
