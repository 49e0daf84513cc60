import type { ClusterKey } from "../cluster";
import type { StoreOf, System } from "../system";
import { newClusters } from "./clusters";
import { isManagedRedis, runsAt, serversOf } from "./members";

/** The service account of the jobs that tell ElastiCache the password of a cache's user. */
export function passwordJob({ name }: Pick<StoreOf, "name">): string {
  return `${name}-password`;
}

/** What a workload is on AWS: the role that EKS gives to the pods of one service account. */
export interface WorkloadIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;

  /** The cluster that it runs on. */
  readonly cluster: ClusterKey;

  /** What it calls AWS for. */
  readonly purpose: "backups" | "cachePassword";

  /** The store that it works for. */
  readonly store: string;
}

/** What the workloads of an environment are on AWS. On a cluster that exists already they are nothing: its owner lets them in. */
export function identitiesOf(system: System): readonly WorkloadIdentity[] {
  const made = newClusters(system).map(([key]) => key);
  const identity = (store: StoreOf<unknown>, serviceAccount: string, purpose: WorkloadIdentity["purpose"]) => {
    const { namespace, cluster, name } = store;
    return { namespace, serviceAccount, cluster, purpose, store: name };
  };
  return [
    // CloudNativePG: instances run under a service account that is called as their cluster is.
    ...serversOf(system)
      .filter((server) => runsAt(server) === "cluster")
      .map((server) => identity(server, server.name, "backups")),
    ...system.stores.filter(isManagedRedis).map((store) => identity(store, passwordJob(store), "cachePassword")),
  ].filter(({ cluster }) => made.includes(cluster));
}

/** Where in the environment's backup bucket its backups lie, without a slash at the end. Nobody else writes there. */
export function backupsOf({ namespace, serviceAccount }: WorkloadIdentity): string {
  return `${namespace}/${serviceAccount}`;
}
