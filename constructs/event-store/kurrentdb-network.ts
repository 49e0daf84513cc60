import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { API_SERVER, egressTo, ingressFrom, NAMES, type Peer, type TrafficRule } from "../kubernetes";
import { nodeLabels, PORTS } from "./kurrentdb-node";
import { jobLabels, jobsLabels } from "./kurrentdb-operations";

export interface KurrentDbNetworkProps {
  readonly name: string;
  readonly namespace: string;
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /** The namespace that scrapes metrics. */
  readonly metrics?: string;

  /** Allows nodes to contact the vendor's licence server. */
  readonly licensed: boolean;

  /** Allows clients with the legacy TCP protocol. */
  readonly tcp: boolean;
  readonly after: readonly ITerraformDependable[];
}

/** Network policies of the nodes and their jobs, inbound and outbound. */
export class KurrentDbNetwork extends Construct {
  readonly policies: readonly NetworkPolicyV1[];

  constructor(scope: Construct, id: string, { name, namespace, clients, metrics, licensed, tcp, after }: KurrentDbNetworkProps) {
    super(scope, id);
    const nodes: Peer = { namespace, labels: nodeLabels(name) };
    const policy = (part: string, labels: Record<string, string>, ingress: readonly TrafficRule[], egress: readonly TrafficRule[]) =>
      new NetworkPolicyV1(this, part, {
        metadata: { namespace, name: `${name}-${part}` },
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ["Ingress", "Egress"],
          ...(ingress.length > 0 ? { ingress: ingress.map(ingressFrom) } : {}),
          egress: [NAMES, ...egress].map(egressTo),
        },
        dependsOn: [...after],
      });
    const among: TrafficRule = { name: "nodes", peer: nodes, ports: [PORTS.http, PORTS.replication] };
    this.policies = [
      policy(
        "nodes",
        nodeLabels(name),
        [
          among,
          { name: "jobs", peer: { namespace, labels: jobsLabels(name) }, ports: [PORTS.http] },
          ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: tcp ? [PORTS.http, PORTS.tcp] : [PORTS.http] }] : []),
          ...(metrics ? [{ name: "metrics", peer: { namespace: metrics }, ports: [PORTS.http] }] : []),
        ],
        [among, ...(licensed ? [{ name: "licence", peer: "anywhere", ports: [443] } as const] : [])],
      ),
      policy("jobs", jobsLabels(name), [], [{ name: "nodes", peer: nodes, ports: [PORTS.http] }]),
      policy("rollout", jobLabels(name, "rollout"), [], [API_SERVER]),
    ];
  }
}
