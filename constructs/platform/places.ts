import { CONTROLLERS } from "../cluster";
import type { NetworkNeeds, Place } from "./contract";
import type { PartName } from "./platform";

/** Namespace and network needs of each part. For parts that call AWS, IAM roles are bound to these namespaces. */
export const PLACES = {
  definitions: { namespace: "kube-system" },
  storageClasses: { namespace: "kube-system" },
  metricsServer: { namespace: "kube-system" },
  snapshots: { namespace: "kube-system" },
  scaling: { namespace: CONTROLLERS.scaling.namespace },
  loadBalancers: { namespace: CONTROLLERS["load-balancers"].namespace },
  autoscaling: {
    namespace: "keda",
    // Egress to the sources of triggers is allowed by the construct that creates the trigger.
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
    // Port 8000 is the instance manager of every database, 9090 the backup plugin in the operator's namespace.
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
