import { missingAccess } from "../../cli/access";
import { AwsFailure, type AwsReader } from "../../cli/aws";
import type { Workspace } from "../../cli/workspace";

const ROLE = "arn:aws:iam::111122223333:role/orders/orders-deploy-dev";
const args = ["eks", "get-token", "--cluster-name", "${data.terraform_remote_state.dev-cluster.outputs.cluster_name}"];

/** What is said to a caller about a cluster with an entry. */
function said(caller: string | Error, principal = ROLE): Promise<readonly string[]> {
  const jsons: Record<string, object> = {
    "dev-cluster": { resource: { aws_eks_access_entry: { one: { principal_arn: principal } } } },
    "dev-platform": { provider: { kubernetes: [{ exec: [{ args }] }] } },
    "dev-keys": {},
  };
  const workspaceOf = (stack: string) => ({ json: jsons[stack] }) as unknown as Workspace;
  const aws = { caller: async () => (caller instanceof Error ? Promise.reject(caller) : caller) } as unknown as AwsReader;
  return missingAccess(["dev-keys", "dev-platform"], workspaceOf, aws);
}

describe("access to a cluster", () => {
  it("is missed before the first stack on it", async () => {
    expect(await said("arn:aws:sts::111122223333:assumed-role/admin/me")).toEqual([
      `arn:aws:sts::111122223333:assumed-role/admin/me: has no access entry on dev-cluster, so dev-platform will fail; assume ${ROLE}, or add your role to access.administrators`,
    ]);
    expect(await said("arn:aws:sts::444455556666:assumed-role/orders-deploy-dev/me")).toHaveLength(1);
    expect(await said("arn:aws:iam::111122223333:user/me")).toHaveLength(1);
  });

  it("is that of the role, whatever its path, or of the user", async () => {
    expect(await said("arn:aws:sts::111122223333:assumed-role/orders-deploy-dev/GitHubActions")).toEqual([]);
    expect(await said("arn:aws:iam::111122223333:user/me", "arn:aws:iam::111122223333:user/me")).toEqual([]);
  });

  it("is not judged where a name is not known yet, or AWS can't be asked", async () => {
    expect(await said("arn:aws:iam::111122223333:user/me", "${aws_iam_role.one.arn}")).toEqual([]);
    expect(await said(new AwsFailure("no credentials"))).toEqual([]);
  });
});
