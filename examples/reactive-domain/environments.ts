import type { Domain, Environment, Job, Replicas, Use } from "cdktf-cqrs/stacks";

const image = (name: string) => `registry.example.com/reactive/${name}:1.0.0`;

const LOGIN = { issuer: "https://login.example.com/", audience: "reactive-domain" } as const;

/** Each store, by the settings that .NET has for it. */
const events = (as: "commands" | "subscriptions"): Use => ({
  store: "event-store",
  as,
  variables: { EventStore__ConnectionString: "{EVENT_STORE_URL}" },
});
const SQL = "Host={host};Port={port};Database={database};Username={user};Password={password};SSL Mode=VerifyFull;Root Certificate={ca}";
const models = (as: "migrator" | "writer" | "reader"): Use => ({
  store: "read-models",
  as,
  variables: { ConnectionStrings__ReadModels: SQL },
});
const cache: Use = {
  store: "cache",
  variables: { ConnectionStrings__Cache: "{host}:{port},user={user},password={password},ssl=true" },
};

type Jobs = Readonly<Record<string, Job>>;

/** In the order of deployment, each with a test at its end: schema of the read models, command side, query side, API. */
function domains(aspNet: "Development" | "Testing" | "Production", jobs: Jobs = {}): Readonly<Record<string, Domain>> {
  const instances = aspNet === "Production" ? 3 : 1;
  const scaled: Replicas = instances === 1 ? 1 : { min: instances, max: 9 };
  const env = { ASPNETCORE_ENVIRONMENT: aspNet };
  const follows = (consumer: string) =>
    typeof scaled === "number" ? {} : { scaleOn: { broker: { stream: "commands", consumer, targetPerReplica: 100 } } };
  return {
    schema: { image: image("migrations"), env, jobs: { migrations: { when: "before", uses: [models("migrator")] } } },
    commands: {
      image: image("commands"),
      env,
      workers: {
        // One handler for each aggregate at a time.
        commands: { replicas: instances, partitions: 12, args: ["partitioned"], uses: [events("commands"), "queue"] },
        "bulk-commands": {
          replicas: scaled,
          ...follows("bulk-commands"),
          args: ["bulk"],
          env: { Queue__BatchSize: "100", Queue__MaxPending: "1000" },
          uses: [events("commands"), "queue"],
        },
        policies: { replicas: instances, args: ["policies"], uses: [events("subscriptions"), "queue"] },
      },
    },
    queries: {
      image: image("queries"),
      env,
      projections: {
        projector: {
          workers: 1,
          parallelism: 4,
          reportsProgress: true,
          args: ["project"],
          uses: [events("subscriptions"), models("writer"), cache],
        },
      },
      services: { queries: { replicas: scaled, uses: [models("reader"), cache] } },
    },
    api: {
      image: image("api"),
      env: { ...env, Jwt__Authority: LOGIN.issuer, Jwt__Audience: LOGIN.audience },
      services: {
        "reactive-domain-api": {
          replicas: instances,
          servicePort: 80,
          probes: { readiness: { path: "/health", delay: "5s", every: "10s" }, liveness: { path: "/health", delay: "15s", every: "20s" } },
          uses: [events("commands"), models("reader"), cache, "queue"],
          calls: ["queries"],
          paths: ["/"],
        },
      },
      jobs: { verify: { when: "after", args: ["verify"], uses: [events("subscriptions"), models("reader")] }, ...jobs },
    },
  };
}

/** System and category projections run in the event store itself. */
const KURRENTDB = { engine: "kurrentdb", version: "24.10", storage: "10Gi", projections: "all", standardProjections: true } as const;
const SUBSCRIPTIONS = { persistentSubscriptions: [{ stream: "$ce-order", group: "policies", strategy: "Pinned" }] } as const;
const SMALL_STORES = {
  "read-models": { engine: "cloudnative-pg", instances: 1 },
  cache: { engine: "valkey" },
  queue: { engine: "nats" },
} as const;

export const development: Environment = {
  system: "reactive",
  name: "development",
  size: "small",
  cluster: { context: "kind-reactive" },
  stores: { "event-store": { ...KURRENTDB, nodes: 1, insecure: true, atomPub: true }, ...SMALL_STORES },
  domains: domains("Development"),
  exceptions: { disposable: "lives on one developer's machine" },
};

/** What the cluster for tests has from elsewhere, once for all test runs. */
const TEST_CLUSTER = [
  "cert-manager",
  "cloudnative-pg",
  "external-secrets",
  "gateway-api",
  "metrics-server",
  "nginx-gateway-fabric",
  "snapshot-controller",
] as const;

/** An environment for one test run, with stores of its own in namespaces of its own. Destroy it afterwards. */
export function testEnvironment(name: string): Environment {
  const testData = (what: "load" | "clean", when: Job["when"]): Job => ({
    when,
    image: image("test-data"),
    args: [what],
    uses: [events("commands"), models("writer")],
  });
  const jobs = { "load-test-data": testData("load", "after"), "clean-test-data": testData("clean", { schedule: "0 3 * * *" }) };
  return {
    system: "reactive",
    name,
    size: "small",
    cluster: { context: "reactive-test", shared: true, preinstalled: TEST_CLUSTER },
    stores: { "event-store": { ...KURRENTDB, ...SUBSCRIPTIONS, nodes: 1 }, ...SMALL_STORES },
    domains: domains("Testing", jobs),
    exceptions: { disposable: "made for one test run" },
  };
}

export const production: Environment = {
  system: "reactive",
  name: "production",
  aws: { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "reactive.example.com" },
  cluster: { nodes: { min: 12, max: 15 }, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  stores: {
    "event-store": {
      ...KURRENTDB,
      ...SUBSCRIPTIONS,
      nodes: 3,
      cpu: 1,
      memory: "4Gi",
      backup: { every: "15m", keep: "28d", rto: "4h" },
      volumeSnapshots: { every: "6h", keep: "7d" },
    },
    "read-models": { engine: "cloudnative-pg", instances: 3, backup: { rto: "4h" } },
    cache: { engine: "valkey" },
    queue: { engine: "nats", purpose: "events" },
  },
  domains: domains("Production"),
  monitoring: { prometheus: true, grafana: true, tracing: true, elasticStack: true },
  audit: {
    commands: "3650d",
    events: "3650d",
    access: "365d",
    lock: "governance",
    writers: { commands: ["commands", "events"], "bulk-commands": ["commands", "events"], "reactive-domain-api": ["access"] },
  },
  encryptedFields: ["email", "phone"],
  authentication: { ...LOGIN, jwks: "https://login.example.com/.well-known/jwks.json" },
  authorization: { PlaceOrder: ["user", "admin"], CancelOrder: ["admin"], GetOrder: ["user", "admin"] },
  exceptions: { noBackup: { "stores.queue": "NATS on a cluster has no backup: the README says what to run meanwhile" } },
};
