import type { ApiObject } from "../kubernetes";

/** Services of the EBS driver's metrics (its chart 2.64, templates/metrics.yaml). */
const SERVICES = ["ebs-csi-controller", "ebs-csi-node"];

/**
 * Scrapes the EBS driver of a cluster with `metrics`: limits, latency and queues of volumes, and its calls of AWS. The add-on makes no
 * ServiceMonitor itself, because it is installed before the CRDs of the Prometheus operator.
 */
export function ebsMonitor(namespace: string): ApiObject & { readonly spec: object } {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: "ebs-csi-driver", namespace },
    spec: {
      namespaceSelector: { matchNames: ["kube-system"] },
      selector: { matchExpressions: [{ key: "app", operator: "In", values: SERVICES }] },
      endpoints: [{ port: "metrics", interval: "30s" }],
    },
  };
}
