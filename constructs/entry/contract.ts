import type { Duration } from "../core/quantities";

/** From where connections are taken: a list of networks that AWS keeps, by name, or blocks of addresses. */
export type Source = { readonly prefixList: string } | { readonly blocks: readonly string[] };

/** Where a load balancer passes connections on to. */
export interface EntryTarget {
  /** The target group, by ARN. */
  readonly targetGroupArn: string;

  /** The port of the pods. */
  readonly port: number;
}

/** The label of a namespace whose pods wait until the load balancer that they are bound to finds them well. */
export const READINESS_GATES = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" } as const;

/** Every address there is. */
export const ANYWHERE: Source = { blocks: ["0.0.0.0/0"] };

/**
 * How long a Network Load Balancer may go on sending new connections to a pod that is going (aws-load-balancer-controller, issue
 * 2366): as long as the pod has to stay.
 */
export const DEREGISTRATION: Duration = "150s";
