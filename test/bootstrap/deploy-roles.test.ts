import { boundaryArn, DeployRoles, type DeployRolesProps, rolePath } from "../../constructs/bootstrap";
import { all, one, statements, synth } from "../synth";

const STATE = "arn:aws:s3:::orders-terraform-state";

const PROPS: DeployRolesProps = {
  system: "orders",
  account: "111122223333",
  subject: "repo:example/orders",
  environments: [
    { name: "production", regions: ["eu-west-1", "eu-central-1"] },
    { name: "dev", regions: ["eu-west-1"] },
  ],
  state: { bucketArn: STATE, keyArn: "arn:aws:kms:eu-west-1:111122223333:key/state" },
};

const roles = (changes: Partial<DeployRolesProps> = {}) =>
  synth((stack) => void new DeployRoles(stack, "deploy", { ...PROPS, ...changes }));
const json = roles();

const trustOf = (id: string) => statements(one(json, "aws_iam_role", `/${id}`).assume_role_policy)[0]?.Condition.StringEquals;
const rightsOf = (id: string) => statements(one(json, "aws_iam_role_policy", `/${id}-state`).policy);

describe("DeployRoles", () => {
  it("plan for pull requests of the one repository", () => {
    expect(trustOf("plan")).toEqual({
      "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
      "token.actions.githubusercontent.com:sub": "repo:example/orders:pull_request",
    });
  });

  it("apply for the GitHub environment of the same name, which GitHub guards", () => {
    expect(trustOf("apply-production")["token.actions.githubusercontent.com:sub"]).toBe("repo:example/orders:environment:production");
  });

  it("know the repository by the ids that GitHub's tokens name it with", () => {
    const [role] = all(roles({ subject: "repo:example@1/orders@2" }), "aws_iam_role");
    expect(role?.assume_role_policy).toContain('"repo:example@1/orders@2:');
  });

  it("let a pull request read configuration and state, change neither, and read no data", () => {
    const rights = rightsOf("plan");
    expect(rights.filter(({ Effect }) => Effect === "Allow").flatMap(({ Action }) => Action)).toEqual([
      "s3:ListBucket",
      "s3:GetObject",
      "kms:Decrypt",
      "kms:GenerateDataKey",
      "kms:DescribeKey",
      "secretsmanager:GetRandomPassword",
    ]);
    expect(rights.find(({ Sid }) => Sid === "NoObjects")).toEqual({
      Sid: "NoObjects",
      Effect: "Deny",
      Action: "s3:GetObject*",
      NotResource: `${STATE}/*`,
    });
    expect(rights.find(({ Sid }) => Sid === "NoData")?.Action).toEqual(
      expect.arrayContaining(["secretsmanager:GetSecretValue", "dynamodb:GetItem", "logs:GetLogEvents"]),
    );
  });

  it("keep environments of one account apart: neither another's state nor its roles", () => {
    const rights = rightsOf("apply-dev");
    expect(rights.find(({ Sid }) => Sid === "State")?.Resource).toBe(`${STATE}/dev/*`);
    expect(rights.find(({ Sid }) => Sid === "OtherState")).toMatchObject({
      Effect: "Deny",
      Resource: [`${STATE}/bootstrap/*`, `${STATE}/production/*`],
    });
    const allowed = rights.filter(
      ({ Effect, Action }) => Effect === "Allow" && [Action].flat().some((action: string) => /^iam:(?!Get|List)/.test(action)),
    );
    for (const { Resource } of allowed) {
      for (const resource of [Resource].flat())
        expect(resource).toMatch(/:(role|policy|instance-profile)\/(orders\/dev|aws-service-role)\/\*$/);
    }
  });

  it("are themselves out of reach of what they may change", () => {
    for (const { path } of all(json, "aws_iam_role")) expect(path).toBe("/orders/");
    expect(rolePath("orders", "dev")).toBe("/orders/dev/");
  });

  it("can't grow: whatever a deployment is denied, the roles it makes are denied as well", () => {
    const making = rightsOf("apply-dev").filter(
      ({ Effect, Action }) =>
        Effect === "Allow" &&
        [Action].flat().some((action: string) => ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"].includes(action)),
    );
    expect(making.map(({ Condition }) => Condition?.StringEquals["iam:PermissionsBoundary"])).toEqual([
      expect.stringMatching(/aws_iam_policy.*\.arn/),
    ]);
    const boundary = one(json, "aws_iam_policy");
    expect(`${boundary.path}${boundary.name}`).toBe(boundaryArn("orders", "111122223333").split(":policy")[1]);
    const bounded = statements(boundary.policy);
    // The boundary holds for the roles of all environments, and denies them the state as a whole.
    for (const denial of rightsOf("apply-dev").filter(
      ({ Effect, Sid }) => Effect === "Deny" && !["OtherRegions", "OtherState"].includes(Sid),
    )) {
      expect(bounded).toContainEqual(denial);
    }
    expect(bounded).toContainEqual({ Sid: "NoState", Effect: "Deny", Action: "s3:*", Resource: [STATE, `${STATE}/*`] });
    expect(bounded.find(({ Sid }) => Sid === "OtherRegions")?.Condition.StringNotEquals["aws:RequestedRegion"]).toEqual([
      "eu-west-1",
      "eu-central-1",
      "us-east-1",
    ]);
  });

  it("stay within the regions of their environment", () => {
    expect(rightsOf("apply-dev").find(({ Sid }) => Sid === "OtherRegions")?.Condition).toEqual({
      StringNotEquals: { "aws:RequestedRegion": ["eu-west-1", "us-east-1"] },
    });
  });

  it("break no lock of a backup", () => {
    expect(rightsOf("apply-dev").find(({ Sid }) => Sid === "LocksAndBackDoors")?.Action).toContain("s3:BypassGovernanceRetention");
  });

  it("never weaken the state bucket or its key", () => {
    const denied = rightsOf("apply-production").filter(({ Effect }) => Effect === "Deny");
    expect(denied.flatMap(({ Action }) => Action)).toEqual(
      expect.arrayContaining(["s3:DeleteBucket*", "s3:PutBucket*", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"]),
    );
  });

  it("use the account's provider for GitHub where it has one", () => {
    expect(all(json, "aws_iam_openid_connect_provider")).toHaveLength(1);
    expect(all(roles({ providerExists: true }), "aws_iam_openid_connect_provider")).toHaveLength(0);
  });

  it("hold no long-lived key", () => {
    expect(all(json, "aws_iam_access_key")).toEqual([]);
    expect(all(json, "aws_iam_user")).toEqual([]);
  });
});
