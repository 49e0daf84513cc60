import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, type PartProps, replicas, resources, spread } from "./part";

/** Names that the chart sets; they can only be changed together. */
const NAMES = { operator: "keda-operator", metricServer: "keda-operator-metrics-apiserver", webhooks: "keda-admission-webhooks" } as const;

/** The operator caches every workload that it scales, the others only the requests that they serve. */
const ASKED = {
  operator: { cpu: "50m", memory: "256Mi" },
  metricServer: { cpu: "20m", memory: "128Mi" },
  webhooks: { cpu: "10m", memory: "128Mi" },
} as const satisfies Readonly<Record<keyof typeof NAMES, Asked>>;

/** Replaces KEDA's namespace in a series with that of the scaled object. */
const OF_THE_OBJECT = { sourceLabels: ["exported_namespace"], regex: "(.+)", targetLabel: "namespace" } as const;

/**
 * KEDA, with its CRDs. It serves the external metrics API: while that is unavailable, namespaces can't be deleted, so it is installed early
 * and removed late. Uninstalling it deletes every ScaledObject: remove them first.
 */
export class Keda extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const replicaCount = replicas(props, 2);
    const budget = replicaCount > 1 ? { minAvailable: 1 } : {};
    const scraped = { enabled: metrics, serviceMonitor: { enabled: metrics, metricRelabelings: [OF_THE_OBJECT] } };
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "keda",
      name: "keda",
      namespace,
      after,
      values: {
        crds: { install: true },
        image: { pullPolicy: "IfNotPresent" },
        ...(cluster.mirror ? { global: { image: { registry: cluster.mirror } } } : {}),
        operator: { replicaCount },
        metricsServer: { replicaCount },
        webhooks: { replicaCount },
        priorityClassName: CRITICAL,
        resources: {
          operator: unthrottled(ASKED.operator),
          metricServer: unthrottled(ASKED.metricServer),
          webhooks: unthrottled(ASKED.webhooks),
        },
        podDisruptionBudget: { operator: budget, metricServer: budget, webhooks: budget },
        topologySpreadConstraints: {
          operator: spread({ app: NAMES.operator }),
          metricsServer: spread({ app: NAMES.metricServer }),
          webhooks: spread({ app: NAMES.webhooks }),
        },
        // It may scale the platform's kinds of workloads only, instead of every resource with a scale.
        rbac: {
          scaledRefKinds: [
            { apiGroup: "apps", kind: "deployments" },
            { apiGroup: "apps", kind: "statefulsets" },
          ],
        },
        prometheus: { operator: scraped, metricServer: scraped, webhooks: scraped },
      },
      pods: (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((part) =>
        deployed({ name: NAMES[part], replicas: replicaCount, asked: [ASKED[part]], priority: CRITICAL }),
      ),
    });
    this.ready = [release];
  }
}

/** Resources without the chart's default CPU limit. */
function unthrottled(asked: Asked) {
  const { requests, limits } = resources(asked);
  return { requests, limits: { ...limits, cpu: null } };
}
