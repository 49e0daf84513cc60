import type { Problem } from "../core/errors";
import { parseBlock } from "../network";

/** Who may do what in a cluster, by the ARN of their roles or users, written out: it becomes an address. */
export interface ClusterAccess {
  /**
   * May do everything.
   * @default - nobody, not even who made the cluster
   */
  readonly administrators?: readonly string[];

  /**
   * May change what runs, and read Secrets, in every namespace.
   * @default - nobody
   */
  readonly deployers?: readonly string[];

  /**
   * May read what runs in namespaces, and is in the group `planners`, to which the cluster's platform gives the rest of
   * what a plan reads. No Secrets.
   * @default - nobody
   */
  readonly planners?: readonly string[];

  /**
   * May read what runs in namespaces, but no Secrets.
   * @default - nobody
   */
  readonly readers?: readonly string[];
}

/** The group of Kubernetes that planners are in. */
export const PLANNERS = "planners";

type Finding = Omit<Problem, "path">;

/** IAM, ARNs: a session of a role has no entry of its own, and EKS refuses it. */
const PRINCIPAL = /^arn:aws:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/;

/** EKS, CreateCluster: so many networks may reach a public endpoint. */
const MOST_NETWORKS = 40;

/** The shortest prefix of a network that an office or a pipeline could have. */
const SHORTEST_PREFIX = 8;

/** What is wrong with a list of who may do what: EKS has one entry for each principal. */
export function accessProblems(access: ClusterAccess): readonly Finding[] {
  const found: Finding[] = [];
  const roles = new Map<string, string>();
  for (const [role, principals] of Object.entries(access) as [string, readonly string[]][]) {
    for (const value of principals) {
      const before = roles.get(value);
      if (before === role) found.push({ value, rule: `is named twice among ${role}`, remedy: "name it once" });
      else if (before) found.push({ value, rule: `is among ${before} and ${role}`, remedy: "keep the one that it needs" });
      else if (!PRINCIPAL.test(value)) {
        found.push({
          value,
          rule: `is not a role or user, and is in ${role}`,
          remedy: "use its ARN, like arn:aws:iam::111122223333:role/platform",
        });
      }
      roles.set(value, before ?? role);
    }
  }
  return found;
}

/** What is wrong with a list of networks that reach a public endpoint. */
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
