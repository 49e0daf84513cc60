import type { PodProps } from "../../constructs/workload";
import type { Environment } from "../../stacks/model/environment";
import { released } from "../../stacks/model/release";
import { asDomains } from "../../stacks/model/shorthand";
import type { ReleaseFile } from "../../stacks/model/workloads/release-file";
import { withAccess } from "../../stacks/workloads/pods";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";

const image = (name: string, version = "1.0.0") => `registry.example.com/orders/${name}:${version}`;

/** One cluster that exists, with the whole of a system on it. */
const SYSTEM = anEnvironment({
  aws: undefined,
  size: "small",
  cluster: { context: "kind-orders" },
  eventStore: { engine: "kurrentdb", nodes: 1, storage: "5Gi" },
  commandApi: { replicas: 2, release: "blue-green", paths: ["/orders"], timeout: "90s", rateLimit: { requests: "100/s" } },
  commandProcessors: {
    replicas: { min: 5, max: 20 },
    scaleOn: { cpu: 60, memory: 80 },
    variables: { "event-store": { EventStore__ConnectionString: "{EVENT_STORE_URL}" } },
  },
  queryApi: [
    {
      name: "query-api",
      replicas: 2,
      terminationGracePeriod: "45s",
      user: 1000,
      probes: { readiness: { path: "/ready", delay: "10s", every: "5s" } },
    },
    { name: "search-api", replicas: 1, paths: ["/search", "/health"] },
  ],
  projections: { workers: 5, parallelism: 10, health: { port: 9000, path: "/health", lag: "behind" }, reportsProgress: true },
  readDatabase: [
    { engine: "cloudnative-pg", name: "orders", storage: "5Gi" },
    { engine: "cloudnative-pg", name: "search", storage: "5Gi" },
  ],
  migrations: { database: "orders", command: ["migrate", "up"], timeout: "30m", down: { command: ["migrate", "down"] } },
  cache: { engine: "valkey" },
  authentication: { issuer: "https://login.example.com/", audience: "orders", jwks: "https://login.example.com/keys" },
  authorization: { CreateOrder: ["user", "admin"] },
  encryptedFields: ["ssn", "email"],
  monitoring: { telemetry: { endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" } },
  exceptions: { disposable: "a test" },
});

const FILE: ReleaseFile = {
  "command-api": { slots: { blue: image("api"), green: image("api", "2.0.0") }, live: "blue" },
  "command-processors": { image: image("processors") },
  "query-api": { image: image("queries") },
  "search-api": { image: image("search") },
  projections: { image: image("projections") },
  migrations: { image: image("migrations") },
};

type Stacks = Readonly<Record<string, Body>>;

const stacksOf = (file: ReleaseFile): Stacks => {
  const { stacks } = synthesisOf(aProgram(released(SYSTEM, file)));
  return Object.fromEntries([...stacks].map(([id, { json }]) => [id, json as Body]));
};

const made = stacksOf(FILE);
const stack = (part: string): Body => made[`test-${part}`] ?? {};

/** Every resource in which two synthesized programs differ. */
function changed(before: Stacks, after: Stacks): readonly string[] {
  const flat = (stacks: Stacks) =>
    new Map(
      Object.entries(stacks).flatMap(([id, json]) =>
        Object.entries((json.resource ?? {}) as Record<string, Record<string, Body>>).flatMap(([type, named]) =>
          Object.values(named).map(
            (body) => [`${type} ${id}/${body["//"].metadata.path.split("/").slice(1).join("/")}`, JSON.stringify(body)] as const,
          ),
        ),
      ),
    );
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).sort();
}

/** The main container of a workload. */
const containerOf = (part: string, type: string, path: string) => one(stack(part), type, path).spec.template.spec.container[0];
const variablesOf = (container: Body) => Object.fromEntries(container.env.map((each: Body) => [each.name, each.value ?? each.value_from]));

describe("the sides of a system", () => {
  it("come up one after the other, and go in the reverse order", () => {
    const { compositions } = synthesisOf(program);
    const production = compositions.find(({ name }) => name === "production");
    const after = Object.fromEntries(
      (production?.stacks ?? []).map((each) => [each.node.id, each.dependencies.map(({ node }) => node.id)]),
    );
    expect(after["production-write-side"]).toContain("production-migrations");
    expect(after["production-read-side"]).toContain("production-write-side");
    expect(after["production-projections"]).toContain("production-read-side");
    expect(after["production-edge"]).toContain("production-read-side");
    expect(after["production-migrations"]).toEqual(expect.arrayContaining(["production-read-store", "production-event-store-users"]));
  });

  it("have tests, which come after all of their workloads", () => {
    for (const [part, number] of Object.entries({ "write-side": 1, "read-side": 1, projections: 2 })) {
      const json = stack(part);
      const pods = ["kubernetes_deployment_v1", "kubernetes_stateful_set_v1"].flatMap((type) =>
        all(json, type).map((body) => `${type}.${body["//"].metadata.uniqueId}`),
      );
      expect(pods.length).toBeGreaterThan(0);
      const jobs = Object.values((json.resource as Body).kubernetes_job_v1 as Body) as Body[];
      const tests = jobs.filter((job) => !/\/test\/verification\//.test(job["//"].metadata.path));
      expect(tests).toHaveLength(number);
      expect(JSON.stringify(json)).toContain("rollout of");
      for (const test of tests) expect(test.depends_on).toEqual(expect.arrayContaining(pods));
    }
  });

  it("end in a test that comes after routes and asks as clients do", () => {
    const listOf = (part: string) => one(stack(part), "kubernetes_config_map_v1", "smoke-test/verification/checks").data;
    const asked = (part: string) => listOf(part).list.match(/^http.* through the gateway.*$/gm);
    expect(asked("write-side")).toEqual([
      expect.stringMatching(/^http\t\d+\tcommand-api through the gateway\tGET\thttp:\/\/gateway-nginx.write-side.svc\/orders\tany$/),
    ]);
    // The path of the first one's health is the second one's.
    expect(asked("read-side")).toEqual([
      expect.stringContaining("query-api through the gateway\tGET\thttp://gateway-nginx.read-side.svc/\tany"),
      expect.stringContaining("search-api through the gateway\tGET\thttp://gateway-nginx.read-side.svc/health\t200"),
    ]);
    for (const [part, routes] of [
      ["write-side", "command-api-routes"],
      ["read-side", "query-api-routes"],
    ] as const) {
      const { depends_on } = one(stack(part), "kubernetes_job_v1", "smoke-test/verification/job");
      expect(depends_on).toContainEqual(expect.stringMatching(new RegExp(`^helm_release\\.${routes}_objects_release`)));
      expect(listOf(part).list).toContain("\trollout of gateway-nginx\t");
      expect(listOf(part).list).toContain("/httproutes/");
    }
    expect(JSON.stringify(stack("projections"))).not.toContain("through the gateway");
  });

  it("wait for no job but what can say why another one failed, here and in the stacks before them", () => {
    const everywhere = [...synthesisOf(program).stacks.values()].map(({ json }) => json as Body);
    const jobs = [...everywhere, ...Object.values(made)].flatMap((json) => all(json, "kubernetes_job_v1"));
    const waitedFor = jobs.filter(({ wait_for_completion }) => wait_for_completion !== false);
    const commands = waitedFor.map(({ spec }) => spec.template.spec.container[0].command.join(" "));
    expect(new Set(commands)).toEqual(new Set(["sh /checks/verify.sh"]));
    expect(jobs.length).toBeGreaterThan(waitedFor.length);
  });

  it("ask the health of each service, and how far behind projections are", () => {
    expect(JSON.stringify(stack("write-side"))).toContain("http://command-api-blue.write-side.svc:8080/health");
    expect(JSON.stringify(stack("read-side"))).toContain("http://query-api.read-side.svc:8080/health");
    expect(JSON.stringify(stack("projections"))).toContain("behind 1000");
  });

  it("ask the read database, as a reader of it, how far behind projections are that tell it", () => {
    const progress = all(stack("projections"), "kubernetes_config_map_v1").filter(({ metadata }) => metadata.name.startsWith("progress-"));
    expect(progress.filter(({ data }) => data).map(({ data }) => data["1.sql"])).toEqual([
      expect.stringContaining("from projections.health(1000) where projection = 'orders' and live"),
    ]);
    const [job] = all(stack("projections"), "kubernetes_job_v1").filter(({ metadata }) => metadata.name.startsWith("progress-orders-"));
    expect(JSON.stringify(job)).toContain("orders-reader");
    expect(JSON.stringify(job)).not.toContain("orders-writer");
  });
});

describe("every workload", () => {
  it("sends its telemetry to the collector that is there, and is let out to it", () => {
    const found = ["write-side", "read-side", "projections", "migrations"].flatMap((part) =>
      ["kubernetes_deployment_v1", "kubernetes_stateful_set_v1", "kubernetes_job_v1"].flatMap((type) =>
        all(stack(part), type).map(({ metadata, spec }) => ({ part, metadata, variables: variablesOf(spec.template.spec.container[0]) })),
      ),
    );
    const told = found.filter(({ variables }) => "OTEL_SERVICE_NAME" in variables);
    expect(told.map(({ variables }) => variables.OTEL_SERVICE_NAME).sort()).toEqual(
      ["command-api", "command-api", "command-processors", "migrations", "projections-a", "query-api", "search-api"].sort(),
    );
    for (const { part, variables } of told) {
      expect(variables.OTEL_EXPORTER_OTLP_ENDPOINT).toBe("http://collector.monitoring.svc:4317");
      expect(variables.OTEL_RESOURCE_ATTRIBUTES).toContain("deployment.environment.name=test");
      const policy = all(stack(part), "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === variables.OTEL_SERVICE_NAME);
      expect(policy?.spec.egress).toContainEqual({
        to: [{ namespace_selector: { match_labels: { "kubernetes.io/metadata.name": "monitoring" } } }],
        ports: [{ port: "4317", protocol: "TCP" }],
      });
    }
  });
});

describe("the way in on AWS", () => {
  const { stacks } = synthesisOf(program);
  const side = (part: string) => stacks.get(`production-${part}`)?.json as Body;

  it("is tried by its public name, with its certificate, as the load balancer speaks", () => {
    const told = (part: string) => one(side(part), "kubernetes_config_map_v1", "smoke-test/verification/checks").data;
    const options = (part: string) =>
      Object.entries(told(part)).flatMap(([name, text]) => (name.endsWith(".curl") && text !== "" ? [text] : []));
    expect(told("write-side").list).toMatch(/\tGET\thttps:\/\/commands\.orders\.example\.com\/\S*\t/);
    expect(options("write-side")).toEqual(['connect-to = "::gateway-nginx.write-side.svc:443"\nhaproxy-protocol\n']);
    // An edge tells who the client is in a header.
    expect(options("read-side")).toEqual(['connect-to = "::gateway-nginx.read-side.svc:443"\n']);
    expect(told("read-side").list).toContain("/certificates/gateway\t");
  });

  it("has pods that are not ready before the load balancer finds them well", () => {
    const labels = (part: string) => one(side(part), "kubernetes_namespace_v1").metadata.labels;
    for (const part of ["write-side", "read-side"])
      expect(labels(part)).toMatchObject({ "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" });
    expect(labels("projections")).not.toHaveProperty(["elbv2.k8s.aws/pod-readiness-gate-inject"]);
    const elsewhere = one(stack("write-side"), "kubernetes_namespace_v1").metadata.labels;
    expect(elsewhere).not.toHaveProperty(["elbv2.k8s.aws/pod-readiness-gate-inject"]);
  });
});

describe("a switch between two slots", () => {
  const { "command-api": api, ...others } = FILE;

  it("changes the route and nothing else", () => {
    const green = stacksOf({ ...others, "command-api": { ...api, live: "green" } });
    expect(changed(made, green)).toEqual(["helm_release test-write-side/command-api-routes/objects/release"]);
  });

  it("may be made by shares, which are of the route as well", () => {
    const some = stacksOf({ ...others, "command-api": { ...api, weights: { blue: 90, green: 10 } } });
    expect(changed(made, some)).toEqual(["helm_release test-write-side/command-api-routes/objects/release"]);
  });

  it("finds the idle version running, which came without touching the live one", () => {
    const newer = stacksOf({ ...others, "command-api": { ...api, slots: { ...api?.slots, green: image("api", "3.0.0") } } });
    const tests = ["command-api/green/test", "smoke-test"];
    expect(changed(made, newer).filter((each) => !tests.some((test) => each.includes(`/${test}/`)))).toEqual([
      "kubernetes_deployment_v1 test-write-side/command-api/green/rollout/pods",
    ]);
    for (const test of tests) expect(changed(made, newer)).toContain(`kubernetes_job_v1 test-write-side/${test}/verification/job`);
  });

  const GATE = /^data\.kubernetes_config_map_v1\./;

  /** All that Terraform does before it changes the route, and the tests among that by the construct that they are of. */
  const beforeRoute = (json: Body) => {
    const byAddress = new Map<string, Body>(
      ["resource", "data"].flatMap((kind) =>
        Object.entries((json[kind] ?? {}) as Record<string, Record<string, Body>>).flatMap(([type, named]) =>
          Object.entries(named).map(([id, body]) => [`${kind === "data" ? "data." : ""}${type}.${id}`, body] as const),
        ),
      ),
    );
    const waiting = [...(one(json, "helm_release", "command-api-routes/objects/release").depends_on as string[])];
    const seen = new Set<string>();
    for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
      if (seen.has(address)) continue;
      seen.add(address);
      waiting.push(...(byAddress.get(address)?.depends_on ?? []));
    }
    const pathOf = (address: string) => byAddress.get(address)?.["//"].metadata.path.split("/").slice(1).join("/") as string;
    return {
      all: [...seen].map(pathOf),
      gates: [...seen].filter((address) => GATE.test(address)).map((address) => pathOf(address).replace("/verification/verdict", "")),
    };
  };
  const writeSide = (entry: object) =>
    synthesisOf(aProgram(released(SYSTEM, { ...others, "command-api": { ...api, ...entry } }))).stacks.get("test-write-side")?.json ?? {};

  it("waits for the test of those versions that take requests, and of nothing that it leaves", () => {
    expect(beforeRoute(stack("write-side")).gates).toEqual(["command-api/blue/test"]);
    expect(beforeRoute(writeSide({ live: "green" })).gates).toEqual(["command-api/green/test"]);
    expect(beforeRoute(writeSide({ live: "green", preview: true })).gates).toEqual(["command-api/green/test"]);
    expect(beforeRoute(writeSide({ weights: { blue: 90, green: 10 } })).gates.sort()).toEqual([
      "command-api/blue/test",
      "command-api/green/test",
    ]);
  });

  it("waits for no pod of another version or another workload, whose trouble is not a reason to stay", () => {
    const { all: before } = beforeRoute(stack("write-side"));
    expect(before.filter((path) => path.includes("/rollout/"))).toEqual(["command-api/blue/rollout/pods"]);
    expect(before).not.toContainEqual(expect.stringMatching(/^(command-processors|smoke-test|command-api\/green\/(?!service))/));
  });

  it("needs no new test of a version whose deployment Terraform repairs, but one of a version that was deleted", () => {
    const { lifecycle, depends_on, spec } = one(stack("write-side"), "kubernetes_job_v1", "command-api/blue/test/verification/job");
    expect(lifecycle).not.toHaveProperty("replace_triggered_by");
    const [deployment] = depends_on.filter((address: string) => address.startsWith("kubernetes_deployment_v1."));
    expect(spec.template.spec.container[0].env).toContainEqual({ name: "FOLLOWS", value: `\${${deployment}.id}` });
    // The last test looks again in both cases, and holds up nothing.
    const { lifecycle: last } = one(stack("write-side"), "kubernetes_job_v1", "smoke-test/verification/job");
    expect(last.replace_triggered_by).toContain(deployment);
  });
});

describe("the write side", () => {
  it("carries no number of what is scaled automatically", () => {
    expect(one(stack("write-side"), "kubernetes_deployment_v1", "command-processors/rollout/pods").spec).not.toHaveProperty("replicas");
    const { spec } = one(stack("write-side"), "kubernetes_horizontal_pod_autoscaler_v2");
    expect([spec.min_replicas, spec.max_replicas]).toEqual([5, 20]);
    const follows = spec.metric.map(({ resource }: Body) => [resource.name, resource.target.average_utilization]);
    expect(follows).toEqual([
      ["cpu", 60],
      ["memory", 80],
    ]);
  });

  it("takes nothing for well that has only just become ready, for as long as its probe takes to see that it is not", () => {
    const steady = (part: string, path: string) =>
      one(stack(part), "kubernetes_deployment_v1", `${path}/rollout/pods`).spec.min_ready_seconds;
    expect(steady("write-side", "command-processors")).toBe(30);
    expect(steady("write-side", "command-api/blue")).toBe(30);
    expect(steady("read-side", "query-api")).toBe(15);
  });

  it("lets requests end that may take long, at nginx as well", () => {
    expect(one(stack("write-side"), "kubernetes_deployment_v1", "command-api/blue/rollout/pods").spec.template.spec).toMatchObject({
      termination_grace_period_seconds: 15 + 90,
    });
    expect(JSON.stringify(one(stack("write-side"), "helm_release", "gateway/objects/release").values)).toContain(
      `\\"terminationGracePeriodSeconds\\":${10 + 90 + 15}`,
    );
  });

  it("never sends a command twice, and lets one client send so much and no more", () => {
    const routes = JSON.stringify(one(stack("write-side"), "helm_release", "command-api-routes/objects/release").values);
    expect(routes).toContain("proxy_next_upstream off;");
    expect(routes).toContain("100r/s");
  });

  it("knows the event store under the names that its workloads want", () => {
    const variables = variablesOf(containerOf("write-side", "kubernetes_deployment_v1", "command-processors/rollout/pods"));
    expect(variables.EventStore__ConnectionString).toMatch(/^kurrentdb/);
    expect(variables).not.toHaveProperty("EVENT_STORE_URL");
  });

  it("tells its API, and no worker, whose tokens to accept and who may do what", () => {
    const api = containerOf("write-side", "kubernetes_deployment_v1", "command-api/blue/rollout/pods");
    expect(variablesOf(api)).toMatchObject({
      AUTH_ISSUER: "https://login.example.com/",
      AUTH_AUDIENCE: "orders",
      AUTH_JWKS_URL: "https://login.example.com/keys",
      AUTH_ALGORITHMS: "RS256",
      AUTH_ROLES_FILE: "/etc/authorization/roles.json",
    });
    const [roles] = all(stack("write-side"), "kubernetes_config_map_v1").flatMap(
      ({ data }) => data?.["etc_authorization_roles.json"] ?? [],
    );
    expect(JSON.parse(roles)).toEqual({ CreateOrder: ["user", "admin"] });
    expect(variablesOf(containerOf("write-side", "kubernetes_deployment_v1", "command-processors/rollout/pods"))).not.toHaveProperty(
      "AUTH_ISSUER",
    );
  });
});

describe("an API whose tokens are signed with one key", () => {
  it("has the key as a file, and no way to the issuer", () => {
    const authentication = { issuer: "https://login.example.com/", audience: "orders", publicKey: "-----BEGIN PUBLIC KEY-----" };
    const {
      env,
      files,
      egress: reaches,
    } = withAccess({ env: { LEVEL: "info" } } as unknown as PodProps, asDomains({ ...SYSTEM, authentication }));
    expect(env).toMatchObject({ AUTH_ALGORITHMS: "RS256", AUTH_PUBLIC_KEY_FILE: "/etc/authentication/public-key.pem", LEVEL: "info" });
    expect(env).not.toHaveProperty("AUTH_JWKS_URL");
    expect(files).toMatchObject({ "/etc/authentication/public-key.pem": authentication.publicKey });
    expect(reaches).toEqual([]);
  });
});

describe("a read model that is built anew", () => {
  const withModel = (readModel: object): Stacks => {
    const environment = released({ ...SYSTEM, projections: { workers: 5, parallelism: 10, readModel } } as Environment, FILE);
    return Object.fromEntries([...synthesisOf(aProgram(environment)).stacks].map(([id, { json }]) => [id, json as Body]));
  };
  const [a, b] = [{ partitions: 50 }, { partitions: 80, image: image("projections", "2.0.0") }];
  const one = withModel({ slots: { a } });
  const both = withModel({ slots: { a, b } });

  it("has tables and workers of its own, and leaves those that are read alone", () => {
    const touched = changed(one, both).filter((each) => !/\/(smoke-test|projections-b)\//.test(each));
    expect(touched.filter((each) => !each.includes("test-migrations/read-model-orders/"))).toEqual([
      "helm_release test-projections/budgets-projections/objects/release",
      "kubernetes_resource_quota_v1 test-projections/namespace/quota",
      "kubernetes_resource_quota_v1 test-projections/namespace/quota-running",
    ]);
  });

  it("is switched to, and back, by one word that changes what is done to the database alone", () => {
    const switched = changed(both, withModel({ slots: { a, b }, live: "b" }));
    expect(switched.every((each) => each.includes("test-migrations/read-model-orders/"))).toBe(true);
    expect(switched.length).toBeGreaterThan(0);
  });
});

describe("a migration to another shape", () => {
  const withSlots = (slots: object, live = "a"): Stacks => {
    const migrations = { ...SYSTEM.migrations, per: "slot" };
    const projections = { workers: 5, parallelism: 10, readModel: { slots, live } };
    const environment = released({ ...SYSTEM, migrations, projections } as Environment, FILE);
    return Object.fromEntries([...synthesisOf(aProgram(environment)).stacks].map(([id, { json }]) => [id, json as Body]));
  };
  const a = { partitions: 50 };
  const before = withSlots({ a, b: a });

  it("runs in the slot that it is said of, and in no other", () => {
    const touched = changed(before, withSlots({ a, b: { ...a, migrations: image("migrations", "2.0.0") } }));
    expect(touched.length).toBeGreaterThan(0);
    expect(touched.filter((each) => !each.includes("/migrations-orders-b/"))).toEqual([]);
  });

  it("is shown at once where that slot is read", () => {
    const touched = changed(before, withSlots({ a: { ...a, migrations: image("migrations", "2.0.0") }, b: a }));
    expect(touched.some((each) => each.includes("/read-model-orders/"))).toBe(true);
    expect(touched.filter((each) => each.includes("/migrations-orders-b/"))).toEqual([]);
  });
});

describe("the read side", () => {
  it("gives the keys of encrypted fields to those who read and write them", () => {
    const key = { secret_key_ref: { key: "key-1", name: "field-keys" } };
    for (const container of [
      containerOf("read-side", "kubernetes_deployment_v1", "query-api/rollout/pods"),
      containerOf("projections", "kubernetes_stateful_set_v1", "projections-a/pods"),
    ])
      expect(variablesOf(container)).toMatchObject({ ENCRYPTED_FIELDS: "ssn,email", FIELD_KEY_1: key });
    expect(JSON.stringify(stack("write-side"))).not.toContain("field-keys");
  });

  it("is asked whether it is well, and ended, as it says", () => {
    const { spec } = one(stack("read-side"), "kubernetes_deployment_v1", "query-api/rollout/pods").spec.template;
    expect(spec.container[0].readiness_probe).toMatchObject({ initial_delay_seconds: 10, period_seconds: 5, http_get: { path: "/ready" } });
    expect(spec.container[0].security_context.run_as_user).toBe("1000");
    expect(spec.termination_grace_period_seconds).toBeGreaterThan(45);
  });

  it("has a variable for each of several databases, as a reader of it, and projections as a writer", () => {
    const reading = variablesOf(containerOf("read-side", "kubernetes_deployment_v1", "query-api/rollout/pods"));
    const writing = variablesOf(containerOf("projections", "kubernetes_stateful_set_v1", "projections-a/pods"));
    expect(Object.keys(reading)).toEqual(expect.arrayContaining(["ORDERS_URL", "SEARCH_URL", "REDIS_URL"]));
    expect(Object.keys(writing)).toContain("DATABASE_URL");
    expect(JSON.stringify(writing)).not.toContain("search");
    expect(reading.CONNECTION_ORDERS_USER.secret_key_ref.name).toBe("orders-reader");
    expect(writing.CONNECTION_ORDERS_USER.secret_key_ref.name).toBe("orders-writer");
  });

  it("shares 50 partitions out among 5 workers", () => {
    const { spec } = one(stack("projections"), "kubernetes_stateful_set_v1", "projections-a/pods");
    expect(spec.replicas).toBe("5");
    expect(variablesOf(spec.template.spec.container[0])).toMatchObject({ WORKERS: "5", PARTITIONS: "50", PARALLELISM: "10" });
  });

  it("has the way back of its migrations at hand, which nothing runs by itself", () => {
    const { metadata, spec } = one(stack("migrations"), "kubernetes_cron_job_v1", "migrations/down/by-hand");
    expect([metadata.name, spec.suspend]).toEqual(["migrations-down", true]);
    expect(spec.job_template.spec.template.spec.container[0].command).toEqual(["migrate", "down"]);
  });

  it("has its databases changed by whoever owns them, before anything else comes up", () => {
    const job = all(stack("migrations"), "kubernetes_job_v1").find((each) => each["//"].metadata.path.includes("/migrations/"));
    expect(job?.metadata.namespace).toBe("read-store");
    expect(JSON.stringify(stack("migrations"))).toContain("orders-migrator");
    expect(JSON.stringify(stack("migrations"))).not.toContain("search-migrator");
  });
});
