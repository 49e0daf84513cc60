import { Binding, ExistingZone, LoadBalancer, type LoadBalancerProps, PublicZone } from "../../constructs/entry";
import { anEksCluster } from "../platform/platform";
import { all, one, refusalsOf, synth } from "../synth";

const PROPS: LoadBalancerProps = {
  name: ["orders", "test", "commands"],
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  internal: false,
  securityGroupId: "sg-entry",
  protect: true,
};
const aLoadBalancer = (changes: Partial<LoadBalancerProps> = {}) =>
  synth((stack) => void new LoadBalancer(stack, "entry", { ...PROPS, ...changes }));
const refusals = (from: LoadBalancerProps["from"]) =>
  refusalsOf((stack) => void new LoadBalancer(stack, "entry", { ...PROPS, ...(from ? { from } : {}) }));

const plain = aLoadBalancer({ record: { zoneId: "Z1", host: "commands.orders.example.com" } });
const behindEdge = aLoadBalancer({
  internal: true,
  from: { prefixList: "com.amazonaws.global.cloudfront.origin-facing" },
  clientAddress: "x-forwarded-for",
  protect: false,
});

describe("a load balancer", () => {
  it("is one of connections, in all zones, guarded where it is to be kept", () => {
    expect(one(plain, "aws_lb")).toMatchObject({
      name: "orders-test-commands",
      load_balancer_type: "network",
      internal: false,
      subnets: ["subnet-a", "subnet-b"],
      security_groups: ["sg-entry"],
      enable_cross_zone_load_balancing: true,
      enable_deletion_protection: true,
      lifecycle: { prevent_destroy: true },
    });
    expect(one(behindEdge, "aws_lb")).toMatchObject({
      internal: true,
      enable_deletion_protection: false,
      lifecycle: { prevent_destroy: false },
    });
  });

  it("passes TLS on as it came, to the addresses of pods", () => {
    expect(one(plain, "aws_lb_listener")).toMatchObject({ port: 443, protocol: "TCP" });
    expect(one(plain, "aws_lb_listener")).not.toHaveProperty("certificate_arn");
    expect(one(plain, "aws_lb_target_group")).toMatchObject({ port: 443, protocol: "TCP", target_type: "ip", vpc_id: "vpc-1" });
  });

  it("asks nginx itself whether it is well, where no check begins with the PROXY protocol, and else whether it is there", () => {
    const asked = one(behindEdge, "aws_lb_target_group").health_check;
    expect(asked).toMatchObject({ protocol: "HTTP", port: "8081", path: "/readyz", matcher: "200" });
    const knocked = one(plain, "aws_lb_target_group").health_check;
    expect(knocked).toMatchObject({ protocol: "TCP", port: "8081" });
    expect(knocked).not.toHaveProperty("path");
  });

  it("tells who the client is, and comes with addresses of the network", () => {
    expect(one(plain, "aws_lb_target_group")).toMatchObject({ proxy_protocol_v2: true, preserve_client_ip: "false" });
    expect(one(behindEdge, "aws_lb_target_group")).toMatchObject({ proxy_protocol_v2: false, preserve_client_ip: "false" });
  });

  it("has the name that it is given, and none otherwise", () => {
    expect(one(plain, "aws_route53_record")).toMatchObject({ zone_id: "Z1", name: "commands.orders.example.com", type: "A" });
    expect(all(behindEdge, "aws_route53_record")).toEqual([]);
  });
});

describe("whoever is let in", () => {
  const admitted = (json: typeof plain) =>
    all(json, "aws_vpc_security_group_ingress_rule").map(({ cidr_ipv4, prefix_list_id, from_port, to_port, security_group_id }) => [
      cidr_ipv4 ?? prefix_list_id,
      `${from_port}-${to_port}`,
      security_group_id,
    ]);

  it("is anybody, unless it is said who", () => {
    expect(admitted(plain)).toEqual([["0.0.0.0/0", "443-443", "sg-entry"]]);
    expect(admitted(aLoadBalancer({ from: { blocks: ["203.0.113.0/24", "198.51.100.0/24"] } })).map(([from]) => from)).toEqual([
      "198.51.100.0/24",
      "203.0.113.0/24",
    ]);
  });

  it("is whom a list of AWS names", () => {
    expect(admitted(behindEdge)).toEqual([[expect.stringMatching(/data\.aws_ec2_managed_prefix_list/), "443-443", "sg-entry"]]);
    expect(Object.values(behindEdge.data.aws_ec2_managed_prefix_list)).toMatchObject([
      { name: "com.amazonaws.global.cloudfront.origin-facing" },
    ]);
  });

  it.each([
    [[], "test/entry.from: allows no traffic; name at least one block"],
    [["203.0.113.0"], `test/entry.from: "203.0.113.0" must be a CIDR block; write it like 203.0.113.0/24`],
    [
      ["203.0.113.0/24", "203.0.113.128/25"],
      `test/entry.from: "203.0.113.128/25" overlaps one that is named before; name each address once`,
    ],
    [
      Array.from({ length: 61 }, (_, index) => `203.0.${index}.0/24`),
      "test/entry.from: 61 blocks are more than a security group takes; name at most 60",
    ],
  ])("is refused as %j", (blocks, message) => {
    expect(refusals({ blocks })).toEqual([message]);
  });
});

describe("a public zone", () => {
  const zone = (protect: boolean) =>
    one(
      synth((stack) => void new PublicZone(stack, "zone", { domain: "orders.example.com", comment: "Public names", protect })),
      "aws_route53_zone",
    );

  it("is guarded where it is to be kept: made anew it has other name servers", () => {
    expect(zone(true)).toMatchObject({ name: "orders.example.com", force_destroy: false, lifecycle: { prevent_destroy: true } });
    expect(zone(false)).toMatchObject({ force_destroy: true, lifecycle: { prevent_destroy: false } });
  });
});

describe("a public zone that exists", () => {
  it("is asked whether it is public and holds the domain", () => {
    const json = synth((stack) => void new ExistingZone(stack, "zone", { zone: "Z0123456789ABCDEFGHIJ", domain: "orders.example.com" }));
    expect(json.resource).toBeUndefined();
    expect(Object.values(json.data.aws_route53_zone)[0]).toMatchObject({
      zone_id: "Z0123456789ABCDEFGHIJ",
      lifecycle: {
        postcondition: [
          { condition: "${!self.private_zone}", error_message: "Z0123456789ABCDEFGHIJ is a private zone; name a public one" },
          {
            condition: `\${endswith(".orders.example.com", ".\${trimsuffix(self.name, ".")}")}`,
            error_message: "Z0123456789ABCDEFGHIJ does not hold orders.example.com; name the zone of that domain or of one above it",
          },
        ],
      },
    });
  });
});

describe("a binding", () => {
  it("puts the pods of a Service behind a target group, and opens nothing", () => {
    const json = synth((stack) => {
      const target = { targetGroupArn: "arn:targets", port: 443 };
      new Binding(stack, "binding", { cluster: anEksCluster(stack), namespace: "write-side", service: "gateway-nginx", target });
    });
    expect(JSON.parse(one(json, "helm_release").values[0]).objects).toEqual([
      {
        apiVersion: "elbv2.k8s.aws/v1beta1",
        kind: "TargetGroupBinding",
        metadata: { name: "gateway-nginx", namespace: "write-side" },
        spec: {
          serviceRef: { name: "gateway-nginx", port: 443 },
          targetGroupARN: "arn:targets",
          targetType: "ip",
          ipAddressType: "ipv4",
        },
      },
    ]);
  });
});
