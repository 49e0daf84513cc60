import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";

const image = "registry.example.com/venta/app:1.0.0";
const exceptions = { disposable: "ends with a test" };

const DOMAINS = {
  web: { services: { front: { image, replicas: 2, paths: ["/"], servicePort: 80, calls: ["users"] } }, trafficAfter: ["people"] },
  people: { services: { users: { image, replicas: 1, servicePort: 81, ports: { admin: 9000 } } } },
};

const systemOf = (domains: object, changes: object = {}) =>
  aProgram(anEnvironment({ aws: undefined, cluster: { context: "kind-venta" }, exceptions, domains, ...changes }));

const program = systemOf(DOMAINS);
const { stacks } = synthesisOf(program);
const stack = (id: string) => stacks.get(`test-${id}`)?.json as Body;

/** What an environment is told about its domains, a line for each problem. */
const complaints = (domains: object) => errorsOf(systemOf(domains));

describe("a domain whose traffic comes after other domains", () => {
  it("has its Gateway and routes in a stack that comes after them", () => {
    const before = stacks.get("test-web-traffic")?.stack.dependencies.map(({ node }) => node.id);
    expect(before?.sort()).toEqual(["test-people", "test-web"]);
    expect(JSON.stringify(stack("web"))).not.toContain("HTTPRoute");
    expect(JSON.stringify(stack("web-traffic"))).toContain("HTTPRoute");
  });

  it("is deployed before them, and lets the Gateway in", () => {
    expect(stacks.get("test-people")?.stack.dependencies.map(({ node }) => node.id)).toContain("test-web");
    const { spec } = one(stack("web"), "kubernetes_network_policy_v1", "front/pod/traffic/policy");
    expect(JSON.stringify(spec.ingress)).toContain("gateway.networking.k8s.io/gateway-name");
  });

  it("is asked through the Gateway by a test of that stack", () => {
    const { list } = one(stack("web-traffic"), "kubernetes_config_map_v1", "traffic-test/verification/checks").data;
    expect(list).toContain("rollout of gateway-nginx");
    expect(list).toContain("front through the gateway");
  });

  it("shares its namespace with that stack, and no name in it", () => {
    const names = ["web", "web-traffic"].flatMap((id) =>
      Object.entries((stack(id).resource ?? {}) as Record<string, Record<string, Body>>).flatMap(([type, named]) =>
        Object.values(named).flatMap(({ metadata, name = metadata?.name }) => (name ? [`${type} ${name}`] : [])),
      ),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("must be reached from outside, and come after domains that there are", () => {
    const { web, people } = DOMAINS;
    expect(complaints({ web: { services: web.services }, people: { ...people, trafficAfter: ["web"] } })).toEqual([
      "test.domains.people.trafficAfter: is of requests from outside, and no service of the domain has paths or hosts; leave it out",
    ]);
    const services = { front: web.services.front };
    expect(complaints({ web: { services, trafficAfter: ["web", "peple"] }, people })).toEqual([
      'test.domains.web.trafficAfter[0]: "web" is the domain itself; leave it out',
      'test.domains.web.trafficAfter[1]: "peple" is not a domain of test; did you mean "people"?',
    ]);
    expect(complaints({ web: { services }, people, "web-traffic": { workers: { a: { image, replicas: 1 } } } })).toEqual([
      'test.domains.web-traffic: "web-traffic" is the name of a part of domains.web as well; choose another',
    ]);
  });
});

describe("the port of a Service", () => {
  it("is what callers and routes are told, and not what pods listen on", () => {
    const [service] = all(stack("people"), "kubernetes_service_v1");
    expect(service?.spec.port).toEqual([
      { name: "http", port: 81, target_port: "http", app_protocol: "http" },
      { name: "admin", port: 9000, target_port: "admin" },
    ]);
    const front = one(stack("web"), "kubernetes_deployment_v1", "front/rollout/pods").spec.template.spec.container[0];
    expect(front.port).toEqual([{ name: "http", container_port: 8080 }]);
    expect(front.env).toContainEqual({ name: "USERS_SERVICE_ADDRESS", value: "http://users.people.svc.cluster.local:81" });
    expect(JSON.stringify(stack("web-traffic"))).toContain('\\"backendRefs\\":[{\\"name\\":\\"front\\",\\"port\\":80');
    // A network policy sees the port of the pod.
    const { egress } = one(stack("web"), "kubernetes_network_policy_v1", "front/pod/traffic/policy").spec;
    expect(egress).toContainEqual(
      expect.objectContaining({
        ports: [
          { port: "8080", protocol: "TCP" },
          { port: "9000", protocol: "TCP" },
        ],
      }),
    );
  });

  it("must not be another port of it", () => {
    const services = { users: { image, replicas: 1, servicePort: 9000, ports: { admin: 9000 } } };
    expect(complaints({ people: { services } })).toEqual([
      "test.domains.people.services.users.ports.admin: 9000 is servicePort as well; use another port, or leave it out",
    ]);
  });
});

describe("the labels of a domain", () => {
  it("name the domain and the workload on pods, and can be written otherwise", () => {
    const labelled = synthesisOf(systemOf({ people: { ...DOMAINS.people, labels: { domain: "hr", team: "a" } } })).stacks.get(
      "test-people",
    );
    const { labels } = one(labelled?.json as Body, "kubernetes_deployment_v1", "users/rollout/pods").spec.template.metadata;
    expect(labels).toMatchObject({ domain: "hr", service: "users", team: "a" });
  });
});

describe("workers that share out partitions", () => {
  const worker = { image, replicas: 3, partitions: 8 };

  it("are told their numbers and shares", () => {
    const { json } = synthesisOf(systemOf({ orders: { workers: { handlers: worker } } })).stacks.get("test-orders") as { json: Body };
    const { replicas, template } = one(json, "kubernetes_stateful_set_v1", "handlers/pods").spec;
    expect(replicas).toBe("3");
    expect(template.spec.container[0].env).toEqual(
      expect.arrayContaining([
        { name: "PARTITIONS", value: "8" },
        { name: "PARALLELISM", value: "3" },
        { name: "WORKERS", value: "3" },
      ]),
    );
  });

  it("are of a fixed number, at most as many as partitions", () => {
    const about = (changes: object) => complaints({ orders: { workers: { handlers: { ...worker, ...changes } } } });
    const at = "test.domains.orders.workers.handlers";
    expect(about({ replicas: { min: 1, max: 3 } })).toEqual([
      `${at}.replicas: must be a fixed number to share out partitions; write a number, or leave partitions out`,
    ]);
    expect(about({ partitions: 2 })).toEqual([`${at}.partitions: 2 is fewer than replicas (3), so some would be idle; use 3 or more`]);
    expect(about({ replicas: 1, volumes: { "/data": { size: "1Gi" } } })).toEqual([
      `${at}.volumes: can't be used with partitions; leave one of the two out`,
    ]);
  });
});
