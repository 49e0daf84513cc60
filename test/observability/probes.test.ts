import { Probes, type ProbeTarget, probesPeer } from "../../constructs/observability";
import { aCluster } from "../broker/data-cluster";
import { releasedAs } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, type Body, refusalsOf, synth } from "../synth";

const PUBLIC: ProbeTarget = { url: "https://orders.example.com/health", expect: "success", namespace: "orders" };
const STORE: ProbeTarget = {
  url: "https://event-store.event-store.svc:4000/api/v1/ping",
  expect: "success",
  pods: { namespace: "event-store", labels: { "app.kubernetes.io/name": "eventsourcingdb" } },
};

interface Place {
  readonly zones?: readonly string[];
  readonly mirror?: string;
}

const json = (targets: readonly ProbeTarget[], place: Place = {}) =>
  synth((stack) => new Probes(stack, "probes", { cluster: aCluster(stack, place), namespace: "observability", targets }));
const values = (targets: readonly ProbeTarget[], place: Place = {}) => releasedAs(json(targets, place), "blackbox-exporter");
const probes = (...targets: readonly ProbeTarget[]) => releasedAs(json(targets), "probes").objects as readonly Body[];

describe("Probes", () => {
  it("are objects of the Prometheus operator, one for each kind of probe and namespace", () => {
    const other = { ...PUBLIC, url: "https://search.example.com/health" };
    const [first, ...others] = probes(PUBLIC, other, { ...PUBLIC, expect: "answer" }, STORE);
    expect(first).toEqual({
      apiVersion: "monitoring.coreos.com/v1",
      kind: "Probe",
      metadata: { name: "orders-success", namespace: "observability" },
      spec: {
        jobName: "probe",
        module: "success",
        prober: { url: "blackbox-exporter.observability.svc:9115" },
        interval: "30s",
        scrapeTimeout: "10s",
        targets: { staticConfig: { static: [PUBLIC.url, other.url], labels: { namespace: "orders" } } },
      },
    });
    expect(others.map(({ metadata }) => metadata.name)).toEqual(["orders-answer", "observability-pod-success"]);
  });

  it("verify certificates of public endpoints, and not those of pods, whose CA is elsewhere", () => {
    const { modules } = values([PUBLIC, STORE]).config;
    expect(modules.success).toEqual({ prober: "http", timeout: "8s", http: { preferred_ip_protocol: "ip4", fail_if_not_ssl: true } });
    expect(modules["pod-success"].http.tls_config).toEqual({ insecure_skip_verify: true });
    expect(Object.keys(modules)).toEqual(["pod-success", "success"]);
  });

  it("take any status below 500 for an answer", () => {
    const { valid_status_codes: codes, follow_redirects: follows } = values([{ ...PUBLIC, expect: "answer" }]).config.modules.answer.http;
    expect([codes[0], codes.at(-1), codes.length, follows]).toEqual([200, 499, 300, false]);
  });

  it("are sent to the ports of their targets, and to nothing else", () => {
    const egress = (...targets: readonly ProbeTarget[]) => {
      const [, ...rest] = all(json(targets), "kubernetes_network_policy_v1")[0]?.spec.egress ?? [];
      return rest;
    };
    expect(egress(PUBLIC)).toEqual([{ ports: [{ port: "443", protocol: "TCP" }] }]);
    const [only, ...more] = egress(STORE);
    expect(only.ports).toEqual([{ port: "4000", protocol: "TCP" }]);
    expect(only.to[0].pod_selector.match_labels).toEqual({ "app.kubernetes.io/name": "eventsourcingdb" });
    expect(more).toEqual([]);
  });

  it("let Prometheus in, and are known to what they probe by the labels of their pods", () => {
    const [policy] = all(json([PUBLIC]), "kubernetes_network_policy_v1");
    expect(policy?.spec.ingress).toEqual([{ from: [{ pod_selector: {} }], ports: [{ port: "9115", protocol: "TCP" }] }]);
    expect(probesPeer("observability")).toEqual({ namespace: "observability", labels: policy?.spec.pod_selector.match_labels });
  });

  it("are sent by two pods where a zone can be lost, which the ledger counts", () => {
    expect(values([PUBLIC])).toMatchObject({ replicas: 2, podDisruptionBudget: { maxUnavailable: 1 } });
    expect(values([PUBLIC], { zones: ["dc-1"] })).toMatchObject({ replicas: 1 });
    synth((stack) => {
      const cluster = aCluster(stack);
      new Probes(stack, "probes", { cluster, namespace: "observability", targets: [PUBLIC] });
      expect(cluster.ledger.groups).toMatchObject([
        { name: "observability/blackbox-exporter", pods: 2, request: { millicores: 10, memoryBytes: 32 * 2 ** 20 } },
      ]);
    });
  });

  it("are refused without an address, or with one that has no certificate", () => {
    const refusals = (...targets: readonly ProbeTarget[]) =>
      refusalsOf((stack) => new Probes(stack, "probes", { cluster: aCluster(stack), namespace: "observability", targets }));
    expect(refusals()).toEqual(["test/probes.targets: must not be empty; name an address, or leave out the probes"]);
    expect(refusals({ ...PUBLIC, url: "http://orders.example.com" }, { ...PUBLIC, url: "orders" })).toEqual([
      'test/probes.targets: "http://orders.example.com" must be a URL of HTTPS; use one like https://orders.example.com/health',
      'test/probes.targets: "orders" must be a URL of HTTPS; use one like https://orders.example.com/health',
    ]);
  });

  const known = process.env.CHART_DEFAULTS;
  (known ? it : it.skip)("tell the chart nothing that it does not know", () => {
    const chart = chartDefaults(String(known), "prometheus-blackbox-exporter");
    if (!chart) throw new Error("the chart's default values are missing");
    const free = ["config", "podSecurityContext", "resources", "podDisruptionBudget", "serviceMonitor.selfMonitor.port"];
    const told = unknownPaths(values([PUBLIC, STORE], { mirror: "registry.example.com/mirror" }), chart, free);
    // The chart's template reads it.
    expect(told).toEqual(["fullnameOverride", "serviceMonitor.selfMonitor.port"]);
  });
});
