import { choice, engines, entriesOf, optional, withEntries } from "../check/shape";
import { type NatsSettings, nats } from "./broker";
import type { StoreEngine } from "./engine";
import { type EventStore, eventSourcingDb, kurrentCloud, kurrentDb, postgresEvents } from "./event-store";
import { type MemorySettings, memory } from "./memory";
import { aurora, cloudNativePg, type PostgresSettings, rds } from "./postgres";
import { type Cache, elasticache, valkey } from "./redis";

/** The settings of a store, by its engine. */
export type StoreSettings = EventStore | MemorySettings | PostgresSettings | Cache | NatsSettings;

export type Engine = StoreSettings["engine"];

/** Every engine: where it runs, its settings, and what follows from them. */
export const ENGINES: { readonly [S in StoreSettings as S["engine"]]: StoreEngine<S> } = {
  "kurrent-cloud": kurrentCloud,
  kurrentdb: kurrentDb,
  postgres: postgresEvents,
  eventsourcingdb: eventSourcingDb,
  memory,
  aurora,
  rds,
  "cloudnative-pg": cloudNativePg,
  elasticache,
  valkey,
  nats,
};

/** The engine of a store; of what nobody has checked yet, maybe none. */
export function engineOf({ settings }: { readonly settings: { readonly engine?: unknown } }): StoreEngine<StoreSettings> | undefined {
  const { engine } = settings;
  const known = typeof engine === "string" && Object.hasOwn(ENGINES, engine);
  return known ? (ENGINES[engine as Engine] as unknown as StoreEngine<StoreSettings>) : undefined;
}

type Unnamed<T> = T extends unknown ? Omit<T, "name"> : never;

/** What keeps state, under a name: an engine, its settings, and the cluster that it belongs to. */
export type Store = Unnamed<StoreSettings> & {
  /**
   * The cluster that it runs on, or whose jobs set it up, if there are two.
   * @default - "writeCluster" for event stores, "readCluster" for all others
   */
  readonly cluster?: "writeCluster" | "readCluster";
};

/** Which of two clusters. */
export const side = optional(choice(["writeCluster", "readCluster"], "cluster of an environment with two"));

export const storeShape = engines(
  Object.fromEntries(
    Object.entries(ENGINES).map(([engine, { shape }]) => {
      const { name: _, ...entries } = entriesOf(shape);
      return [engine, withEntries({ ...entries, cluster: side })];
    }),
  ),
);
