import { program } from "../../environments";
import { production } from "../../environments/production";
import { healthParts, ruleSubjects, seriesSources } from "../../stacks/model/derive/monitoring";
import { asDomains } from "../../stacks/model/shorthand";
import { validate } from "../../stacks/model/validate";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const shipped = synthesisOf(program);

const made = (changes: object) => synthesisOf(aProgram(anEnvironment(changes))).stacks;

const MADE = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const API = { image: "registry.example.com/api:1.0.0", replicas: 1 };
const SEEN = { exceptions: { disposable: "made by a test" } };

const serving = (api: object) => ({ sales: { services: { api } } });

const problems = (changes: object) => {
  try {
    validate(aProgram(anEnvironment({ ...SEEN, ...changes })));
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
};

const objectsOf = (json: Body | undefined, kind: string) =>
  all(json ?? {}, "helm_release")
    .flatMap(({ values }) => (JSON.parse(values[0]).objects ?? []) as Body[])
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);

describe("what watches an environment", () => {
  it("is there before workloads, and none of them waits for it", () => {
    const { compositions } = shipped;
    const stacks = compositions.find(({ name }) => name === "production")?.stacks ?? [];
    const names = stacks.map(({ node }) => node.id);
    expect(names.indexOf("production-read-observability")).toBeLessThan(names.indexOf("production-write-side"));
    for (const stack of stacks) {
      const before = stack.dependencies.map(({ node }) => node.id);
      expect(before.filter((name) => name.endsWith("observability"))).toEqual([]);
    }
  });

  it("is on the hub what concerns the whole system, and on the other cluster what happens there", () => {
    const system = asDomains(production);
    const [write, read] = [ruleSubjects(system, "writeCluster"), ruleSubjects(system, "readCluster")];
    expect(write).not.toEqual(expect.arrayContaining(["health"]));
    expect(read).toEqual(expect.arrayContaining(["health", "hub", "read-models"]));
    expect(write).not.toContain("read-models");
  });

  it("is not asked for what nobody exports: Kurrent Cloud lets no one read its metrics", () => {
    const system = asDomains(production);
    expect(healthParts(system)).toEqual(["write_side", "read_side", "projections"]);
    expect(seriesSources(system)).not.toContain("kurrentdb");
  });

  it("is only rules where a Prometheus is there already", () => {
    const monitoring = { prometheus: { namespace: "monitoring" } };
    const stacks = made({ cluster: { context: "kind" }, domains: serving(API), monitoring, ...SEEN });
    const json = stacks.get("test-observability")?.json as Body;
    expect(Object.keys(json.resource)).toEqual(["helm_release"]);
    expect(objectsOf(json, "PrometheusRule")).toContain("platform-workloads");
    const side = JSON.stringify(all(stacks.get("test-sales")?.json as Body, "kubernetes_network_policy_v1"));
    expect(side).toContain('"kubernetes.io/metadata.name":"monitoring"');
  });

  it("tells alerts by the objectives of services", () => {
    const domains = serving({ ...API, slo: { availability: 99.9, latency: { p95: "250ms" } } });
    const stacks = made({ cluster: { context: "kind" }, domains, monitoring: { prometheus: true }, ...SEEN });
    const rules = objectsOf(stacks.get("test-observability")?.json as Body, "PrometheusRule");
    expect(rules).toEqual(expect.arrayContaining(["platform-objectives", "platform-more"]));
  });

  it.each<[string, object, string]>([
    [
      "two on a cluster that others share",
      { cluster: { context: "kind", shared: true }, monitoring: { prometheus: true } },
      'test.monitoring.prometheus: would be one of several on the cluster of cluster, which other environments share; name the one that the cluster has, as { namespace: "monitoring" }',
    ],
    [
      "traces without Prometheus",
      { cluster: MADE, monitoring: { tracing: true } },
      "test.monitoring.tracing: needs Prometheus, to which its collectors send metrics; turn prometheus on as well",
    ],
    [
      "two collectors",
      {
        cluster: { context: "kind" },
        commandApi: API,
        monitoring: {
          prometheus: true,
          tracing: true,
          telemetry: { endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" },
        },
      },
      "test.monitoring.telemetry: names another collector than that of tracing, and workloads are told of one; leave out telemetry or tracing",
    ],
    [
      "alerts of a domain that is not there",
      {
        cluster: { context: "kind" },
        commandApi: API,
        monitoring: {
          prometheus: true,
          alerts: { receivers: { team: { kind: "webhook" } }, default: "team", domains: { billing: "team" } },
        },
      },
      "test.monitoring.alerts.domains.billing: must be a domain of the environment; use one of write-side",
    ],
    [
      "a latency between two buckets",
      {
        cluster: { context: "kind" },
        commandApi: { ...API, slo: { availability: 99.9, latency: { p95: "300ms" } } },
        monitoring: { prometheus: true },
      },
      'test.commandApi.slo.latency.p95: "300ms" must be a bucket boundary of the histogram: how many requests are faster is unknown between two boundaries; use 250ms or 500ms, or add the boundary to the service and to requests.buckets',
    ],
  ])("is refused with %s", (_, changes, message) => {
    expect(problems(changes)).toContain(message);
  });
});
