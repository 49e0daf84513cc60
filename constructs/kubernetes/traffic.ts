import type { NetworkPolicyV1SpecEgress, NetworkPolicyV1SpecIngress } from "@cdktf/provider-kubernetes/lib/network-policy-v1";

/**
 * The other end of a connection: any address, all pods of the cluster, the pods of the same namespace, those of another one (all, or
 * selected by labels), or a CIDR block.
 */
export type Peer =
  | "anywhere"
  | "cluster"
  | "namespace"
  | { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }
  | { readonly cidr: string; readonly except?: readonly string[] };

/** Ports that are open to a peer. */
export interface TrafficRule {
  /** Purpose, also the policy's name: `webhook`. */
  readonly name: string;
  readonly peer: Peer | readonly Exclude<Peer, "anywhere">[];

  /** Ports, single or as a range. */
  readonly ports: readonly (number | { readonly from: number; readonly to: number })[];

  /** @default "TCP" */
  readonly protocols?: readonly ("TCP" | "UDP")[];
}

const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Name resolution by CoreDNS, or by the cache on the pod's own node if the cluster has one (NodeLocal DNSCache, its address). */
export const NAMES: TrafficRule = {
  name: "names",
  peer: [{ namespace: "kube-system", labels: { "k8s-app": "kube-dns" } }, { cidr: "169.254.20.10/32" }],
  ports: [53],
  protocols: ["UDP", "TCP"],
};

/** The API server: its own port, and that of the cluster's service. */
export const API_SERVER: TrafficRule = { name: "api-server", peer: "anywhere", ports: [443, 6443] };

/** Public endpoints, those of AWS among them. */
export const HTTPS: TrafficRule = { name: "https", peer: "anywhere", ports: [443] };

/** The agent that hands a pod its role, on the pod's own node (EKS, Pod Identity considerations). */
export const ROLE_AGENT: TrafficRule = { name: "role-agent", peer: { cidr: "169.254.170.23/32" }, ports: [80] };

/** Ingress rule of a NetworkPolicy for allowed traffic. */
export function ingressFrom({ peer, ...opening }: TrafficRule): NetworkPolicyV1SpecIngress {
  return { ...(peer === "anywhere" ? {} : { from: ends(peer) }), ports: ports(opening) };
}

/** Egress rule of a NetworkPolicy for allowed traffic. */
export function egressTo({ peer, ...opening }: TrafficRule): NetworkPolicyV1SpecEgress {
  return { ...(peer === "anywhere" ? {} : { to: ends(peer) }), ports: ports(opening) };
}

type End = Exclude<Peer, "anywhere">;

function ends(peer: End | readonly End[]) {
  return (Array.isArray(peer) ? (peer as readonly End[]) : [peer as End]).map(end);
}

function end(peer: End) {
  if (peer === "cluster") return { namespaceSelector: {} };
  if (peer === "namespace") return { podSelector: {} };
  if ("cidr" in peer) return { ipBlock: { cidr: peer.cidr, ...(peer.except ? { except: [...peer.except] } : {}) } };
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: peer.namespace } },
    ...(peer.labels ? { podSelector: { matchLabels: { ...peer.labels } } } : {}),
  };
}

function ports({ ports: wanted, protocols = ["TCP"] }: Pick<TrafficRule, "ports" | "protocols">) {
  return protocols.flatMap((protocol) =>
    wanted.map((port) =>
      typeof port === "number" ? { port: String(port), protocol } : { port: String(port.from), endPort: port.to, protocol },
    ),
  );
}
