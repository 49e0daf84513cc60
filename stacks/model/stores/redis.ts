import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import { bytes, daysIn, millicores } from "../../../constructs/core/quantities";
import { DEFAULT_ELASTICACHE_VALKEY } from "../../../constructs/core/versions";
import {
  CACHE_NODES,
  ELASTICACHE_SIZES,
  EVICTIONS,
  type Eviction,
  type RedisPurpose,
  type ResolvedValkey,
  redisUsers,
  resolveValkey,
  valkeyMoveProblems,
} from "../../../constructs/redis";
import type { Size } from "../../../constructs/sizing";
import { type CacheBackup, cacheBackup } from "../backup";
import type { Draft, Finding } from "../check/finding";
import { choice, engines, object, optional, quantity, told, whole } from "../check/shape";
import { size } from "../common";
import { type BackedUp, type BackupTarget, bySetting, type SettingProblem, type StoreEngine } from "./engine";

/** Cache of the read side, on AWS or on the cluster. */
export type Cache = ElastiCacheSettings | ValkeySettings;

/** Settings of a Redis-compatible server that all engines have. */
export interface RedisServer {
  /** @default - the size of the environment */
  readonly size?: Size;

  /**
   * `cache`: data may be lost. `store`: the only copy of its data; settings that may lose an acknowledged write are rejected, and so is
   * `elasticache`.
   * @default "cache"
   */
  readonly purpose?: RedisPurpose;
}

/** Valkey on Amazon ElastiCache. */
export interface ElastiCacheSettings extends RedisServer {
  readonly engine: "elasticache";

  readonly shards: number;

  /** Replicas per shard, at most 5. */
  readonly replicasPerShard: number;

  /**
   * Daily snapshots.
   * @default - kept for 7 days, or none with the exception `disposable`
   */
  readonly backup?: CacheBackup;
}

/** Valkey on the cluster. */
export interface ValkeySettings extends RedisServer {
  readonly engine: "valkey";

  /** Number of replicas besides the primary. */
  readonly replicas?: number;

  /** CPU request per server. */
  readonly cpu?: Cores;

  /** Memory request and limit per server. Data uses 70% of it in a cache, half of it in a store. */
  readonly memory?: Bytes;

  /** Disk size per server. A store needs at least twice its memory. */
  readonly storage?: Bytes;

  /**
   * Eviction policy when memory is full: `allkeys-lru`, `volatile-ttl` and so on. `noeviction` rejects writes instead; a
   * store requires it, because evicted data has no other copy.
   * @default "allkeys-lru" of a cache, "noeviction" of a store
   */
  readonly eviction?: Eviction;
}

export const redis = { size: optional(size), purpose: optional(choice(["cache", "store"], "purpose")) };

const valkeySettings = {
  cpu: optional(quantity(millicores)),
  memory: optional(quantity(bytes)),
  storage: optional(quantity(bytes)),
  eviction: optional(choice(EVICTIONS, "way to evict keys")),
};

/** Resolved settings of Valkey servers. */
export function valkeySize({ engine: _, purpose = "cache", ...given }: ValkeySettings, size: Size): ResolvedValkey {
  return resolveValkey({ size, purpose, ...given });
}

function mayForget({ purpose = "cache" }: { readonly purpose?: RedisPurpose }): boolean {
  return purpose === "cache";
}

/** Problems of a change of purpose: data in a store has no other copy. */
function purposeKept(before: Cache, after: Cache): readonly SettingProblem[] {
  if (mayForget(before) || !mayForget(after)) return [];
  return [
    {
      at: "purpose",
      value: after.purpose ?? "cache",
      rule: "may forget what it holds as a store, and nothing else has it",
      remedy: 'keep purpose: "store", or move what it holds first',
    },
  ];
}

const FORGETS = "a cache may forget";

/** ElastiCache takes one snapshot a day, at any time within its window of an hour. */
const SNAPSHOT = { every: "1d", loses: 90_000 } as const;

/** Retention of snapshots. Undefined if there are none. */
export function snapshotsKept({ backup }: Draft<ElastiCacheSettings>, isProtected: boolean): Duration | undefined {
  return backup?.keep ?? (isProtected ? "7d" : undefined);
}

function snapshots(settings: Draft<ElastiCacheSettings>, { isProtected }: BackupTarget): BackedUp {
  const keep = snapshotsKept(settings, isProtected);
  const because = "a snapshot is made once a day, in a window of an hour";
  return {
    methods: keep ? [{ by: "snapshots of ElastiCache", ...SNAPSHOT, keep, because, place: "region" }] : [],
    ...(mayForget(settings) ? { expendable: FORGETS } : {}),
  };
}

/** Problems of snapshots: their retention is 35 days at most (ElastiCache, automatic backups). */
function snapshotProblems({ backup }: Draft<ElastiCacheSettings>): readonly Finding[] {
  const days = backup?.keep === undefined ? 1 : daysIn(backup.keep);
  if (Number.isInteger(days) && days >= 1 && days <= 35) return [];
  return [{ keys: ["backup", "keep"], value: backup?.keep, rule: "is not a retention that ElastiCache has", remedy: "use 1d to 35d" }];
}

export const elasticache: StoreEngine<ElastiCacheSettings> = {
  secrets: (name) => [redisUsers(name)],
  kind: "redis",
  runs: "aws",
  cloudWatch: "elasticache",
  shape: object<ElastiCacheSettings>({
    engine: told,
    ...redis,
    shards: whole(1, 500),
    replicasPerShard: whole(0, 5, ", as many replicas as a shard has"),
    backup: optional(cacheBackup),
  }),
  mayForget,
  resolved: (settings, { size }) => {
    const { shards, replicasPerShard } = settings;
    const { node } = ELASTICACHE_SIZES[settings.size ?? size];
    return { settings: { version: DEFAULT_ELASTICACHE_VALKEY, node, memory: `${CACHE_NODES[node]}Gi`, shards, replicasPerShard } };
  },
  backup: snapshots,
  problems: snapshotProblems,
  dataLoss: purposeKept,
};

export const valkey: StoreEngine<ValkeySettings> = {
  rules: ["valkey"],
  secrets: (name) => [redisUsers(name)],
  kind: "redis",
  runs: "cluster",
  shape: object<ValkeySettings>({ engine: told, ...redis, replicas: optional(whole(0, 5)), ...valkeySettings }),
  withinCluster: true,
  mayForget,
  resolved: (own, { size }) => {
    const { replicas, cpu, memory, storage, eviction, sync } = valkeySize(own, size);
    return {
      settings: { replicas, cpu, memory, storage, eviction, sync },
      pods: { count: replicas + 1, cpu, memory, volumes: 1 },
    };
  },
  backup: (settings) => ({ methods: [], ...(mayForget(settings) ? { expendable: FORGETS } : {}) }),
  dataLoss: (before, after, sizes) => {
    const lost = purposeKept(before, after);
    return lost.length > 0 ? lost : bySetting(valkeyMoveProblems(valkeySize(before, sizes.before), valkeySize(after, sizes.after)));
  },
};

export const redisShape = engines({ elasticache: elasticache.shape, valkey: valkey.shape });
