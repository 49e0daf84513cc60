import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { disruptionBudget } from "../kubernetes";
import type { AutoscalingProps } from "./autoscaling";
import { Autoscaling } from "./autoscaling";
import type { Probes, Replicas, Scaling } from "./contract";
import type { PodTemplate } from "./pod-template";
import { startupSeconds, steadySeconds } from "./probes";

export interface RolloutProps extends Pick<AutoscalingProps, "cluster" | "namespace"> {
  /** The Deployment's name. */
  readonly name: string;
  readonly pods: PodTemplate;
  readonly image: string;

  /** Where the image is said, for refusals. */
  readonly property: string;

  /** @default true */
  readonly waitForRollout?: boolean;

  /**
   * Whether it goes only when what depends on it has changed: requests are turned to others first.
   * @default false
   */
  readonly goesLast?: boolean;
  readonly replicas: Replicas;
  readonly scaleOn?: Scaling;
  readonly probes?: Probes;
}

/** A pod waits for a node, and for its image, for three minutes beside what it takes to start. */
const PLACED_SECONDS = 180;

/** Releases to which `kubectl rollout undo` goes back. */
const HISTORY = 10;

/** A mark of `kubectl rollout restart`. Terraform would take it away again, and restart everything once more. */
export const RESTARTED = 'spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]';

/** A volume is attached to one node at a time, and written by one pod: the old one goes before the new one comes. */
const ALONE = { type: "Recreate" } as const;

/** By default Terraform removes what is no longer there before it changes what depended on it. */
export const GOES_LAST = { createBeforeDestroy: true } as const;

/**
 * Pods of which one is as good as the other, replaced by new ones a quarter at a time: each old one goes when a new one is
 * ready. What does not come up ends the apply with an error, and leaves the old ones running.
 */
export class Rollout extends Construct {
  readonly deployment: DeploymentV1;

  /** Pods that there are at least once it is done; an autoscaled one begins with one. */
  readonly least: number;

  /** What brings it to that, beside the Deployment. */
  readonly scaled: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: RolloutProps) {
    super(scope, id);
    const { cluster, namespace, name, pods, replicas, scaleOn = {} } = props;
    const matchLabels = pods.selector(name);
    const steady = steadySeconds(props.probes);
    const progress = startupSeconds(props.probes) + PLACED_SECONDS + steady;
    // A quarter at a time is four steps and one for what rounds up; each ends by itself.
    const timeout = `${5 * (progress + pods.terminationSeconds)}s`;
    this.deployment = new DeploymentV1(this, "pods", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: {
        // An autoscaled one carries no number: whatever stood here would be put back by every apply.
        ...(typeof replicas === "number" ? { replicas: String(replicas) } : {}),
        selector: { matchLabels },
        strategy: pods.keepsData ? ALONE : { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "0" } },
        progressDeadlineSeconds: progress,
        // A version that crashes after it was ready would replace all pods.
        minReadySeconds: steady,
        revisionHistoryLimit: HISTORY,
        template: pods.version({ image: props.image, instance: name, property: props.property }),
      },
      waitForRollout: props.waitForRollout ?? true,
      timeouts: { create: timeout, update: timeout },
      lifecycle: { ignoreChanges: [RESTARTED], ...(props.goesLast ? GOES_LAST : {}) },
      dependsOn: pods.ready,
    });
    disruptionBudget(this, { cluster, namespace, name, most: typeof replicas === "number" ? replicas : replicas.max, matchLabels });
    this.least = typeof replicas === "number" ? replicas : replicas.min;
    const scaling = { cluster, namespace, target: name, on: scaleOn, after: [this.deployment] };
    this.scaled = typeof replicas === "number" ? [] : [new Autoscaling(this, "scaling", { ...scaling, between: replicas }).ready];
  }
}
