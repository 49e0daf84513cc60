import type { TerraformStack } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { aPostgres } from "../postgres/postgres";
import { aSpec } from "../secrets/specs";
import type { Body } from "../synth";
import { aService, aWorker, refused, Sent } from "./workloads";

const database = { connection: postgresConnection(aPostgres(), "writer") };
const jwt = { secret: aSpec({ name: "jwt" }), home: "write-side", key: "password" };

const mirrored = (stack: TerraformStack) =>
  KubernetesTarget.kubeconfig(stack, { context: "kind-orders", mirror: "mirror.example.com/all" });

const plain = new Sent(aWorker());
const full = new Sent(
  aWorker({
    command: ["/app/processors"],
    args: ["--banner=${name}"],
    cpu: 1,
    cpuLimit: 2,
    memory: "1Gi",
    env: { GREETING: "$(NAME)!", NAME: "100%{done}" },
    secrets: { JWT_KEY: jwt },
    files: { "/app/appsettings.json": '{ "name": "${name}" }', "/etc/orders/rules.json": "[]" },
    scratch: { "/var/cache/orders": "1Gi" },
    connections: [database],
    egress: [{ name: "mail", peer: { cidr: "192.0.2.0/24" }, ports: [587] }],
    telemetry: { endpoint: "http://collector.observability:4318", namespace: "observability", attributes: { domain: "sales" } },
    metrics: { port: 9090, from: "observability", monitor: true },
    sidecars: [{ name: "proxy", image: "registry.example.com/proxy:2.0.0", connected: true, env: { NAME: "proxy" } }],
    initContainers: [{ name: "warm-up", command: ["/app/warm-up"] }],
    probes: { liveness: { path: "/live", port: 9000, delay: "30s", every: "10s" } },
    labels: { domain: "sales", namespace: "sales" },
    terminationGracePeriod: "2m",
    priority: "system-cluster-critical",
    user: 1001,
  }),
);

const valueIn = (container: Body, name: string) => container.env.find((variable: Body) => variable.name === name)?.value;

