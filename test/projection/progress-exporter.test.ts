import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { ProjectionExporter, type ProjectionExporterProps, projectionExporterPods } from "../../constructs/projection";
import { aPostgres } from "../postgres/postgres";
import { type Body, one } from "../synth";
import { Sent } from "../workload/workloads";

const anExporter = (changes: Partial<ProjectionExporterProps> = {}) =>
  new Sent((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    new ProjectionExporter(stack, "progress", {
      cluster,
      namespace: "data",
      postgres: aPostgres(),
      metricsFrom: "observability",
      ...changes,
    });
  });

const NAME = "read-database-progress";
const sent = anExporter();
const [measure, serve] = sent.pod.containers;
const environment = ({ env }: Body): Body => Object.fromEntries(env.map(({ name, value }: Body) => [name, value]));
const volume = (name: string) => sent.pod.volumes.find((one: Body) => one.name === name);

/** The objects of a release of custom resources. */
const objectsOf = (exporter: Sent, path: string): readonly Body[] =>
  JSON.parse(one(exporter.json, "helm_release", path).values[0].replaceAll("$${", "${")).objects;

describe("the exporter of projections", () => {
  it("asks the primary, past the pool, as nobody but the reader", () => {
    const pooled = anExporter({ postgres: aPostgres({ pool: { writer: "pool-rw.example.com", reader: "pool-ro.example.com" } }) });
    for (const exporter of [sent, pooled]) {
      expect(environment(exporter.pod.containers[0])).toMatchObject({
        PGHOST: "writer.example.com",
        PGPORT: "5432",
        PGDATABASE: "orders",
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: "/etc/connections/read-database/ca.crt",
      });
    }
    expect(volume("credentials").projected.sources).toEqual([
      { secret: { name: "orders-reader", optional: false, items: [{ key: "user", path: "user" }] } },
      { secret: { name: "orders-reader", optional: false, items: [{ key: "password", path: "password" }] } },
    ]);
    expect(JSON.stringify(sent.pod)).not.toContain("secretKeyRef");
    expect(volume("connection-read-database").secret.items).toEqual([{ key: "ca.crt", path: "ca.crt" }]);
  });

  it("does not wait for the database, whose absence it reports", () => {
    expect(sent.pod.initContainers ?? []).toEqual([]);
  });

  it("is one pod that never has a second beside it", () => {
    const { replicas, strategy } = sent.one("Deployment", NAME).spec;
    expect([replicas, strategy]).toEqual([1, { type: "Recreate" }]);
  });

  it("is restricted, without a token, and writes nothing but two small directories", () => {
    expect(sent.pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 70, seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const container of [measure, serve]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        runAsUser: 70,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything(), memory: expect.anything() },
        limits: { memory: expect.anything() },
      });
    }
    const written = (container: Body) => container.volumeMounts.filter(({ readOnly }: Body) => !readOnly).map(({ name }: Body) => name);
    expect([written(measure), written(serve)]).toEqual([["tmp", "progress"], []]);
    expect(volume("tmp").emptyDir).toEqual({ medium: "Memory", sizeLimit: "1Mi" });
  });

  it("is counted with what both containers request", () => {
    expect(podGroups(sent.objects)).toMatchObject([{ pods: 1, request: { millicores: 20, memoryBytes: 48 * 1024 ** 2 } }]);
  });

  it("is reached by Prometheus alone and reaches the database alone", () => {
    const { spec } = sent.one("NetworkPolicy", NAME);
    expect(spec.podSelector.matchLabels).toEqual({ "app.kubernetes.io/name": NAME });
    expect(spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "observability" } } }],
        ports: [{ port: 8080, protocol: "TCP" }],
      },
    ]);
    expect(spec.egress.slice(1)).toEqual([{ to: [{ ipBlock: { cidr: "10.0.0.0/16" } }], ports: [{ port: 5432, protocol: "TCP" }] }]);
    expect(projectionExporterPods(aPostgres())).toBe(NAME);
  });

  it("runs its scripts as they are in the repository", () => {
    const configMap = sent.objects.find(({ kind }) => kind === "ConfigMap") as Body;
    for (const [file, text] of Object.entries(configMap.data as Record<string, string>))
      expect(text.replaceAll("$${", "${")).toBe(readFileSync(join("constructs/projection/exporter", file), "utf8"));
    expect(measure.command).toEqual(["sh", "/scripts/export.sh"]);
    expect(environment(measure)).toMatchObject({ SQL: "/scripts/metrics.sql", METRICS: "/progress/metrics", EVERY: "15" });
    expect(volume("answer").configMap).toMatchObject({ items: [{ key: "answer.sh", path: "metrics" }], defaultMode: 0o555 });
    for (const name of ["scripts", "answer"]) expect(volume(name).configMap.name).toBe(configMap.metadata.name);
  });

  it("is restarted where it stops measuring, and where it stops serving", () => {
    expect(measure.livenessProbe.exec.command).toEqual(["sh", "-c", 'test -n "$(find /progress/metrics -mmin -2)"']);
    expect(serve.livenessProbe.tcpSocket).toEqual({ port: "metrics" });
    expect(serve.readinessProbe.httpGet).toEqual(expect.objectContaining({ path: "/cgi-bin/metrics", port: "metrics" }));
    expect(Number(environment(serve).MAX_AGE)).toBeLessThan(120);
  });

  it("is scraped as often as it measures, under the name of its store", () => {
    expect(objectsOf(sent, "progress/monitor/release")).toEqual([
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata: { name: NAME, namespace: "data" },
        spec: {
          selector: { matchLabels: { "app.kubernetes.io/name": NAME } },
          podTargetLabels: ["app.kubernetes.io/name"],
          podMetricsEndpoints: [
            {
              port: "metrics",
              path: "/cgi-bin/metrics",
              interval: "15s",
              scrapeTimeout: "10s",
              relabelings: [{ action: "replace", targetLabel: "store", replacement: "read-database" }],
            },
          ],
        },
      },
    ]);
    const [monitor] = objectsOf(anExporter({ store: "reporting" }), "progress/monitor/release");
    expect(monitor?.spec.podMetricsEndpoints[0].relabelings[0].replacement).toBe("reporting");
    expect(JSON.stringify(anExporter({ monitor: false }).json)).not.toContain("PodMonitor");
  });

  it("has the reader's secret copied where it is not at home", () => {
    const elsewhere = anExporter({ namespace: "projections" });
    const copied = objectsOf(elsewhere, "from-data/objects/release").filter(({ kind }) => kind === "ExternalSecret");
    expect(copied.map(({ metadata }) => metadata)).toEqual([
      expect.objectContaining({ name: "orders-reader", namespace: "projections" }),
      expect.objectContaining({ name: "read-database-ca", namespace: "projections" }),
    ]);
    const release = one(elsewhere.json, "helm_release", "from-data/objects/release");
    expect(one(elsewhere.json, "kubernetes_deployment_v1").depends_on).toContain(`helm_release.${release["//"].metadata.uniqueId}`);
  });

  it("exports what rules and dashboards know of it", () => {
    const known = Object.keys(parse(readFileSync("test/observability/metrics/projections.yaml", "utf8")).metrics);
    const sources = ["metrics.sql", "export.sh"].map((file) => readFileSync(join("constructs/projection/exporter", file), "utf8"));
    const exported = new Set(sources.flatMap((text) => text.match(/\bcqrs_[a-z_]+/g) ?? []));
    expect([...exported].sort()).toEqual([...known].sort());
  });
});
