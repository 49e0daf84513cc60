import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, mirrored, type PartProps, replicas, resources, spread } from "./part";

const NAME = "metrics-server";

/** metrics-server, requirements: enough for 100 nodes. */
const ASKED = { cpu: "100m", memory: "200Mi" } as const satisfies Asked;

export interface MetricsServerProps extends PartProps {
  /**
   * Skips verification of kubelet certificates, which are self-signed on kind.
   * @default false
   */
  readonly kubeletsUnverified?: boolean;
}

/**
 * metrics-server, for a cluster without it; EKS has it as an add-on. It serves an aggregated API: while that is unavailable, namespaces
 * can't be deleted.
 */
export class MetricsServer extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: MetricsServerProps) {
    super(scope, id);
    const { cluster, namespace, kubeletsUnverified = false, metrics = false, after = [] } = props;
    const pods = replicas(props, 2);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "metrics-server",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        image: mirrored(cluster, "metrics-server/metrics-server"),
        args: kubeletsUnverified ? ["--kubelet-insecure-tls"] : [],
        replicas: pods,
        resources: resources(ASKED),
        priorityClassName: CRITICAL,
        podDisruptionBudget: pods > 1 ? { enabled: true, minAvailable: 1 } : { enabled: false },
        topologySpreadConstraints: spread(labels(NAME, NAME)),
        metrics: { enabled: metrics },
        serviceMonitor: { enabled: metrics },
      },
      pods: [deployed({ name: NAME, replicas: pods, asked: [ASKED], priority: CRITICAL })],
    });
    this.ready = [release];
  }
}
