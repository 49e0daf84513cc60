import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, type PartProps, passing, replicas, resources, spread } from "./part";

const NAME = "cert-manager";

/** The injector keeps every definition and webhook of the cluster in memory, the controller every certificate's Secret. */
const ASKED = {
  controller: { cpu: "20m", memory: "256Mi" },
  webhook: { cpu: "10m", memory: "64Mi" },
  cainjector: { cpu: "20m", memory: "256Mi" },
  startupapicheck: { cpu: "10m", memory: "64Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/** cert-manager, with its definitions. While its webhook is away, nobody can change an issuer or a certificate. */
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
        // Certificates outlive the controller: without their definitions they would go, and with them every Secret.
        crds: { enabled: true, keep: true },
        global: { priorityClassName: CRITICAL, leaderElection: { namespace } },
        imageRegistry: cluster.mirror,
        serviceAccount: { create: true, name: CONTROLLERS.certificates.serviceAccount },
        ...running("controller", "cert-manager", controllers),
        webhook: running("webhook", "webhook", webhooks),
        cainjector: running("cainjector", "cainjector", controllers),
        // It would ask the name servers of the internet itself, which its namespace does not reach.
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
