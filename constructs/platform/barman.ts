import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, type PartProps, resources } from "./part";

const NAME = "plugin-barman-cloud";

const ASKED = { cpu: "20m", memory: "128Mi" } as const satisfies Asked;

/**
 * The plugin with which CloudNativePG backs up to object storage. It must be in the operator's namespace and gets its certificates from
 * cert-manager. It has one replica: only the leader listens, so a second would never be ready.
 */
export class Barman extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, after = [] } = props;
    const registry = cluster.mirror ? { registry: cluster.mirror } : undefined;
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "plugin-barman-cloud",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        crds: { create: true },
        image: registry,
        sidecarImage: registry,
        replicaCount: 1,
        resources: resources(ASKED),
        // CloudNativePG doesn't reconcile a database whose plugin doesn't answer.
        priorityClassName: CRITICAL,
      },
      // The chart replaces its one pod by deleting it first.
      pods: [deployed({ name: NAME, replicas: 1, asked: [ASKED], priority: CRITICAL, surge: 0, spread: [] })],
    });
    this.ready = [release];
  }
}
