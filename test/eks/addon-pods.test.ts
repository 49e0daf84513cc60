import { addonPods } from "../../constructs/cluster";

const MI = 2 ** 20;
const asked = new Map(addonPods().map((group) => [group.name.replace("kube-system/", ""), group]));

describe("what add-ons ask of a cluster's nodes", () => {
  it("is the sum over the containers of each pod", () => {
    const requests = Object.fromEntries([...asked].map(([name, { request }]) => [name, [request.millicores, request.memoryBytes / MI]]));
    expect(requests).toEqual({
      "aws-node": [50, 128],
      coredns: [100, 70],
      "ebs-csi-controller": [60, 240],
      "ebs-csi-node": [30, 120],
      "eks-node-monitoring-agent": [10, 30],
      "eks-pod-identity-agent": [0, 0],
      "kube-proxy": [50, 64],
      "metrics-server": [100, 200],
      "snapshot-controller": [0, 0],
    });
  });

  it("is on every node, or twice, with room for a third while it is renewed", () => {
    for (const { pods, surge = 0 } of asked.values())
      expect([
        ["each-node", 0],
        [2, 1],
      ]).toContainEqual([pods, surge]);
    expect(asked.get("coredns")).toMatchObject({ pods: 2, most: 10 });
  });

  it("comes before what carries no priority, and on nodes before all else", () => {
    expect(asked.get("aws-node")?.priority).toBeGreaterThan(asked.get("coredns")?.priority ?? 0);
    expect(asked.get("coredns")?.priority).toBeGreaterThan(0);
    expect(asked.get("snapshot-controller")?.priority).toBeUndefined();
  });

  it("is spread as far as there are zones and nodes", () => {
    for (const name of ["coredns", "ebs-csi-controller"])
      expect(asked.get(name)?.spread).toEqual([
        { over: "zone", how: "even", required: false },
        { over: "node", how: "apart", required: false },
      ]);
  });
});
