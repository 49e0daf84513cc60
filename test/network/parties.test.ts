import { Parties } from "../../constructs/network";
import { all, one, refusalsOf, synth } from "../synth";

const parties = [
  { name: "nodes", description: "Nodes" },
  { name: "database", description: "Database" },
];
const flow = { from: "nodes", to: "database", port: 5432, description: "queries" };
const shared = { name: ["orders", "test"], vpcId: "vpc-1", parties };

describe("Parties", () => {
  const json = synth((stack) => void new Parties(stack, "parties", { ...shared, flows: [flow] }));

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

  it("carry no rules of their own, which would undo those beside them", () => {
    for (const group of all(json, "aws_security_group")) {
      expect(group).not.toHaveProperty("ingress");
      expect(group).not.toHaveProperty("egress");
    }
  });

  it("can only be named if they exist", () => {
    expect(refusalsOf((stack) => void new Parties(stack, "parties", { ...shared, flows: [{ ...flow, to: "databse" }] }))).toEqual([
      'test/parties.flows: "databse" takes part in a flow and is no party; use one of nodes, database',
    ]);
  });
});
