import { lostOnTheWay, playedState } from "./aws/moves";

const change = (type: string, ...actions: string[]) => ({ address: `${type}.one`, type, change: { actions } });

describe("The way from one size to another", () => {
  it("changes stores in place", () => {
    const changes = [change("aws_db_instance", "update"), change("aws_rds_cluster", "no-op"), change("aws_rds_cluster_instance", "update")];
    expect(lostOnTheWay(changes, ["aws_db_instance", "aws_rds_cluster", "aws_rds_cluster_instance"])).toEqual([]);
  });

  it("replaces what holds no data", () => {
    expect(lostOnTheWay([change("aws_db_parameter_group", "create", "delete")], [])).toEqual([]);
  });

  it.each([[["delete", "create"]], [["create", "delete"]], [["delete"]], [["create"]]])("is none that says %p of a store", (actions) => {
    const changes = [change("aws_db_instance", "update"), change("aws_rds_cluster", ...actions)];
    expect(lostOnTheWay(changes, ["aws_db_instance", "aws_rds_cluster"])).toEqual([`aws_rds_cluster.one: ${actions.join(", ")}`]);
  });

  it("is none where a store stays as it is", () => {
    expect(lostOnTheWay([change("aws_db_instance", "no-op")], ["aws_db_instance"])).toEqual(["aws_db_instance: is the same in both sizes"]);
  });

  it("begins with what was planned where that was not applied", () => {
    const planned = { mode: "managed", schema_version: 1, values: { identifier: "orders" } };
    const there = { type: "aws_rds_cluster", name: "there" };
    const played = playedState(
      { resources: [there] },
      {
        planned_values: {
          root_module: {
            resources: [
              { ...planned, ...there, address: "aws_rds_cluster.there" },
              { ...planned, type: "aws_db_instance", name: "left", address: "aws_db_instance.left" },
            ],
          },
        },
        resource_changes: [{ address: "aws_db_instance.left", change: { after_unknown: { address: true, arn: true } } }],
      },
    );
    const attributes = { identifier: "orders", address: "played.example.com", id: "orders" };
    expect(played.resources).toEqual([
      there,
      {
        mode: "managed",
        type: "aws_db_instance",
        name: "left",
        provider: 'provider["registry.terraform.io/hashicorp/aws"]',
        instances: [{ schema_version: 1, attributes, sensitive_attributes: [] }],
      },
    ]);
  });
});
