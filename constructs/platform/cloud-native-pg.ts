import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { disruptionBudget, Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, mirrored, type PartProps, replicas, resources, spread } from "./part";

const NAME = "cloudnative-pg";

const ASKED = { cpu: "100m", memory: "256Mi" } as const satisfies Asked;

/**
 * The CloudNativePG operator, with its CRDs. While it is unavailable, databases keep running but can't be changed, because its webhook
 * validates them.
 */
export class CloudNativePg extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const replicaCount = replicas(props, 2);
    const matchLabels = labels(NAME, NAME);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "cloudnative-pg",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        crds: { create: true },
        image: mirrored(cluster, "cloudnative-pg/cloudnative-pg"),
        replicaCount,
        resources: resources(ASKED),
        priorityClassName: CRITICAL,
        topologySpreadConstraints: spread(matchLabels),
        monitoring: { podMonitorEnabled: metrics },
      },
      pods: [deployed({ name: NAME, replicas: replicaCount, asked: [ASKED], priority: CRITICAL })],
    });
    disruptionBudget(this, { cluster, namespace, name: NAME, most: replicaCount, matchLabels });
    this.ready = [release];
  }
}
