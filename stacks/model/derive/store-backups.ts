import type { Duration } from "../../../constructs/core/quantities";
import type { DraftEnvironment } from "../check/finding";
import { each } from "../check/finding";
import { step } from "../check/paths";

/** How the data of one store is backed up. */
export interface StoreBackup {
  /** Where the environment describes the store: `["eventStore", "server"]`. */
  readonly keys: readonly string[];

  /** The same for a reader, with the store's name where it has one: `readDatabase search`. */
  readonly store: string;

  readonly engine: string;

  /**
   * What makes the backups: `Kurrent Cloud, every 1h`.
   * @default - nothing does
   */
  readonly by?: string;

  /** How long a backup is kept. */
  readonly keep?: Duration;

  /** Whether `backup.keep` decides how long. */
  readonly followsKeep: boolean;

  /** Whether backups are in the environment's bucket, which is replicated to the recovery region. */
  readonly inBucket: boolean;
}

/** The longest that RDS and Aurora keep automated backups (backup retention period). Everything else follows them. */
export const MOST_AUTOMATED_DAYS = 35;

/** Retention of backups where the environment names none. */
export const DEFAULT_KEEP: Duration = `${MOST_AUTOMATED_DAYS}d`;

/** Engines whose backups AWS makes. */
const AUTOMATED: Readonly<Record<string, string>> = { aurora: "Aurora", rds: "RDS" };

/** Every store that holds data of its own, and what backs it up. A cache may forget, so it is not one of them. */
export function storeBackups(environment: DraftEnvironment): readonly StoreBackup[] {
  const { eventStore, cache, broker } = environment;
  return [
    ...(eventStore?.engine === "postgres" ? [ofPostgres(environment, ["eventStore", "server"], eventStore.server, "writeCluster")] : []),
    ...(eventStore?.engine === "kurrent-cloud" ? [ofKurrentCloud(eventStore.backup)] : []),
    ...(eventStore?.engine === "kurrentdb" || eventStore?.engine === "eventsourcingdb" ? [none(["eventStore"], eventStore.engine)] : []),
    ...each(environment, "readDatabase").map(([keys, settings]) => ofPostgres(environment, keys, settings, "readCluster")),
    ...(cache?.purpose === "store" ? [none(["cache"], cache.engine)] : []),
    ...(broker?.purpose === "events" ? [none(["broker"], broker.engine)] : []),
  ].filter(({ engine }) => engine !== "");
}

function none(keys: readonly string[], engine: unknown = "", name?: unknown): StoreBackup {
  const store = name === undefined ? keys.reduce(step) : `${keys[0]} ${name}`;
  return { keys, store, engine: String(engine), followsKeep: false, inBucket: false };
}

function ofKurrentCloud({ every, keep }: { readonly every?: unknown; readonly keep?: unknown } = {}): StoreBackup {
  return { ...none(["eventStore"], "kurrent-cloud"), by: `Kurrent Cloud, every ${every}`, ...(keep ? { keep: keep as Duration } : {}) };
}

function ofPostgres(
  environment: DraftEnvironment,
  keys: readonly string[],
  { engine, name }: { readonly engine?: unknown; readonly name?: unknown } = {},
  side: "writeCluster" | "readCluster",
): StoreBackup {
  const store = none(keys, engine, name);
  const kept = { keep: (environment.backup?.keep ?? DEFAULT_KEEP) as Duration, followsKeep: true };
  const automated = AUTOMATED[store.engine];
  if (automated) return { ...store, ...kept, by: `${automated}, to any second` };
  // An existing cluster has no role on AWS, so what runs on it can't write to the bucket.
  const cluster = environment.cluster ?? environment[side];
  const onEks = environment.aws !== undefined && typeof cluster === "object" && !("context" in cluster);
  return onEks && store.engine === "cloudnative-pg" ? { ...store, ...kept, by: "CloudNativePG, to any second", inBucket: true } : store;
}
