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

  /** Connections to them that are let in. */
  readonly ingress: readonly TrafficRule[];

  /** Connections from them that are let out, beside questions for names. */
  readonly egress: readonly TrafficRule[];

  /** What has to be there before: its namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** All the traffic of some pods, as one policy: what it does not name is closed, whatever else is in the namespace. */
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
