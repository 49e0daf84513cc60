import type { Duration } from "../core/quantities";

/** Allowed clients: a managed prefix list of AWS, by name, or CIDR blocks. */
export type Source = { readonly prefixList: string } | { readonly blocks: readonly string[] };

/** Target of a load balancer's connections. */
export interface EntryTarget {
  /** ARN of the target group. */
  readonly targetGroupArn: string;

  /** The port of the pods. */
  readonly port: number;
}

/** Label of a namespace whose pods become ready only when their targets are healthy in the load balancer. */
export const READINESS_GATES = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" } as const;

/** All IPv4 addresses. */
export const ANYWHERE: Source = { blocks: ["0.0.0.0/0"] };

/**
 * Time for which a Network Load Balancer may still send new connections to a terminating pod (aws-load-balancer-controller, issue 2366),
 * and for which the pod must stay.
 */
export const DEREGISTRATION: Duration = "150s";
