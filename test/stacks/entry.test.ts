import { program } from "../../environments";
import { before } from "../../stacks/cloud/entry";
import { entrances } from "../../stacks/model/derive/endpoints";
import { anEnvironment } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const api = { image: "registry.example.com/orders/api:1.0.0", replicas: 3 };

const shipped = synthesisOf({ ...program, environments: program.environments.filter(({ name }) => name === "production") }).stacks;
const production = shipped.get("production-entry")?.json ?? {};
const network = shipped.get("production-network")?.json ?? {};
const hosts = (json: Body) => all(json, "aws_route53_record").map(({ name }) => name);

describe("where requests come in", () => {
  it("is a load balancer for each side, under a name of the environment's domain", () => {
    expect(all(production, "aws_lb").map(({ name }) => name)).toEqual(["orders-production-commands", "orders-production-queries"]);
    expect(hosts(production)).toContain("commands.orders.example.com");
    expect(all(network, "aws_route53_zone").map(({ name }) => name)).toEqual(["production.orders.internal", "orders.example.com"]);
  });

  it("tells the clusters where to put their pods, and an edge whom to ask", () => {
    expect(Object.keys(production.output as object).sort()).toEqual(
      ["command", "query"]
        .flatMap((kind) => [`${kind}_load_balancer_arn`, `${kind}_load_balancer_dns_name`, `${kind}_target_group_arn`])
        .concat("public_zone_id")
        .sort(),
    );
  });

  it("opens a query's way to its edge only", () => {
    const blocks = (id: string) =>
      all(production, "aws_vpc_security_group_ingress_rule")
        .filter((rule) => rule["//"].metadata.path.includes(`/${id}/`))
        .map(({ cidr_ipv4 }) => cidr_ipv4);
    expect(blocks("commands")).toEqual(["0.0.0.0/0"]);
    expect(blocks("queries")).toHaveLength(15);
    expect(blocks("queries")).not.toContain("0.0.0.0/0");
    const group = (id: string) => all(production, "aws_lb_target_group").find(({ name }) => name.startsWith(`orders-production-${id}`));
    expect([group("commands")?.proxy_protocol_v2, group("queries")?.proxy_protocol_v2]).toEqual([true, false]);
  });

  it("is inside the network where CloudFront comes for it, which has the name then", () => {
    const [way] = entrances(anEnvironment({ cluster, queryApi: { ...api, edge: { provider: "cloudfront", cache: "30s" } } }));
    expect(way).toEqual({
      kind: "query",
      name: "queries",
      side: "read",
      party: "read-entry",
      host: "queries.orders.example.com",
      edge: "cloudfront",
    });
    expect(way && before(way)).toMatchObject({ internal: true, named: false, clientAddress: "x-forwarded-for" });
  });

  it("is nowhere where nobody answers, and not ours to say on a cluster that exists or off AWS", () => {
    const both = { commandApi: api, queryApi: api };
    expect(entrances(anEnvironment({ cluster }))).toEqual([]);
    expect(entrances(anEnvironment({ cluster: { context: "kind" }, ...both }))).toEqual([]);
    expect(entrances(anEnvironment({ cluster, aws: undefined, ...both }))).toEqual([]);
    const halves = { writeCluster: { context: "kind" }, readCluster: cluster };
    expect(entrances(anEnvironment({ ...halves, ...both })).map(({ name }) => name)).toEqual(["queries"]);
  });
});
