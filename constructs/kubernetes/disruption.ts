import { createHash } from "node:crypto";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources } from "./custom-resources";
import type { KubernetesTarget } from "./target";

/**
 * Annotation for the only pod of a store: Karpenter doesn't disrupt its node, neither for consolidation nor for drift. A manual drain or a
 * spot interruption still moves the pod (Karpenter, Disruption).
 */
export const STAYS = { "karpenter.sh/do-not-disrupt": "true" } as const;

/** Props of a PodDisruptionBudget. */
export interface DisruptionBudgetProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;
  readonly name: string;

  /** Maximum of pods. */
  readonly most: number;

  readonly matchLabels: Readonly<Record<string, string>>;
}

/**
 * Lets a drain evict one healthy pod at a time, and any number of unhealthy ones, so that pods that don't serve can't block a node. Only
 * for pods without data. No budget for a single pod, which a drain may always evict. The Terraform provider doesn't support the policy for
 * unhealthy pods, so the budgets of a namespace are objects of one release.
 */
export function disruptionBudget(scope: Construct, { cluster, namespace, name, most, matchLabels }: DisruptionBudgetProps): void {
  if (most < 2) return;
  const stack = TerraformStack.of(scope);
  const id = `budgets-${namespace}`;
  const found = (stack.node.tryFindChild(id) as Budgets | undefined) ?? new Budgets(stack, id, cluster, namespace);
  found.objects.push({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: { ...matchLabels } }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
  } as ApiObject);
}

class Budgets extends Construct {
  readonly objects: ApiObject[] = [];

  constructor(stack: TerraformStack, id: string, cluster: KubernetesTarget, namespace: string) {
    super(stack, id);
    new CustomResources(this, "objects", {
      cluster,
      namespace,
      // Another stack may have its own in the same namespace.
      name: `budgets-${createHash("sha256").update(stack.node.id).digest("hex").slice(0, 8)}`,
      objects: () => [...this.objects].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)),
      after: namespacesIn(stack, namespace),
    });
  }
}

/** Returns a namespace to depend on, if this stack creates it; that of another stack already exists. */
export function namespacesIn(scope: Construct, name: string): readonly ITerraformDependable[] {
  const all = TerraformStack.of(scope).node.findAll();
  return all.filter((each): each is NamespaceV1 => each instanceof NamespaceV1 && each.metadataInput?.name === name);
}
