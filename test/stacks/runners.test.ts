import { Deployed } from "../bootstrap/account";
import { allows } from "../bootstrap/evaluator";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { type Body, one, statements } from "../synth";

const ACCOUNT = "111122223333";
const REGION = "eu-west-1";
const CONNECTION = `arn:aws:codeconnections:${REGION}:${ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-0123456789ab`;
const AWS = { account: ACCOUNT, region: REGION, recoveryRegion: "eu-central-1", domain: "orders.example.com" };
const CLUSTER = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const GITHUB = { system: "orders", id: ACCOUNT, region: REGION, github: { repository: "example/orders" } } as const;

const environment = (changes: object = {}, aws: object = {}) =>
  anEnvironment({
    cluster: CLUSTER,
    commandApi: { image: "registry.example.com/orders/api:1.0.0", replicas: 2 },
    exceptions: { disposable: "made by a test" },
    eventStore: { engine: "eventsourcingdb" },
    aws: { ...AWS, runners: { connection: CONNECTION }, ...aws },
    ...changes,
  });
const program = { ...aProgram(environment()), accounts: [GITHUB] };
const { stacks } = synthesisOf(program);
const jsonOf = (id: string): Body => stacks.get(id)?.json as Body;
const json = jsonOf("test-runners");
const output = (of: string, name: string) => `\${data.terraform_remote_state.test-${of}.outputs.${name}}`;
const errors = (of: object, account: object = GITHUB) =>
  errorsOf({ ...aProgram(of), accounts: [account] } as Parameters<typeof errorsOf>[0]);

