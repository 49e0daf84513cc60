import { type Environment, endpointsOf, validate } from "../../stacks";
import { before } from "../../stacks/cloud/entry";
import { publicEndpoints } from "../../stacks/model/derive/endpoints";
import { probesOn } from "../../stacks/model/derive/probes";
import { traffic } from "../../stacks/model/derive/traffic";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";

import { all, type Body } from "../synth";

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const api = { image: "registry.example.com/orders/api:1.0.0", replicas: 3 };

const shipped = synthesisOf({ ...program, environments: program.environments.filter(({ name }) => name === "production") }).stacks;
const production = shipped.get("production-entry")?.json ?? {};
const network = shipped.get("production-network")?.json ?? {};
const entrancesOf = (changes: object) => publicEndpoints(asDomains(anEnvironment(changes)));
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
    const [way] = entrancesOf({ cluster, queryApi: { ...api, edge: { provider: "cloudfront", cache: "30s" } } });
    expect(way).toEqual({
      kind: "query",
      name: "queries",
      domain: expect.objectContaining({ name: "read-side" }),
      tcp: [],
      internal: false,
      party: "read-entry",
      hosts: ["queries.orders.example.com"],
      https: true,
      edge: "cloudfront",
    });
    expect(way && before(way)).toMatchObject({ internal: true, named: false, clientAddress: "x-forwarded-for" });
  });

  it("is nowhere where nobody answers, and not ours to say on a cluster that exists or off AWS", () => {
    const both = { commandApi: api, queryApi: api };
    expect(entrancesOf({ cluster })).toEqual([]);
    expect(entrancesOf({ cluster: { context: "kind" }, ...both })).toEqual([]);
    expect(entrancesOf({ cluster, aws: undefined, ...both })).toEqual([]);
    const halves = { writeCluster: { context: "kind" }, readCluster: cluster };
    expect(entrancesOf({ ...halves, ...both }).map(({ name }) => name)).toEqual(["queries"]);
  });
});

