import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, millicores } from "../core/quantities";
import { type Size, shrinkProblems } from "../sizing";
import type { RedisPurpose } from "./contract";

/** Settings that a size determines and that can be set individually. */
export interface ValkeySettings {
  /** CPU request, without a limit. Valkey uses one thread for commands, and others for reading, writing and rewriting its log. */
  readonly cpu: Cores;

  /** Memory request and limit. Data uses a part of it: see `DATA_SHARE`. */
  readonly memory: Bytes;

  /** Volume size of the log. It grows in place and can't shrink. */
  readonly storage: Bytes;

  /**
   * Replicas that serve reads at `<name>-read`. None is promoted automatically: while the primary is down, writes fail. A store has none.
   */
  readonly replicas: number;
}

/** Resource requests, volume and replicas of a Valkey by size of the environment. */
export const VALKEY_SIZES: Readonly<Record<Size, ValkeySettings>> = {
  small: { cpu: "100m", memory: "512Mi", storage: "5Gi", replicas: 0 },
  medium: { cpu: "500m", memory: "2Gi", storage: "10Gi", replicas: 0 },
  large: { cpu: 1, memory: "8Gi", storage: "50Gi", replicas: 0 },
};

/** Keys that are evicted when memory is full. `noeviction` rejects writes instead. */
export const EVICTIONS = ["allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu", "volatile-ttl", "noeviction"] as const;

/** Policy by which Valkey removes keys at its memory limit. */
export type Eviction = (typeof EVICTIONS)[number];

/** Time until a write is synced to disk: before it is acknowledged, or within a second. */
export type LogSync = "always" | "everysec";

/** Settings that determine the durability of a write. */
export interface ValkeySafety {
  readonly eviction: Eviction;
  readonly sync: LogSync;
}

/** A cache evicts the least recently used keys. A store acknowledges a write once it is on disk, and evicts nothing. */
export const SAFETY: Readonly<Record<RedisPurpose, ValkeySafety>> = {
  cache: { eviction: "allkeys-lru", sync: "everysec" },
  store: { eviction: "noeviction", sync: "always" },
};

/**
 * Share of memory for data. The rest is for connections and for pages that change while a child process rewrites the log: at worst, under
 * writes to every key, as much again as the data (Valkey, persistence).
 */
export const DATA_SHARE: Readonly<Record<RedisPurpose, number>> = { cache: 0.7, store: 0.5 };

/** Settings as given, with size and purpose for their defaults. */
export interface ValkeyWishes extends Partial<ValkeySettings>, Partial<ValkeySafety> {
  readonly purpose: RedisPurpose;
  readonly size?: Size;
}

/** Settings of a Valkey with all defaults of its size and purpose. */
export type ResolvedValkey = ValkeySettings & ValkeySafety & { readonly purpose: RedisPurpose };

/** Settings of a Valkey with all defaults of its size and purpose. */
export function resolveValkey(wishes: ValkeyWishes): ResolvedValkey {
  const { purpose, size = "medium" } = wishes;
  const { cpu, memory, storage, replicas } = VALKEY_SIZES[size];
  return {
    purpose,
    cpu: wishes.cpu ?? cpu,
    memory: wishes.memory ?? memory,
    storage: wishes.storage ?? storage,
    replicas: wishes.replicas ?? replicas,
    eviction: wishes.eviction ?? SAFETY[purpose].eviction,
    sync: wishes.sync ?? SAFETY[purpose].sync,
  };
}

type Found = Omit<Problem, "path">;

const LEAST_MEMORY = 128 * 2 ** 20;

/** Problems by property. */
export function valkeyProblems(settings: ResolvedValkey): Readonly<Record<string, readonly Found[]>> {
  const { purpose, memory, storage, replicas, eviction, sync } = settings;
  const [memoryBytes, storageBytes] = [bytes(memory), bytes(storage)];
  const store = purpose === "store";
  const cpu = millicores(settings.cpu);
  return {
    cpu: typeof cpu === "number" ? [] : [{ value: settings.cpu, ...cpu }],
    memory:
      typeof memoryBytes !== "number"
        ? [{ value: memory, ...memoryBytes }]
        : memoryBytes < LEAST_MEMORY
          ? [{ value: memory, rule: "leaves no memory for data, because Valkey itself needs it", remedy: "use 128Mi or more" }]
          : [],
    storage:
      typeof storageBytes !== "number"
        ? [{ value: storage, ...storageBytes }]
        : typeof memoryBytes === "number" && storageBytes < 2 * memoryBytes
          ? [
              {
                value: storage,
                rule: `can't hold the log of ${memory} of data and the log that replaces it`,
                remedy: `use ${Math.ceil((2 * memoryBytes) / 2 ** 30)}Gi or more`,
              },
            ]
          : [],
    replicas:
      !Number.isInteger(replicas) || replicas < 0
        ? [{ value: replicas, rule: "must be a valid number of replicas", remedy: "use 0 or more" }]
        : store && replicas > 0
          ? [
              {
                value: replicas,
                rule: "replicas of a store lack writes that were acknowledged, and one that takes over loses them for good: replication is asynchronous",
                remedy: "use 0: a single server acknowledges a write after it is on disk, and has it after a restart",
              },
            ]
          : [],
    eviction:
      store && eviction !== "noeviction"
        ? [
            {
              value: eviction,
              rule: "deletes data that was acknowledged when memory is full, and nothing else has it",
              remedy: 'leave it out: a full store refuses writes ("noeviction"), and its clients know',
            },
          ]
        : [],
    sync:
      store && sync !== "always"
        ? [
            {
              value: sync,
              rule: "loses up to a second of acknowledged writes with the node",
              remedy: 'leave it out: a store uses "always"',
            },
          ]
        : [],
  };
}

/** Changes that are not allowed on a server with data. Changing the number of replicas loses no data. */
export function valkeyMoveProblems(before: ValkeySettings, after: ValkeySettings): readonly Found[] {
  return shrinkProblems(before, after, ["storage"]);
}
