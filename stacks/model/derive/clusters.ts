import { type Cluster, type ClusterKey, isExistingCluster, type NewCluster } from "../cluster";

/** Clusters of an environment: one for all workloads, or two. */
type Clusters = { readonly [Key in ClusterKey]?: Cluster };

/** Names of clusters in a summary, a report or a diagram, as in their stacks: `production-write-cluster`. */
export const CLUSTER_NAMES: Readonly<Record<ClusterKey, string>> = {
  cluster: "cluster",
  writeCluster: "write-cluster",
  readCluster: "read-cluster",
};

/** Clusters that the environment creates, by their setting. */
export function newClusters({ cluster, writeCluster, readCluster }: Clusters): readonly (readonly [ClusterKey, NewCluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !isExistingCluster(found) ? [[key as ClusterKey, found] as const] : [],
  );
}

/** Clusters of an environment, by their setting. */
export function clustersOf({ cluster, writeCluster, readCluster }: Clusters): readonly (readonly [ClusterKey, Cluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found ? [[key as ClusterKey, found] as const] : [],
  );
}

/** Cluster of a setting. Undefined if there is none. */
export function clusterOf(clusters: Clusters, key: ClusterKey): Cluster | undefined {
  return clusters[key];
}
