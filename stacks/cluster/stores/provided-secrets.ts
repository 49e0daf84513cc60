import type { ITerraformDependable } from "cdktf";
import type { KubernetesTarget } from "../../../constructs/kubernetes";
import { ProvidedSecret } from "../../../constructs/secrets";
import type { PlatformStack } from "../../base/stack";

interface Place {
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly after: readonly ITerraformDependable[];
}

/** Secrets of buckets outside of AWS, which an operator creates: once each in a stack, whose stores may share them. */
export function providedSecrets(
  { stack, cluster, after }: Place,
  namespace: string,
  names: readonly (string | undefined)[],
): readonly ITerraformDependable[] {
  return [...new Set(names.filter((name) => name !== undefined))].flatMap((name) => {
    const id = `secret-${name}`;
    const there = stack.node.tryFindChild(id) as ProvidedSecret | undefined;
    return (there ?? new ProvidedSecret(stack, id, { cluster, namespace, name, after })).ready;
  });
}
