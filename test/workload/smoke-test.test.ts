import { Fn } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { PublicCertificate } from "../../constructs/certificates";
import { Gateway, Routes, type RoutesProps } from "../../constructs/gateway";
import { KubernetesTarget, Namespace } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { HttpService, type Scaling, SmokeTest, type SmokeTestProps, smokeTestsOf, Worker } from "../../constructs/workload";
import { aPostgres } from "../postgres/postgres";
import { aSpec } from "../secrets/specs";
import { all, type Body, one } from "../synth";
import { refused, Sent } from "./workloads";

const IMAGE = "registry.example.com/orders/api:1.0.0";

interface More extends Partial<Omit<SmokeTestProps, "verifies">> {
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly elsewhere?: string;
  readonly alone?: boolean;
}

const aTest =
  ({ image = IMAGE, env = {}, elsewhere = "write-side", alone = false, ...more }: More = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const place = { cluster, namespace: "write-side" };
    const api = new HttpService(stack, "command-api", { ...place, image, env });
    const processors = new Worker(stack, "processors", {
      cluster,
      namespace: elsewhere,
      image: "registry.example.com/orders/processors:1.0.0",
    });
    new SmokeTest(stack, "smoke-test", { ...place, verifies: alone ? [] : [api, processors], ...more });
  };

const HEALTH = { name: "health", url: "http://command-api:8080/health" };
const sent = new Sent(aTest({ checks: [HEALTH] }));
const verdict = (json: Body): Body => Object.values(json.data.kubernetes_config_map_v1 as Record<string, Body>)[0] as Body;
const job = (more: More = {}): Body => one(new Sent(aTest(more)).json, "kubernetes_job_v1");

const way =
  (changes: Partial<RoutesProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const place = { cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }), namespace: "write-side" };
    const zone = { id: "Z1", region: "eu-west-1" };
    const certificate = new PublicCertificate(stack, "certificate", { ...place, name: "gateway", dnsNames: ["orders.example.com"], zone });
    const gateway = new Gateway(stack, "gateway", { ...place, certificate: certificate.secretName, servicePorts: [8080] });
    const backends = [
      { service: "api-blue", port: 8080, weight: 100 },
      { service: "api-green", port: 8080, weight: 0 },
    ];
    const routes = new Routes(stack, "routes", { ...place, gateway, name: "api", backends, rateLimit: { requests: "9/s" }, ...changes });
    const rollout = { name: "rollout of nginx", object: gateway.deployment };
    new SmokeTest(stack, "way-in", { ...place, verifies: [certificate, gateway, routes], checks: [rollout] });
  };

