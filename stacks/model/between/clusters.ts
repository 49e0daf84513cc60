import type { DraftEnvironment, Finding } from "../check/finding";

export function clustersAreEitherOneOrTwo({ cluster, writeCluster, readCluster }: DraftEnvironment): Finding[] {
  if (cluster && (writeCluster || readCluster)) {
    return [{ keys: ["cluster"], rule: "stands beside writeCluster or readCluster", remedy: "keep either the one cluster or the two" }];
  }
  const [has, lacks] =
    writeCluster && !readCluster ? ["writeCluster", "readCluster"] : !writeCluster && readCluster ? ["readCluster", "writeCluster"] : [];
  return has && lacks ? [{ keys: [lacks], rule: `is missing beside ${has}`, remedy: `add it, or write one cluster for both` }] : [];
}

export function sidesHaveClustersOfTheirOwn({ writeCluster, readCluster }: DraftEnvironment): Finding[] {
  const [write, read] = [contextOf(writeCluster), contextOf(readCluster)];
  if (!read || write?.id !== read.id) return [];
  return [
    { keys: ["readCluster", "context"], value: read.context, rule: "is the writeCluster's as well", remedy: "write one cluster for both" },
  ];
}

export function awsIsThereForWhatNeedsIt(environment: DraftEnvironment): Finding[] {
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

/** By what an existing cluster is known. */
export function contextOf(cluster: DraftEnvironment["cluster"]): { readonly context: string; readonly id: string } | undefined {
  if (!cluster || !("context" in cluster) || typeof cluster.context !== "string") return undefined;
  const { context, kubeconfig = "~/.kube/config" } = cluster;
  return { context, id: `${kubeconfig}#${context}` };
}
