import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { boundaryArn, type DeployedEnvironment, DeployRoles, type DeployRolesProps, rolePath } from "../../constructs/bootstrap";
import { ACCOUNT_TYPES, PLAN_READS, READS } from "../../constructs/bootstrap/services";
import { all, one, statements, synth } from "../synth";
import { allows, type Statement } from "./evaluator";

const STATE = "arn:aws:s3:::orders-terraform-state";

const PROPS: DeployRolesProps = {
  system: "orders",
  account: "111122223333",
  subject: "repo:example/orders",
  environments: [
    { name: "production", regions: ["eu-west-1", "eu-central-1"], clusters: ["orders-production-write"], buckets: ["long-name-1234"] },
    { name: "dev", regions: ["eu-west-1"], clusters: ["orders-dev-shared"], buckets: [] },
  ],
  state: { bucketArn: STATE, keyArn: "arn:aws:kms:eu-west-1:111122223333:key/state" },
};

const roles = (changes: Partial<DeployRolesProps> = {}) =>
  synth((stack) => void new DeployRoles(stack, "deploy", { ...PROPS, ...changes }));
const json = roles();

const trustOf = (id: string) => statements(one(json, "aws_iam_role", `/${id}`).assume_role_policy)[0]?.Condition.StringEquals;
const policyOf = (id: string) => statements(one(json, "aws_iam_policy", `/${id}`).policy);
const rightsOf = (id: string) => [
  ...statements(one(json, "aws_iam_role_policy", `/${id}-state`).policy),
  ...policyOf(id === "plan" ? "plan-reads-policy" : `${id}-services-policy`),
];