describe("GitHub Actions runners of an environment", () => {
  it("are made only where they are asked for, before the clusters and apart from them", () => {
    const without = synthesisOf({ ...program, environments: [environment({}, { runners: undefined })] });
    expect([...without.stacks.keys()].filter((id) => id.endsWith("-runners"))).toEqual([]);
    const ids = [...stacks.keys()];
    expect(ids.indexOf("test-runners")).toBe(ids.indexOf("test-network") + 1);
    expect(stacks.get("test-runners")?.stack.dependencies.map(({ node }) => node.id)).toEqual(["test-network", "test-keys"]);
  });

  it("take the jobs of the account's repository, in the private subnets and the group that the APIs of clusters accept", () => {
    const project = one(json, "aws_codebuild_project");
    expect(project.name).toBe("orders-test-runners");
    expect(project.source).toMatchObject({
      location: "https://github.com/example/orders.git",
      auth: { type: "CODECONNECTIONS", resource: CONNECTION },
    });
    expect(project.vpc_config).toMatchObject({ vpc_id: output("network", "vpc_id") });
    expect(project.vpc_config.security_group_ids).toEqual([output("network", "deploy_runners_security_group_id")]);
    expect(project.vpc_config.subnets).toHaveLength(3);
    expect(project.vpc_config.subnets[2]).toContain("private_subnet_ids, 2");
    expect(project.environment).not.toHaveProperty("privileged_mode");
    const { filter_group } = one(json, "aws_codebuild_webhook");
    expect(filter_group).toEqual([{ filter: [{ type: "EVENT", pattern: "WORKFLOW_JOB_QUEUED" }] }]);
  });

  it("reach GitHub, the AWS endpoints and the API of the cluster, and nothing reaches them", () => {
    const network = jsonOf("test-network").resource;
    const rules = (type: string) => Object.entries<Body>(network[type]).map(([id]) => id);
    const egress = rules("aws_vpc_security_group_egress_rule").filter((id) => /deploy-runners/.test(id));
    expect(egress.map((id) => id.replace(/^.*deploy-runners-to-|_[0-9A-F]+$/g, "")).sort()).toEqual([
      "api-443-out",
      "aws-endpoints-443-out",
      "internet-443-out",
    ]);
    const ingress = rules("aws_vpc_security_group_ingress_rule").filter((id) => /to-deploy-runners|-deploy-runners-from/.test(id));
    expect(ingress).toEqual([]);
  });

  describe("have a role", () => {
    const known = new Map<string, Deployed>();
    const deployed = (id: string): Deployed => {
      const found = known.get(id) ?? new Deployed(jsonOf(id), ACCOUNT, REGION, (other) => stacks.has(other) && deployed(other));
      known.set(id, found);
      return found;
    };
    const bootstrap = deployed(`bootstrap-${ACCOUNT}`);
    const boundaries = bootstrap.policies();
    const [runner] = deployed("test-runners").roles(boundaries);
    const deploy = bootstrap.roles(boundaries).find(({ name }) => name === "orders-deploy-test");
    const plan = bootstrap.roles(boundaries).find(({ name }) => name === "orders-plan");
    const context = { "aws:RequestedRegion": REGION };
    const may = (who: typeof runner, action: string, resource: string, more: object = {}) =>
      who !== undefined && allows(who, { action, resource, context: { ...context, ...more } });

    it("that only CodeBuild assumes, for this project", () => {
      const [trust, ...others] = runner?.trust ?? [];
      expect(others).toEqual([]);
      expect(trust).toMatchObject({
        Principal: { Service: "codebuild.amazonaws.com" },
        Condition: {
          StringEquals: {
            "aws:SourceAccount": ACCOUNT,
            "aws:SourceArn": `arn:aws:codebuild:${REGION}:${ACCOUNT}:project/orders-test-runners`,
          },
        },
      });
    });

    it("that writes logs, uses the one connection, and can neither deploy nor read", () => {
      const interfaces = `arn:aws:ec2:${REGION}:${ACCOUNT}:network-interface/eni-1`;
      expect(runner?.boundary).toBeDefined();
      expect(may(runner, "codeconnections:GetConnectionToken", CONNECTION)).toBe(true);
      expect(may(runner, "codeconnections:GetConnectionToken", `${CONNECTION.slice(0, -1)}c`)).toBe(false);
      expect(may(runner, "ec2:CreateNetworkInterface", interfaces)).toBe(true);
      expect(may(runner, "ec2:CreateNetworkInterfacePermission", interfaces)).toBe(false);
      for (const [action, resource] of [
        ["sts:AssumeRole", deploy?.arn],
        ["iam:PassRole", runner?.arn],
        ["eks:DescribeCluster", `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/orders-test`],
        ["s3:GetObject", "arn:aws:s3:::orders-terraform-state/test/x"],
        ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:orders`],
        ["codebuild:StartBuild", `arn:aws:codebuild:${REGION}:${ACCOUNT}:project/orders-test-runners`],
      ] as const)
        expect([action, may(runner, action, resource ?? "")]).toEqual([action, false]);
    });

    it("that the deploy role passes to a project of its own environment alone, which a plan only reads", () => {
      const project = `arn:aws:codebuild:${REGION}:${ACCOUNT}:project/orders-test-runners`;
      const own = { "aws:ResourceTag/system": "orders", "aws:ResourceTag/environment": "test" };
      const foreign = { ...own, "aws:ResourceTag/environment": "production" };
      expect(may(deploy, "iam:PassRole", runner?.arn ?? "")).toBe(true);
      expect(may(deploy, "codebuild:UpdateProject", project, own)).toBe(true);
      expect(may(deploy, "codebuild:UpdateProject", project, foreign)).toBe(false);
      expect(may(deploy, "codebuild:UpdateProject", project.replace("orders-test-runners", "admin"))).toBe(false);
      expect(may(deploy, "codebuild:StartBuild", project, own)).toBe(false);
      expect(may(deploy, "codeconnections:PassConnection", CONNECTION)).toBe(true);
      expect(may(deploy, "codeconnections:DeleteConnection", CONNECTION)).toBe(false);
      expect(may(plan, "codebuild:BatchGetProjects", project, own)).toBe(true);
      expect(may(plan, "codebuild:StartBuild", project, own)).toBe(false);
    });
  });

  it("attach network interfaces to jobs in the private subnets only", () => {
    const rights = statements(one(json, "aws_iam_role_policy").policy);
    const { Condition } = rights.find(({ Sid }) => Sid === "AttachToJobs") as Body;
    expect(Condition.StringEquals).toEqual({ "ec2:AuthorizedService": "codebuild.amazonaws.com" });
    expect(Condition.ArnEquals["ec2:Subnet"]).toHaveLength(3);
  });

  it("need a repository, a connection in the region, and a cluster of the environment", () => {
    const { github: _, ...account } = GITHUB;
    expect(errors(environment(), account)).toEqual([
      "test.aws.runners: must have a repository that queues jobs, and account 111122223333 has no github; set github on the account",
    ]);
    const wrong = { runners: { connection: CONNECTION.replace("codeconnections", "codestar-connections") } };
    expect(errors(environment({}, wrong))).toEqual([
      expect.stringMatching(/^test\.aws\.runners\.connection: .* must be the ARN of a connection of AWS CodeConnections; copy it from /),
    ]);
    const elsewhere = { runners: { connection: CONNECTION.replace(REGION, "eu-west-3") } };
    expect(errors(environment({}, elsewhere))).toEqual([
      expect.stringMatching(/connection: .* must be in eu-west-1, like the runners; create a connection there$/),
    ]);
    expect(errors(environment({ cluster: { context: "kind-orders" } }))).toContain(
      "test.aws.runners: requires a cluster that the environment creates, because runners deploy to it; leave it out",
    );
  });
});
