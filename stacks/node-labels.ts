import { EksNodeGroup } from "@cdktf/provider-aws/lib/eks-node-group";
import type { KubernetesObject } from "../constructs/kubernetes";
import type { PlatformStack } from "./base/stack";
import { type Cluster, isExistingCluster } from "./model/cluster";

/** Labels that every node on EKS has, with any value (Kubernetes, well-known labels; EKS; Karpenter). */
const BUILT_IN =
  /^((beta\.)?kubernetes\.io\/(os|hostname)|(failure-domain\.beta|topology)\.kubernetes\.io\/(zone|region)|(beta|node)\.kubernetes\.io\/instance-type|(eks\.amazonaws\.com|karpenter\.sh|karpenter\.k8s\.aws|topology\.k8s\.aws|topology\.ebs\.csi\.aws\.com|k8s\.io)\/.+)$/;

const ARCHITECTURE = /^(beta\.)?kubernetes\.io\/arch$/;

/** A Karpenter NodePool. */
interface NodePool {
  readonly template?: {
    readonly metadata?: { readonly labels?: object };
    readonly spec?: { readonly requirements?: readonly { readonly key?: string }[] };
  };
}

/**
 * Returns if nodes of a cluster may have a label. On a cluster that the environment creates, its own nodes have the labels of EKS;
 * `extend` may add a NodePool or a node group with others. The owner of an existing cluster labels its nodes.
 */
export function nodeLabels(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  stacks: readonly PlatformStack[],
): (key: string, value: string) => boolean {
  if (isExistingCluster(cluster)) return () => true;
  const { architecture = "amd64" } = cluster.node;
  const pools = objects.filter(({ kind }) => kind === "NodePool").map(({ spec }) => (spec ?? {}) as NodePool);
  const groups = stacks.flatMap((stack) => stack.node.findAll()).filter((one) => one instanceof EksNodeGroup);
  const added = new Set([
    ...pools.flatMap(({ template }) => [
      ...Object.keys(template?.metadata?.labels ?? {}),
      ...(template?.spec?.requirements ?? []).flatMap(({ key }) => key ?? []),
    ]),
    ...groups.flatMap(({ labelsInput }) => Object.keys(labelsInput ?? {})),
  ]);
  return (key, value) => added.has(key) || BUILT_IN.test(key) || (ARCHITECTURE.test(key) && value === architecture);
}
