import { type ClusterKey, isExistingCluster } from "../cluster";
import { ownPrometheus } from "../monitoring";
import type { System } from "../system";
import { clustersOf } from "./clusters";

type Watched = Pick<System, "aws" | "cluster" | "writeCluster" | "readCluster" | "monitoring">;

/** The cluster from which people look at all of them: the one that serves queries. */
export function hubOf(system: Pick<System, "cluster" | "writeCluster" | "readCluster">): ClusterKey | undefined {
  return clustersOf(system).find(([key]) => key !== "writeCluster")?.[0];
}

/** Whether a cluster sends its samples to the hub: where there are two, in one network that is known here. */
export function sendsMetrics({ aws, monitoring, writeCluster, readCluster }: Watched, key: ClusterKey): boolean {
  return (
    aws !== undefined && key === "writeCluster" && ownPrometheus(monitoring) !== undefined && isMade(writeCluster) && isMade(readCluster)
  );
}

/** Whether a cluster takes the samples of another. */
export function receivesMetrics(system: Watched, key: ClusterKey): boolean {
  return key === "readCluster" && sendsMetrics(system, "writeCluster");
}

/** Whether the hub has the samples of a cluster: its own, and those that are sent to it. */
export function isSeenAtHub(system: Watched, key: ClusterKey): boolean {
  return key === hubOf(system) || sendsMetrics(system, key);
}

function isMade(cluster: System["cluster"]): boolean {
  return cluster !== undefined && !isExistingCluster(cluster);
}