describe("a pod", () => {
  it("is complete with an image alone", () => {
    expect(plain.container).toMatchObject({
      name: "orders",
      image: "registry.example.com/orders/processors:1.0.0",
      imagePullPolicy: "IfNotPresent",
      resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "512Mi" } },
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMounts: [{ name: "scratch-tmp", mountPath: "/tmp" }],
    });
    expect(plain.pod).not.toHaveProperty("initContainers");
    expect(plain.names()).toEqual(["NetworkPolicy orders", "ServiceAccount orders", "Deployment orders", "PodDisruptionBudget orders"]);
  });

  it("is restricted in each of its containers by itself", () => {
    const { pod } = full;
    const containers: Body[] = [...pod.initContainers, ...pod.containers];
    expect(containers.map(({ name }) => name)).toEqual(["trust-bundle", "wait-for-connections", "warm-up", "orders", "proxy"]);
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(securityContext.runAsUser).toBeGreaterThan(0);
    }
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001 });
  });

  it("has no token of the cluster, and no addresses of services that nobody asked for", () => {
    expect(plain.one("ServiceAccount").automountServiceAccountToken).toBe(false);
    expect(plain.pod).toMatchObject({ serviceAccountName: "orders", automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it("asks for memory that it also has at most, and for CPU that it may exceed unless it is told not to", () => {
    expect(full.container.resources).toEqual({ requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "1Gi" } });
    expect(full.pod.containers[1].resources).toEqual({ requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "64Mi" } });
  });

  it("keeps apart from its own version over zones and nodes, and waits for neither", () => {
    expect(plain.pod.topologySpreadConstraints.map(({ topologyKey, whenUnsatisfiable }: Body) => [topologyKey, whenUnsatisfiable])).toEqual(
      [
        ["topology.kubernetes.io/zone", "ScheduleAnyway"],
        ["kubernetes.io/hostname", "ScheduleAnyway"],
      ],
    );
    expect(podGroups(plain.objects)).toMatchObject([{ spread: [{ over: "zone" }, { over: "node" }] }]);
  });

  it("is told what others are made of before what is made of it, with everything as it was meant", () => {
    const names = full.container.env.map(({ name }: Body) => name);
    expect(names.indexOf("NAME")).toBeLessThan(names.indexOf("GREETING"));
    expect(names.indexOf("POD_NAME")).toBeLessThan(names.indexOf("OTEL_RESOURCE_ATTRIBUTES"));
    expect(names.indexOf("CONNECTION_READ_DATABASE_PASSWORD")).toBeLessThan(names.indexOf("DATABASE_URL"));
    expect(valueIn(full.container, "NAME")).toBe("100%{done}");
    expect(full.container.args).toEqual(["--banner=${name}"]);
    expect(full.container.env).toContainEqual({
      name: "JWT_KEY",
      valueFrom: { secretKeyRef: { name: "jwt", key: "password", optional: false } },
    });
  });

  it("is told where the bundle of its authorities is, unless its own variables say another place", () => {
    expect(valueIn(full.container, "SSL_CERT_FILE")).toBe("/etc/trust/bundle.pem");
    expect(valueIn(full.pod.containers[1], "SSL_CERT_FILE")).toBe("/etc/trust/bundle.pem");
    expect(plain.container).not.toHaveProperty("env");
    const { container } = new Sent(
      aWorker({
        connections: [{ ...database, variables: { NODE_EXTRA_CA_CERTS: "{ca}" } }],
        env: { JDK_JAVA_OPTIONS: "-Xmx256m" },
        secrets: { SSL_CERT_FILE: jwt },
      }),
    );
    expect(container.env).toContainEqual({ name: "JDK_JAVA_OPTIONS", value: "-Xmx256m" });
    expect(container.env).toContainEqual({ name: "NODE_EXTRA_CA_CERTS", value: "/etc/connections/read-database/ca.crt" });
    const names = container.env.map(({ name }: Body) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("says who it is to whoever collects its telemetry", () => {
    expect(full.container.env.filter(({ name }: Body) => name.startsWith("OTEL"))).toEqual([
      { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://collector.observability:4318" },
      { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/protobuf" },
      { name: "OTEL_SERVICE_NAME", value: "orders" },
      {
        name: "OTEL_RESOURCE_ATTRIBUTES",
        value: "service.namespace=write-side,service.version=1.0.0,k8s.namespace.name=write-side,k8s.pod.name=$(POD_NAME),domain=sales",
      },
    ]);
  });

  it("finds its files where it looks for them, beside what the image has there, and starts anew when one changes", () => {
    expect(full.one("ConfigMap").data).toEqual({ "app_appsettings.json": '{ "name": "${name}" }', "etc_orders_rules.json": "[]" });
    expect(full.container.volumeMounts).toContainEqual({
      name: "files",
      mountPath: "/app/appsettings.json",
      subPath: "app_appsettings.json",
      readOnly: true,
      mountPropagation: "None",
    });
    const checksum = (content: string) =>
      new Sent(aWorker({ files: { "/a": content } })).one("Deployment").spec.template.metadata.annotations["checksum/files"];
    expect(checksum("1")).toMatch(/^[0-9a-f]{64}$/);
    expect(checksum("1")).not.toBe(checksum("2"));
  });

  it("has a hash of files that tell what only an apply brings, made by Terraform", () => {
    const files = { "/a": "host=${TfToken[TOKEN.7]}" };
    const { metadata } = Object.values(new Sent(aWorker({ files })).json.resource.kubernetes_deployment_v1 as Body)[0].spec.template;
    expect(metadata.annotations["checksum/files"]).toMatch(/^\$\{sha256\(jsonencode\(kubernetes_config_map_v1\.\w+\.data\)\)\}$/);
  });

  it("may write where it was said, and up to what was said", () => {
    expect(full.pod.volumes.filter(({ emptyDir }: Body) => emptyDir)).toEqual([
      { name: "trust-bundle", emptyDir: { sizeLimit: "8Mi" } }, // by no container but the one that makes it
      { name: "scratch-tmp", emptyDir: { sizeLimit: "256Mi" } },
      { name: "scratch-var-cache-orders", emptyDir: { sizeLimit: "1Gi" } },
    ]);
  });

  it("gets and opens nothing but what it was given", () => {
    const { ingress, egress } = full.one("NetworkPolicy").spec;
    const ports = (rules: readonly Body[]) => rules.map((rule) => rule.ports.map(({ port }: Body) => port));
    expect(ports(ingress)).toEqual([[9090]]);
    expect(ports(egress)).toEqual([[53, 53], [5432], [587], [4318]]);
    expect(plain.one("NetworkPolicy").spec).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "orders" } },
      policyTypes: ["Ingress", "Egress"],
      egress: [expect.objectContaining({ ports: [expect.objectContaining({ port: 53 }), expect.objectContaining({ port: 53 })] })],
    });
  });

  it("is found by Prometheus, with the labels by which its owner tells workloads apart", () => {
    expect(full.one("PodMonitor").spec).toEqual({
      selector: { matchLabels: { "app.kubernetes.io/name": "orders" } },
      // The label `namespace` of metrics stays that of their origin.
      podTargetLabels: ["app.kubernetes.io/name", "domain"],
      podMetricsEndpoints: [{ port: "metrics", path: "/metrics" }],
    });
    expect(full.one("Deployment").spec.template.metadata.labels).toMatchObject({ domain: "sales" });
  });

  it("lets containers beside it have its variables where they are told to, and not in the place of their own", () => {
    const [, proxy] = full.pod.containers;
    expect(proxy.env.filter(({ name }: Body) => name === "NAME")).toEqual([{ name: "NAME", value: "proxy" }]);
    expect(proxy.env.map(({ name }: Body) => name)).toContain("DATABASE_URL");
    expect(full.pod.initContainers[2]).toMatchObject({
      name: "warm-up",
      image: "registry.example.com/orders/processors:1.0.0",
      command: ["/app/warm-up"],
    });
    expect(full.pod.initContainers[2]).not.toHaveProperty("env");
  });

  it("ends in its own time", () => {
    expect([plain.pod.terminationGracePeriodSeconds, full.pod.terminationGracePeriodSeconds]).toEqual([60, 120]);
  });

  it("is asked what it was told to be asked", () => {
    expect(plain.container).not.toHaveProperty("livenessProbe");
    expect(full.container.livenessProbe).toMatchObject({
      httpGet: { path: "/live", port: 9000 },
      initialDelaySeconds: 30,
      periodSeconds: 10,
      failureThreshold: 6,
    });
  });

  it("takes its images from the mirror, under their own paths", () => {
    const { container } = new Sent((stack) => {
      aWorker({ image: "orders/processors:1.0.0", cluster: mirrored(stack) })(stack);
    });
    expect(container.image).toBe("mirror.example.com/all/orders/processors:1.0.0");
  });

  it.each([
    [
      "an image that moves",
      { image: "orders:latest" },
      'orders.image: "orders:latest" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [
      "a long name",
      { name: "o".repeat(41) },
      `orders.name: "${"o".repeat(41)}" is not a valid workload name; use up to 40 lower-case letters, digits and hyphens, beginning with a letter`,
    ],
    ["root", { user: 0 }, "orders.user: 0 is root, or not a user id; use a number above 0, like 65532"],
    [
      "a limit below the request",
      { cpu: "500m", cpuLimit: "100m" },
      'orders.cpuLimit: "100m" is less than what it asks for; raise it, or lower cpu',
    ],
    ["memory that can't be read", { memory: "lots" }, 'orders.memory: "lots" is not a size; write a number and a unit, like "16Gi"'],
    [
      "a relative path",
      { files: { "app.json": "" } },
      'orders.files: "app.json" must be a path; write an absolute one, like /app/settings.json',
    ],
    [
      "a path that climbs",
      { scratch: { "/a/../b": "1Gi" } },
      'orders.scratch./a/../b: "/a/../b" must be a path; write an absolute one, like /app/settings.json',
    ],
    [
      "a path in a file system of the kernel",
      { scratch: { "/proc/own": "1Gi" } },
      'orders.scratch: "/proc/own" is in a file system of the kernel; use a path outside of /proc and /sys',
    ],
    [
      "two directories of one name",
      { scratch: { "/A": "1Mi", "/a": "1Mi" } },
      'orders.scratch: "/a" differs from another path in punctuation or case alone; rename one of the two',
    ],
    [
      "a directory that is too long for a name",
      { scratch: { [`/${"d".repeat(60)}`]: "1Mi" } },
      `orders.scratch: "/${"d".repeat(60)}" is too long for the name of a volume; use a path of up to 56 characters`,
    ],
    [
      "a file below another",
      { files: { "/app": "", "/app/settings.json": "" } },
      'orders.files: "/app/settings.json" is below /app, which is a file; use another path for one of them',
    ],
    [
      "a file that can't be a key",
      { files: { "/..settings": "" } },
      'orders.files: "/..settings" can\'t be the name of a key, which must not begin with ..; rename it',
    ],
    [
      "two files of one key",
      { files: { "/a/b": "", "/a_b": "" } },
      'orders.files: "/a_b" differs from another path in slashes alone; rename one of the two',
    ],
    [
      "files that no ConfigMap holds",
      { files: { "/a": "x".repeat(1_000_001) } },
      "orders.files: 1000001 bytes are more than a ConfigMap holds; put into the image what does not differ between environments",
    ],
    [
      "a variable with a blank",
      { env: { "A B": "" } },
      'orders.env: "A B" is not a valid variable name; use letters, digits and _, not beginning with a digit',
    ],
    [
      "one variable twice",
      { env: { KEY: "" }, secrets: { KEY: jwt } },
      'orders.env: "KEY" is a variable of secrets as well; give one of them another name',
    ],
    [
      "a variable of a connection",
      { env: { DATABASE_URL: "" }, connections: [database] },
      'orders.env: "DATABASE_URL" is a variable of its connections as well; give one of them another name',
    ],
    [
      "a collector without a port",
      { telemetry: { endpoint: "http://collector", namespace: "o" } },
      'orders.telemetry.endpoint: "http://collector" must be the address of a collector; write one with a port, like http://collector.observability:4317',
    ],
    [
      "two containers of one name",
      { sidecars: [{ name: "orders" }] },
      'orders.sidecars[0].name: "orders" is another container\'s as well; choose another',
    ],
    [
      "a sidecar that moves",
      { sidecars: [{ name: "proxy", image: "proxy" }] },
      'orders.proxy.image: "proxy" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [
      "a probe without time",
      { probes: { startup: { every: "0s" } } },
      'orders.probes.startup.every: "0s" is nothing at all; write a number and a unit, like "30d"',
    ],
    [
      "a probe that never counts",
      { probes: { startup: { failures: 0 } } },
      "orders.probes.startup.failures: 0 must be a whole number of failed probes; use 1 or more",
    ],
  ])("refuses %s", (_, props, message) => {
    expect(refused(aWorker(props as object))).toEqual([message]);
  });

  it("refuses a probe of a service that asks for no path", () => {
    expect(refused(aService({ probes: { readiness: { path: "ready" } } }))).toEqual([
      'orders.probes.readiness.path: "ready" must be a path; write one that begins with /',
    ]);
  });
});
