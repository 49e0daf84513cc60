import { CONTROLLERS } from "../../constructs/cluster";
import { all, type Body, one, statements } from "../synth";
import { aCluster } from "./cluster";

const json = aCluster({ nodes: { min: 3, max: 9 } });
const rights = (name: string) => statements(one(json, "aws_iam_role_policy", `/identity-${name}/rights`).policy);
const actions = ({ Action }: Body): string[] => [Action].flat();
const statement = (name: string, sid: string) => rights(name).find(({ Sid }) => Sid === sid);

/** Actions that know no resource and change nothing. */
const READS = /:(Describe|Get|List)\w*$/;

describe("every controller", () => {
  const names = Object.keys(CONTROLLERS);

  it.each(names)("%s has a role that is of use to its own pods only", (name) => {
    const { namespace, serviceAccount } = CONTROLLERS[name as keyof typeof CONTROLLERS];
    expect(one(json, "aws_eks_pod_identity_association", `/identity-${name}/association`)).toMatchObject({
      namespace,
      service_account: serviceAccount,
    });
    const [trust] = statements(one(json, "aws_iam_role", `/identity-${name}/role`).assume_role_policy);
    expect(trust).toMatchObject({ Principal: { Service: "pods.eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] });
    expect(trust?.Condition.StringEquals).toEqual({
      "aws:RequestTag/eks-cluster-arn": expect.stringMatching(/aws_eks_cluster.*\.arn/),
      "aws:RequestTag/kubernetes-namespace": namespace,
      "aws:RequestTag/kubernetes-service-account": serviceAccount,
    });
  });

  it.each(names)("%s changes only what a resource or a condition narrows", (name) => {
    for (const { Action, Resource, Condition, Sid } of rights(name)) {
      const changing = actions({ Action }).filter((action) => !READS.test(action));
      if (changing.length > 0 && Condition === undefined)
        expect({ Sid, Resource: [Resource].flat() }).not.toMatchObject({ Resource: expect.arrayContaining(["*"]) });
      for (const action of changing) expect(action).not.toMatch(/\*$(?<!ReEncrypt\*)/);
    }
  });

  it.each(names)("%s has rights that fit into one role", (name) => {
    // IAM, quotas: 10,240 characters of inline policies
    expect(one(json, "aws_iam_role_policy", `/identity-${name}/rights`).policy.length).toBeLessThan(10_240);
  });

  it("takes no key and no OIDC provider", () => {
    expect(Object.keys(json.resource)).not.toEqual(expect.arrayContaining(["aws_iam_access_key"]));
    expect(Object.keys(json.resource)).not.toEqual(expect.arrayContaining(["aws_iam_openid_connect_provider"]));
  });
});

describe("the controller of", () => {
  it("the network touches interfaces of its own cluster and network only", () => {
    expect(statement("network", "OwnInterfaces")?.Condition).toEqual({
      StringEquals: { "aws:ResourceTag/cluster.k8s.amazonaws.com/name": "orders-test-write" },
    });
    expect(statement("network", "InterfacesOfThisNetwork")?.Condition).toEqual({
      ArnEquals: { "ec2:Vpc": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1" },
    });
    const [interfaces] = one(json, "aws_launch_template", "/nodes-a/template").tag_specifications.filter(
      ({ resource_type }: Body) => resource_type === "network-interface",
    );
    expect(interfaces.tags["cluster.k8s.amazonaws.com/name"]).toMatch(/aws_eks_cluster/);
  });

  it("volumes lends the key to EBS, and to nobody else", () => {
    expect(statement("volumes", "LendTheKeyToVolumes")).toMatchObject({
      Action: "kms:CreateGrant",
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    });
  });

  it("load balancers binds pods to target groups of its environment, and makes no load balancer", () => {
    const changing = rights("load-balancers")
      .flatMap(actions)
      .filter((action) => !READS.test(action));
    expect(changing).toEqual(["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]);
    expect(statement("load-balancers", "TargetsOfTheEnvironment")?.Condition).toEqual({
      StringEquals: { "aws:ResourceTag/system": "orders", "aws:ResourceTag/environment": "test" },
    });
  });

  it("names and certificates changes records of its own zones, certificates only the proofs that they need", () => {
    expect(statement("dns", "ChangeRecords")).toMatchObject({ Resource: ["arn:aws:route53:::hostedzone/Z1"] });
    expect(statement("certificates", "ChangeRecords")).toMatchObject({ Resource: ["arn:aws:route53:::hostedzone/Z2"] });
    expect(statement("certificates", "ChangeRecords")?.Condition).toEqual({
      "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"] },
      "ForAllValues:StringLike": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
          "_acme-challenge.orders.example.com",
          "_acme-challenge.*.orders.example.com",
        ],
      },
    });
  });

  it("names and certificates is left out where there is no zone", () => {
    const without = all(aCluster({ dnsZones: [], certificateZones: [] }), "aws_eks_pod_identity_association").map(
      ({ service_account }) => service_account,
    );
    expect(without).not.toEqual(expect.arrayContaining(["external-dns"]));
    expect(without).not.toEqual(expect.arrayContaining(["cert-manager"]));
  });

  it("secrets reads those of its environment, and can't look for others", () => {
    expect(statement("secrets", "ReadSecretsOfTheEnvironment")?.Resource).toBe(
      "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-test-*",
    );
    expect(rights("secrets").flatMap(actions)).not.toEqual(expect.arrayContaining(["secretsmanager:ListSecrets"]));
  });

  it("scaling ends only nodes that it made, and passes on no role but theirs", () => {
    expect(statement("scaling", "EndOwn")?.Condition).toEqual({
      StringEquals: { "aws:ResourceTag/kubernetes.io/cluster/orders-test-write": "owned" },
      StringLike: { "aws:ResourceTag/karpenter.sh/nodepool": "*" },
    });
    expect(statement("scaling", "NodeRole")?.Resource).toMatch(/^\$\{aws_iam_role\.cluster_node-role/);
    expect(
      rights("scaling")
        .flatMap(actions)
        .filter((action) => /^iam:.*InstanceProfile/.test(action)),
    ).toEqual(["iam:GetInstanceProfile", "iam:ListInstanceProfiles"]);
  });
});
