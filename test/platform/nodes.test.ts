import { verdictOn } from "../../constructs/capacity/verdict";
import { instanceTypes, shapeOf } from "../../constructs/cluster";
import { DEFAULT_KUBERNETES, KUBERNETES } from "../../constructs/core/versions";
import { aCluster } from "../eks/cluster";
import { all, type Body, one } from "../synth";
import { aPlatform, EVERYTHING, releaseOf } from "./platform";

const platform = aPlatform();
const objects = (of: typeof platform): readonly Body[] =>
  JSON.parse(all(of.json, "helm_release").find(({ name }) => name === "karpenter-nodes")?.values[0]).objects;
const [nodeClass, nodePool] = objects(platform) as [Body, Body];

describe("scaled nodes", () => {
  it("are as many as the groups leave, the minimum being the groups' own", () => {
    expect(nodePool.spec.limits).toEqual({ cpu: "24" });
  });

  it("are of the size that the groups have", () => {
    const { node } = EVERYTHING.scaling.nodes;
    expect(nodePool.spec.template.spec.requirements).toContainEqual({
      key: "node.kubernetes.io/instance-type",
      operator: "In",
      values: instanceTypes(shapeOf(node)),
    });
  });

  it("start from the image that the groups have, and change with it alone", () => {
    const version = KUBERNETES[DEFAULT_KUBERNETES].nodeImage.split("-")[1];
    expect(nodeClass.spec.amiSelectorTerms).toEqual([{ alias: `al2023@v${version}` }]);
    expect(nodePool.spec.template.spec.expireAfter).toBe("Never");
  });

  it("are set up as those of the groups", () => {
    const template = one(aCluster(), "aws_launch_template", "/nodes-a/template");
    const { spec } = nodeClass;
    expect(spec.metadataOptions).toMatchObject({ httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 });
    expect(template.metadata_options).toMatchObject({ http_tokens: "required", http_put_response_hop_limit: 1 });
    expect(spec.blockDeviceMappings).toEqual([
      {
        deviceName: template.block_device_mappings[0].device_name,
        ebs: {
          volumeSize: `${template.block_device_mappings[0].ebs.volume_size}Gi`,
          volumeType: template.block_device_mappings[0].ebs.volume_type,
          encrypted: true,
          kmsKeyID: template.block_device_mappings[0].ebs.kms_key_id,
          deleteOnTermination: true,
        },
      },
    ]);
    const groups = Buffer.from(template.user_data, "base64").toString();
    const [, limits] = /(rlimits:\n.*)/.exec(groups) ?? [];
    expect(limits).toBeDefined();
    expect(spec.userData).toContain(limits);
    expect(groups).toContain(`maxPods: ${spec.kubelet.maxPods}`);
  });

  it("are in subnets and groups that are named, by a profile that is Terraform's", () => {
    expect(nodeClass.spec).toMatchObject({
      instanceProfile: "orders-test-write-nodes",
      subnetSelectorTerms: [{ id: "subnet-a" }, { id: "subnet-b" }, { id: "subnet-c" }],
      securityGroupSelectorTerms: [{ id: "sg-nodes" }],
      associatePublicIPAddress: false,
    });
    expect(nodeClass.spec).not.toHaveProperty("role");
  });

  it("carry the cluster's name, where the rights of the CNI and of the EBS CSI driver end", () => {
    expect(nodeClass.spec.tags).toEqual({
      system: "orders",
      environment: "test",
      Name: "orders-test-write-scaled",
      "cluster.k8s.amazonaws.com/name": "orders-test-write",
      "ebs.csi.aws.com/cluster-name": "orders-test-write",
    });
  });

  it("go one at a time", () => {
    expect(nodePool.spec.disruption.budgets).toEqual([{ nodes: "1" }]);
  });
});

describe("Karpenter", () => {
  it("has its definitions from a release of their own, which upgrades them", () => {
    expect(releaseOf(platform, "karpenter").skip_crds).toBe(true);
    const {
      "//": { metadata },
    } = releaseOf(platform, "karpenter-crd") as Body;
    expect(releaseOf(platform, "karpenter").depends_on).toEqual([`helm_release.${metadata.uniqueId}`]);
  });

  it("is there until its nodes are gone", () => {
    const nodes = all(platform.json, "helm_release").find(({ name }) => name === "karpenter-nodes") as Body;
    const {
      "//": { metadata },
    } = releaseOf(platform, "karpenter") as Body;
    expect(nodes.depends_on).toEqual([`helm_release.${metadata.uniqueId}`]);
    expect(nodes).toMatchObject({ wait: true, timeout: 1800 });
  });

  it("comes up anew on the nodes that it has: two are enough for two", () => {
    const zones = { "eu-west-1a": 2 };
    const node = { millicores: 4000, memoryBytes: 2 ** 34, pods: 110, volumes: 39 };
    const pods = platform.pods.filter(({ name }) => name === "kube-system/karpenter");
    expect(verdictOn({ zones, node }, pods).fits).toBe(true);
    expect(verdictOn({ zones: { "eu-west-1a": 1 }, node }, pods).fits).toBe(false);
  });

  it("never runs twice on one node", () => {
    expect(platform.pods.find(({ name }) => name === "kube-system/karpenter")?.spread).toContainEqual({
      over: "node",
      how: "apart",
      required: true,
    });
  });
});

describe("storage", () => {
  const named = (name: string) => one(platform.json, "kubernetes_storage_class_v1", `/storage/${name}`);

  it.each(["data", "scratch"])("%s is encrypted with the key, and where the pod is", (name) => {
    expect(named(name)).toMatchObject({
      storage_provisioner: "ebs.csi.aws.com",
      volume_binding_mode: "WaitForFirstConsumer",
      allow_volume_expansion: true,
      parameters: { type: "gp3", encrypted: "true", kmsKeyId: "arn:aws:kms:eu-west-1:111122223333:key/disks" },
    });
  });

  it("for data outlives its claim and is backed up, storage for scratch does neither", () => {
    expect(named("data")).toMatchObject({ reclaim_policy: "Retain", parameters: { tagSpecification_1: "backup-plan=orders-test" } });
    expect(named("scratch").reclaim_policy).toBe("Delete");
    expect(named("scratch").parameters).not.toHaveProperty("tagSpecification_1");
  });

  it("has no default, so that a claim names what it wants", () => {
    for (const name of ["data", "scratch"]) expect(named(name).metadata).not.toHaveProperty("annotations");
  });
});
