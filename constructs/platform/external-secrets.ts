import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, mirrored, type PartProps, replicas, resources, spread } from "./part";

const NAME = "external-secrets";

/** Each caches what it watches: the controller ExternalSecrets and their Secrets, the others CRDs and webhooks. */
const ASKED = {
  controller: { cpu: "20m", memory: "256Mi" },
  webhook: { cpu: "10m", memory: "128Mi" },
  certController: { cpu: "10m", memory: "128Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/**
 * external-secrets, with its CRDs. While its webhook is unavailable, ExternalSecrets and stores can't be changed or deleted. Uninstalling
 * it deletes every ExternalSecret: remove workloads that use one first.
 */
export class ExternalSecrets extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const replicaCount = replicas(props, 2);
    const running = (part: keyof typeof ASKED, name: string) => ({
      replicaCount,
      podDisruptionBudget: { enabled: replicaCount > 1, minAvailable: 1 },
      priorityClassName: CRITICAL,
      resources: resources(ASKED[part]),
      topologySpreadConstraints: spread(labels(name, NAME)),
    });
    const pods = (part: keyof typeof ASKED, name: string) =>
      deployed({ name, replicas: replicaCount, asked: [ASKED[part]], priority: CRITICAL });
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "external-secrets",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        installCRDs: true,
        global: mirrored(cluster, "external-secrets/external-secrets"),
        // Without leader election, both would write the same Secrets.
        leaderElect: replicaCount > 1,
        serviceAccount: { create: true, name: CONTROLLERS.secrets.serviceAccount },
        ...running("controller", "external-secrets"),
        livenessProbe: { enabled: true },
        readinessProbe: { enabled: true },
        webhook: running("webhook", "external-secrets-webhook"),
        certController: running("certController", "external-secrets-cert-controller"),
        serviceMonitor: { enabled: metrics, honorLabels: true },
        // With the label of the store that an ExternalSecret reads from.
        extendedMetricLabels: metrics,
      },
      pods: [pods("controller", NAME), pods("webhook", `${NAME}-webhook`), pods("certController", `${NAME}-cert-controller`)],
    });
    this.ready = [release];
  }
}
