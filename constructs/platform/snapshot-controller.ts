import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, mirrored, type PartProps, replicas, resources, spread } from "./part";

const NAME = "snapshot-controller";

const ASKED = { cpu: "10m", memory: "64Mi" } as const satisfies Asked;

/** The controller of volume snapshots, with its CRDs, for a cluster without it; EKS has it as an add-on. */
export class SnapshotController extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const replicaCount = replicas(props, 2);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "snapshot-controller",
      name: NAME,
      namespace,
      after,
      values: {
        installCRDs: true,
        controller: {
          fullnameOverride: NAME,
          replicaCount,
          image: mirrored(cluster, "sig-storage/snapshot-controller"),
          resources: resources(ASKED),
          priorityClassName: CRITICAL,
          pdb: replicaCount > 1 ? { minAvailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" } : {},
          podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
          securityContext: { allowPrivilegeEscalation: false },
          topologySpreadConstraints: spread(labels(NAME, NAME)),
          serviceMonitor: { create: metrics },
        },
      },
      pods: [deployed({ name: NAME, replicas: replicaCount, asked: [ASKED], priority: CRITICAL })],
    });
    this.ready = [release];
  }
}
