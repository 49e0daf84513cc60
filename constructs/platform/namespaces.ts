import { API_SERVER, type KubernetesTarget, type NamespaceProps, type Quota, ROLE_AGENT, type TrafficRule } from "../kubernetes";
import type { NetworkNeeds, Place } from "./contract";
import { PLACES } from "./places";
import type { PartName } from "./platform";

/** Quota of a platform namespace, sufficient while each of its pods is replaced. */
const QUOTA: Quota = { cpu: 4, memory: "8Gi", pods: 60 };

/** Properties of a platform namespace for `Namespace`. */
export type PartNamespace = Required<Pick<NamespaceProps, "name" | "quota" | "ingress" | "egress">>;

/**
 * The namespaces of parts, each with its quota and the traffic that its parts need. kube-system belongs to the cluster, and has no
 * policies. `metricsFrom` is the namespace of Prometheus; without it metrics ports are closed.
 */
export function partNamespaces(parts: readonly PartName[], cluster: KubernetesTarget, metricsFrom?: string): readonly PartNamespace[] {
  const found = new Map<string, NetworkNeeds[]>();
  for (const part of parts) {
    const { namespace, network }: Place = PLACES[part];
    if (network) found.set(namespace, [...(found.get(namespace) ?? []), network]);
  }
  return [...found]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, needs]) => ({ name, quota: QUOTA, ...openings(needs, cluster, metricsFrom) }));
}

/** Combined traffic rules of all parts in a namespace. */
function openings(needs: readonly NetworkNeeds[], cluster: KubernetesTarget, metricsFrom?: string) {
  const ports = (of: (one: NetworkNeeds) => readonly number[]) => [...new Set(needs.flatMap(of))].sort((one, other) => one - other);
  const open = (name: string, peer: TrafficRule["peer"], of: (one: NetworkNeeds) => readonly number[]): readonly TrafficRule[] =>
    ports(of).length > 0 ? [{ name, peer, ports: ports(of) }] : [];
  return {
    ingress: [
      ...open("webhooks", "anywhere", (one) => one.webhookPorts), // addresses of control planes are not known to a policy
      ...(metricsFrom === undefined ? [] : open("metrics", { namespace: metricsFrom }, (one) => one.metricsPorts)),
      ...open("peers", "namespace", (one) => one.within),
      ...open("pods", "cluster", (one) => one.fromPods),
    ],
    egress: [
      API_SERVER,
      ...(cluster.aws && needs.some(({ egress }) => egress.https) ? [ROLE_AGENT] : []),
      ...open("peers", "namespace", (one) => one.within),
      ...open("pods", "cluster", (one) => one.egress.pods),
    ],
  };
}
