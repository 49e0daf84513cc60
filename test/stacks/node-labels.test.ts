import { EksNodeGroup } from "@cdktf/provider-aws/lib/eks-node-group";
import { InvalidInput } from "../../constructs/core/errors";
import { CustomResources } from "../../constructs/kubernetes";
import type { Program } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";

const image = "registry.example.com/orders/classifier:1.0.0";
const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const gpu = { "nvidia.com/gpu.present": "true" };

const selecting = (nodeSelector: object, more: object = {}) =>
  anEnvironment({ cluster, domains: { imaging: { workers: { classifier: { image, replicas: 1, nodeSelector } } } }, ...more });

function refusal(environment: ReturnType<typeof selecting>, extend?: Program["extend"]): string {
  try {
    void synthesisOf({ ...aProgram(environment), ...(extend ? { extend } : {}) }).sites;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
  return "nothing is refused";
}

describe("a node selector on a cluster that the environment creates", () => {
  it.each([
    ["nvidia.com/gpu.present", "true"],
    ["kubernetes.io/arch", "arm64"],
    ["topology.kubernetes.io/rack", "a"],
  ])("is refused if no node has the label: %s=%s", (key, value) => {
    expect(refusal(selecting({ [key]: value }))).toBe(
      `test.domains.imaging.workers.classifier.nodeSelector: "${key}=${value}" is a label that no node of the cluster has, so pods of ` +
        "imaging/classifier would stay pending; leave it out, or add a NodePool or a node group with the label in extend",
    );
  });

  it("may name labels that EKS sets", () => {
    const nodeSelector = {
      "kubernetes.io/arch": "amd64",
      "topology.kubernetes.io/zone": "eu-west-1a",
      "eks.amazonaws.com/capacityType": "SPOT",
    };
    expect(refusal(selecting(nodeSelector))).toBe("nothing is refused");
  });

  it("may name labels of a NodePool that extend adds", () => {
    const spec = { template: { metadata: { labels: gpu }, spec: {} } };
    const extend: Program["extend"] = ({ name, addStack }) => {
      if (name !== "test") return;
      const stack = addStack("gpu", { on: "cluster" });
      const objects = [{ apiVersion: "karpenter.sh/v1", kind: "NodePool", metadata: { name: "gpu" }, spec }];
      new CustomResources(stack, "pools", { cluster: stack.cluster, namespace: "kube-system", objects });
    };
    expect(refusal(selecting(gpu), extend)).toBe("nothing is refused");
  });

  it("may name labels of a node group that extend adds", () => {
    const extend: Program["extend"] = ({ name, addStack }) => {
      if (name !== "test") return;
      const scalingConfig = { desiredSize: 1, maxSize: 1, minSize: 1 };
      new EksNodeGroup(addStack("gpu", { on: "aws" }), "gpu", {
        clusterName: "orders-test",
        nodeRoleArn: "arn:aws:iam::111122223333:role/nodes",
        subnetIds: ["subnet-1"],
        labels: gpu,
        scalingConfig,
      });
    };
    expect(refusal(selecting(gpu), extend)).not.toContain("is a label that no node");
  });
});

it("is up to the owner of an existing cluster", () => {
  expect(refusal(selecting(gpu, { aws: undefined, cluster: { context: "kind" }, exceptions: { disposable: "a test" } }))).toBe(
    "nothing is refused",
  );
});
