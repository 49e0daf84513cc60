export * from "./contract";
export { type CacheNode, ElastiCache, type ElastiCacheProps } from "./elasticache";
