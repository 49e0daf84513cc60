import type { Account } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const aws = anEnvironment().aws as object;
const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };

function stacksOf(changes: object, github?: Account["github"]): ReadonlyMap<string, { readonly json: object }> {
  const program = aProgram(anEnvironment(changes));
  return synthesisOf({ ...program, accounts: program.accounts.map((account) => ({ ...account, ...(github ? { github } : {}) })) }).stacks;
}

/** The Terraform of one stack of an environment. */
function stack(part: string, changes: object, github?: Account["github"]): Body {
  const found = stacksOf(changes, github).get(`test-${part}`);
  if (!found) throw new Error(`there is no stack test-${part}`);
  return found.json;
}

const clusterStacks = (changes: object) => [...stacksOf(changes).keys()].filter((id) => id.endsWith("cluster"));
const output = (stack: string, name: string) => `\${data.terraform_remote_state.test-${stack}.outputs.${name}}`;

describe("the cluster stacks", () => {
  it("are two, or one where both sides share it, or none where clusters exist", () => {
    expect(clusterStacks({ writeCluster: cluster, readCluster: cluster })).toEqual(["test-write-cluster", "test-read-cluster"]);
    expect(clusterStacks({ cluster })).toEqual(["test-cluster"]);
    expect(clusterStacks({ cluster: { context: "kind-orders" } })).toEqual([]);
    expect(clusterStacks({ writeCluster: cluster, readCluster: { context: "kind-orders" } })).toEqual(["test-write-cluster"]);
  });

  it("take each its own place in the network", () => {
    const json = stack("read-cluster", { writeCluster: cluster, readCluster: cluster });
    expect(one(json, "aws_eks_cluster").vpc_config.security_group_ids).toEqual([output("network", "read_api_security_group_id")]);
    for (const template of all(json, "aws_launch_template"))
      expect(template.vpc_security_group_ids).toEqual([output("network", "read_nodes_security_group_id")]);
  });

  it("use the keys of the environment, each for its own", () => {
    const json = stack("cluster", { cluster });
    expect(one(json, "aws_eks_cluster").encryption_config.provider.key_arn).toBe(output("keys", "secrets_key_arn"));
    expect(one(json, "aws_launch_template", "/nodes-a/template").block_device_mappings[0].ebs.kms_key_id).toBe(
      output("keys", "disks_key_arn"),
    );
    expect(one(json, "aws_cloudwatch_log_group").kms_key_id).toBe(output("keys", "logs_key_arn"));
  });

  it("have nodes in every zone of the network, by its letter, or by number where the network exists", () => {
    const zones = (changes: object) =>
      all(stack("cluster", { cluster, ...changes }), "aws_eks_node_group").map((group) => group["//"].metadata.path.split("/").at(-2));
    const ids = (use: string) => [1, 2].map((zone) => `subnet-0000000${use}${zone}`.slice(0, 15));
    const existing = { vpc: "vpc-0a1b2c3d", subnets: { public: ids("a"), private: ids("b"), data: ids("c") } };
    expect(zones({})).toEqual(["nodes-a", "nodes-b", "nodes-c"]);
    expect(zones({ aws: { ...aws, region: "ap-northeast-1" } })).toEqual(["nodes-a", "nodes-c", "nodes-d"]);
    expect(zones({ exceptions: { twoZones: "the third is full" } })).toEqual(["nodes-a", "nodes-b"]);
    expect(zones({ aws: { ...aws, network: existing }, exceptions: { twoZones: "there are two" } })).toEqual(["nodes-1", "nodes-2"]);
  });

  it("tell the stacks on them how to reach the cluster", () => {
    const scaled = stack("cluster", { cluster: { ...cluster, nodes: { min: 3, max: 9 } } });
    expect(Object.keys(scaled.output)).toEqual([
      "cluster_name",
      "cluster_arn",
      "cluster_endpoint",
      "cluster_certificate_authority",
      "interruption_queue",
      "node_instance_profile",
    ]);
    expect(scaled.output.interruption_queue.value).toMatch(/aws_sqs_queue/);
    expect(stack("cluster", { cluster }).output.interruption_queue.value).toBe("");
  });

  it("make roles and instance profiles only where the pipeline may make them", () => {
    const json = stack("cluster", { cluster: { ...cluster, nodes: { min: 3, max: 9 } } }, { repository: "example/orders" });
    for (const role of all(json, "aws_iam_role")) {
      expect(role).toMatchObject({
        path: "/orders/test/",
        permissions_boundary: "arn:aws:iam::111122223333:policy/orders/orders-test-boundary",
      });
    }
    expect(one(json, "aws_iam_instance_profile")).toMatchObject({ path: "/orders/test/", name: "orders-test-shared-nodes" });
  });

  it("are guarded against deletion where data is kept", () => {
    const guarded = (changes: object) => one(stack("cluster", { cluster, ...changes }), "aws_eks_cluster").lifecycle.prevent_destroy;
    expect(guarded({})).toBe(true);
    expect(guarded({ exceptions: { disposable: "made and thrown away daily" } })).toBe(false);
  });
});