describe("DeployRoles", () => {
  it("plan for pull requests of the one repository, and for the branch whose drift is looked for", () => {
    expect(trustOf("plan")).toEqual({
      "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
      "token.actions.githubusercontent.com:sub": ["repo:example/orders:pull_request", "repo:example/orders:ref:refs/heads/main"],
    });
    const trunk = one(roles({ branch: "trunk" }), "aws_iam_role", "/plan");
    expect(trunk.assume_role_policy).toContain('"repo:example/orders:ref:refs/heads/trunk"');
  });

  it("apply for the GitHub environment of the same name, which GitHub guards", () => {
    expect(trustOf("apply-production")["token.actions.githubusercontent.com:sub"]).toBe("repo:example/orders:environment:production");
  });

  it("know the repository by the ids that GitHub's tokens name it with", () => {
    const [role] = all(roles({ subject: "repo:example@1/orders@2" }), "aws_iam_role");
    expect(role?.assume_role_policy).toContain('"repo:example@1/orders@2:');
  });

  it("let a pull request read states, and what a plan refreshes", () => {
    const rights = rightsOf("plan");
    expect(rights.map(({ Sid }) => Sid)).toEqual(["FindState", "State", "StateKey", "Refresh"]);
    expect(rights.find(({ Sid }) => Sid === "Refresh")?.Action).toEqual(PLAN_READS);
  });

  it("refresh every type of resource that there is a construct for, and no other", () => {
    const files = readdirSync("constructs", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const imported = files.flatMap((file) => [
      ...readFileSync(join("constructs", file), "utf8").matchAll(/@cdktf\/provider-aws\/lib\/(?:data-aws-)?([\w-]+)/g),
    ]);
    const types = new Set(imported.map(([, type = ""]) => type.replaceAll("-", "_")).filter((type) => type !== "provider"));
    expect([...Object.keys(READS), ...ACCOUNT_TYPES].sort()).toEqual([...types].sort());
  });

  it("keep environments of one account apart: neither another's state nor its roles", () => {
    const rights = rightsOf("apply-dev");
    expect(rights.find(({ Sid }) => Sid === "State")?.Resource).toBe(`${STATE}/dev/*`);
    const allowed = rights.filter(
      ({ Effect, Action }) => Effect === "Allow" && [Action].flat().some((action: string) => /^iam:(?!Get|List)/.test(action)),
    );
    for (const { Resource } of allowed) {
      for (const resource of [Resource].flat())
        expect(resource).toMatch(/:(role|policy|instance-profile)\/(orders\/dev|aws-service-role)\/\*$/);
    }
  });

  it("register clusters of their environment as OIDC providers if one of its workloads needs that, and no others", () => {
    const [production, dev] = PROPS.environments;
    const oidcProviders = ["oidc.eks.eu-west-1.amazonaws.com/id/*"];
    const made = roles({ environments: [{ ...production, oidcProviders } as DeployedEnvironment, dev as DeployedEnvironment] });
    const rights = (name: string) =>
      statements(one(made, "aws_iam_role_policy", `/apply-${name}-state`).policy).filter(({ Action }) => /OpenIDConnect/.test(Action));
    expect(rights("dev")).toEqual([]);
    expect(rights("production").map(({ Resource }) => Resource)).toEqual([
      ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/*"],
    ]);
  });

  it("keep to buckets of their environment, those of names that had to be shortened included", () => {
    const buckets = rightsOf("apply-production").find(({ Sid }) => Sid === "Buckets");
    expect(buckets?.Resource).toEqual(
      ["orders-production-*", "long-name-1234"].flatMap((name) => [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`]),
    );
  });

  it("are themselves out of reach of what they may change", () => {
    for (const { path } of all(json, "aws_iam_role")) expect(path).toBe("/orders/");
    expect(rolePath("orders", "dev")).toBe("/orders/dev/");
  });

  it("can't grow: whatever a deployment is denied, the roles it makes are denied as well", () => {
    for (const name of ["dev", "production"]) {
      const boundary = one(json, "aws_iam_policy", `/boundary-${name}`);
      const arn = boundaryArn("orders", "111122223333", name);
      expect(`${boundary.path}${boundary.name}`).toBe(arn.split(":policy")[1]);
      const making = rightsOf(`apply-${name}`).find(({ Sid }) => Sid === "RolesWithinTheBoundary");
      expect(making?.Condition).toEqual({ StringEquals: { "iam:PermissionsBoundary": arn } });
      const denied = rightsOf(`apply-${name}`).filter(({ Effect }) => Effect === "Deny");
      expect(denied.length).toBeGreaterThan(3);
      expect(statements(boundary.policy)).toEqual(expect.arrayContaining(denied));
    }
  });

  it.each(["production", "p".repeat(24)])("fit into what IAM allows a policy to be: %s", (name) => {
    const clusters = ["write", "read", "shared"].map((side) => `${"s".repeat(24)}-${name}-${side}`);
    const buckets = Array.from({ length: 5 }, (_, index) => String(index).padStart(63, "b"));
    const regions = ["ap-southeast-2", "ap-northeast-3", "ap-southeast-4"];
    const oidcProviders = regions.map((region) => `oidc.eks.${region}.amazonaws.com/id/*`);
    const domains = (of: string) => [`${of}.${"d".repeat(40)}.example.com`, `${of}.${"s".repeat(24)}.internal`];
    const others = ["a", "b", "c", "d"].map((of) => ({ name: of, regions, clusters, buckets: [], domains: domains(of.repeat(24)) }));
    const own = { name, regions, clusters, buckets, oidcProviders, domains: domains(name) };
    const large = roles({ system: "s".repeat(24), environments: [own, ...others] });
    // IAM, quotas: characters of a managed policy, and of all inline policies of a role.
    for (const { policy } of all(large, "aws_iam_policy")) expect(policy.length).toBeLessThanOrEqual(6144);
    for (const { policy } of all(large, "aws_iam_role_policy")) expect(policy.length).toBeLessThanOrEqual(10_240);
    expect(all(large, "aws_iam_role_policy_attachment").length).toBe(all(large, "aws_iam_role").length);
  });

  it("change no record of another environment, also where the domain of one is below the other's", () => {
    const [production, dev] = [
      { ...PROPS.environments[0], domains: ["example.com", "production.orders.internal"] },
      { ...PROPS.environments[1], domains: ["dev.example.com", "dev.orders.internal"] },
    ] as DeployedEnvironment[];
    const made = roles({ environments: [production, dev] as DeployedEnvironment[] });
    const changes = (name: string, records: readonly string[]) => {
      const identity = statements(one(made, "aws_iam_policy", `/apply-${name}-services-policy`).policy) as Statement[];
      const context = { "aws:RequestedRegion": "eu-west-1", "route53:ChangeResourceRecordSetsNormalizedRecordNames": records };
      const resource = "arn:aws:route53:::hostedzone/Z1";
      return allows(
        { arn: "arn:aws:iam::111122223333:role/any", identity },
        { action: "route53:ChangeResourceRecordSets", resource, context },
      );
    };
    const outcomes: readonly (readonly [string, readonly string[], boolean])[] = [
      ["production", ["example.com", "commands.example.com", "a.production.orders.internal"], true],
      ["production", ["dev.example.com"], false],
      ["production", ["\\052.dev.example.com"], false],
      ["production", ["commands.example.com", "a.dev.orders.internal"], false],
      ["dev", ["dev.example.com", "_proof.dev.example.com", "a.dev.orders.internal"], true],
      ["dev", ["commands.example.com"], false],
      ["dev", ["dev.example.com", "example.com"], false],
      ["dev", ["elsewhere.example.org"], true],
    ];
    for (const [name, records, allowed] of outcomes) expect([name, records, changes(name, records)]).toEqual([name, records, allowed]);
  });

  it("stay within the regions of their environment", () => {
    expect(rightsOf("apply-dev").find(({ Sid }) => Sid === "OtherRegions")?.Condition).toEqual({
      StringNotEquals: { "aws:RequestedRegion": ["eu-west-1", "us-east-1"] },
    });
  });

  it("break no lock of a backup", () => {
    expect(rightsOf("apply-dev").find(({ Sid }) => Sid === "LocksAndBackDoors")?.Action).toEqual(
      expect.arrayContaining(["s3:BypassGovernanceRetention", "backup:DeleteBackupVaultLockConfiguration", "ec2:UnlockSnapshot"]),
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