describe("a test of the way in", () => {
  const asked = new Sent(way());
  const { metadata, depends_on, lifecycle } = one(asked.json, "kubernetes_job_v1");

  it("asks the certificate, the Gateway, its routes and their policies whether they are as they should be", () => {
    const list: string[] = one(asked.json, "kubernetes_config_map_v1", "checks").data.list.trimEnd().split("\n");
    const gateways = "/apis/gateway.networking.k8s.io/v1/namespaces/write-side";
    const policies = "/apis/gateway.nginx.org/v1alpha1/namespaces/write-side";
    const accepted = "status.ancestors.*.conditions=Accepted";
    expect(list.map((line) => line.split("\t").slice(2))).toEqual([
      [
        "Certificate gateway",
        "/apis/cert-manager.io/v1/namespaces/write-side/certificates/gateway",
        "status.conditions=Ready",
        "/apis/cert-manager.io/v1/namespaces/write-side/certificaterequests /apis/acme.cert-manager.io/v1/namespaces/write-side/challenges",
      ],
      [
        "Gateway gateway",
        `${gateways}/gateways/gateway`,
        "status.conditions=Accepted,Programmed status.listeners.*.conditions=Accepted,Programmed,ResolvedRefs",
        "",
      ],
      ["SnippetsFilter api-repeats", `${policies}/snippetsfilters/api-repeats`, "status.controllers.*.conditions=Accepted", ""],
      ["HTTPRoute api", `${gateways}/httproutes/api`, "status.parents.*.conditions=Accepted,ResolvedRefs,!PartiallyInvalid", ""],
      ["ClientSettingsPolicy api", `${policies}/clientsettingspolicies/api`, accepted, ""],
      ["ProxySettingsPolicy api", `${policies}/proxysettingspolicies/api`, accepted, ""],
      ["UpstreamSettingsPolicy api", `${policies}/upstreamsettingspolicies/api`, accepted, ""],
      ["RateLimitPolicy api", `${policies}/ratelimitpolicies/api`, accepted, ""],
      ["rollout of nginx", "write-side", "deployments", "gateway-nginx", "gateway.networking.k8s.io%2Fgateway-name%3Dgateway", "1"],
    ]);
  });

  it("comes after all of them, and again for each change but one of who answers", () => {
    const releases = depends_on.filter((address: string) => address.startsWith("helm_release."));
    expect(releases.map((address: string) => address.split("_")[1]?.replace(/^release\./, "")).sort()).toEqual([
      "certificate",
      "gateway",
      "routes",
    ]);
    expect(lifecycle.replace_triggered_by).toEqual(releases.filter((address: string) => !address.includes(".routes_")));
    const nameOf = (changes: Partial<RoutesProps>) => one(new Sent(way(changes)).json, "kubernetes_job_v1").metadata.name;
    const slots = (blue: number, green: number) => [
      { service: "api-blue", port: 8080, weight: blue },
      { service: "api-green", port: 8080, weight: green },
    ];
    expect(nameOf({ backends: slots(0, 100), previews: { blue: { service: "api-blue", port: 8080 } } })).toBe(metadata.name);
    expect(nameOf({ paths: ["/orders"] })).not.toBe(metadata.name);
    expect(nameOf({ backends: slots(1, 1).slice(1) })).not.toBe(metadata.name);
  });

  it("may read them, and what a certificate waits for", () => {
    const read = (apiGroup: string, resource: string, name: string) => ({
      apiGroups: [apiGroup],
      resources: [resource],
      resourceNames: [name],
      verbs: ["get"],
    });
    const list = (apiGroup: string, ...resources: readonly string[]) => ({ apiGroups: [apiGroup], resources, verbs: ["list"] });
    expect(asked.one("Role", "way-in").rules.slice(0, -2)).toEqual([
      read("apps", "deployments", "gateway-nginx"),
      read("cert-manager.io", "certificates", "gateway"),
      list("cert-manager.io", "certificaterequests"),
      list("acme.cert-manager.io", "challenges"),
      read("gateway.networking.k8s.io", "gateways", "gateway"),
      read("gateway.networking.k8s.io", "httproutes", "api"),
      read("gateway.nginx.org", "snippetsfilters", "api-repeats"),
      read("gateway.nginx.org", "clientsettingspolicies", "api"),
      read("gateway.nginx.org", "proxysettingspolicies", "api"),
      read("gateway.nginx.org", "ratelimitpolicies", "api"),
      read("gateway.nginx.org", "upstreamsettingspolicies", "api"),
      list("", "pods", "events"),
      list("external-secrets.io", "externalsecrets"),
    ]);
  });
});