describe("access to the clusters of an environment", () => {
  const kinds = (json: Body) =>
    Object.fromEntries(
      all(json, "aws_eks_access_policy_association").map(({ principal_arn, policy_arn }) => [
        principal_arn.split("/").at(-1),
        policy_arn.split("/").at(-1),
      ]),
    );

  it("is the pipeline's by its roles, as the bootstrap stack names them", () => {
    const github = { repository: "example/orders" };
    const piped = { cluster, access: undefined };
    expect(kinds(stack("cluster", piped, github))).toEqual({
      "orders-deploy-test": "AmazonEKSClusterAdminPolicy",
      "orders-plan": "AmazonEKSViewPolicy",
    });
    const bootstrap = (stacksOf(piped, github).get("bootstrap-111122223333")?.json ?? {}) as Body;
    expect(all(bootstrap, "aws_iam_role").map(({ name }) => name)).toEqual(["orders-deploy-test", "orders-plan"]);
  });

  it("shows the role that plans, on the cluster itself, what it refreshes beside what runs in namespaces", () => {
    const github = { repository: "example/orders" };
    const entry = all(stack("cluster", { cluster }, github), "aws_eks_access_entry").find(({ principal_arn }) =>
      /plan$/.test(principal_arn),
    );
    const bound = (json: Body) => all(json, "kubernetes_cluster_role_binding_v1").flatMap(({ subject }) => subject);
    const group = { kind: "Group", name: entry?.kubernetes_groups[0] };
    expect(bound(stack("platform", { cluster }, github))).toEqual([expect.objectContaining(group)]);
    const access = { administrators: ["arn:aws:iam::111122223333:role/platform"], planners: ["arn:aws:iam::111122223333:role/planner"] };
    expect(bound(stack("platform", { cluster, access }))).toEqual([expect.objectContaining(group)]);
  });

  it("binds no group that nobody is in, nor one on a cluster whose owner lets people in", () => {
    const roles = (json: Body) => all(json, "kubernetes_cluster_role_v1");
    expect(roles(stack("platform", { cluster }))).toEqual([]);
    expect(roles(stack("platform", { cluster: { context: "kind-orders" } }, { repository: "example/orders" }))).toEqual([]);
  });

  it("is everyone's who is named, from where is named", () => {
    const access = { administrators: ["arn:aws:iam::111122223333:role/platform"], from: ["203.0.113.0/24"] };
    const json = stack("cluster", { cluster, access });
    expect(kinds(json)).toEqual({ platform: "AmazonEKSClusterAdminPolicy" });
    expect(one(json, "aws_eks_cluster").vpc_config).toMatchObject({ endpoint_public_access: true, public_access_cidrs: access.from });
  });
});

describe("the keys of clusters", () => {
  it("are there where a cluster is made, and not otherwise", () => {
    const keys = (changes: object) => all(stack("keys", changes), "aws_kms_alias").map(({ name }) => name);
    expect(keys({ cluster })).toEqual(expect.arrayContaining(["alias/orders-test-secrets", "alias/orders-test-nodes"]));
    expect(keys({ cluster: { context: "kind-orders" } })).not.toContain("alias/orders-test-secrets");
  });

  it("are for disks lent to EC2 of the account and region, whoever starts an instance", () => {
    const disks = statements(one(stack("keys", { cluster }), "aws_kms_key", "/nodes/key").policy).find(({ Sid }) => Sid === "Disks");
    expect(disks?.Condition).toEqual({
      StringEquals: { "kms:CallerAccount": "111122223333", "kms:ViaService": "ec2.eu-west-1.amazonaws.com" },
    });
  });
});

describe("odd clusters", () => {
  const groups = (changes: object) => all(stack("cluster", { cluster: { ...cluster, ...changes } }), "aws_eks_node_group");

  it("of one node have one group", () => {
    expect(groups({ nodes: 1 })).toHaveLength(1);
  });

  it("of 400 nodes have no group that EKS would not take", () => {
    // EKS, service quotas: 450 nodes a managed group
    for (const { scaling_config } of groups({ nodes: 400 })) expect(scaling_config.max_size).toBeLessThanOrEqual(450);
  });

  it("of Graviton have its types and its image", () => {
    const [group] = groups({ node: { ...cluster.node, architecture: "arm64" } });
    expect(group).toMatchObject({ ami_type: "AL2023_ARM_64_STANDARD", instance_types: ["m8g.xlarge", "m7g.xlarge", "m6g.xlarge"] });
  });
});
