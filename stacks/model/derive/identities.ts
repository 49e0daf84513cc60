import type { ClusterKey } from "../cluster";
import { all } from "../common";
import type { Environment } from "../environment";
import { newClusters } from "./clusters";
import { NAMESPACES } from "./namespaces";
import { eventServerName, readDatabaseName } from "./servers";

/** The service account of the jobs that tell ElastiCache the password of its user. */
export const CACHE_PASSWORD = "cache-password";

/** What a workload is on AWS: the role that EKS gives to the pods of one service account. */
export interface WorkloadIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;

  /** The cluster that it runs on. */
  readonly cluster: ClusterKey;

  /** What it calls AWS for. */
  readonly purpose: "backups" | "cachePassword";
}

/** The workloads that call AWS: what for, where they run, and under which service accounts. */
export const WORKLOADS: readonly {
  readonly purpose: WorkloadIdentity["purpose"];
  readonly namespace: string;
  readonly side: "writeCluster" | "readCluster";
  readonly serviceAccounts: (environment: Environment) => readonly string[];
}[] = [
  {
    purpose: "backups",
    namespace: NAMESPACES.readStore,
    side: "readCluster",
    // CloudNativePG: instances run under a service account that is called as their cluster is.
    serviceAccounts: ({ readDatabase }) =>
      all(readDatabase)
        .filter(({ engine }) => engine === "cloudnative-pg")
        .map(readDatabaseName),
  },
  {
    purpose: "cachePassword",
    namespace: NAMESPACES.readStore,
    side: "readCluster",
    serviceAccounts: ({ cache }) => (cache?.engine === "elasticache" ? [CACHE_PASSWORD] : []),
  },
  {
    purpose: "backups",
    namespace: NAMESPACES.eventStore,
    side: "writeCluster",
    serviceAccounts: ({ eventStore }) =>
      eventStore?.engine === "postgres" && eventStore.server.engine === "cloudnative-pg" ? [eventServerName(eventStore.server)] : [],
  },
];

/** What the workloads of an environment are on AWS. On a cluster that exists already they are nothing: its owner lets them in. */
export function identitiesOf(environment: Environment): readonly WorkloadIdentity[] {
  const made = newClusters(environment).map(([key]) => key);
  return WORKLOADS.flatMap(({ purpose, namespace, side, serviceAccounts }) =>
    made
      .filter((cluster) => cluster === "cluster" || cluster === side)
      .flatMap((cluster) => serviceAccounts(environment).map((serviceAccount) => ({ namespace, serviceAccount, cluster, purpose }))),
  );
}

/** Where in the environment's backup bucket its backups lie, without a slash at the end. Nobody else writes there. */
export function backupsOf({ namespace, serviceAccount }: WorkloadIdentity): string {
  return `${namespace}/${serviceAccount}`;
}
