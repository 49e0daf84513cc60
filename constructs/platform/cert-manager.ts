import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, type PartProps, passing, replicas, resources, spread } from "./part";

const NAME = "cert-manager";

/** The injector caches every CRD and webhook of the cluster, the controller every certificate's Secret. */
const ASKED = {
  controller: { cpu: "20m", memory: "256Mi" },
  webhook: { cpu: "10m", memory: "64Mi" },
  cainjector: { cpu: "20m", memory: "256Mi" },
  startupapicheck: { cpu: "10m", memory: "64Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/** cert-manager, with its CRDs. While its webhook is unavailable, issuers and certificates can't be changed. */
export class CertManager extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const [controllers, webhooks] = [replicas(props, 2), replicas(props, 3)];
    const running = (part: keyof typeof ASKED, name: string, replicaCount: number) => ({
      replicaCount,
      podDisruptionBudget: { enabled: replicaCount > 1, ...(replicaCount > 1 ? { unhealthyPodEvictionPolicy: "AlwaysAllow" } : {}) },
      resources: resources(ASKED[part]),
      topologySpreadConstraints: spread(labels(name, NAME)),
    });
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "cert-manager",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        // Certificates must outlive the controller: deleting their CRDs would delete them, and every Secret with them.
        crds: { enabled: true, keep: true },
        global: { priorityClassName: CRITICAL, leaderElection: { namespace } },
        imageRegistry: cluster.mirror,
        serviceAccount: { create: true, name: CONTROLLERS.certificates.serviceAccount },
        ...running("controller", "cert-manager", controllers),
        webhook: running("webhook", "webhook", webhooks),
        cainjector: running("cainjector", "cainjector", controllers),
        // It would query public name servers directly, which its namespace's egress rules don't allow.
        dns01RecursiveNameserversOnly: true,
        startupapicheck: { resources: resources(ASKED.startupapicheck) },
        prometheus: { enabled: true, servicemonitor: { enabled: metrics, honorLabels: true } },
      },
      pods: [
        deployed({ name: NAME, replicas: controllers, asked: [ASKED.controller], priority: CRITICAL }),
        deployed({ name: `${NAME}-webhook`, replicas: webhooks, asked: [ASKED.webhook], priority: CRITICAL }),
        deployed({ name: `${NAME}-cainjector`, replicas: controllers, asked: [ASKED.cainjector], priority: CRITICAL }),
        passing(`${NAME}-startupapicheck`, [ASKED.startupapicheck]),
      ],
    });
    this.ready = [release];
  }
}
