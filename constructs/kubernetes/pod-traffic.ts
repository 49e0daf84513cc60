import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { egressTo, ingressFrom, NAMES, type TrafficRule } from "./traffic";

export interface PodTrafficProps {
  readonly namespace: string;

  /** The policy's name. */
  readonly name: string;

  /** The labels of its pods. */
  readonly labels: Readonly<Record<string, string>>;

  /** Allowed connections to the pods. */
  readonly ingress: readonly TrafficRule[];

  /** Allowed connections from the pods, in addition to DNS. */
  readonly egress: readonly TrafficRule[];

  /** Resources to create first: its namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** All allowed traffic of a set of pods, as one policy for both directions: it denies all other connections. */
export class PodTraffic extends Construct {
  readonly policy: NetworkPolicyV1;

  constructor(scope: Construct, id: string, { namespace, name, labels, ingress, egress, after = [] }: PodTrafficProps) {
    super(scope, id);
    this.policy = new NetworkPolicyV1(this, "policy", {
      metadata: { name, namespace },
      spec: {
        podSelector: { matchLabels: { ...labels } },
        policyTypes: ["Ingress", "Egress"],
        ingress: ingress.map(ingressFrom),
        egress: [NAMES, ...egress].map(egressTo),
      },
      dependsOn: [...after],
    });
  }
}
