import type { TerraformStack } from "cdktf";
import { type KubernetesObject, KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import {
  HttpService,
  type HttpServiceProps,
  PartitionedWorker,
  type PartitionedWorkerProps,
  Worker,
  type WorkerProps,
} from "../../constructs/workload";
import { type Body, refusalsOf, synth } from "../synth";

type Build = (stack: TerraformStack) => void;

const place = (stack: TerraformStack, cluster?: KubernetesTarget) => ({
  cluster: cluster ?? KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
  namespace: "write-side",
});

export const aService =
  (props: Partial<HttpServiceProps> = {}): Build =>
  (stack) => {
    const image = props.slots ? {} : { image: "registry.example.com/orders/api:1.0.0" };
    new HttpService(stack, "orders", { ...place(stack, props.cluster), ...image, ...props });
  };

export const aWorker =
  (props: Partial<WorkerProps> = {}): Build =>
  (stack) =>
    void new Worker(stack, "orders", { ...place(stack, props.cluster), image: "registry.example.com/orders/processors:1.0.0", ...props });

export const aPartitionedWorker =
  (props: Partial<PartitionedWorkerProps> = {}): Build =>
  (stack) => {
    const image = "registry.example.com/orders/projections:1.0.0";
    new PartitionedWorker(stack, "orders", { ...place(stack, props.cluster), image, workers: 5, parallelism: 10, ...props });
  };

/** What the API server gets, by kind and name. */
export class Sent {
  readonly json: Body;
  readonly objects: readonly KubernetesObject[];

  constructor(build: Build) {
    this.json = synth(build);
    this.objects = kubernetesObjects(this.json).objects;
  }

  one(kind: string, name = "orders"): Body {
    const found = this.objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (!found) throw new Error(`no ${kind} ${name} among ${this.names().join(", ")}`);
    return found as Body;
  }

  names(kind?: string): readonly string[] {
    return this.objects
      .filter((object) => kind === undefined || object.kind === kind)
      .map((object) => (kind ? object.metadata.name : `${object.kind} ${object.metadata.name}`));
  }

  /** The pods of the one Deployment or StatefulSet. */
  get pod(): Body {
    const found = this.objects.find(({ kind }) => kind === "Deployment" || kind === "StatefulSet") as Body | undefined;
    return found?.spec.template.spec;
  }

  get container(): Body {
    return this.pod.containers[0];
  }
}

/** What is said against a workload, without the path of the test's stack. */
export function refused(build: Build): readonly string[] {
  return refusalsOf(build).map((message) => message.replace(/^test\//, ""));
}
