import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, type PartProps, resources } from "./part";

const NAME = "plugin-barman-cloud";

const ASKED = { cpu: "20m", memory: "128Mi" } as const satisfies Asked;

/**
 * The plugin by which CloudNativePG backs up to object storage. It belongs into the operator's namespace and has its
 * certificates from cert-manager. It runs once: only the leader listens, so a second would never get ready.
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
        // A database with a plugin that doesn't answer is not looked after at all.
        priorityClassName: CRITICAL,
      },
      // The chart replaces its one pod by taking it away first.
      pods: [deployed({ name: NAME, replicas: 1, asked: [ASKED], priority: CRITICAL, surge: 0, spread: [] })],
    });
    this.ready = [release];
  }
}
