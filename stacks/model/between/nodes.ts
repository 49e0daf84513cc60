import { accessProblems, type ClusterAccess, nodeProblems, publicProblems, skewProblems } from "../../../constructs/cluster";
import { DEFAULT_KUBERNETES } from "../../../constructs/core/versions";
import type { Draft, DraftEnvironment, Finding, Rule } from "../check/finding";
import type { ClusterKey, NewCluster } from "../cluster";
import { x86Only } from "../derive/nodes";
import type { Environment } from "../environment";

/** What must hold of the clusters of one environment. */
export const clusterRules: readonly Rule[] = [nodesCanBeHad, nodesCarryTheQuorum, nodesFollowTheirCluster, accessIsClear];

function nodesCanBeHad(environment: DraftEnvironment): Finding[] {
  return drafts(environment).flatMap(([key, { nodes, node }]) => {
    if (nodes === undefined || !node?.cpu || !node.memory || !node.storage) return [];
    // A minimum above its maximum is another rule's.
    const asked = {
      nodes: typeof nodes === "object" ? 1 : nodes,
      node: { ...node, without: node.without?.filter((name) => name !== undefined) },
      x86Only: x86Only(environment as Environment, key),
    } as Parameters<typeof nodeProblems>[0];
    return nodeProblems(asked).map(({ property, ...problem }) => ({ keys: [key, ...property.split(".")], ...problem }));
  });
}

function nodesCarryTheQuorum(environment: DraftEnvironment): Finding[] {
  const { eventStore } = environment;
  if (eventStore?.engine !== "kurrentdb" || eventStore.nodes === undefined) return [];
  const wanted = eventStore.nodes;
  return drafts(environment).flatMap(([key, { nodes }]): Finding[] => {
    const fewest = typeof nodes === "object" ? nodes.min : nodes;
    if (key === "readCluster" || fewest === undefined || fewest >= wanted) return [];
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

function nodesFollowTheirCluster(environment: DraftEnvironment): Finding[] {
  return drafts(environment).flatMap(([key, { version = DEFAULT_KUBERNETES, nodeVersion = version }]) =>
    skewProblems(version, nodeVersion).map((problem) => ({ keys: [key, "nodeVersion"], ...problem })),
  );
}

function accessIsClear(environment: DraftEnvironment): Finding[] {
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
    ...accessProblems(roles).map((problem) => ({ keys: ["access"], ...problem })),
    ...publicProblems(from).map((problem) => ({ keys: ["access", "from"], ...problem })),
  ];
}

/** The clusters that are to be made, as far as they are known. */
export function drafts({ cluster, writeCluster, readCluster }: DraftEnvironment): readonly (readonly [ClusterKey, Draft<NewCluster>])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !("context" in found) ? [[key as ClusterKey, found as Draft<NewCluster>] as const] : [],
  );
}
