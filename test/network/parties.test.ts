import { INTERNET, SecurityGroups } from "../../constructs/network";
import { all, one, refusalsOf, synth } from "../synth";

const parties = [
  { name: "nodes", description: "Nodes" },
  { name: "database", description: "Database" },
];
const flow = { from: "nodes", to: "database", port: 5432, description: "queries" };
const shared = { name: ["orders", "test"], vpcId: "vpc-1", parties };

describe("SecurityGroups", () => {
  const json = synth((stack) => void new SecurityGroups(stack, "parties", { ...shared, flows: [flow] }));

  it("have a security group each, under the environment's name", () => {
    expect(all(json, "aws_security_group").map(({ name }) => name)).toEqual(["orders-test-database", "orders-test-nodes"]);
  });

  it("reach each other on the named port, in the named direction, and not otherwise", () => {
    const [out, into] = [one(json, "aws_vpc_security_group_egress_rule"), one(json, "aws_vpc_security_group_ingress_rule")];
    for (const rule of [out, into]) expect(rule).toMatchObject({ ip_protocol: "tcp", from_port: 5432, to_port: 5432 });
    expect(out.security_group_id).toMatch(/nodes/);
    expect(out.referenced_security_group_id).toMatch(/database/);
    expect(into.security_group_id).toMatch(/database/);
    expect(into.referenced_security_group_id).toMatch(/nodes/);
  });

  it("reach a row of ports, or another protocol, under an address of its own", () => {
    const ways = [flow, { ...flow, lastPort: 5440 }, { ...flow, protocol: "udp" as const }];
    const several = synth((stack) => void new SecurityGroups(stack, "parties", { ...shared, flows: ways }));
    expect(
      all(several, "aws_vpc_security_group_ingress_rule").map(({ tags, ip_protocol, from_port, to_port }) => [
        tags.Name,
        ip_protocol,
        from_port,
        to_port,
      ]),
    ).toEqual([
      ["nodes-to-database-5432-5440", "tcp", 5432, 5440],
      ["nodes-to-database-5432", "tcp", 5432, 5432],
      ["nodes-to-database-5432-udp", "udp", 5432, 5432],
    ]);
  });

  it("reach the internet where that is said, and are never reached from it", () => {
    const out = synth((stack) => void new SecurityGroups(stack, "parties", { ...shared, flows: [{ ...flow, to: INTERNET, port: 443 }] }));
    expect(one(out, "aws_vpc_security_group_egress_rule")).toMatchObject({ cidr_ipv4: "0.0.0.0/0", from_port: 443, to_port: 443 });
    expect(all(out, "aws_vpc_security_group_ingress_rule")).toEqual([]);
    expect(refusalsOf((stack) => void new SecurityGroups(stack, "parties", { ...shared, flows: [{ ...flow, from: INTERNET }] }))).toEqual([
      'test/parties.flows: "internet" takes part in a flow and is no party; use one of nodes, database',
    ]);
  });

  it("reach a network outside by its addresses, and are never reached from it", () => {
    const networks = { vendor: "10.128.0.0/20" };
    const parties = (changes: object) => (stack: Parameters<Parameters<typeof synth>[0]>[0]) =>
      void new SecurityGroups(stack, "parties", { ...shared, networks, flows: [{ ...flow, ...changes }] });
    const out = synth(parties({ to: "vendor", port: 2113 }));
    expect(one(out, "aws_vpc_security_group_egress_rule")).toMatchObject({ cidr_ipv4: "10.128.0.0/20", from_port: 2113, to_port: 2113 });
    expect(all(out, "aws_vpc_security_group_ingress_rule")).toEqual([]);
    expect(refusalsOf(parties({ from: "vendor" }))).toEqual([
      'test/parties.flows: "vendor" takes part in a flow and is no party; use one of nodes, database',
    ]);
  });

  it("carry no rules of their own, which would undo those beside them", () => {
    for (const group of all(json, "aws_security_group")) {
      expect(group).not.toHaveProperty("ingress");
      expect(group).not.toHaveProperty("egress");
    }
  });

  it("can only be named if they exist", () => {
    expect(refusalsOf((stack) => void new SecurityGroups(stack, "parties", { ...shared, flows: [{ ...flow, to: "databse" }] }))).toEqual([
      'test/parties.flows: "databse" takes part in a flow and is no party; use one of nodes, database',
    ]);
  });
});