describe("a port of a service that clients outside reach over TCP", () => {
  const broker = { ...api, port: 5000, ports: { broker: 5050 }, publicPorts: ["broker"] };
  const open = { unauthenticatedApis: "a test of what is before the services" };
  const messaging = (changes: object = {}, more: object = {}) =>
    anEnvironment({
      cluster,
      exceptions: open,
      domains: { messaging: { services: { broker: { ...broker, paths: ["/"], ...changes } } } },
      ...more,
    });
  const stacksIn = (environment: Environment) => {
    const { stacks } = synthesisOf(aProgram(environment));
    return (part: string): Body => JSON.parse(JSON.stringify(stacks.get(`test-${part}`)?.json ?? {}));
  };
  const made = stacksIn(messaging());

  it("has a listener and a target group of the domain's load balancer, which everybody reaches", () => {
    const [group] = all(made("entry"), "aws_lb_target_group").filter(({ port }) => port === 5050);
    expect(group).toMatchObject({
      protocol: "TCP",
      target_type: "ip",
      preserve_client_ip: "false",
      health_check: { port: "traffic-port" },
    });
    expect(all(made("entry"), "aws_lb_listener").map(({ port }) => port)).toEqual([5050, 443]);
    const admitted = all(made("entry"), "aws_vpc_security_group_ingress_rule").map(({ from_port }) => from_port);
    expect(admitted.sort()).toEqual([443, 5050]);
    expect(endpointsOf(asDomains(messaging()))).toEqual([
      { name: "messaging", answers: "messaging.orders.example.com, TCP 5050 (broker of broker)" },
    ]);
    expect(traffic(asDomains(messaging())).flows).toContainEqual({
      from: "messaging-entry",
      to: "nodes",
      port: 5050,
      description: "broker of broker",
    });
  });

  it("leads to the pods of the service, which wait for the load balancer and outlive what it remembers of them", () => {
    const stack = made("messaging");
    const [deployment] = all(stack, "kubernetes_deployment_v1");
    expect(all(stack, "kubernetes_namespace_v1")[0]?.metadata.labels).toMatchObject({
      "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
    });
    expect(deployment?.depends_on.join()).toContain("broker-broker-targets_objects_release");
    expect(deployment?.spec.template.spec.container[0].lifecycle.pre_stop[0].exec.command.at(-1)).toBe("150");
    const policy = all(stack, "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === "broker");
    expect(policy?.spec.ingress.at(-1)).toEqual({
      from: [{ ip_block: { cidr: "${data.terraform_remote_state.test-network.outputs.vpc_cidr}" } }],
      ports: [{ port: "5050", protocol: "TCP" }],
    });
  });

  it("is open to whatever the owner of an existing cluster routes there", () => {
    const stack = stacksIn(messaging({}, { aws: undefined, cluster: { context: "kind" }, exceptions: { ...open, disposable: "a test" } }))(
      "messaging",
    );
    const policy = all(stack, "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === "broker");
    expect(policy?.spec.ingress.at(-1)).toEqual({ ports: [{ port: "5050", protocol: "TCP" }] });
  });

  it("can be the only port of a service", () => {
    const ingest = { ...api, port: 1883, health: "tcp", publicPorts: ["tcp"] };
    const stack = stacksIn(messaging({}, { domains: { messaging: { services: { broker: { ...broker, paths: ["/"] }, ingest } } } }));
    expect(all(stack("entry"), "aws_lb_listener").map(({ port }) => port)).toEqual([1883, 5050, 443]);
    expect(JSON.stringify(all(stack("messaging"), "helm_release"))).toContain('\\"serviceRef\\":{\\"name\\":\\"ingest\\",\\"port\\":1883}');
  });

  describe("of a domain without HTTP from outside", () => {
    const lab = { ...api, port: 2575, health: "tcp", publicPorts: ["tcp"] };
    const alone = (changes: object = {}, more: object = {}) =>
      anEnvironment({ cluster, domains: { lab: { services: { mllp: lab }, ...changes } }, ...more });
    const stack = stacksIn(alone());

    it("has a load balancer with a name, and neither Gateway nor certificate", () => {
      expect(all(stack("entry"), "aws_lb_listener").map(({ port }) => port)).toEqual([2575]);
      expect(all(stack("entry"), "aws_lb_target_group").map(({ port }) => port)).toEqual([2575]);
      expect(hosts(stack("entry"))).toEqual(["lab.orders.example.com"]);
      const releases = all(stack("lab"), "helm_release").map(({ name }) => name);
      expect(releases).toContain("mllp-tcp-targets");
      expect(releases.filter((name) => /gateway|certificate|routes/.test(name))).toEqual([]);
      const charts = all(stack("platform"), "helm_release").map(({ chart }) => String(chart));
      expect(charts.some((chart) => /aws-load-balancer-controller/.test(chart))).toBe(true);
      expect(charts.filter((chart) => /nginx|gateway/.test(chart))).toEqual([]);
      const flows = traffic(asDomains(alone())).flows.filter(({ from }) => from === "lab-entry");
      expect(flows.map(({ port }) => port)).toEqual([2575]);
    });

    it("needs no authentication that only an HTTP API enforces", () => {
      expect(() => validate(aProgram(alone()))).not.toThrow();
    });

    it("has the name of its domain for itself", () => {
      const web = { services: { web: { ...api, hosts: ["lab.orders.example.com"] } } };
      const both = anEnvironment({ cluster, exceptions: open, domains: { lab: { services: { mllp: lab } }, web } });
      expect(() => validate(aProgram(both))).toThrow(
        'test.domains.web.services.web.hosts: "lab.orders.example.com" is a host of domains.lab as well; use another host for one of the two',
      );
    });

    it("is open to the addresses of its clients only", () => {
      const sourceRanges = ["198.51.100.0/24", "203.0.113.7/32"];
      const rules = all(stacksIn(alone({ sourceRanges }))("entry"), "aws_vpc_security_group_ingress_rule");
      expect(rules.map(({ cidr_ipv4, from_port }) => [cidr_ipv4, from_port])).toEqual(sourceRanges.map((block) => [block, 2575]));
      const kind = { aws: undefined, cluster: { context: "kind" }, exceptions: { disposable: "a test" } };
      const policies = all(stacksIn(alone({ sourceRanges }, kind))("lab"), "kubernetes_network_policy_v1");
      expect(policies.find(({ metadata }) => metadata.name === "mllp")?.spec.ingress.at(-1)).toEqual({
        from: sourceRanges.map((cidr) => ({ ip_block: { cidr } })),
        ports: [{ port: "2575", protocol: "TCP" }],
      });
    });

    it("is inside the network if it is said so", () => {
      const inside = stacksIn(alone({ internal: true }));
      expect(all(inside("entry"), "aws_lb")[0]).toMatchObject({
        internal: true,
        subnets: "${data.terraform_remote_state.test-network.outputs.private_subnet_ids}",
      });
      expect(hosts(inside("entry"))).toEqual(["lab.orders.example.com"]);
      expect(endpointsOf(asDomains(alone({ internal: true })))).toEqual([
        { name: "lab", answers: "lab.orders.example.com, TCP 2575 (tcp of mllp) (internal)" },
      ]);
    });

    it("is not probed from addresses that may not connect", () => {
      const domains = (limits?: object) => ({ web: { services: { web: { ...api, paths: ["/"] } }, ...limits } });
      const probed = (limits?: object) =>
        probesOn(asDomains(anEnvironment({ cluster, monitoring: { prometheus: true }, domains: domains(limits) })), "cluster");
      expect(probed({ internal: true })).toEqual([]);
      expect(probed().map(({ url }) => url)).toEqual(["https://web.orders.example.com/health"]);
      expect(probed({ sourceRanges: ["198.51.100.0/24"] })).toEqual([]);
    });

    it.each([
      [["198.51.100.7/24"], 'sourceRanges[0]: "198.51.100.7/24" must be a CIDR block; write one like 198.51.100.0/24'],
      [["2001:db8::/32"], 'sourceRanges[0]: "2001:db8::/32" must be a CIDR block; write one like 198.51.100.0/24'],
      [["10.0.0.0/8", "10.1.0.0/16"], 'sourceRanges: "10.1.0.0/16" overlaps one that is named before; name each address once'],
      [
        Array.from({ length: 61 }, (_, index) => `198.51.100.${index}/32`),
        "sourceRanges: 61 blocks are more than a security group takes; name at most 60",
      ],
    ])("refuses addresses: %j", (sourceRanges, problem) => {
      expect(() => validate(aProgram(alone({ sourceRanges })))).toThrow(`test.domains.lab.${problem}`);
    });

    it.each([
      [
        { services: { web: api } },
        {},
        "is of clients outside, who reach no service of the domain; leave it out, or add publicPorts, paths or hosts",
      ],
      [
        { services: { web: { ...api, paths: ["/"] } } },
        { aws: undefined, cluster: { context: "kind" } },
        "is of clients of a load balancer, and on an existing cluster you provide the ingress; leave it out, and filter there",
      ],
      [
        { services: { web: { ...api, paths: ["/"], edge: { provider: "cloudfront", cache: "30s" } } } },
        {},
        "is of clients of a load balancer, and that of web admits its edge only; leave it out",
      ],
    ])("refuses limits for clients that nothing applies: %j", (changes, more, problem) => {
      for (const [setting, value] of Object.entries({ sourceRanges: ["198.51.100.0/24"], internal: true })) {
        const environment = alone({ [setting]: value, ...changes }, more);
        expect(() => validate(aProgram(environment))).toThrow(`test.domains.lab.${setting}: ${problem}`);
      }
    });
  });

  it.each([
    [{ publicPorts: ["brokr"] }, 'publicPorts[0]: "brokr" must be one of the service\'s ports; did you mean "broker"?'],
    [
      { image: undefined, release: "blue-green", slots: { blue: { image: api.image } }, live: "blue" },
      'publicPorts[0]: "broker" can\'t be split between two versions, as requests are; release the service by rolling',
    ],
    [
      { edge: { provider: "cloudfront", cache: "30s" } },
      'publicPorts[0]: "broker" needs a load balancer that clients reach, and that of broker admits its edge only; move it to another domain',
    ],
    [
      { health: "tcp", publicPorts: ["tcp"], servicePort: 80 },
      'publicPorts: "tcp" has another port at the Service (servicePort); leave servicePort out',
    ],
    [
      { health: "tcp" },
      'health: "tcp" can\'t receive requests from outside, because its Gateway routes HTTP; write a path, or use publicPorts: ["tcp"]',
    ],
    [{ health: "tcp", ports: { tcp: 5050 } }, 'ports: "tcp" is the name of port with health: "tcp"; give it another name'],
    [{ health: "live" }, 'health: "live" must be a path or tcp; write one like /health'],
    [{ health: "/{live}" }, 'health: "/{live}" must be a path or tcp; write one like /health'],
  ])("is refused: %j", (changes, problem) => {
    const written = Object.fromEntries(Object.entries({ ...broker, paths: ["/"], ...changes }).filter(([, value]) => value !== undefined));
    const environment = anEnvironment({ cluster, domains: { messaging: { services: { broker: written } } } } as object);
    expect(() => validate(aProgram(environment))).toThrow(problem);
  });
});
