import type { KubernetesObject } from "../../constructs/kubernetes";
import { PLACES } from "../../constructs/platform";
import { traffic } from "../../stacks/model/derive/traffic";
import { asDomains } from "../../stacks/model/shorthand";
import { unreachablePorts } from "../../stacks/ports";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } } as const;
const environment = asDomains(anEnvironment({ cluster, exceptions: { awsApisOverInternet: "saves money" } }));

const object = (kind: string, spec: object): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { namespace: "read-side", name: "reports" },
  spec,
});

/** What is said of objects on a cluster that is made here. */
const complaints = (...objects: readonly KubernetesObject[]) =>
  unreachablePorts({ environment, key: "cluster", cluster }, objects).map(({ path, value, rule }) => `${path}: ${value} ${rule}`);

const policy = (spec: object) => object("NetworkPolicy", spec);
const pods = [{ podSelector: {} }];
const on = (port: number | string, protocol = "TCP") => [{ port: String(port), protocol }];
const said = (port: string) => [`test.cluster: read-side/reports uses port ${port}, which the security groups of the nodes don't allow`];

describe("a port that network policies open", () => {
  it("is open among nodes as well", () => {
    expect(complaints(policy({ ingress: [{ from: pods, ports: on(8080) }], egress: [{ to: pods, ports: on(53, "UDP") }] }))).toEqual([]);
    expect(complaints(policy({ ingress: [{ from: pods, ports: on(443) }] }))).toEqual(said("443/TCP"));
    expect(complaints(policy({ egress: [{ to: pods, ports: on(80) }] }))).toEqual(said("80/TCP"));
    expect(complaints(policy({ ingress: [{ from: pods, ports: on(4222, "UDP") }] }))).toEqual(said("4222/UDP"));
    expect(complaints(policy({ ingress: [{ from: pods, ports: [{ port: "1000", endPort: 2000 }] }] }))).toEqual(said("1000-2000/TCP"));
  });

  it("is one that somebody comes in by, where it is open to addresses", () => {
    expect(complaints(policy({ ingress: [{ ports: on(9443) }] }))).toEqual([]);
    expect(complaints(policy({ ingress: [{ ports: on(444) }] }))).toEqual(said("444/TCP"));
    expect(complaints(policy({ ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/16" } }], ports: on(444) }] }))).toEqual(said("444/TCP"));
  });

  it("is one that nodes go out by, unless it is on the node itself", () => {
    expect(complaints(policy({ egress: [{ ports: [...on(443), ...on(6443)] }] }))).toEqual([]);
    expect(complaints(policy({ egress: [{ ports: on(587) }] }))).toEqual(said("587/TCP"));
    expect(complaints(policy({ egress: [{ to: [{ ipBlock: { cidr: "169.254.170.23/32" } }], ports: on(80) }] }))).toEqual([]);
    expect(complaints(policy({ egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/16" } }], ports: on(25) }] }))).toEqual(said("25/TCP"));
  });
});

describe("a port that pods listen on", () => {
  const template = (containerPort: number) => ({ template: { spec: { containers: [{ ports: [{ containerPort, protocol: "TCP" }] }] } } });

  it("is open among nodes", () => {
    expect(complaints(object("Deployment", template(8080)))).toEqual([]);
    expect(complaints(object("StatefulSet", template(389)))).toEqual(said("389/TCP"));
    expect(complaints(object("CronJob", { jobTemplate: { spec: template(389) } }))).toEqual(said("389/TCP"));
  });

  it("is its owner's business on a cluster that exists", () => {
    const existing = { environment, key: "cluster", cluster: { context: "kind-orders" } } as const;
    expect(unreachablePorts(existing, [object("Deployment", template(389))])).toEqual([]);
  });

  it("is refused where an environment names one that other nodes can't reach", () => {
    const image = "registry.example.com/orders/api:1.0.0";
    const api = { image, replicas: 2, port: 80, metrics: { port: 90 } };
    const monitoring = { telemetry: { endpoint: "http://collector.monitoring.svc:80", namespace: "monitoring" } };
    const changes = {
      monitoring,
      eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
      commandApi: api,
      exceptions: { unauthenticatedApis: "a test" },
    };
    const rule = "can't be reached from other nodes, whose security groups allow the ports 1025 to 65535 of pods; use a port of that range";
    expect(errorsOf(aProgram(anEnvironment({ ...changes, cluster })))).toEqual([
      `test.commandApi.port: 80 ${rule}`,
      `test.commandApi.metrics.port: 90 ${rule}`,
      `test.monitoring.telemetry.endpoint: "http://collector.monitoring.svc:80" ${rule}`,
    ]);
    expect(errorsOf(aProgram(anEnvironment({ ...changes, cluster: { context: "kind-orders" } })))).toEqual([]);
  });
});

describe("the clusters of every environment", () => {
  it("let through what their pods open, and close the gateways' port where there are none", () => {
    const { sites } = synthesisOf(program);
    expect(sites.flatMap(({ ports }) => ports)).toEqual([]);
    const [site] = sites.filter(({ path }) => path === "production.readCluster");
    if (!site) throw new Error("production has no read cluster");
    // The same objects, in an environment whose load balancers and gateways nobody asked for.
    const domains = site.site.environment.domains.map((domain) => ({ ...domain, services: [] }));
    const found = unreachablePorts({ ...site.site, environment: { ...site.site.environment, domains } }, site.objects).map(
      ({ value }) => value,
    );
    // The gateway itself, and the test that asks it from another node.
    expect(new Set(found)).toEqual(new Set(["read-side/gateway-nginx", "read-side/smoke-test"]));
  });

  it("let their control planes reach every webhook of the platform", () => {
    const fromApi = traffic(environment).flows.filter(({ from, to }) => from === "api" && to === "nodes");
    const webhooks = Object.values(PLACES).flatMap((place) => ("network" in place ? place.network.webhookPorts : []));
    expect(fromApi.map(({ port }) => port)).toEqual(expect.arrayContaining([...new Set(webhooks)]));
  });
});
