import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";
import type { EntryTarget } from "./contract";

export interface BindingProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /** The Service whose pods are to be reached. It need not be there yet. */
  readonly service: string;

  /**
   * What it is called.
   * @default - as the Service
   */
  readonly name?: string;

  /** Where the load balancer passes connections on to, as the stack published it that made it. */
  readonly target: EntryTarget;

  /** What has to be there before: the namespace, the controller. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * The pods of a Service behind a target group. The AWS load balancer controller puts them there and takes them away;
 * it opens no way to them, which the network has. It must be there until this is gone. In a namespace with the label
 * `READINESS_GATES` a pod that comes after this is ready only when the load balancer finds it well.
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
