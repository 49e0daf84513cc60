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

  /** Property of the image, for error messages. */
  readonly property: string;

  /** @default true */
  readonly waitForRollout?: boolean;

  /**
   * Removes it only after its dependents have changed: requests are shifted to other pods first.
   * @default false
   */
  readonly goesLast?: boolean;
  readonly replicas: Replicas;
  readonly scaleOn?: Scaling;
  readonly probes?: Probes;
}

/** Time for scheduling a pod and pulling its image, in addition to its startup. */
const PLACED_SECONDS = 180;

/** Revisions that `kubectl rollout undo` can restore. */
const HISTORY = 10;

/** Annotation of pod templates with which `kubectl rollout restart` restarts pods. */
export const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";

/** Its path in a workload. Terraform would remove it, and restart everything again. */
export const RESTARTED = `spec[0].template[0].metadata[0].annotations["${RESTARTED_AT}"]`;

/** A volume is attached to one node at a time and written by one pod: the old pod stops before the new one starts. */
const ALONE = { type: "Recreate" } as const;

/** By default Terraform removes a deleted resource before it changes its former dependents. */
export const GOES_LAST = { createBeforeDestroy: true } as const;

/**
 * Interchangeable pods, replaced a quarter at a time: an old pod stops when a new one is ready. A failed rollout ends the apply with an
 * error, and the old pods keep running.
 */
export class Rollout extends Construct {
  readonly deployment: DeploymentV1;

  /** Minimum of pods after the rollout; an autoscaled one starts with one. */
  readonly least: number;

  /** Resources that scale it to that minimum, in addition to the Deployment. */
  readonly scaled: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: RolloutProps) {
    super(scope, id);
    const { cluster, namespace, name, pods, replicas, scaleOn = {} } = props;
    const matchLabels = pods.selector(name);
    const steady = steadySeconds(props.probes);
    const progress = startupSeconds(props.probes) + PLACED_SECONDS + steady;
    // Four steps of a quarter, and one for rounding up; each has its own deadline.
    const timeout = `${5 * (progress + pods.terminationSeconds)}s`;
    this.deployment = new DeploymentV1(this, "pods", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: {
        // An autoscaled Deployment sets no replicas: every apply would reset them.
        ...(typeof replicas === "number" ? { replicas: String(replicas) } : {}),
        selector: { matchLabels },
        strategy: pods.keepsData ? ALONE : { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "0" } },
        progressDeadlineSeconds: progress,
        // Without it, a version that crashes after it was ready would replace all pods.
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
