import { createHash } from "node:crypto";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources } from "./custom-resources";
import type { KubernetesTarget } from "./target";

/**
 * For the pod of a store that has no other copy: Karpenter leaves its node alone, neither to save nodes nor because it is out of date.
 * A drain by hand, and a spot interruption, move the pod all the same (Karpenter, Disruption).
 */
export const STAYS = { "karpenter.sh/do-not-disrupt": "true" } as const;

export interface DisruptionBudgetProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;
  readonly name: string;

  /** Pods there may be. */
  readonly most: number;

  readonly matchLabels: Readonly<Record<string, string>>;
}

/**
 * Lets a drain take one healthy pod at a time, and any number of unhealthy ones: pods that serve nobody must not keep a node. For what
 * holds no data. None where there is only one pod: a drain may always take that. The Terraform provider can't say this of unhealthy
 * pods, so that the budgets of a namespace are objects of one release.
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
      // Another stack may have some in the same namespace.
      name: `budgets-${createHash("sha256").update(stack.node.id).digest("hex").slice(0, 8)}`,
      objects: () => [...this.objects].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)),
      after: namespacesIn(stack, namespace),
    });
  }
}

/** A namespace for what comes into it, where this stack makes it; that of another stack is there. */
export function namespacesIn(scope: Construct, name: string): readonly ITerraformDependable[] {
  const all = TerraformStack.of(scope).node.findAll();
  return all.filter((each): each is NamespaceV1 => each instanceof NamespaceV1 && each.metadataInput?.name === name);
}
