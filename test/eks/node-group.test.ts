import { type Generation, spread } from "../../constructs/cluster";
import { DEFAULT_KUBERNETES, KUBERNETES } from "../../constructs/core/versions";
import { all, type Body, one } from "../synth";
import { aCluster, PROPS, refusals } from "./cluster";

const groups = (changes = {}) => all(aCluster(changes), "aws_eks_node_group");
const template = (changes = {}) => one(aCluster(changes), "aws_launch_template", "/nodes-a/template");
const countsOf = (json: readonly Body[]) => json.map(({ scaling_config: { min_size, max_size } }) => [min_size, max_size]);
const nodeConfig = (changes = {}) => Buffer.from(template(changes).user_data, "base64").toString();

describe("the nodes of a cluster", () => {
  it("are spread over the zones, a group in each, so that none can be lost with all of them", () => {
    expect(countsOf(groups({ nodes: 5 }))).toEqual([
      [2, 2],
      [2, 2],
      [1, 1],
    ]);
    expect(countsOf(groups({ nodes: { min: 4, max: 11 } }))).toEqual([
      [2, 4],
      [1, 4],
      [1, 3],
    ]);
    expect(groups().map(({ subnet_ids }) => subnet_ids)).toEqual([["subnet-a"], ["subnet-b"], ["subnet-c"]]);
  });

  it("have no group in a zone that has none of them", () => {
    expect(groups({ nodes: 1 }).map(({ subnet_ids }) => subnet_ids)).toEqual([["subnet-a"]]);
    expect(countsOf(groups({ nodes: { min: 1, max: 2 } }))).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });

  it.each([1, 2, 3, 7, 400])("are %d in all, whatever the zones", (nodes) => {
    for (const zones of [
      ["a", "b"],
      ["a", "b", "c"],
    ]) {
      const parts = spread({ min: nodes, max: 2 * nodes }, zones);
      expect(parts.reduce((sum, part) => sum + part.nodes.min, 0)).toBe(nodes);
      expect(parts.reduce((sum, part) => sum + part.nodes.max, 0)).toBe(2 * nodes);
    }
  });

  it("are Terraform's to count where they are fixed, and a scaler's where they are not", () => {
    const desired = "scaling_config[0].desired_size";
    for (const { lifecycle } of groups()) expect(lifecycle.ignore_changes).toBeUndefined();
    for (const { lifecycle } of groups({ nodes: { min: 3, max: 9 } })) expect(lifecycle.ignore_changes).toEqual([desired]);
  });

  it("stay at their image until somebody names another", () => {
    expect(one(aCluster(), "aws_eks_node_group", "/nodes-a/group")).toMatchObject({
      version: DEFAULT_KUBERNETES,
      release_version: KUBERNETES[DEFAULT_KUBERNETES].nodeImage,
    });
    expect(one(aCluster({ version: "1.36", nodeVersion: "1.35" }), "aws_eks_node_group", "/nodes-a/group")).toMatchObject({
      version: "1.35",
      release_version: KUBERNETES["1.35"].nodeImage,
    });
  });

  it("are replaced by new ones that are there first, and drained one after another", () => {
    for (const { lifecycle, update_config, node_group_name_prefix } of groups()) {
      expect(lifecycle.create_before_destroy).toBe(true);
      expect(update_config).toEqual({ max_unavailable: 1 });
      expect(node_group_name_prefix).toMatch(/^orders-test-write-[abc]-$/);
    }
  });

  it("have names that EKS takes, however long those of system and environment", () => {
    const prefixes = groups({ name: ["a".repeat(24), "b".repeat(24)] }).map((group) => group.node_group_name_prefix);
    for (const prefix of prefixes) expect(prefix).toMatch(/^[a-z0-9][a-z0-9-]{0,36}$/);
    expect(new Set(prefixes).size).toBe(3);
  });

  it("take the newest template of their group, so that a change of it reaches them", () => {
    expect(groups()[0]?.launch_template.version).toMatch(/^\$\{aws_launch_template\.[\w-]+\.latest_version\}$/);
  });

  it("keep their metadata, and with it their rights, from pods", () => {
    expect(template().metadata_options).toMatchObject({ http_tokens: "required", http_put_response_hop_limit: 1 });
  });

  it("have a disk of the declared size under a key of ours", () => {
    const [disk] = template({ node: { ...PROPS.node, storage: "1Ti" } }).block_device_mappings;
    expect(disk).toEqual({
      device_name: "/dev/xvda",
      ebs: { volume_size: 1024, volume_type: "gp3", encrypted: "true", kms_key_id: PROPS.keys.disks, delete_on_termination: "true" },
    });
  });

  it("say on instances, disks and interfaces whose they are", () => {
    const tags = { ...PROPS.owner, team: "payments", Name: "orders-test-write-a" };
    for (const { tags: given } of template().tag_specifications) {
      expect(given).toMatchObject(tags);
      // Where the rights of the CNI and of the EBS CSI driver end.
      expect(given["cluster.k8s.amazonaws.com/name"]).toMatch(/^\$\{aws_eks_cluster\.\w+-?\S*\.name\}$/);
      expect(given["ebs.csi.aws.com/cluster-name"]).toBe(given["cluster.k8s.amazonaws.com/name"]);
    }
    expect(template().tag_specifications.map(({ resource_type }: Body) => resource_type)).toEqual([
      "instance",
      "volume",
      "network-interface",
    ]);
  });

  it("take as many pods as EKS advises, and open files as databases need", () => {
    expect(nodeConfig()).toContain("maxPods: 110");
    expect(nodeConfig({ node: { cpu: 32, memory: "128Gi", storage: "100Gi" } })).toContain("maxPods: 250");
    expect(nodeConfig()).toContain("{ type: RLIMIT_NOFILE, soft: 65536, hard: 65536 }");
    expect(nodeConfig()).toMatch(/^MIME-Version: 1.0\nContent-Type: multipart\/mixed; boundary="BOUNDARY"\n\n--BOUNDARY\n/);
  });

  it("run on Graviton where that was chosen, with an image of its own", () => {
    const [group] = groups({ node: { ...PROPS.node, architecture: "arm64" } });
    expect(group).toMatchObject({ ami_type: "AL2023_ARM_64_STANDARD", instance_types: ["m8g.xlarge", "m7g.xlarge", "m6g.xlarge"] });
  });

  it("have a role without the CNI's rights, which are a pod's", () => {
    const attached = all(aCluster(), "aws_iam_role_policy_attachment").filter((body) => body["//"].metadata.path.includes("/node-role/"));
    expect(attached.map(({ policy_arn }) => policy_arn.split("/").at(-1))).toEqual([
      "AmazonEC2ContainerRegistryPullOnly",
      "AmazonEKSWorkerNodePolicy",
    ]);
  });
});

