import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";

export interface BudgetProps {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly after: readonly ITerraformDependable[];
}

/** Lets a drain take one pod at a time, where a chart can't say so. None for a single pod: it would block every drain. */
export function disruptionBudget(scope: Construct, { namespace, name, replicas, matchLabels, after }: BudgetProps): void {
  if (replicas < 2) return;
  new PodDisruptionBudgetV1(scope, "budget", {
    metadata: { name, namespace },
    spec: { maxUnavailable: "1", selector: { matchLabels: { ...matchLabels } } },
    dependsOn: [...after],
  });
}
