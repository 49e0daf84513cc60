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

/** It keeps every pod, node and instance type in memory. */
const ASKED = { cpu: "250m", memory: "768Mi" } as const satisfies Asked;

/** Two of it on one node would go with that node. */
const APART: readonly Spread[] = [
  { over: "zone", how: "even", required: false },
  { over: "node", how: "apart", required: true },
];

/** Its nodes are drained before its objects are gone, and a drain waits for disruption budgets. */
const DRAIN = "30m";

export interface KarpenterProps extends PartProps {
  /** The queue in which it reads that nodes are about to go. */
  readonly queueName: string;

  /** What its nodes are. */
  readonly nodes: ScaledNodes;
}

/**
 * Karpenter, which adds nodes while pods have no room and takes them away when they have too much. The cluster's own
 * node groups stay at their minimum and are not its business; it runs on them alone.
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
          // Its pods can't ask the instance for it: a hop limit of 1 keeps them from it.
          env: [{ name: "AWS_REGION", value: region }],
          resources: resources(ASKED),
        },
        serviceMonitor: { enabled: metrics },
      },
      // The chart takes one pod away where a new one finds no node of its own.
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
