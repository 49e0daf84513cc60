import { CapacityLedger } from "../../constructs/capacity";
import type { ExistingCluster } from "../../stacks/model/cluster";
import { all } from "../../stacks/model/common";
import { clustersOf } from "../../stacks/model/derive/clusters";
import { partsOf } from "../../stacks/model/derive/platform-parts";
import type { Environment, ReadDatabase } from "../../stacks/model/environment";
import { asDomains } from "../../stacks/model/shorthand";
import type { EventStore } from "../../stacks/model/stores/event-store";
import type { Cache } from "../../stacks/model/stores/redis";

/** An environment as far as it goes on an existing cluster, without AWS. */
export interface Variant {
  readonly environment: Environment;

  /** What differs from the environment, for a reader: `"eventStore is kurrentdb instead of kurrent-cloud"`. */
  readonly differences: readonly string[];
}

type Store = EventStore | ReadDatabase | Cache;

/** What stands on a cluster for an engine that lives on AWS. */
const INSTEAD: Readonly<Partial<Record<Store["engine"], Store>>> = {
  "kurrent-cloud": { engine: "kurrentdb", nodes: 1, storage: "5Gi" },
  aurora: { engine: "cloudnative-pg", instances: 1, storage: "5Gi" },
  rds: { engine: "cloudnative-pg", instances: 1, storage: "5Gi" },
  elasticache: { engine: "valkey", replicas: 0 },
};

/** What a developer's machine has room for, where an environment says nothing else. */
const SIZE = "small";

/** The environment with the cluster in the place of its own, one or two, and without what only AWS has. */
export function onCluster(environment: Environment, cluster: ExistingCluster): Variant {
  const { aws, access, standbyOf, queryApi, cluster: _, writeCluster: __, readCluster: ___, ...rest } = environment;
  const differences = [
    ...clustersOf(environment).map(([key]) => `${key} is ${cluster.context}`),
    ...Object.entries({ aws, access, standbyOf }).flatMap(([part, value]) => (value ? [`without ${part}`] : [])),
  ];
  const instead = <T extends Store>(part: string, store: T): T => {
    const other = INSTEAD[store.engine];
    if (!other) return store;
    differences.push(`${part} is ${other.engine} instead of ${store.engine}`);
    return { ...("name" in store ? { name: store.name } : {}), ...other } as T;
  };
  const { eventStore, readDatabase, cache, size = "medium" } = environment;
  if (size !== SIZE) differences.push(`size is ${SIZE} instead of ${size}`);
  const variant: Environment = {
    ...rest,
    size: SIZE,
    cluster,
    ...(eventStore?.engine === "postgres"
      ? { eventStore: { ...eventStore, server: instead("eventStore.server", eventStore.server) } }
      : eventStore
        ? { eventStore: instead("eventStore", eventStore) }
        : {}),
    ...(readDatabase ? { readDatabase: all(readDatabase).map((store) => instead("readDatabase", store)) } : {}),
    ...(cache ? { cache: instead("cache", cache) } : {}),
    // What stands before a cluster is no part of it.
    ...(queryApi ? { queryApi: all(queryApi).map(({ edge: ____, ...api }) => api) } : {}),
    exceptions: { disposable: "applied to be destroyed" },
  };
  const kept = partsIn(variant);
  const leftOut = [...partsIn(environment)].filter((part) => !kept.has(part)).sort();
  return { environment: variant, differences: [...differences, ...leftOut.map((part) => `without ${part}`)] };
}

/** The parts of the platform on any of its clusters. */
function partsIn(environment: Environment): ReadonlySet<string> {
  const system = asDomains(environment);
  const sites = clustersOf(system).map(([key, cluster]) => ({ environment: system, key, cluster, ledger: new CapacityLedger() }));
  return new Set(sites.flatMap((site) => [...partsOf(site)]));
}
