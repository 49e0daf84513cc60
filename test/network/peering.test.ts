import { Peering } from "../../constructs/network";
import { all, one, synth } from "../synth";

const json = synth(
  (stack) =>
    void new Peering(stack, "peering", {
      name: ["orders", "test", "event-store"],
      connectionId: "pcx-1",
      cidr: "10.128.0.0/20",
      routeTables: { a: "rtb-a", b: "rtb-b" },
      protect: true,
    }),
);

describe("Peering", () => {
  it("is accepted, and tells the other side no private names", () => {
    expect(one(json, "aws_vpc_peering_connection_accepter")).toMatchObject({
      vpc_peering_connection_id: "pcx-1",
      auto_accept: true,
      accepter: { allow_remote_vpc_dns_resolution: false },
      tags: { Name: "orders-test-event-store" },
    });
  });

  it("is not cut by accident", () => {
    expect(one(json, "aws_vpc_peering_connection_accepter").lifecycle).toEqual({ prevent_destroy: true });
  });

  it("is the way to the other network from each route table, once it is accepted", () => {
    const [id] = Object.keys(json.resource.aws_vpc_peering_connection_accepter);
    expect(
      all(json, "aws_route").map(({ route_table_id, destination_cidr_block, vpc_peering_connection_id }) => [
        route_table_id,
        destination_cidr_block,
        vpc_peering_connection_id,
      ]),
    ).toEqual(["rtb-a", "rtb-b"].map((table) => [table, "10.128.0.0/20", `\${aws_vpc_peering_connection_accepter.${id}.id}`]));
  });
});
