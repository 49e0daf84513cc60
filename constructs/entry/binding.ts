import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";
import type { EntryTarget } from "./contract";

export interface BindingProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /** The Service whose pods are the targets. It may be created later. */
  readonly service: string;

  /**
   * Name of the binding.
   * @default - the Service's name
   */
  readonly name?: string;

  /** Target group of the load balancer, as published by its stack. */
  readonly target: EntryTarget;

  /** Resources to create first: the namespace, the controller. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Registers the pods of a Service in a target group. The AWS load balancer controller adds and removes them; security groups and network
 * policies must allow the traffic. The controller must exist until this is deleted. In a namespace with the label `READINESS_GATES` a pod
 * that is created after this is ready only when its target is healthy.
 */
export class Binding extends Construct {
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, { cluster, namespace, service, name = service, target, after = [] }: BindingProps) {
    super(scope, id);
    const binding: ApiObject & { readonly spec: object } = {
      apiVersion: "elbv2.k8s.aws/v1beta1",
      kind: "TargetGroupBinding",
      metadata: { name, namespace },
      spec: {
        serviceRef: { name: service, port: target.port },
        targetGroupARN: target.targetGroupArn,
        targetType: "ip",
        ipAddressType: "ipv4",
      },
    };
    this.release = new CustomResources(this, "objects", {
      cluster,
      namespace,
      name: `${name}-targets`,
      objects: [binding],
      after,
    }).release;
  }
}
