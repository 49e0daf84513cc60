import { choice, engines, entriesOf, optional, withEntries } from "../check/shape";
import { type NatsSettings, nats } from "./broker";
import type { StoreEngine } from "./engine";
import type { EventStore } from "./event-store";
import { eventSourcingDb } from "./eventsourcingdb";
import { kurrentCloud } from "./kurrent-cloud";
import { kurrentDb } from "./kurrentdb";
import { type MemorySettings, memory } from "./memory";
import { aurora, cloudNativePg, type PostgresSettings, rds } from "./postgres";
import { postgresEvents } from "./postgres-events";
import { type Cache, elasticache, valkey } from "./redis";

/** Settings of a store, by engine. */
export type StoreSettings = EventStore | MemorySettings | PostgresSettings | Cache | NatsSettings;

/** Name of an engine of any store: `aurora`, `kurrentdb`. */
export type Engine = StoreSettings["engine"];

/** All engines: location, settings, and the values derived from them. */
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

/** Engine of a store. Undefined for an unknown engine in unchecked input. */
export function engineOf({ settings }: { readonly settings: { readonly engine?: unknown } }): StoreEngine<StoreSettings> | undefined {
  const { engine } = settings;
  const known = typeof engine === "string" && Object.hasOwn(ENGINES, engine);
  return known ? (ENGINES[engine as Engine] as unknown as StoreEngine<StoreSettings>) : undefined;
}

type Unnamed<T> = T extends unknown ? Omit<T, "name"> : never;

/** Named store: an engine, its settings, and its cluster. */
export type Store = Unnamed<StoreSettings> & {
  /**
   * Cluster that runs the store or its setup jobs, if there are two clusters.
   * @default - "writeCluster" for event stores, "readCluster" for all others
   */
  readonly cluster?: "writeCluster" | "readCluster";
};

/** Name of one of two clusters. */
export const side = optional(choice(["writeCluster", "readCluster"], "cluster of an environment with two"));

export const storeShape = engines(
  Object.fromEntries(
    Object.entries(ENGINES).map(([engine, { shape }]) => {
      const { name: _, ...entries } = entriesOf(shape);
      return [engine, withEntries({ ...entries, cluster: side })];
    }),
  ),
);
