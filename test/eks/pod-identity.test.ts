import { PodIdentity, type PodIdentityProps } from "../../constructs/cluster";
import { all, one, statements, synth } from "../synth";

const PROPS: PodIdentityProps = {
  name: ["orders", "test", "write"],
  cluster: { name: "orders-test-write", arn: "arn:aws:eks:eu-west-1:111122223333:cluster/orders-test-write" },
  namespace: "orders",
  serviceAccount: "command-api",
  statements: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/*" }],
};

const anIdentity = (changes: Partial<PodIdentityProps> = {}) =>
  synth((stack) => void new PodIdentity(stack, "identity", { ...PROPS, ...changes }));

describe("PodIdentity", () => {
  it("is for the pods of one service account, in one namespace of one cluster", () => {
    expect(one(anIdentity(), "aws_eks_pod_identity_association")).toMatchObject({
      cluster_name: "orders-test-write",
      namespace: "orders",
      service_account: "command-api",
    });
    const [trust] = statements(one(anIdentity(), "aws_iam_role").assume_role_policy);
    expect(Object.values(trust?.Condition.StringEquals)).toEqual([PROPS.cluster.arn, "orders", "command-api"]);
  });

  it("has a name that says whose it is, once", () => {
    expect(one(anIdentity(), "aws_iam_role").name).toBe("orders-test-write-orders-command-api");
    expect(one(anIdentity({ namespace: "external-dns", serviceAccount: "external-dns" }), "aws_iam_role").name).toBe(
      "orders-test-write-external-dns",
    );
  });

  it("may do what is said, and nothing where nothing is", () => {
    expect(statements(one(anIdentity(), "aws_iam_role_policy").policy)).toEqual(PROPS.statements);
    const { statements: _, ...without } = PROPS;
    const json = synth(
      (stack) => void new PodIdentity(stack, "identity", { ...without, managedPolicies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }),
    );
    expect(all(json, "aws_iam_role_policy")).toEqual([]);
    expect(one(json, "aws_iam_role_policy_attachment").policy_arn).toBe("arn:aws:iam::aws:policy/ReadOnlyAccess");
  });
});
