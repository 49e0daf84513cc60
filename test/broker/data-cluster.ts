import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import type { SecretSpec } from "../../constructs/secrets";

/** A secret of a data service, with a value under each key. */
export function usersOf(name: string, ...keys: readonly string[]): SecretSpec {
  return {
    name,
    purpose: "Users of a test",
    keys: Object.fromEntries(keys.map((key) => [key, { length: 32 }])),
    rotation: { method: "two-passwords", clients: "read-again", engine: "nothing" },
  };
}

/** A cluster over three zones that no cloud made. */
export function aCluster(
  stack: TerraformStack,
  changes: { readonly zones?: readonly string[]; readonly mirror?: string } = {},
): KubernetesTarget {
  return KubernetesTarget.kubeconfig(stack, { context: "kind-orders", zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"], ...changes });
}
