import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const kurrentDb = { engine: "kurrentdb", nodes: 3, storage: "10Gi" };
const image = "registry.example.com/orders/app:1.0.0";
const sides = {
  commandProcessors: { image, replicas: 1 },
  projections: { image, workers: 1, parallelism: 1 },
  readDatabase: { engine: "cloudnative-pg", instances: 1 },
};

/** Who may talk to whom, on what, as the security groups have it: a way that both ends let through. */
function reachability(network: Body): readonly string[] {
  const names = new Map(
    Object.entries<Body>(network.resource.aws_security_group).map(([id, body]) => [
      `\${aws_security_group.${id}.id}`,
      body["//"].metadata.path.split("/").at(-1),
    ]),
  );
  const range = ({ ip_protocol, from_port, to_port }: Body) =>
    `${from_port === to_port ? from_port : `${from_port}-${to_port}`}${ip_protocol === "tcp" ? "" : `/${ip_protocol}`}`;
  const nameOf = (rule: Body, end: string) => (rule.cidr_ipv4 ? `anything at ${rule.cidr_ipv4}` : names.get(rule[end]));
  const ways = (type: string, from: string, to: string) =>
    all(network, type).map((rule) => `${nameOf(rule, from)} -> ${nameOf(rule, to)} ${range(rule)}`);
  const out = all(network, "aws_vpc_security_group_egress_rule").map(
    (rule) => `${names.get(rule.security_group_id)} -> ${nameOf(rule, "referenced_security_group_id")} ${range(rule)}`,
  );
  const into = new Set(ways("aws_vpc_security_group_ingress_rule", "referenced_security_group_id", "security_group_id"));
  return out.filter((way) => into.has(way) || way.includes("anything")).sort();
}

/** The table of an environment by who talks, each with whom it reaches on which ports. */
function table(network: Body): Record<string, Record<string, string>> {
  const rows: Record<string, Record<string, string>> = {};
  const first = (ports: string) => Number(/^\d+/.exec(ports));
  for (const way of reachability(network)) {
    const [, from = "", to = "", ports = ""] = /^(\S+) -> (.+) (\S+)$/.exec(way) ?? [];
    const open = [...(rows[from]?.[to]?.split(" ") ?? []), ports].sort((one, other) => first(one) - first(other));
    rows[from] = { ...rows[from], [to]: open.join(" ") };
  }
  return rows;
}

const networkOf = (changes: object): Body => synthesisOf(aProgram(anEnvironment(changes))).stacks.get("test-network")?.json ?? {};
const shipped = { ...program, environments: program.environments.filter(({ name }) => name === "production") };
const production = synthesisOf(shipped).stacks.get("production-network")?.json ?? {};

const FROM_API = "443 4443 6443 8443 9443 10250 10251";
const FROM_ENTRY = "443 8081";
const AMONG_NODES = "53 53/udp 1025-65535";
const AMONG_NODES_WITH_A_GATEWAY = "53 53/udp 443 1025-65535";
const KURRENT_CLOUD = { "anything at 10.128.0.0/20": "2113" };
const INTERNET = { "anything at 0.0.0.0/0": "443" };

describe("who may talk to whom", () => {
  it("is in production what the system needs, and nothing else", () => {
    expect(table(production)).toEqual({
      "deploy-runners": { "aws-endpoints": "443", "read-api": "443", "write-api": "443", ...INTERNET },
      "read-api": { "read-nodes": FROM_API },
      "read-entry": { "read-nodes": FROM_ENTRY },
      "read-nodes": {
        "aws-endpoints": "443",
        cache: "6379",
        "read-api": "443",
        "read-database": "5432",
        "read-nodes": AMONG_NODES_WITH_A_GATEWAY,
        ...KURRENT_CLOUD,
        ...INTERNET,
      },
      "write-api": { "write-nodes": FROM_API },
      "write-entry": { "write-nodes": FROM_ENTRY },
      "write-nodes": {
        "aws-endpoints": "443",
        // The receiver of samples, on the hub.
        "read-nodes": "443",
        "write-api": "443",
        "write-nodes": AMONG_NODES_WITH_A_GATEWAY,
        ...KURRENT_CLOUD,
        ...INTERNET,
      },
    });
  });

  it("lets the read cluster reach the event store on the write cluster, and nothing more between the two, in either direction", () => {
    const stores = { writeCluster: cluster, readCluster: cluster, eventStore: kurrentDb };
    const rows = table(networkOf({ ...stores, ...sides }));
    expect(rows["read-nodes"]).toMatchObject({ "write-nodes": "2113" });
    expect(Object.keys(rows["write-nodes"] ?? {})).not.toContain("read-nodes");
    for (const api of ["read-api", "write-api"]) expect(Object.keys(rows[api] ?? {})).toEqual([api.replace("api", "nodes")]);
    expect(rows["read-nodes"]).not.toHaveProperty("write-api");
    expect(rows["write-nodes"]).not.toHaveProperty("read-api");
    // Nobody there uses it.
    for (const without of [stores, { ...stores, ...sides, projections: undefined }])
      expect(table(networkOf(without))["read-nodes"]).not.toHaveProperty("write-nodes");
  });

  it("is simpler where both sides share a cluster", () => {
    expect(table(networkOf({ cluster, eventStore: kurrentDb }))).toEqual({
      api: { nodes: FROM_API },
      "deploy-runners": { api: "443", "aws-endpoints": "443", ...INTERNET },
      nodes: { api: "443", "aws-endpoints": "443", nodes: AMONG_NODES, ...INTERNET },
    });
  });

  it("has no way that only one end lets through", () => {
    for (const network of [production, networkOf({ cluster, eventStore: kurrentDb })]) {
      const inward = all(network, "aws_vpc_security_group_ingress_rule").length;
      const outward = all(network, "aws_vpc_security_group_egress_rule").filter((rule) => !rule.cidr_ipv4).length;
      expect(reachability(network).filter((way) => !way.includes("anything"))).toHaveLength(inward);
      expect(inward).toBe(outward);
    }
  });

  it("is nobody from the internet", () => {
    for (const rule of all(production, "aws_vpc_security_group_ingress_rule")) expect(rule.cidr_ipv4).toBeUndefined();
  });
});