describe("a smoke test", () => {
  const { json } = sent;
  const { name } = one(json, "kubernetes_job_v1").metadata;

  it("comes after the workloads, is waited for, and stays when it has passed", () => {
    const { depends_on, spec, wait_for_completion, timeouts, lifecycle } = one(json, "kubernetes_job_v1");
    expect(depends_on.filter((address: string) => address.includes("deployment"))).toHaveLength(2);
    expect(wait_for_completion).toBe(true);
    expect(timeouts).toEqual({ create: "1200s", update: "1200s" });
    expect(spec).toMatchObject({ active_deadline_seconds: 900, backoff_limit: 2 });
    expect(spec).not.toHaveProperty("ttl_seconds_after_finished");
    expect(lifecycle).toEqual({
      ignore_changes: ["spec[0].ttl_seconds_after_finished"],
      replace_triggered_by: depends_on.filter((address: string) => address.includes("deployment")),
    });
  });

  it("ends an apply with its report where it did not pass, and with where to look where there is none", () => {
    expect(verdict(json)).toMatchObject({
      metadata: { name: "smoke-test-report", namespace: "write-side" },
      depends_on: [expect.stringMatching(/^kubernetes_job_v1\./)],
      lifecycle: {
        postcondition: [
          {
            condition: `\${try(self.data.of == "${name}" && self.data.verdict == "passed", false)}`,
            error_message: `\${try([for of in [self.data.of] : self.data.report if of == "${name}"][0], "the job ${name} in write-side has left no report: kubectl logs job/${name} -n write-side")}`,
          },
        ],
      },
    });
    expect(one(json, "kubernetes_config_map_v1", "report")).toMatchObject({ lifecycle: { ignore_changes: ["data"] } });
  });

  it("runs for another image, another setting and another question, and for nothing else", () => {
    expect(name).toMatch(/^smoke-test-[0-9a-f]{8}$/);
    const names = [
      { checks: [HEALTH] },
      { checks: [HEALTH], image: "registry.example.com/orders/api:1.0.1" },
      { checks: [HEALTH], env: { LEVEL: "debug" } },
      { checks: [{ ...HEALTH, expect: 204 }] },
    ].map((more) => job(more).metadata.name);
    expect(names[0]).toBe(name);
    expect(new Set(names).size).toBe(4);
  });

  it("asks first whether every workload is rolled out", () => {
    const { data } = one(json, "kubernetes_config_map_v1", "checks");
    expect(data.list.split("\n")).toEqual([
      "rollout\t0\trollout of command-api\twrite-side\tdeployments\tcommand-api\tapp.kubernetes.io%2Finstance%3Dcommand-api,app.kubernetes.io%2Fname%3Dcommand-api\t2",
      "rollout\t1\trollout of processors\twrite-side\tdeployments\tprocessors\tapp.kubernetes.io%2Finstance%3Dprocessors,app.kubernetes.io%2Fname%3Dprocessors\t2",
      "http\t2\thealth\tGET\thttp://command-api:8080/health\t200",
      "",
    ]);
    expect(Object.keys(data).sort()).toEqual(["2.curl", "list"]);
  });

  it("shares its scripts with all other tests of its stack in a namespace, which come with the namespace", () => {
    const { json: two } = new Sent((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      new Namespace(stack, "namespace", { cluster, name: "write-side", quota: { cpu: 4, memory: "8Gi", pods: 50 } });
      for (const name of ["first", "second"])
        new SmokeTest(stack, name, { cluster, namespace: "write-side", verifies: [], checks: [HEALTH] });
    });
    const scripts = one(two, "kubernetes_config_map_v1", "verification-scripts-write-side");
    const files = ["causes.awk", "conditions.awk", "events.awk", "flatten.awk", "pods.awk", "query.sh", "verify.sh"];
    expect(Object.keys(scripts.data).sort()).toEqual(files);
    expect(Object.values(scripts.data).join("")).not.toMatch(/(?<![$%])[$%]\{/);
    expect(scripts).toMatchObject({ immutable: true, depends_on: [expect.stringMatching(/^kubernetes_namespace_v1\./)] });
    for (const job of all(two, "kubernetes_job_v1")) {
      const { projected } = job.spec.template.spec.volume.find((volume: Body) => volume.name === "checks");
      // One source each: the provider reads several of one block back as several blocks.
      expect(projected[0].sources).toEqual([scripts.metadata.name, job.metadata.name].map((name) => ({ config_map: [{ name }] })));
    }
  });

  it("has an end of its own, by which a full quota of what runs for good does not shut it out", () => {
    const { spec } = one(json, "kubernetes_job_v1");
    expect(spec.template.spec.active_deadline_seconds).toBe(spec.active_deadline_seconds);
  });

  it("may read the workloads that it looks at, list pods and events, write its report and let itself expire, and no more", () => {
    expect(sent.one("Role", "smoke-test").rules).toEqual([
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["command-api", "processors"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] },
      { apiGroups: ["external-secrets.io"], resources: ["externalsecrets"], verbs: ["list"] },
      { apiGroups: ["batch"], resources: ["jobs"], resourceNames: [name], verbs: ["patch"] },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["smoke-test-report"], verbs: ["patch"] },
    ]);
    expect(sent.one("RoleBinding", "smoke-test").subjects).toEqual([
      { kind: "ServiceAccount", name: "smoke-test", namespace: "write-side" },
    ]);
  });

  it("waits for as many pods of an autoscaled workload as there have to be, and comes after what scales it", () => {
    const scaled = (scaleOn: Scaling) => (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
      const place = { cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }), namespace: "write-side" };
      const worker = new Worker(stack, "processors", { ...place, image: IMAGE, replicas: { min: 5, max: 20 }, scaleOn });
      new SmokeTest(stack, "smoke-test", { ...place, verifies: [worker] });
    };
    const signal = {
      kind: "nats",
      monitoring: "broker:8222",
      stream: "orders",
      consumer: "processors",
      targetPerReplica: 100,
      peer: "namespace",
    } as const;
    for (const [scaleOn, scaler] of [
      [{}, /^kubernetes_horizontal_pod_autoscaler_v2\.processors_rollout_scaling/],
      [{ signals: [signal] }, /^helm_release\.processors_rollout_scaling_signals/],
    ] as const) {
      const { json: asked } = new Sent(scaled(scaleOn));
      expect(one(asked, "kubernetes_config_map_v1", "checks").data.list).toMatch(/^rollout\t.*\t5\n$/);
      expect(one(asked, "kubernetes_job_v1").depends_on).toContainEqual(expect.stringMatching(scaler));
    }
  });

  it("is given rights in each namespace that it looks into", () => {
    const other = new Sent(aTest({ elsewhere: "processors" }));
    expect(other.one("Role", "smoke-test-of-write-side")).toMatchObject({
      metadata: { namespace: "processors" },
      rules: [
        { resources: ["deployments"], resourceNames: ["processors"], verbs: ["get"] },
        { resources: ["pods", "events"], verbs: ["list"] },
        { resources: ["externalsecrets"], verbs: ["list"] },
      ],
    });
    expect(one(other.json, "kubernetes_config_map_v1", "checks").data.list).toContain("\trollout of processors/processors\tprocessors\t");
  });

  it("has a token of an hour in a file, where no other workload has one, and reaches the API and what it is told", () => {
    const { spec } = sent.one("Job", name).spec.template;
    expect(spec).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: "smoke-test", restartPolicy: "Never" });
    expect(spec.volumes.find((volume: Body) => volume.name === "account").projected.sources[0]).toEqual({
      serviceAccountToken: { path: "token", expirationSeconds: 3600 },
    });
    expect(spec.containers[0]).toMatchObject({
      command: ["sh", "/checks/verify.sh"],
      securityContext: { runAsNonRoot: true, runAsUser: 100, readOnlyRootFilesystem: true },
      terminationMessagePolicy: "FallbackToLogsOnError",
    });
    const policy = one(json, "kubernetes_network_policy_v1", "smoke-test/verification/pod/traffic/policy");
    expect(policy.spec.egress).toHaveLength(2);
    expect(smokeTestsOf("write-side")).toEqual({ namespace: "write-side", labels: { "app.kubernetes.io/component": "smoke-test" } });
    expect(sent.one("Job", name).spec.template.metadata.labels).toMatchObject({ "app.kubernetes.io/component": "smoke-test" });
  });

  it("sends commands with what belongs to them, and shows a token out of a secret", () => {
    const { json: asked } = new Sent(
      aTest({
        checks: [
          {
            name: "create an order",
            url: "https://orders.example.com/orders",
            through: { host: "gateway.entry", port: 443, proxyProtocol: true },
            headers: { "Idempotency-Key": "smoke-{run}", "X-Quoted": 'a "b" \\' },
            body: '{"id":"${id}"}',
            bearer: { secret: aSpec({ name: "token" }), home: "write-side", key: "password" },
            expect: 202,
          },
          { name: "lag", url: "http://projections/lag", below: { field: "lag", limit: 1000 }, contains: "orders" },
          { name: "broker", tcp: { host: "broker", port: 4222 } },
          { name: "somebody", url: "http://orders/", expect: "any" },
        ],
      }),
    );
    const { data } = one(asked, "kubernetes_config_map_v1", "checks");
    expect(data.list.split("\n").slice(2)).toEqual([
      "http\t2\tcreate an order\tPOST\thttps://orders.example.com/orders\t202",
      "http\t3\tlag\tGET\thttp://projections/lag\t200",
      "tcp\t4\tbroker\tbroker\t4222",
      "http\t5\tsomebody\tGET\thttp://orders/\tany",
      "",
    ]);
    expect(data["2.curl"]).toBe(
      'header = "Idempotency-Key: smoke-{run}"\nheader = "X-Quoted: a \\"b\\" \\\\"\nconnect-to = "::gateway.entry:443"\nhaproxy-protocol\n',
    );
    expect(data["2.body"]).toBe('{"id":"$${id}"}');
    expect([data["3.below"], data["3.contains"]]).toEqual(["lag 1000\n", "orders"]);
    expect(one(asked, "kubernetes_job_v1").spec.template.spec.container[0].env).toContainEqual({
      name: "BEARER_2",
      value_from: { secret_key_ref: { name: "token", key: "password" } },
    });
  });

  it("asks a database beside it, as a reader", () => {
    const query = { name: "lag", query: "select true" };
    const database = { connection: postgresConnection(aPostgres(), "reader") };
    const { json: asked } = new Sent(aTest({ checks: [query], database }));
    const { data } = one(asked, "kubernetes_config_map_v1", "checks");
    expect([data.list.split("\n")[2], data["2.sql"]]).toEqual(["query\t2\tlag", "select true\n"]);
    const { container, init_container } = one(asked, "kubernetes_job_v1").spec.template.spec;
    expect(init_container ?? []).toEqual([]);
    const [verify, beside] = container;
    expect(beside).toMatchObject({ name: "query", command: ["sh", "/checks/query.sh"] });
    expect(beside.env).toContainEqual({ name: "PGSSLMODE", value: "verify-full" });
    const mounted = (container: Body) => container.volume_mount.map(({ mount_path }: Body) => mount_path);
    expect(mounted(verify)).toContain("/var/run/secrets/verification");
    expect(mounted(beside)).not.toContain("/var/run/secrets/verification");
    expect(refused(aTest({ checks: [query] }))).toEqual(["smoke-test.database: is required for queries; name the database"]);
    expect(refused(aTest({ database }))).toEqual(["smoke-test.database: has no queries; leave it out, or add queries"]);
  });

  it("is in the capacity ledger as a pod that comes and goes", () => {
    const groups = podGroups(sent.objects).filter(({ passing }) => passing);
    expect(groups.map(({ pods }) => pods)).toEqual([1]);
  });

  it("needs something to look at, and time that somebody waits", () => {
    expect(refused(aTest({ alone: true, timeout: "2h" }))).toEqual([
      'smoke-test.timeout: "2h" exceeds the maximum wait for a deployment; use 60m or less',
      "smoke-test: looks at nothing; name workloads or checks",
    ]);
    expect(refused(aTest({ timeout: "soon" as never }))).toEqual([
      'smoke-test.timeout: "soon" is not a span of time; write a number and a unit, like "30d"',
    ]);
  });

  it("asks nothing that can't be asked", () => {
    const checks = [
      { ...HEALTH, name: "a\tb" },
      { ...HEALTH, url: "command-api/health" },
      { ...HEALTH, method: "post" },
      { ...HEALTH, name: "status", expect: 100 },
      { ...HEALTH, name: "lag", below: { field: "a.b", limit: 1 } },
    ];
    expect(refused(aTest({ checks }))).toEqual([
      'smoke-test.checks: "a\\tb" is not a valid check name; use up to 80 characters on one line',
      'smoke-test.checks: "health" is the name of two checks; give one of them another',
      'smoke-test.checks: "command-api/health" must be an address to probe; begin with http:// or https://, and leave out spaces and quotes',
      'smoke-test.checks: "post" must be an HTTP method; write it in capitals, like POST',
      "smoke-test.checks: 100 must be a final HTTP status; use 200 to 599",
      'smoke-test.checks: "a.b" is not a valid field name; use letters, digits, _ and -',
    ]);
  });

  it("takes addresses that another stack brings, and does not run again where they are counted otherwise", () => {
    const asked = (before: number) => {
      for (let count = 0; count < before; count++) Fn.lower("A");
      return new Sent(aTest({ checks: [{ name: "public", url: `https://${Fn.lower("HOST")}/health` }] })).json;
    };
    expect(one(asked(0), "kubernetes_config_map_v1", "checks").data.list).toContain('\tGET\thttps://${lower("HOST")}/health\t200');
    expect(one(asked(3), "kubernetes_job_v1").metadata.name).toBe(one(asked(0), "kubernetes_job_v1").metadata.name);
  });
});

