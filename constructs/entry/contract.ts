import type { Problem } from "../core/errors";
import type { Duration } from "../core/quantities";
import { overlap, parseBlock, show } from "../network";

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

/** Maximum of rules in a security group (VPC, quotas): one for each block and port. A managed prefix list counts with its maximum number of entries. */
const MOST_RULES = 60;

/** Problems of the clients that a load balancer with a number of ports allows. */
export function sourceProblems(from: Source, ports: number): readonly Omit<Problem, "path">[] {
  if ("prefixList" in from) return [];
  const { blocks } = from;
  const most = Math.floor(MOST_RULES / Math.max(1, ports));
  if (ports === 0) return [{ rule: "clients have no port to connect to", remedy: "add tcpPorts, or leave https on" }];
  if (blocks.length === 0) return [{ rule: "allows no traffic", remedy: "name at least one block" }];
  if (blocks.length > most)
    return [{ value: blocks.length, rule: "blocks are more than a security group takes", remedy: `name at most ${most}` }];
  const unread = blocks.filter((block) => !parseBlock(block));
  const problems = unread.map((value) => ({ value, rule: "must be a CIDR block", remedy: "write it like 203.0.113.0/24" }));
  const read = blocks.flatMap((block) => parseBlock(block) ?? []);
  const twice = read.filter((block, index) => read.slice(0, index).some((other) => overlap(block, other))).map(show);
  return [...problems, ...twice.map((value) => ({ value, rule: "overlaps one that is named before", remedy: "name each address once" }))];
}
