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
   * Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). With autoscaling Terraform doesn't manage the number, so an apply doesn't
   * undo the autoscaler.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: Replicas;

  /**
   * Metrics that an autoscaled worker follows.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: Scaling;

  /**
   * Health endpoint.
   * @default - none: healthy while it runs
   */
  readonly health?: Health;
}

/**
 * A process that consumes a queue or a subscription and serves no requests. It has no slots, because a consumer takes messages as soon as
 * it runs. A new pod starts before an old one stops, so messages don't wait during a release.
 */
export class Worker extends Construct {
  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on, for a test. */
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
