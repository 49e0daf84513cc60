import { tagProblem } from "../../constructs/core/tags";

describe("a tag", () => {
  it("may be what AWS allows", () => {
    expect(tagProblem("cost-center", "Büro 42/1 (a)".replace(/[()]/g, ""))).toBeUndefined();
    expect(tagProblem("team:owner", "-")).toBeUndefined();
  });

  it.each([
    ["aws:name", "x", "begins with aws:, which AWS keeps for itself"],
    ["eks:cluster-name", "x", "is a tag by which EKS and controllers find resources"],
    ["kubernetes.io/cluster/orders", "x", "is a tag by which EKS and controllers find resources"],
    ["karpenter.sh/nodepool", "x", "is a tag by which EKS and controllers find resources"],
    ["ebs.csi.aws.com/cluster-name", "x", "is a tag by which EKS and controllers find resources"],
    ["environment", "x", "is a tag that the platform sets"],
    ["Environment", "x", "is a tag that the platform sets"],
    ["", "x", "is not a valid tag key"],
    ["x".repeat(129), "x", "is not a valid tag key"],
    ["team", "x".repeat(257), "is not a valid tag value"],
    ["team", "a;b", "is not a valid tag value"],
    ["team", "", "is empty, and every plan would show it as a change"],
    ["team", " ", "is empty, and every plan would show it as a change"],
  ])("%p may not be %p", (key, value, rule) => {
    expect(tagProblem(key, value)).toMatchObject({ rule });
  });
});
