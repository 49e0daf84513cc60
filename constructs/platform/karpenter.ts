import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Spread } from "../capacity/contract";
import { CONTROLLERS } from "../cluster";
import { refuse } from "../core/errors";
import { CustomResources, Release } from "../kubernetes";
import { awsPlace } from "./aws-place";
import { type Asked, CRITICAL, deployed, labels, type PartProps, replicas, resources, spread } from "./part";
import { type ScaledNodes, scaledNodes } from "./scaled-nodes";

const NAME = "karpenter";

/** It caches every pod, node and instance type. */
const ASKED = { cpu: "250m", memory: "768Mi" } as const satisfies Asked;

/** Two replicas on one node would fail together with that node. */
const APART: readonly Spread[] = [
  { over: "zone", how: "even", required: false },
  { over: "node", how: "apart", required: true },
];

/** Timeout for draining its nodes before its objects are deleted. A drain waits for disruption budgets. */
const DRAIN = "30m";

export interface KarpenterProps extends PartProps {
  /** Name of the SQS queue with interruption notices for nodes. */
  readonly queueName: string;

  /** The nodes that it may add. */
  readonly nodes: ScaledNodes;
}

/**
 * Karpenter, which adds nodes for unschedulable pods and removes underused ones. It doesn't manage the cluster's node groups, which stay at
 * their minimum; it runs on them only.
 */
export class Karpenter extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KarpenterProps) {
    super(scope, id);
    const { cluster, namespace, queueName, nodes, metrics = false, after = [] } = props;
    const { clusterName, region } = awsPlace(this, cluster);
    const { min, max } = nodes.count;
    if (max <= min) refuse(this, [{ value: nodes.count, rule: "leaves nothing to scale", remedy: "give a max above min" }], "nodes.count");
    const count = replicas(props, 2);
    const common = { cluster, namespace };
    const definitions = new Release(this, "definitions", {
      ...common,
      chart: "karpenter-crd",
      name: `${NAME}-crd`,
      values: {},
      pods: [],
      after,
    });
    const controller = new Release(this, "chart", {
      ...common,
      chart: "karpenter",
      name: NAME,
      skipCrds: true,
      after: [definitions.release],
      values: {
        fullnameOverride: NAME,
        settings: { clusterName, interruptionQueue: queueName },
        serviceAccount: { create: true, name: CONTROLLERS.scaling.serviceAccount },
        replicas: count,
        priorityClassName: CRITICAL,
        topologySpreadConstraints: spread(labels(NAME, NAME)).slice(0, 1),
        controller: {
          image: cluster.mirror ? { repository: `${cluster.mirror}/karpenter/controller` } : undefined,
          // A hop limit of 1 keeps its pods from querying the instance metadata for it.
          env: [{ name: "AWS_REGION", value: region }],
          resources: resources(ASKED),
        },
        serviceMonitor: { enabled: metrics },
      },
      // The chart deletes a pod first if no node is free for the new one.
      pods: [deployed({ name: NAME, replicas: count, asked: [ASKED], priority: CRITICAL, surge: 0, spread: APART })],
    });
    const objects = new CustomResources(this, "nodes", {
      ...common,
      name: `${NAME}-nodes`,
      objects: scaledNodes(clusterName, nodes),
      timeout: DRAIN,
      after: [controller.release],
    });
    this.ready = [objects.release];
  }
}
