import { deployRoleArns } from "../../constructs/bootstrap";
import { accessProblems, type ClusterAccess, nodeProblems, publicProblems, skewProblems } from "../../constructs/cluster";
import { DEFAULT_KUBERNETES } from "../../constructs/core/versions";
import { x86Only } from "../cloud/cluster";
import type { ClusterKey, Environment, NewCluster } from "./environment";
import type { Draft, DraftEnvironment, DraftProgram, Finding, ProgramFinding, Rule } from "./rules";

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

/** EKS makes an access entry for each principal that is named, and here for none beside: not even for the cluster's creator. */
export function clustersHaveAdministrators({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment): ProgramFinding[] => {
    const { name, aws, access } = environment;
    const account = accounts.find(({ id }) => id !== undefined && id === aws?.account);
    if (!name || !account || account.github || access?.administrators?.length || drafts(environment).length === 0) return [];
    return [
      {
        root: name,
        keys: ["access", "administrators"],
        rule: `must name an IAM role or user: account ${account.id} has no deploy roles, so no principal could administer the cluster`,
        remedy: "add the ARN of the role that applies, like arn:aws:iam::111122223333:role/platform, or set github on the account",
      },
    ];
  });
}

/** The pipeline's roles are never named by hand: an environment without a pipeline would keep them. */
export function pipelinesHaveTheirAccess({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ system, name, aws, access }): ProgramFinding[] => {
    const account = accounts.find(({ id, github }) => github && id !== undefined && id === aws?.account);
    if (!account?.id || !system || !name || !access) return [];
    const own = Object.values(deployRoleArns(system, account.id, name));
    const named = Object.entries(access as ClusterAccess).flatMap(([role, principals]) =>
      (principals as readonly string[]).filter((arn) => own.includes(arn)).map((arn) => [role, arn] as const),
    );
    return named.map(([role, value]) => ({
      root: name,
      keys: ["access", role],
      value,
      rule: "is a role of the pipeline, which has its access by itself",
      remedy: "leave it out",
    }));
  });
}

/** The clusters that are to be made, as far as they are known. */
function drafts({ cluster, writeCluster, readCluster }: DraftEnvironment): readonly (readonly [ClusterKey, Draft<NewCluster>])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !("context" in found) ? [[key as ClusterKey, found as Draft<NewCluster>] as const] : [],
  );
}
