import { Vpc, type VpcProps } from "../../constructs/network";
import { all, type Body, one, refusalsOf, statements, synth } from "../synth";

const PROPS: VpcProps = {
  name: ["orders", "test"],
  account: "111122223333",
  region: "eu-west-1",
  cidr: "10.0.0.0/16",
  zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
  logsKey: "arn:aws:kms:eu-west-1:111122223333:key/logs",
};

const aVpc = (changes: Partial<VpcProps> = {}) => synth((stack) => void new Vpc(stack, "network", { ...PROPS, ...changes }));

describe("Vpc", () => {
  it("has a public, a private and a data subnet in each zone, none of which gives out public addresses", () => {
    const subnets = all(aVpc(), "aws_subnet");
    expect(subnets).toHaveLength(9);
    for (const zone of PROPS.zones) expect(subnets.filter((subnet) => subnet.availability_zone === zone)).toHaveLength(3);
    expect(subnets.every((subnet) => subnet.map_public_ip_on_launch === false)).toBe(true);
  });

  it("tags subnets for the load balancers that belong into them", () => {
    const json = aVpc();
    expect(one(json, "aws_subnet", "/public-a").tags).toMatchObject({ "kubernetes.io/role/elb": "1" });
    expect(one(json, "aws_subnet", "/private-a").tags).toMatchObject({ "kubernetes.io/role/internal-elb": "1" });
    expect(Object.keys(one(json, "aws_subnet", "/data-a").tags)).toEqual(["Name"]);
  });

  it("keeps blocks of addresses for pods in the subnets of nodes, and leaves single ones to everything else", () => {
    const json = aVpc();
    const kept = all(json, "aws_ec2_subnet_cidr_reservation");
    expect(kept).toHaveLength(12);
    expect(kept.filter(({ subnet_id: id }) => /private-b/.test(id))).toEqual(
      ["10.0.68.0/22", "10.0.72.0/21", "10.0.80.0/20", "10.0.96.0/19"].map((block) =>
        expect.objectContaining({ cidr_block: block, reservation_type: "prefix" }),
      ),
    );
  });

  it("fails its plan where EKS has no control plane in a zone, which only the zone's id tells", () => {
    const zones = ["us-east-1a", "us-east-1b"];
    const looked = (changes: Partial<VpcProps>) => Object.values<Body>(aVpc(changes).data?.aws_availability_zone ?? {});
    expect(looked({ region: "us-east-1", zones, clusters: true }).map(({ name, lifecycle }) => [name, lifecycle.postcondition[0]])).toEqual(
      zones.map((zone) => [
        zone,
        {
          condition: '${!contains(["use1-az3"], self.zone_id)}',
          error_message: `${zone} is the zone \${self.zone_id} in this account, in which EKS has no control plane; name other zones (aws.network.zones)`,
        },
      ]),
    );
    expect(looked({ region: "us-east-1", zones })).toEqual([]);
    expect(looked({ clusters: true })).toEqual([]);
  });

  it("sends each zone out through its own NAT gateway, so that a lost zone harms no other", () => {
    const json = aVpc();
    expect(all(json, "aws_nat_gateway")).toHaveLength(3);
    const ways = ["a", "b", "c"].map((zone) => one(json, "aws_route", `/private-${zone}-internet`).nat_gateway_id);
    expect(new Set(ways).size).toBe(3);
  });

  it("shares one NAT gateway where that was asked for", () => {
    const json = aVpc({ natGateways: "one" });
    expect(all(json, "aws_nat_gateway")).toHaveLength(1);
    const ways = ["a", "b", "c"].map((zone) => one(json, "aws_route", `/private-${zone}-internet`).nat_gateway_id);
    expect(new Set(ways).size).toBe(1);
  });

  it("lets others add routes of their own to the tables of nodes", () => {
    for (const zone of ["a", "b", "c"]) expect(one(aVpc(), "aws_route_table", `/private-${zone}-routes`)).not.toHaveProperty("route");
  });

  it("leaves data no way to the internet", () => {
    expect(one(aVpc(), "aws_route_table", "/data-routes").route).toEqual([]);
  });

  it("lets nothing through its default security group", () => {
    const group = one(aVpc(), "aws_default_security_group");
    expect(group.ingress ?? []).toEqual([]);
    expect(group.egress ?? []).toEqual([]);
  });

  it("records every connection for a year, encrypted", () => {
    const json = aVpc();
    expect(one(json, "aws_flow_log")).toMatchObject({ traffic_type: "ALL", max_aggregation_interval: 60 });
    expect(one(json, "aws_cloudwatch_log_group")).toMatchObject({
      name: "orders-test-flow-logs",
      retention_in_days: 365,
      kms_key_id: PROPS.logsKey,
    });
    expect(statements(one(json, "aws_iam_role").assume_role_policy)[0]?.Condition.StringEquals).toEqual({
      "aws:SourceAccount": "111122223333",
    });
  });

  it("spans two zones where two are named, with the same ids for them", () => {
    const paths = (json: object) => all(json, "aws_subnet").map((subnet) => subnet["//"].metadata.path);
    const two = paths(aVpc({ zones: PROPS.zones.slice(0, 2) }));
    expect(two).toHaveLength(6);
    expect(paths(aVpc())).toEqual(expect.arrayContaining(two));
  });

  it("refuses what no subnets fit into, and a single zone", () => {
    expect(refusalsOf((stack) => void new Vpc(stack, "network", { ...PROPS, cidr: "10.0.0.0/24", zones: ["eu-west-1a"] }))).toEqual([
      'test/network.cidr: "10.0.0.0/24" must be a CIDR block with space for the subnets; use a block from /16 to /21, like 10.0.0.0/16',
      'test/network.zones: ["eu-west-1a"] is not two or three zones; name two or three',
    ]);
  });

  it("takes a zone that is named twice for one", () => {
    const zones = ["eu-west-1a", "eu-west-1a", "eu-west-1b"];
    expect(refusalsOf((stack) => void new Vpc(stack, "network", { ...PROPS, zones }))).toEqual([
      `test/network.zones: ${JSON.stringify(zones)} names a zone twice; name each once`,
    ]);
  });
});
