import { AwsFailure, type AwsReader } from "./aws";
import type { Workspace } from "./workspace";

interface ClusterUser {
  readonly provider?: { readonly kubernetes?: readonly { readonly exec?: readonly { readonly args?: readonly string[] }[] }[] };
}

interface ClusterStack {
  readonly provider?: { readonly aws?: readonly { readonly region?: string }[] };
  readonly resource?: { readonly aws_eks_access_entry?: Readonly<Record<string, { readonly principal_arn: string }>> };
}

/**
 * Missing access of the caller to the clusters that stacks use: a line for each cluster without an access entry for the caller. Without an
 * entry, each of these stacks fails once the cluster is created.
 */
export async function missingAccess(
  stacks: readonly string[],
  workspaceOf: (stack: string) => Workspace,
  aws: AwsReader,
): Promise<readonly string[]> {
  const users = new Map<string, string[]>();
  for (const stack of stacks) {
    const cluster = clusterOf(workspaceOf(stack).json as ClusterUser);
    if (cluster) users.set(cluster, [...(users.get(cluster) ?? []), stack]);
  }
  if (users.size === 0) return [];
  const [first = ""] = users.keys();
  const region = (workspaceOf(first).json as ClusterStack).provider?.aws?.[0]?.region ?? "us-east-1";
  try {
    const caller = await aws.caller(region);
    return [...users].flatMap(([cluster, on]) => {
      const { resource } = workspaceOf(cluster).json as ClusterStack;
      const principals = Object.values(resource?.aws_eks_access_entry ?? {}).map(({ principal_arn }) => principal_arn);
      // The principal of a role that Terraform creates is not known yet.
      if (principals.some((arn) => arn.includes("${") || isSame(arn, caller))) return [];
      const some = on.length > 2 ? `${on[0]} and ${on.length - 1} more stacks` : on.join(" and ");
      return [
        `${caller}: has no access entry on ${cluster}, so ${some} will fail; assume ${principals.join(" or ") || "a role with an entry"}, or add your role to access.administrators`,
      ];
    });
  } catch (error) {
    // Then the first of these stacks reports it.
    if (error instanceof AwsFailure) return [];
    throw error;
  }
}

/** The stack that creates the cluster of a stack, if it is in this program. */
function clusterOf({ provider }: ClusterUser): string | undefined {
  const args = provider?.kubernetes?.flatMap(({ exec = [] }) => exec.flatMap((one) => one.args ?? [])) ?? [];
  return /\$\{data\.terraform_remote_state\.([\w-]+)\.outputs\.cluster_name\}/.exec(args.join(" "))?.[1];
}

/** Checks that a caller is the principal of an entry: the ARN of a role session has the role's name without its path. */
function isSame(principal: string, caller: string): boolean {
  const [, account, role] = /^arn:[\w-]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(caller) ?? [];
  if (!role) return principal === caller;
  return new RegExp(`^arn:[\\w-]+:iam::${account}:role/(.*/)?${role.replace(/[.+]/g, "\\$&")}$`).test(principal);
}
