import type { Problem } from "../core/errors";
import { parseBlock } from "../network";

/** Access to a cluster, by the ARNs of IAM roles or users. Written as literals, because an ARN becomes part of a Terraform address. */
export interface ClusterAccess {
  /**
   * Full access.
   * @default - none; the principal that creates the cluster gets no access either
   */
  readonly administrators?: readonly string[];

  /**
   * May change workloads and read Secrets in every namespace.
   * @default - none
   */
  readonly deployers?: readonly string[];

  /**
   * May read workloads in all namespaces, and is in the group `planners`, to which the cluster's platform grants the other reads of a plan.
   * No Secrets.
   * @default - none
   */
  readonly planners?: readonly string[];

  /**
   * May read workloads in all namespaces, but no Secrets.
   * @default - none
   */
  readonly readers?: readonly string[];
}

/** Kubernetes group of planners. */
export const PLANNERS = "planners";

type Finding = Omit<Problem, "path">;

/** ARN of a role or user (IAM). EKS rejects the ARN of an assumed-role session. */
const PRINCIPAL = /^arn:aws:iam::\d{12}:(role|user)\/([\w+=,.@-]+\/)*[\w+=,.@-]+$/;

/** Maximum number of networks that may reach a public endpoint (EKS, CreateCluster). */
const MOST_NETWORKS = 40;

/** Shortest prefix length accepted for the network of an office or pipeline. */
const SHORTEST_PREFIX = 8;

/** Problem of a principal, and its place: `["administrators", 0]`. */
export type PrincipalProblem = Finding & { readonly at: readonly [role: string, index: number] };

/** Problems of a list of principals. EKS has one access entry for each principal. */
export function accessProblems(access: ClusterAccess): readonly PrincipalProblem[] {
  const found: PrincipalProblem[] = [];
  const roles = new Map<string, string>();
  for (const [role, principals] of Object.entries(access) as [string, readonly (string | undefined)[]][]) {
    for (const [index, value] of principals.entries()) {
      if (value === undefined) continue;
      const at = [role, index] as const;
      const before = roles.get(value);
      if (before === role) found.push({ at, value, rule: `is named twice among ${role}`, remedy: "name it once" });
      else if (before) found.push({ at, value, rule: `is among ${before} and ${role}`, remedy: "keep the one that it needs" });
      else if (!PRINCIPAL.test(value)) {
        found.push({
          at,
          value,
          rule: "is not a role or user",
          remedy: "use its ARN, like arn:aws:iam::111122223333:role/platform",
        });
      }
      roles.set(value, before ?? role);
    }
  }
  return found;
}

/** Problems of a list of networks that reach a public endpoint. */
export function publicProblems(networks: readonly string[] | undefined): readonly Finding[] {
  if (!networks) return [];
  const remedy = "name the networks that people and pipelines come from, like 203.0.113.0/24";
  if (networks.length === 0)
    return [
      { value: networks, rule: "opens the API to no network, and EKS would take that for all", remedy: "name some, or leave it out" },
    ];
  if (networks.length > MOST_NETWORKS)
    return [{ rule: `has ${networks.length} networks, more than EKS takes`, remedy: `name at most ${MOST_NETWORKS}` }];
  return networks.flatMap((value): Finding[] => {
    const block = parseBlock(value);
    if (!block) return [{ value, rule: "must be a CIDR block without bits set after its prefix", remedy }];
    return block.prefix < SHORTEST_PREFIX ? [{ value, rule: "opens the API to the internet", remedy }] : [];
  });
}
