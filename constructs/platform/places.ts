import { CONTROLLERS } from "../cluster";
import type { NetworkNeeds, Place } from "./contract";
import type { PartName } from "./platform";

/** Where each part lives. Namespaces of those that call AWS are those that their roles are bound to. */
export const PLACES = {
  definitions: { namespace: "kube-system" },
  storageClasses: { namespace: "kube-system" },
  metricsServer: { namespace: "kube-system" },
  snapshots: { namespace: "kube-system" },
  scaling: { namespace: CONTROLLERS.scaling.namespace },
  loadBalancers: { namespace: CONTROLLERS["load-balancers"].namespace },
  autoscaling: {
    namespace: "keda",
    // Triggers ask what they scale on, each its own: whoever makes a trigger opens the way to it.
    network: needs({ webhookPorts: [6443, 9443], metricsPorts: [8080], within: [9666] }),
  },
  certificates: {
    namespace: CONTROLLERS.certificates.namespace,
    network: needs({ webhookPorts: [10250], metricsPorts: [9402], https: true }),
  },
  secrets: {
    namespace: CONTROLLERS.secrets.namespace,
    network: needs({ webhookPorts: [10250], metricsPorts: [8080], https: true }),
  },
  dns: { namespace: CONTROLLERS.dns.namespace, network: needs({ metricsPorts: [7979], https: true }) },
  postgres: {
    namespace: "cnpg-system",
    // 8000 is every database's instance manager, 9090 the backup plugin beside the operator.
    network: needs({ webhookPorts: [9443], metricsPorts: [8080], within: [9090], pods: [8000] }),
  },
  postgresBackup: {
    namespace: "cnpg-system",
    network: needs({ within: [9090] }),
  },
  gateways: {
    namespace: "nginx-gateway",
    // Each nginx calls the control plane for its configuration.
    network: needs({ metricsPorts: [9113], fromPods: [8443] }),
  },
} as const satisfies Readonly<Record<PartName, Place>>;

function needs({
  https = false,
  pods = [],
  ...ports
}: Partial<Omit<NetworkNeeds, "egress">> & { readonly https?: boolean; readonly pods?: readonly number[] }): NetworkNeeds {
  return { webhookPorts: [], metricsPorts: [], within: [], fromPods: [], ...ports, egress: { api: true, https, pods } };
}
