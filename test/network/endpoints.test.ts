import { Endpoints, type EndpointsProps, INTERFACE_ENDPOINTS } from "../../constructs/network";
import { all, statements, synth } from "../synth";

const PROPS: EndpointsProps = {
  name: ["orders", "test"],
  account: "111122223333",
  region: "eu-west-1",
  vpcId: "vpc-1",
  subnetIds: ["subnet-1", "subnet-2", "subnet-3"],
  securityGroupId: "sg-1",
  routeTableIds: ["rtb-1"],
};

const endpoints = (changes: Partial<EndpointsProps> = {}) =>
  all(
    synth((stack) => void new Endpoints(stack, "endpoints", { ...PROPS, ...changes })),
    "aws_vpc_endpoint",
  );

const service = (name: string) => endpoints().find((endpoint) => endpoint.service_name === `com.amazonaws.eu-west-1.${name}`);

describe("Endpoints", () => {
  it("lead to every service that a private cluster calls, under the names that are used anyway", () => {
    // EKS user guide, private clusters
    const needed = [
      "ec2",
      "ecr.api",
      "ecr.dkr",
      "eks",
      "eks-auth",
      "sts",
      "elasticloadbalancing",
      "logs",
      "autoscaling",
      "kms",
      "secretsmanager",
    ];
    expect(Object.keys(INTERFACE_ENDPOINTS)).toEqual(expect.arrayContaining(needed));
    for (const name of needed)
      expect(service(name)).toMatchObject({ vpc_endpoint_type: "Interface", private_dns_enabled: true, subnet_ids: PROPS.subnetIds });
    expect(service("s3")).toMatchObject({ vpc_endpoint_type: "Gateway", route_table_ids: ["rtb-1"] });
  });

  it("serve the account's own identities only", () => {
    for (const endpoint of endpoints()) {
      const open = statements(endpoint.policy).filter(
        ({ Condition }) => Condition?.StringEquals["aws:PrincipalAccount"] !== "111122223333",
      );
      expect(open.map(({ Action }) => Action)).toEqual(
        endpoint.service_name.endsWith(".s3")
          ? ["s3:GetObject"]
          : endpoint.service_name.endsWith(".sts")
            ? ["sts:AssumeRoleWithWebIdentity"]
            : [],
      );
    }
  });

  it("let image layers through, which are fetched under a signature of AWS's own", () => {
    const layers = statements(service("s3")?.policy).find(({ Sid }) => Sid === "ImageLayersAndNodePackages");
    expect(layers?.Resource).toEqual(
      expect.arrayContaining(["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*", "arn:aws:s3:::prod-registry-k8s-io-*/*"]),
    );
  });

  it("let images of registries through that keep them in S3 of the same region, and what else is named", () => {
    const readable = (changes: Partial<EndpointsProps>) =>
      endpoints(changes).flatMap(({ service_name, policy }) => (service_name.endsWith(".s3") ? statements(policy) : []))[1]?.Resource;
    const registries = ["arn:aws:s3:::docker-images-prod/*", "arn:aws:s3:::quayio-production-s3/*"];
    expect(readable({ region: "us-east-1" })).toEqual(expect.arrayContaining(registries));
    for (const bucket of registries) expect(readable({})).not.toContain(bucket);
    expect(readable({ readableBuckets: ["packages-of-another-account"] })).toContain("arn:aws:s3:::packages-of-another-account/*");
  });

  it("lead to DynamoDB where tables are used", () => {
    const added = endpoints({ dynamoDb: true, interfaces: false }).find(
      ({ service_name }) => service_name !== "com.amazonaws.eu-west-1.s3",
    );
    expect(added).toMatchObject({
      service_name: "com.amazonaws.eu-west-1.dynamodb",
      vpc_endpoint_type: "Gateway",
      route_table_ids: ["rtb-1"],
    });
    expect(statements(added?.policy).map(({ Sid }) => Sid)).toEqual(["OwnIdentities"]);
  });

  it("leave out what a region does not have", () => {
    const names = endpoints({ region: "mx-central-1" }).map(({ service_name }) => service_name);
    expect(names).toContain("com.amazonaws.mx-central-1.eks-auth");
    expect(names).not.toContain("com.amazonaws.mx-central-1.eks");
  });

  it("are the free one only, where calls to AWS may leave the network", () => {
    expect(endpoints({ interfaces: false }).map(({ vpc_endpoint_type }) => vpc_endpoint_type)).toEqual(["Gateway"]);
  });
});
