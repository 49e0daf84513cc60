import { ClusterOidcProvider, oidcProviders, WebIdentity } from "../../constructs/cluster";
import { one, statements, synth } from "../synth";

const ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE";
const RIGHTS = [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/*" }];

const json = synth((stack) => {
  const provider = new ClusterOidcProvider(stack, "tokens", ISSUER);
  const pods = { namespace: "observability", serviceAccount: "elasticsearch" };
  new WebIdentity(stack, "identity", { name: ["orders", "test"], provider, ...pods, statements: RIGHTS });
});

describe("WebIdentity", () => {
  it("registers the issuer of the cluster for tokens of STS", () => {
    const provider = one(json, "aws_iam_openid_connect_provider");
    expect(provider).toMatchObject({ url: `https://${ISSUER}`, client_id_list: ["sts.amazonaws.com"] });
    expect(ISSUER).toMatch(new RegExp(`^${oidcProviders("eu-west-1").replace("*", "\\w+")}$`));
  });

  it("trusts the tokens of one service account of that cluster, and no others", () => {
    const role = one(json, "aws_iam_role");
    expect(role.name).toBe("orders-test-observability-elasticsearch");
    expect(statements(role.assume_role_policy)).toEqual([
      {
        Effect: "Allow",
        Principal: { Federated: expect.stringMatching(/^\$\{aws_iam_openid_connect_provider\.\w+\.arn\}$/) },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${ISSUER}:aud`]: "sts.amazonaws.com",
            [`${ISSUER}:sub`]: "system:serviceaccount:observability:elasticsearch",
          },
        },
      },
    ]);
  });

  it("has the rights that are given", () => {
    expect(statements(one(json, "aws_iam_role_policy").policy)).toEqual(RIGHTS);
  });
});
