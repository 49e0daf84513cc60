import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { fromStore } from "./workload-secret";

export interface ProvidedSecretProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /** Its name. In Secrets Manager, system and environment precede it. */
  readonly name: string;

  /** What has to be there before: the namespace, the controller, the store. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A secret whose value an operator creates, and nothing generates: a licence, say. On AWS it is read from Secrets Manager
 * every quarter of an hour. Elsewhere the operator creates the Secret itself in the namespace, and nothing is made here.
 * Pods that need it wait until it is there.
 */
export class ProvidedSecret extends Construct {
  /** What comes after it. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, namespace, name, after = [] }: ProvidedSecretProps) {
    super(scope, id);
    const objects = [fromStore({ name }, namespace)];
    this.ready = cluster.aws
      ? [new CustomResources(this, "objects", { cluster, namespace, name: `secret-${name}`, objects, after }).release]
      : after;
  }
}
