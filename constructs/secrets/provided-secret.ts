import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import type { SecretSpec } from "./contract";
import { fromStore } from "./workload-secret";

export interface ProvidedSecretProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /** Its name. In Secrets Manager, system and environment are its prefix. */
  readonly name: string;

  /** Resources created before it: the namespace, the controller, the store. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A secret whose value an operator creates, such as a licence. On AWS it is read from Secrets Manager every 15 minutes. Elsewhere the
 * operator creates the Secret in the namespace, and nothing is created here. Pods that need it wait until it exists.
 */
export class ProvidedSecret extends Construct {
  /** Dependencies for resources that use it. */
  readonly ready: readonly ITerraformDependable[];

  private readonly name: string;
  private readonly namespace: string;

  constructor(scope: Construct, id: string, { cluster, namespace, name, after = [] }: ProvidedSecretProps) {
    super(scope, id);
    this.name = name;
    this.namespace = namespace;
    const objects = [fromStore({ name }, namespace)];
    this.ready = cluster.aws
      ? [new CustomResources(this, "objects", { cluster, namespace, name: `secret-${name}`, objects, after }).release]
      : after;
  }

  /** Reference to one of its keys: `secrets: { SIGNING_KEY: signing.key("private") }`. */
  key(key: string): { readonly secret: SecretSpec; readonly home: string; readonly key: string } {
    const secret: SecretSpec = {
      name: this.name,
      purpose: "Created by an operator",
      // Its length is only a limit of generated values.
      keys: { [key]: { length: 1 } },
      rotation: { method: "engine-first", clients: "restart", engine: "its source" },
    };
    return { secret, home: this.namespace, key };
  }
}
