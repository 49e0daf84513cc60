import { type ClusterKey, isExistingCluster } from "../cluster";
import { ownPrometheus } from "../monitoring";
import type { System } from "../system";
import { clustersOf } from "./clusters";

type Watched = Pick<System, "aws" | "cluster" | "writeCluster" | "readCluster" | "monitoring">;

/** Cluster with the dashboards for all clusters: the one that serves queries. */
export function hubOf(system: Pick<System, "cluster" | "writeCluster" | "readCluster">): ClusterKey | undefined {
  return clustersOf(system).find(([key]) => key !== "writeCluster")?.[0];
}

/** Checks if a cluster sends metrics to the hub: if there are two, in one network that is known here. */
export function sendsMetrics({ aws, monitoring, writeCluster, readCluster }: Watched, key: ClusterKey): boolean {
  return (
    aws !== undefined && key === "writeCluster" && ownPrometheus(monitoring) !== undefined && isMade(writeCluster) && isMade(readCluster)
  );
}

/** Checks if a cluster receives metrics from another. */
export function receivesMetrics(system: Watched, key: ClusterKey): boolean {
  return key === "readCluster" && sendsMetrics(system, "writeCluster");
}

/** Checks if the hub has the metrics of a cluster: its own, and those that it receives. */
export function isSeenAtHub(system: Watched, key: ClusterKey): boolean {
  return key === hubOf(system) || sendsMetrics(system, key);
}

function isMade(cluster: System["cluster"]): boolean {
  return cluster !== undefined && !isExistingCluster(cluster);
}