describe("endpoints of a smoke test", () => {
  const endpoints = [
    { service: "command-api", port: 8080, paths: { "/ready": 204, "/admin": 401, "/": "any" }, tcp: [5050] },
    { service: "collector", namespace: "observability", port: 13133, tcp: [4317] },
  ] as const;
  const asked = new Sent(aTest({ checks: [HEALTH], endpoints }));

  it("are asked for statuses by path, and whether ports accept connections, after all other checks", () => {
    const lines: string[] = one(asked.json, "kubernetes_config_map_v1", "checks").data.list.trimEnd().split("\n");
    expect(lines.slice(3).map((line) => line.replace(/\t\d+\t/, "\t").split("\t"))).toEqual([
      ["http", "/ready of command-api", "GET", "http://command-api.write-side.svc:8080/ready", "204"],
      ["http", "/admin of command-api", "GET", "http://command-api.write-side.svc:8080/admin", "401"],
      ["http", "/ of command-api", "GET", "http://command-api.write-side.svc:8080/", "any"],
      ["tcp", "port 5050 of command-api", "command-api.write-side.svc", "5050"],
      ["tcp", "port 4317 of observability/collector", "collector.observability.svc", "4317"],
    ]);
  });

  it("are reached, and no other port of them", () => {
    const { egress } = asked.one("NetworkPolicy", "smoke-test").spec;
    const ways = egress
      .slice(-2)
      .map(({ to, ports }: Body) => [
        to[0].namespaceSelector.matchLabels["kubernetes.io/metadata.name"],
        ...ports.map(({ port }: Body) => port),
      ]);
    expect(ways).toEqual([
      ["write-side", 8080, 5050],
      ["observability", 4317],
    ]);
  });

  it("need no workload beside them", () => {
    expect(refused(aTest({ alone: true, endpoints }))).toEqual([]);
  });

  it("are ports and paths that answer something", () => {
    const wrong = [
      { service: "api", port: 0, paths: { ready: 200 }, tcp: [70_000] },
      { service: "api", port: 80 },
    ];
    expect(refused(aTest({ endpoints: wrong }))).toEqual([
      "smoke-test.endpoints[0].port: 0 can't be a port; use 1 to 65535",
      "smoke-test.endpoints[0].tcp[0]: 70000 can't be a port; use 1 to 65535",
      'smoke-test.endpoints[0].paths: "ready" must begin with /; write "/ready"',
      "smoke-test.endpoints[1]: has nothing to answer; name paths or tcp, or leave it out",
    ]);
  });
});
