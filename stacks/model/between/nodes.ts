import { accessProblems, type ClusterAccess, nodeProblems, publicProblems, skewProblems } from "../../../constructs/cluster";
import { DEFAULT_KUBERNETES } from "../../../constructs/core/versions";
import type { DraftSystem, Rule } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import type { ClusterKey, NewCluster } from "../cluster";
import { x86Only } from "../derive/nodes";
import { engineOf } from "../stores";

/** Rules for the clusters of one environment. */
export const clusterRules: readonly Rule[] = [nodesCanBeHad, nodesCarryTheQuorum, nodesFollowTheirCluster, accessIsClear];

function nodesCanBeHad(environment: DraftSystem): Finding[] {
  return drafts(environment).flatMap(([key, { nodes, node }]) => {
    if (nodes === undefined || !node?.cpu || !node.memory || !node.storage) return [];
    // Another rule checks that the minimum is below the maximum.
    const asked = {
      nodes: typeof nodes === "object" ? 1 : nodes,
      node: { ...node, without: node.excludeGenerations?.filter((name) => name !== undefined) },
      x86Only: x86Only(environment, key),
    } as Parameters<typeof nodeProblems>[0];
    return nodeProblems(asked).map(({ property, ...problem }) => ({ keys: [key, ...property.split(".")], ...problem }));
  });
}

function nodesCarryTheQuorum(system: DraftSystem): Finding[] {
  return drafts(system).flatMap(([key, { nodes }]): Finding[] => {
    const asked = system.stores.filter(({ cluster }) => cluster === key).map((store) => engineOf(store)?.ownNodes?.(store.settings) ?? 0);
    const wanted = Math.max(0, ...asked);
    const fewest = typeof nodes === "object" ? nodes.min : nodes;
    if (fewest === undefined || fewest >= wanted) return [];
    return [
      {
        keys: [key, "nodes"],
        value: nodes,
        rule: `is fewer than the ${wanted} nodes of the event store, each of which needs one of its own`,
        remedy: `use ${wanted} or more`,
      },
    ];
  });
}

function nodesFollowTheirCluster(environment: DraftSystem): Finding[] {
  return drafts(environment).flatMap(([key, { version = DEFAULT_KUBERNETES, nodeVersion = version }]) =>
    skewProblems(version, nodeVersion).map((problem) => ({ keys: [key, "nodeVersion"], ...problem })),
  );
}

function accessIsClear(environment: DraftSystem): Finding[] {
  const { access } = environment;
  if (!access) return [];
  if (drafts(environment).length === 0) {
    return [
      {
        keys: ["access"],
        rule: "is to clusters that are made here, and there is none",
        remedy: "remove it, or give access where the existing cluster was made",
      },
    ];
  }
  const { from, ...roles } = access as ClusterAccess & { readonly from?: readonly string[] };
  return [
    ...accessProblems(roles).map(({ at: [role, index], ...problem }) => ({ keys: ["access", role, String(index)], ...problem })),
    ...publicProblems(from).map((problem) => ({ keys: ["access", "from"], ...problem })),
  ];
}

/** Clusters to create, with the settings known so far. */
export function drafts({ cluster, writeCluster, readCluster }: DraftSystem): readonly (readonly [ClusterKey, Draft<NewCluster>])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !("context" in found) ? [[key as ClusterKey, found as Draft<NewCluster>] as const] : [],
  );
}