describe("a plan of nodes", () => {
  it("fails where a zone has not each of their types, before EKS does", () => {
    const { data } = aCluster();
    const [offered] = Object.values<Body>(data.aws_ec2_instance_type_offerings) as [Body];
    const [condition] = offered.lifecycle.postcondition;
    const missing = 'setsubtract(["m7i.xlarge","m7a.xlarge","m6i.xlarge","m6a.xlarge"], self.instance_types)';
    const zone = offered.filter[1].values[0];
    expect(zone).toMatch(/^\$\{data\.aws_subnet\.[\w-]+\.availability_zone\}$/);
    expect(condition.condition).toBe(`\${length(${missing}) == 0}`);
    expect(condition.error_message).toBe(
      `test/cluster/nodes-a: \${join(", ", ${missing})} is not offered in ${zone}; leave its generation out, with node.excludeGenerations.`,
    );
  });

  it("looks into the zone of each group", () => {
    expect(Object.values<Body>(aCluster().data.aws_subnet).map(({ id }) => id)).toEqual(["subnet-a", "subnet-b", "subnet-c"]);
  });
});

describe("nodes are refused", () => {
  it("in sizes that EC2 has not", () => {
    expect(refusals({ node: { cpu: 6, memory: "24Gi", storage: "100Gi" } })).toEqual([
      'test/cluster.node: "6 cores with 24Gi" is not a size that EC2 offers; use 8 cores with 32Gi or 4 cores with 16Gi',
    ]);
  });

  it("with disks that EBS has not", () => {
    const storage = (size: `${number}Gi`) => refusals({ node: { ...PROPS.node, storage: size } });
    expect(storage("10Gi")).toEqual(['test/cluster.node.storage: "10Gi" is too small for images and logs; use 20Gi or more']);
    expect(storage("20.5Gi")).toEqual([
      'test/cluster.node.storage: "20.5Gi" must be a whole number of GiB, the unit of EBS; use one like "100Gi"',
    ]);
    expect(storage("20000Gi")).toEqual(['test/cluster.node.storage: "20000Gi" is more than a gp3 disk holds; use at most 16Ti']);
  });

  it("of an architecture that something on them has no image for", () => {
    const node = { ...PROPS.node, architecture: "arm64" } as const;
    expect(refusals({ node, x86Only: "KurrentDB has no ARM image" })).toEqual([
      'test/cluster.node.architecture: "arm64" is not possible: KurrentDB has no ARM image; use "amd64"',
    ]);
    expect(refusals({ node })).toEqual([]);
  });

  it("without the generations that there are, or without others", () => {
    const without = (...names: Generation[]) => refusals({ node: { ...PROPS.node, excludeGenerations: names } });
    expect(without("7a")).toEqual([]);
    expect(without("8g")).toEqual([
      'test/cluster.node.excludeGenerations: "8g" is not an instance generation of amd64; use some of 7i, 7a, 6i, 6a',
    ]);
    expect(without("7i", "7a", "6i", "6a")).toEqual([
      'test/cluster.node.excludeGenerations: ["7i","7a","6i","6a"] leaves no type that a node could be; keep one of 7i, 7a, 6i, 6a',
    ]);
  });

  it("ahead of their control plane", () => {
    expect(refusals({ version: "1.35", nodeVersion: "1.36" })).toEqual([
      'test/cluster.nodeVersion: "1.36" is newer than the control plane, which has 1.35; upgrade the control plane first',
    ]);
  });

  it("in one zone", () => {
    expect(refusals({ zones: { a: "subnet-a" } })).toEqual([
      'test/cluster.zones: ["a"] is not enough: EKS takes two zones or more; name three',
    ]);
  });

  it("in numbers that are none", () => {
    expect(refusals({ nodes: { min: 5, max: 3 } })).toEqual([
      'test/cluster.nodes: {"min":5,"max":3} must be a valid number of nodes; use a whole number of 1 or more, or { min, max }',
    ]);
  });
});
