import { type Cluster, type ClusterKey, isExistingCluster, type NewCluster } from "../cluster";

/** The clusters of an environment: one for everything, or two. */
type Clusters = { readonly [Key in ClusterKey]?: Cluster };

/** The clusters that are made here, by the key under which they stand. */
export function newClusters({ cluster, writeCluster, readCluster }: Clusters): readonly (readonly [ClusterKey, NewCluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !isExistingCluster(found) ? [[key as ClusterKey, found] as const] : [],
  );
}

/** The clusters of an environment, by the key under which they stand. */
export function clustersOf({ cluster, writeCluster, readCluster }: Clusters): readonly (readonly [ClusterKey, Cluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found ? [[key as ClusterKey, found] as const] : [],
  );
}

/** The cluster under a key, where there is one. */
export function clusterOf(clusters: Clusters, key: ClusterKey): Cluster | undefined {
  return clusters[key];
}
