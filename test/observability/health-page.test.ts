import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { HealthPage, type HealthPageProps } from "../../constructs/observability";
import type { Body } from "../synth";
import { refused, Sent } from "../workload/workloads";

const build =
  (changes: Partial<HealthPageProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    new HealthPage(stack, "page", { cluster, namespace: "observability", title: "orders production", ...changes });
  };
const aPage = (changes?: Partial<HealthPageProps>) => new Sent(build(changes));

const sent = aPage();
const environment = (page: Sent): Body => Object.fromEntries(page.container.env.map(({ name, value }: Body) => [name, value]));
const file = (name: string) => readFileSync(join("constructs/observability/health-page", name), "utf8");

describe("the health page", () => {
  it("runs its scripts as they are in the repository", () => {
    expect(sent.container.command).toEqual(["sh", "/page/health-page.sh"]);
    const { data } = sent.one("ConfigMap", "health") as Body;
    for (const name of ["health-page.sh", "answer.sh", "answer.awk", "render.awk", "page.html"])
      expect(data[`page_${name}`].replaceAll("$${", "${").replaceAll("%%{", "%{")).toBe(file(name));
  });

  it("asks one question, about series that are recorded or exported", () => {
    const question = decodeURIComponent(environment(sent).QUESTION);
    expect(question).not.toMatch(/[#\n]/);
    expect(environment(sent).QUESTION).not.toMatch(/[^A-Za-z0-9%().!~*'_-]/);
    expect([...new Set(question.match(/\bcqrs[:_][a-z_:]+/g))].sort()).toEqual([
      "cqrs:health",
      "cqrs_projection_behind_events",
      "cqrs_projection_last_advanced_timestamp_seconds",
      "cqrs_projection_live",
      "cqrs_projection_position",
    ]);
  });

  it("lets a browser run the script of its page, and no other", () => {
    const [, script = ""] = /<script>(.*)<\/script>/s.exec(file("page.html")) ?? [];
    expect(script).toContain("setInterval");
    expect(environment(sent).SCRIPT_HASH).toBe(`sha256-${createHash("sha256").update(script).digest("base64")}`);
  });

  it("is two pods, restricted and small, of which a drain takes one", () => {
    expect(sent.one("Deployment", "health").spec.replicas).toBe(2);
    expect(sent.names("PodDisruptionBudget")).toEqual(["health"]);
    expect(sent.container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(sent.container.resources).toEqual({ requests: { cpu: "20m", memory: "32Mi" }, limits: { memory: "32Mi" } });
    expect(podGroups(sent.objects)).toMatchObject([{ name: "observability/health", pods: 2 }]);
    expect(aPage({ replicas: 1 }).one("Deployment", "health").spec.replicas).toBe(1);
  });

  it("gets requests as long as it serves, whatever it says, and is restarted where its loop is stuck", () => {
    expect(sent.container.readinessProbe.httpGet.path).toBe("/ready.txt");
    expect(sent.container.livenessProbe.httpGet.path).toBe("/live.cgi");
  });

  it("reaches Prometheus alone, and is reached by its clients alone", () => {
    const { spec } = sent.one("NetworkPolicy", "health");
    expect(spec.ingress ?? []).toEqual([]);
    expect(spec.egress.slice(1)).toEqual([
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "observability" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
          },
        ],
        ports: [{ port: 9090, protocol: "TCP" }],
      },
    ]);
    const opened = aPage({ clients: [{ namespace: "gateway" }] }).one("NetworkPolicy", "health").spec;
    expect(opened.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "gateway" } } }],
        ports: [{ port: 8080, protocol: "TCP" }],
      },
    ]);
  });

  it("asks another Prometheus, and for other parts, where it is told to", () => {
    const page = aPage({
      prometheus: { url: "http://thanos-query.monitoring:10902", peer: { namespace: "monitoring" } },
      parts: ["read_side", "projections"],
    });
    expect(environment(page)).toMatchObject({ PROMETHEUS: "http://thanos-query.monitoring:10902", PARTS: "read_side projections" });
    expect(page.one("NetworkPolicy", "health").spec.egress[1].ports).toEqual([{ port: 10902, protocol: "TCP" }]);
    expect(environment(sent)).toMatchObject({
      PROMETHEUS: "http://metrics-prometheus.observability.svc:9090",
      PARTS: "write_side read_side event_store projections",
    });
  });

  it("is found by its Service", () => {
    expect(sent.one("Service", "health").spec.ports).toMatchObject([{ name: "http", port: 80 }]);
  });

  it.each<[Partial<HealthPageProps>, string]>([
    [
      { prometheus: { url: "https://prometheus.example.com:443", peer: { namespace: "x" } } },
      'page.prometheus.url: "https://prometheus.example.com:443" must be an address in the cluster; use http://host:port without a path; TLS is not supported, because the page could not verify the certificate',
    ],
    [{ parts: [] }, "page.parts: must not be empty; use some of write_side, read_side, event_store, projections"],
    [{ parts: ["read_side", "read_side"] }, 'page.parts: "read_side, read_side" must not repeat a part; name each once'],
  ])("is refused where it can't be: %j", (changes, message) => {
    expect(refused(build(changes))).toEqual([message]);
  });
});
