import type { DraftEnvironment, DraftSystem } from "../check/drafts";
import type { Finding } from "../check/finding";
import { runsAt } from "../derive/members";
import { workloadsIn } from "../derive/workloads";

export function clustersAreEitherOneOrTwo({ cluster, writeCluster, readCluster }: DraftSystem): Finding[] {
  if (cluster && (writeCluster || readCluster)) {
    return [
      { keys: ["cluster"], rule: "can't be combined with writeCluster or readCluster", remedy: "keep either the one cluster or the two" },
    ];
  }
  const [has, lacks] =
    writeCluster && !readCluster ? ["writeCluster", "readCluster"] : !writeCluster && readCluster ? ["readCluster", "writeCluster"] : [];
  return has && lacks ? [{ keys: [lacks], rule: `is required with ${has}`, remedy: `add it, or write one cluster for both` }] : [];
}

export function sidesHaveClustersOfTheirOwn({ writeCluster, readCluster }: DraftSystem): Finding[] {
  const [write, read] = [contextOf(writeCluster), contextOf(readCluster)];
  if (!read || write?.id !== read.id) return [];
  return [
    { keys: ["readCluster", "context"], value: read.context, rule: "is the writeCluster's as well", remedy: "write one cluster for both" },
  ];
}

export function awsIsThereForWhatNeedsIt(environment: DraftSystem): Finding[] {
  if (environment.aws) return [];
  const { cluster, writeCluster, readCluster } = environment;
  const found: Finding[] = [];
  for (const [key, value] of Object.entries({ cluster, writeCluster, readCluster })) {
    if (value && !("context" in value))
      found.push({
        keys: [key],
        rule: "is made on AWS, and the environment has no aws",
        remedy: "add aws, or name an existing cluster by its context",
      });
  }
  return found;
}

/** Identifier of an existing cluster. */
export function contextOf(cluster: DraftSystem["cluster"]): { readonly context: string; readonly id: string } | undefined {
  if (!cluster || !("context" in cluster) || typeof cluster.context !== "string") return undefined;
  const { context, kubeconfig = "~/.kube/config" } = cluster;
  return { context, id: `${kubeconfig}#${context}` };
}

/** Checks that each part has its cluster. */
export function clustersAreThere(system: DraftSystem): Finding[] {
  const { cluster, writeCluster, readCluster, monitoring, stores } = system;
  if ("cluster" in system || cluster || writeCluster || readCluster) return [];
  const parts = [
    ...workloadsIn(system).map(({ workload }) => workload.keys),
    ...(monitoring === undefined ? [] : [["monitoring"]]),
    ...stores.filter((store) => store.keys[0] === "stores" && runsAt(store) === "cluster").map(({ keys }) => keys),
  ];
  return parts.slice(0, 1).map((keys) => ({
    keys,
    rule: "has no cluster to run on",
    remedy: "add writeCluster and readCluster, or one cluster",
  }));
}

/** Requires parts to name their cluster only if there are two. */
export function clustersAreChosen({ writeCluster, readCluster }: DraftSystem, { stores, domains }: DraftEnvironment): Finding[] {
  if (writeCluster || readCluster) return [];
  return Object.entries({ stores, domains }).flatMap(([part, named = {}]) =>
    Object.entries(named).flatMap(([name, one]) => {
      const { cluster } = (one ?? {}) as { readonly cluster?: string };
      if (cluster === undefined) return [];
      return [
        { keys: [part, name, "cluster"], value: cluster, rule: "chooses between two clusters, and there is one", remedy: "leave it out" },
      ];
    }),
  );
}
