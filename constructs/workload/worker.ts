import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import type { Peer } from "../kubernetes";
import { replicasProblems, scalingProblems, signalSecrets } from "./autoscaling";
import type { Health, Replicas, Scaling, WorkloadProps } from "./contract";
import { PodTemplate } from "./pod-template";
import { Rollout } from "./rollout";

export interface WorkerProps extends WorkloadProps {
  /**
   * Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). An autoscaled worker carries no number into Terraform:
   * no apply undoes the autoscaler.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: Replicas;

  /**
   * What an autoscaled worker follows.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: Scaling;

  /**
   * Where it says that it is well.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health;
}

/**
 * A process that takes work from a queue or a subscription and serves nobody. It has no slots: what takes from a queue
 * does so from the moment it runs. A new pod comes before an old one goes, so that a release leaves nothing waiting.
 */
export class Worker extends Construct {
  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it: a test. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, replicas = 2, scaleOn, probes } = props;
    for (const { property, ...problem } of [...replicasProblems(replicas), ...scalingProblems(replicas, scaleOn)])
      refuse(this, [problem], property);
    const pods = new PodTemplate(this, "pod", {
      ...props,
      name,
      component: "worker",
      single: replicas === 1,
      secretsBeside: signalSecrets(scaleOn),
    });
    this.peer = pods.peer;
    const { deployment } = new Rollout(this, "rollout", {
      cluster,
      namespace,
      name,
      pods,
      image,
      property: "image",
      replicas,
      ...(scaleOn ? { scaleOn } : {}),
      ...(probes ? { probes } : {}),
      ...(props.waitForRollout === undefined ? {} : { waitForRollout: props.waitForRollout }),
    });
    this.ready = [deployment];
  }
}
