import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";
import type { EntryTarget } from "./contract";

export interface BindingProps {
  readonly cluster: KubernetesTarget;

  /** The Gateway whose pods are to be reached. */
  readonly gateway: {
    readonly namespace: string;
    readonly service: { readonly name: string; readonly port: number };
    readonly ready: readonly ITerraformDependable[];
  };

  /** Where the load balancer passes connections on to, as the stack published it that made it. */
  readonly target: EntryTarget;
}

/**
 * The pods of a Gateway behind a target group. The AWS load balancer controller puts them there and takes them away;
 * it opens no way to them, which the network has. It must be there until this is gone.
 */
export class Binding extends Construct {
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, { cluster, gateway, target }: BindingProps) {
    super(scope, id);
    const { namespace, service } = gateway;
    const binding: ApiObject & { readonly spec: object } = {
      apiVersion: "elbv2.k8s.aws/v1beta1",
      kind: "TargetGroupBinding",
      metadata: { name: service.name, namespace },
      spec: {
        serviceRef: { name: service.name, port: target.port },
        targetGroupARN: target.targetGroupArn,
        targetType: "ip",
        ipAddressType: "ipv4",
      },
    };
    this.release = new CustomResources(this, "objects", {
      cluster,
      namespace,
      name: `${service.name}-targets`,
      objects: [binding],
      after: gateway.ready,
    }).release;
  }
}
