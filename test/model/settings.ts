import { createPublicKey } from "node:crypto";
import { AUDIT_KINDS } from "../../constructs/audit";
import { settingsOf } from "../../stacks/model/check/shape";
import { environmentSchema } from "../../stacks/model/environment";
import { EXCEPTIONS } from "../../stacks/model/exceptions";
import { AUTHORITIES } from "../gateway/authorities";
import { inGeneralForm, NAMES, storeNamed } from "./general";

/** Settings of one part of the model, each with a value that the part of the base doesn't have. */
export interface Group {
  /** The environment that is changed, beside system, name and AWS. */
  readonly base: object;

  /** Other environments of the program. */
  readonly others?: readonly object[];

  /** Where in the schema, where not in the environment itself: `eventStore(kurrentdb)`. */
  readonly at: string;

  /** The end of the name of the stack that shows most differences. */
  readonly first?: string;

  /**
   * Whether that stack has to differ, because what is changed with the setting shows in the others.
   * @default false
   */
  readonly only?: boolean;

  /** By path below `at`. A record is set as a whole. `pair(from, to)` has the base's value too. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A setting of the model, and two environments that differ in it alone. */
export interface Setting {
  readonly group: Group;

  /** Its path in the schema. */
  readonly path: string;

  /** Its path in an environment. */
  readonly keys: readonly string[];

  /**
   * Its value before.
   * @default - the base's
   */
  readonly from?: unknown;

  /** Its value after. */
  readonly to: unknown;
}

class Pair {
  constructor(
    readonly from: unknown,
    readonly to: unknown,
  ) {}
}

const pair = (from: unknown, to: unknown) => new Pair(from, to);

/** A value of what the setting is in, where it can't be changed alone. */
class Around {
  constructor(readonly to: object) {}
}

/** Values of what the setting is in, which are changed with it. */
class Beside {
  constructor(readonly to: object) {}
}

/** Another base, where a setting can't be changed without others. */
class Instead {
  constructor(readonly to: object) {}
}

/** A copy of a value in which something stands at a path of keys. */
export function setAt(value: unknown, [key, ...below]: readonly string[], to: unknown): object {
  if (key === undefined) return to as object;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? setAt(item, below, to) : item));
  const inner = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...inner, [key]: setAt(inner[key], below, to) };
}

const image = (name: string, version = "1.0.0") => `registry.example.com/orders/${name}:${version}`;

const DISPOSABLE = { disposable: "made and thrown away by a test" };
const ON_PREMISES = { aws: undefined, cluster: { context: "kind" }, exceptions: DISPOSABLE };
const NODES = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const ON_EKS = { exceptions: DISPOSABLE, cluster: NODES };
const AWS = { account: "111122223333", region: "eu-west-1", domain: "orders.example.com", recoveryRegion: "eu-central-1" };

const CLOUD_NATIVE_PG = { engine: "cloudnative-pg", instances: 1 };
const EVENTS = { eventStore: { engine: "eventsourcingdb" } };

const PROBE = { path: "/up", port: 9090, delay: "11s", every: "7s", timeout: "4s", failures: 9 };

const CONTAINER = {
  name: "another",
  cpuLimit: 2,
  terminationGracePeriod: "95s",
  user: 1234,
  image: image("another"),
  command: ["/app/another"],
  cpu: "333m",
  memory: "777Mi",
  "env.*": { ANOTHER: "1" },
  "files.*": { "/app/another.json": "{}" },
};

const WORKLOAD = {
  ...CONTAINER,
  ...Object.fromEntries(
    ["startup", "readiness", "liveness"].flatMap((probe) => Object.entries(PROBE).map(([key, value]) => [`probes.${probe}.${key}`, value])),
  ),
  "variables.*.*": pair({ "event-store": { A: "{EVENT_STORE_URL}" } }, { "event-store": { B: "{EVENT_STORE_URL}" } }),
  "metrics.port": pair(9001, 9002),
  "metrics.path": new Around({ port: 9001, path: "/another" }),
};

const SCALED = { "replicas(scaled).min": 2, "replicas(scaled).max": 7, "scaleOn.cpu": 55, "scaleOn.memory": 66 };

const ASKED = { query: "SELECT 1", targetPerReplica: 100 };

/** Each signal that a workload may follow, in an environment that has all of them. */
const followed = (role: string, workload: object): readonly Group[] => {
  const base = {
    ...ON_PREMISES,
    eventStore: { engine: "postgres", server: CLOUD_NATIVE_PG },
    readDatabase: [
      { ...CLOUD_NATIVE_PG, name: "orders" },
      { ...CLOUD_NATIVE_PG, name: "search" },
    ],
    broker: { engine: "nats", servers: 1 },
  };
  const following = (scaleOn: object) => ({ ...base, [role]: { ...workload, replicas: { min: 1, max: 5 }, scaleOn } });
  const prometheus = { ...ASKED, server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring" };
  const first = role === "queryApi" ? "read-side" : "write-side";
  return [
    {
      base: following({
        broker: { stream: "commands", consumer: "processors", targetPerReplica: 10 },
        eventStore: ASKED,
        readDatabase: { ...ASKED, database: "orders" },
        prometheus,
      }),
      at: `${role}.scaleOn`,
      first,
      settings: {
        "broker.stream": "another",
        "broker.consumer": "another",
        "broker.targetPerReplica": 7,
        "eventStore.query": "SELECT 2",
        "eventStore.targetPerReplica": 7,
        "readDatabase.query": "SELECT 2",
        "readDatabase.targetPerReplica": 7,
        "readDatabase.database": "search",
        "prometheus.query": "vector(1)",
        "prometheus.targetPerReplica": 7,
        "prometheus.server": "http://another.monitoring.svc:9090",
        "prometheus.namespace": "another",
      },
    },
  ];
};

const WAITING = { expr: "messages_waiting > 1", severity: "warning", summary: "messages wait" };

const watched = { monitoring: { prometheus: true } };

const ALERTS = {
  receivers: { team: { kind: "slack", channel: "#orders" }, oncall: { kind: "pagerduty" }, heartbeat: { kind: "webhook" } },
  default: "team",
};

/** Everything that watches, but for logs. */
const OBSERVED = {
  prometheus: { retention: "8d" },
  grafana: {
    oidc: {
      clientId: "grafana",
      authUrl: "https://login.example.com/authorize",
      tokenUrl: "https://login.example.com/token",
      apiUrl: "https://login.example.com/userinfo",
      role: "'Viewer'",
    },
  },
  tracing: { sampling: { percentage: 10 } },
  alerts: ALERTS,
};

/** What a service promises. */
export const SLO = {
  availability: 99.9,
  latency: { p95: "250ms", p99: "500ms" },
  requests: { failed: { label: "status", values: "5.." }, buckets: [0.25, 0.5, 1] },
};

export const OBJECTIVES = {
  availability: 99.5,
  "latency.p95": "1s",
  "latency.p99": "1s",
  "requests.histogram": "another",
  "requests.labels.*": { job: "another" },
  "requests.failed.label": "code",
  "requests.failed.values": "4..",
  "requests.buckets": "native",
  "requests.unit": new Around({ ...SLO.requests, unit: "ms", buckets: [250, 500, 1000] }),
};

/** A service, with all that it may say. */
const served = (role: "commandApi" | "queryApi"): readonly Group[] => {
  const first = role === "queryApi" ? "read-side" : "write-side";
  const on = { ...ON_PREMISES, ...watched, ...(role === "queryApi" ? { readDatabase: CLOUD_NATIVE_PG } : EVENTS) };
  const service = { image: image(role.toLowerCase()), replicas: 1 };
  const slots = { blue: image("api"), green: image("api", "2.0.0") };
  const blueGreen = { replicas: 1, release: "blue-green", slots, live: "blue", weights: { blue: 90, green: 10 } };
  const scaled = { ...service, replicas: { min: 1, max: 5 } };
  const variables = role === "queryApi" ? { "read-database": { A: "{DATABASE_URL}" } } : { "event-store": { A: "{EVENT_STORE_URL}" } };
  return [
    {
      base: { ...on, [role]: service },
      at: role,
      first,
      settings: {
        ...WORKLOAD,
        "variables.*.*": variables,
        "replicas(fixed)": 2,
        port: 8181,
        health: "/another",
        paths: ["/another"],
        maxBodySize: "7Mi",
        timeout: "77s",
        "rateLimit.requests": pair("7/s", "8/s"),
      },
    },
    // An image is in a slot or in none.
    {
      base: { ...on, [role]: { replicas: 1, image: image("api") } },
      at: role,
      first,
      settings: { release: new Beside({ image: undefined, release: "blue-green", slots: { blue: image("api") }, live: "blue" }) },
    },
    { base: { ...on, [role]: { ...service, rateLimit: { requests: "7/s" } } }, at: `${role}.rateLimit`, first, settings: { burst: 77 } },
    { base: { ...on, [role]: { ...service, slo: SLO } }, at: `${role}.slo`, first: "observability", settings: OBJECTIVES },
    { base: { ...on, [role]: scaled }, at: role, first, settings: SCALED },
    {
      base: { ...on, [role]: blueGreen },
      at: role,
      first,
      settings: {
        "slots.blue": image("another"),
        "slots.green": image("another"),
        preview: true,
      },
    },
    { base: { ...on, [role]: { ...blueGreen, weights: undefined } }, at: role, first, settings: { live: "green" } },
    // The two are 100 together.
    ...(["blue", "green"] as const).map(
      (slot): Group => ({
        base: { ...on, [role]: blueGreen },
        at: `${role}.weights`,
        first,
        settings: { [slot]: new Around({ blue: 80, green: 20 }) },
      }),
    ),
    ...followed(role, service),
  ];
};

const KURRENT_CLOUD = { engine: "kurrent-cloud", size: "development", backup: { every: "6h", keep: "7d" } };
const CLUSTERS = { exceptions: DISPOSABLE, writeCluster: NODES, readCluster: NODES };
const CLIENTS = { projections: { image: image("projections"), workers: 2, parallelism: 2 }, readDatabase: CLOUD_NATIVE_PG };

const OUTSIDE = { endpoint: "https://s3.example.com", bucket: "backups", credentials: { secret: "bucket" } };
const TIME = "2026-11-21T02:15:00Z";
const SNAPSHOT = "arn:aws:rds:eu-west-1:111122223333:snapshot:one";
const RECORD = {
  id: "0c6f8ad5-8f70-4d2e-b9a4-1f0f3c7f9a11",
  time: "2026-11-21T02:10:00.123456Z",
  lsn: "0/5000060",
  position: 25_000,
  count: 25_000,
  hash: "ab".repeat(32),
};

/** Another environment, with a server whose backups are restored, and one beside it. */
const origin = (name: string, server: object) => ({
  ...ON_EKS,
  name,
  aws: { ...AWS, domain: `${name}.example.com`, network: { cidr: name === "old" ? "10.8.0.0/16" : "10.16.0.0/16" } },
  stores: { source: { ...server, database: "orders" }, another: { ...server, database: "orders" } },
  domains: { users: { workers: { user: { image: image("user"), replicas: 1, uses: ["source", "another"] } } } },
});

/** An environment in another region, whose copies are here. */
const primary = (settings: object) => ({
  ...settings,
  name: "another",
  aws: { ...AWS, domain: "another.example.com", region: "eu-west-3", recoveryRegion: "eu-west-1", network: { cidr: "10.9.0.0/16" } },
});
const FOLLOWED = { eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } } };

/** A restore from it. */
const restored = { database: "orders", restore: { from: { environment: "old", server: "source" }, target: { time: TIME } } };

/** A restore of events, which is compared with a record. */
const recorded = (at: string, of: (server: object) => object): Group => {
  const server = { engine: "cloudnative-pg", instances: 1 };
  return {
    base: { ...ON_EKS, aws: AWS, ...of({ ...server, ...restored, restore: { ...restored.restore, record: RECORD } }) },
    others: [origin("old", server)],
    at: `${at}(cloudnative-pg).restore`,
    first: "event-store",
    settings: {
      "target.latest": new Around({ latest: true }),
      "record.id": "1c6f8ad5-8f70-4d2e-b9a4-1f0f3c7f9a11",
      "record.time": "2026-11-21T02:11:00.123456Z",
      "record.lsn": "0/5000061",
      "record.position": 25_001,
      "record.count": 24_999,
      "record.hash": "cd".repeat(32),
    },
  };
};

/** A secondary of a global database, in a standby. */
const replicated = (at: string, of: (server: object) => object): Group => {
  const written = (minorVersion: number) => ({
    ...ON_EKS,
    ...EVENTS_OF_ANY,
    ...of({ engine: "aurora", replicas: 0, globalDatabase: { of: "another", minorVersion } }),
  });
  return {
    base: { ...written(5), aws: { ...AWS, recoveryRegion: "eu-west-3" }, standbyOf: "another" },
    others: [primary(written(5))],
    at: `${at}(aurora)`,
    first: "data",
    settings: { "globalDatabase.minorVersion": 6 },
  };
};

const SERVER = { name: "another", size: "large", database: "another", version: "16", "parameters.*": { work_mem: "7MB" } };

/** A server of PostgreSQL, for events or for read models. */
const postgres = (at: string, of: (server: object) => object): readonly Group[] => [
  ...(["aurora", "rds"] as const).map(
    (engine): Group => ({
      base: { ...ON_EKS, ...of({ engine, replicas: 1 }) },
      at: `${at}(${engine})`,
      first: "data",
      settings: {
        ...SERVER,
        replicas: 2,
        ...(engine === "rds" ? { storage: "777Gi" } : {}),
        "backup.every": "6h",
        "backup.keep": "7d",
        "backup.rpo": "7h",
        "backup.rto": "7h",
      },
    }),
  ),
  {
    base: { ...ON_EKS, aws: AWS, ...of({ engine: "cloudnative-pg", instances: 1 }) },
    at: `${at}(cloudnative-pg)`,
    first: at === "readDatabase" ? "read-store" : "event-store",
    settings: { "backup.every": "12h", "backup.rpo": "7h", "backup.rto": "7h", "backup.drill": "0 4 1 * *" },
  },
  ...(["aurora", "rds", "cloudnative-pg"] as const).map((engine): Group => {
    const server = { engine, ...(engine === "cloudnative-pg" ? { instances: 1 } : { replicas: 0 }) };
    const onCluster = engine === "cloudnative-pg";
    return {
      base: { ...ON_EKS, aws: AWS, ...of({ ...server, ...restored }) },
      others: [origin("old", server), origin("older", server)],
      at: `${at}(${engine}).restore`,
      first: !onCluster ? "data" : at === "readDatabase" ? "read-store" : "event-store",
      settings: {
        "from.environment": "older",
        "from.server": "another",
        "target.time": "2026-11-21T02:16:00Z",
        ...(onCluster ? { "target.lsn": new Around({ lsn: "0/5000060" }) } : { "target.snapshot": new Around({ snapshot: SNAPSHOT }) }),
      },
    };
  }),
  replicated(at, of),
  ...(at === "readDatabase" ? [] : [recorded(at, of)]),
  {
    base: { ...ON_PREMISES, ...of({ engine: "cloudnative-pg", instances: 3 }) },
    at: `${at}(cloudnative-pg)`,
    first: at === "readDatabase" ? "read-store" : "event-store",
    settings: {
      ...SERVER,
      instances: 4,
      cpu: "777m",
      memory: "7Gi",
      storage: "77Gi",
      walStorage: "77Gi",
      pooler: true,
      "synchronous(off)": false,
      "synchronous(on).standbys": new Around({ standbys: 2, durability: "preferred" }),
      "synchronous(on).durability": new Around({ standbys: 1, durability: "preferred" }),
    },
  },
];

/** What a store of KurrentDB's kind is told to keep for those who read events. */
const declared = (at: string, of: (declared: object) => object): readonly Group[] => {
  const group = { at, first: at.includes("cloud") ? "event-store-users" : "event-store" };
  return [
    { ...group, base: of({}), settings: { systemStreams: ["$ce-order"] } },
    {
      ...group,
      base: of({ persistentSubscriptions: [{ stream: "orders", group: "billing" }] }),
      at: `${at}.persistentSubscriptions[]`,
      settings: {
        stream: "another",
        group: "another",
        from: "end",
        resolveLinks: true,
        strategy: "Pinned",
        messageTimeout: "77s",
        maxRetries: 7,
        maxConsumers: 7,
        readBatch: 7,
        buffer: 777,
        maxCheckpoint: 777,
      },
    },
    {
      ...group,
      base: of({ persistentSubscriptions: [{ stream: "$all", group: "billing", filter: { streamPrefix: ["order-"] } }] }),
      at: `${at}.persistentSubscriptions[].filter`,
      settings: {
        streamPrefix: ["another-"],
        streamRegex: new Around({ streamRegex: "^another-" }),
        eventTypePrefix: new Around({ eventTypePrefix: ["another-"] }),
        eventTypeRegex: new Around({ eventTypeRegex: "^another-" }),
      },
    },
  ];
};

const clustersOf = (key: string, base: object): readonly Group[] => {
  // KurrentDB has no image for ARM.
  const events = (cluster: object) =>
    key === "writeCluster" && "context" in cluster ? { eventStore: { engine: "kurrentdb" } } : EVENTS_OF_ANY;
  const allocatable = { zones: { a: 2, b: 2, c: 2 }, cpu: 16, memory: "64Gi" };
  const on = (cluster: object) => ({ ...base, ...events(cluster), cache: { engine: "valkey" }, [key]: cluster });
  return [
    {
      base: on(NODES),
      at: `${key}(no context)`,
      first: key === "cluster" ? "-cluster" : key === "writeCluster" ? "write-cluster" : "read-cluster",
      settings: {
        "nodes(fixed)": 4,
        "node.cpu": 16,
        "node.memory": "64Gi",
        "node.storage": "777Gi",
        "node.architecture": "arm64",
        "node.excludeGenerations": ["7a"],
        version: pair("1.34", "1.35"),
        nodeVersion: "1.34",
        support: "extended",
      },
    },
    {
      base: on({ ...NODES, nodes: { min: 3, max: 6 } }),
      at: `${key}(no context)`,
      first: "-cluster",
      settings: { "nodes(scaled).min": 4, "nodes(scaled).max": 7 },
    },
    {
      base: on({ context: "one" }),
      at: `${key}(context)`,
      first: "platform",
      settings: {
        context: "another",
        kubeconfig: "~/.kube/another",
        storageClass: "another",
        preinstalled: ["cert-manager"],
        shared: true,
      },
    },
    {
      base: on({ context: "one", allocatable }),
      at: `${key}(context).allocatable`,
      first: "platform",
      settings: { "zones.*": { a: 3, b: 2, c: 2 }, cpu: 17, memory: "65Gi", pods: 3 },
    },
  ];
};

/** Events in a place that every cluster reaches. */
const EVENTS_OF_ANY = { eventStore: { engine: "postgres", server: { engine: "aurora", replicas: 0 } } };

const subnets = (digit: string) => ["a", "b", "c"].map((zone) => `subnet-0000000${digit}${zone}`);

/** A key of RSA that nobody has the other half of: to draw one takes longer than a synthesis. */
function publicKey(byte: number): string {
  const key = { kty: "RSA", e: "AQAB", n: Buffer.alloc(256, byte).toString("base64url") };
  return createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }) as string;
}

/** What answers queries before they are. */
const edges = (edge: object, more: object): Group => ({
  base: { ...ON_EKS, aws: AWS, readDatabase: { engine: "aurora", replicas: 0 }, queryApi: { image: image("api"), replicas: 1, edge } },
  at: `queryApi.edge(${(edge as { provider: string }).provider})`,
  first: "edge",
  settings: {
    cache: "77s",
    "bypass.headers": ["x-another"],
    "bypass.cookies": ["another"],
    "bypass.paths": ["/another/*"],
    "rateLimit.requests": 777,
    "rateLimit.per": "10m",
    ...more,
  },
});

const VALKEY = { engine: "valkey", replicas: 0 };

/** What a workload of any kind may say beside what its container is, in an environment that has what it speaks of. */
const OTHERS = {
  stores: { redis: VALKEY, sessions: VALKEY },
  domains: {
    others: {
      services: {
        one: { image: image("one"), replicas: 1, uses: ["redis"] },
        two: { image: image("two"), replicas: 1, uses: ["sessions"] },
      },
    },
  },
};

const RICH = {
  memory: "512Mi",
  uses: [{ store: "redis", variables: { A: "{REDIS_URL}" } }],
  calls: [{ service: "one", variables: { ONE: "{address}" } }],
  egress: [{ host: "203.0.113.0/24", ports: [443] }],
  secrets: { TOKEN: { secret: "token", key: "value" } },
  secretFiles: { "/run/secrets/token": { secret: "token", key: "value" } },
  sidecars: [{ name: "proxy", image: image("proxy") }],
  tolerations: [{ key: "dedicated", value: "orders", effect: "NoExecute", within: "60s" }],
};

const TOLERATIONS = {
  "tolerations[].key": "another",
  "tolerations[].value": "another",
  "tolerations[].effect": new Around({ key: "dedicated", value: "orders", effect: "NoSchedule" }),
  "tolerations[].within": "77s",
};

const POD = {
  memoryRequest: "256Mi",
  "labels.*": { another: "label" },
  "secrets.*(name)": { ANOTHER: "another" },
  "secrets.*(settings).secret": "another",
  "secrets.*(settings).key": "another",
  "nodeSelector.*": { another: "label" },
  ...TOLERATIONS,
  pullSecrets: ["another"],
};

const RICHER = {
  ...POD,
  args: ["--another"],
  "uses[](name)": "redis",
  "uses[](settings).store": "sessions",
  "uses[](settings).variables.*": { B: "{REDIS_URL}" },
  "calls[](name)": "two",
  "calls[](settings).service": "two",
  "calls[](settings).variables.*": { TWO: "{address}" },
  "egress[].host": "203.0.113.0/25",
  "egress[].ports": [8443],
  "secretFiles.*(name)": { "/run/secrets/another": "another" },
  "secretFiles.*(settings).secret": "another",
  "secretFiles.*(settings).key": "another",
  "scratch.*": { "/tmp": "77Mi" },
  "sidecars[].name": "another",
  "sidecars[].image": image("another"),
  "sidecars[].command": ["/app/another"],
  "sidecars[].args": ["--another"],
  "sidecars[].cpu": "77m",
  "sidecars[].memory": "77Mi",
  "sidecars[].env.*": { ANOTHER: "1" },
  "sidecars[].connected": true,
};

const VOLUME = { "/data": { size: "1Gi", storageClass: "fast", protect: false } };
const VOLUMES = { "volumes.*.size": "7Gi", "volumes.*.storageClass": "another", "volumes.*.protect": true };

/** What a workload of each role may say beside what its role has. */
const further = (role: string, workload: object, more: Group["settings"] = {}): readonly Group[] => {
  const base = {
    ...ON_PREMISES,
    ...(/queryApi|migrations/.test(role) ? {} : EVENTS),
    ...(/queryApi|projections|migrations/.test(role) ? { readDatabase: CLOUD_NATIVE_PG } : {}),
  };
  const first = { queryApi: "read-side", projections: "projections", migrations: "migrations" }[role] ?? "write-side";
  const written = { image: image("workload"), ...workload };
  return [
    { base: { ...base, ...OTHERS, [role]: { ...RICH, ...written } }, at: role, first, settings: { ...RICHER, ...more } },
    {
      base: { ...base, stores: { postgres: CLOUD_NATIVE_PG }, [role]: { ...written, uses: [{ store: "postgres", as: "reader" }] } },
      at: role,
      first,
      settings: { "uses[](settings).as": "migrator" },
    },
  ];
};

/** Where only the general form has a setting. */
const CLUSTERS_THERE = { ...ON_PREMISES, cluster: undefined, writeCluster: { context: "write" }, readCluster: { context: "read" } };
const MANAGED = { aws: AWS, ...CLUSTERS };

const STORE_OF: Readonly<Record<string, readonly [base: object, settings: object]>> = {
  "kurrent-cloud": [MANAGED, { size: "development", backup: { every: "6h", keep: "7d" } }],
  kurrentdb: [CLUSTERS_THERE, { nodes: 1 }],
  postgres: [CLUSTERS_THERE, { server: CLOUD_NATIVE_PG }],
  eventsourcingdb: [CLUSTERS_THERE, { licence: { secret: "licence", flag: "license" } }],
  aurora: [MANAGED, { replicas: 0 }],
  rds: [MANAGED, { replicas: 0 }],
  "cloudnative-pg": [CLUSTERS_THERE, { instances: 1 }],
  elasticache: [MANAGED, { shards: 1, replicasPerShard: 1 }],
  valkey: [CLUSTERS_THERE, { replicas: 0 }],
  nats: [CLUSTERS_THERE, { servers: 1 }],
};

const domain = (written: object, more: object = {}) => ({ ...ON_PREMISES, ...more, domains: { domain: written } });
const WORKER = { image: image("worker"), replicas: 1 };
const DEFAULTS = {
  memory: "512Mi",
  secrets: { TOKEN: { secret: "token", key: "value" } },
  tolerations: RICH.tolerations,
};

const GENERAL: readonly Group[] = [
  // One that only its own cluster reaches goes with those who use it.
  ...Object.entries(STORE_OF).map(([engine, [base, settings]]): Group => {
    const on = (side: string) => ({
      ...base,
      stores: { [storeNamed(engine)]: { engine, ...settings, cluster: side } },
      domains: { users: { cluster: side, workers: { user: { ...WORKER, uses: [storeNamed(engine)] } } } },
    });
    const made = base === MANAGED;
    return {
      base: on("readCluster"),
      at: `stores.*(${engine})`,
      ...(made ? {} : { first: storeNamed(engine), only: true }),
      settings: { cluster: made ? "writeCluster" : new Instead(on("writeCluster")) },
    };
  }),
  {
    base: domain({ ...DEFAULTS, image: image("app"), workers: { worker: { replicas: 1 } } }),
    at: "domains.*",
    first: "domain",
    settings: {
      ...POD,
      image: image("another"),
      "env.*": { ANOTHER: "1" },
      cpu: "333m",
      cpuLimit: 2,
      memory: "777Mi",
      user: 1234,
      terminationGracePeriod: "95s",
    },
  },
  {
    base: { ...CLUSTERS_THERE, domains: { domain: { cluster: "readCluster", workers: { worker: WORKER } } } },
    at: "domains.*",
    settings: { cluster: "writeCluster" },
  },
  {
    base: { ...ON_PREMISES, domains: Object.fromEntries(["one", "two", "domain"].map((name) => [name, { workers: { [name]: WORKER } }])) },
    at: "domains.*",
    settings: { after: ["one"] },
  },
  {
    base: {
      ...ON_PREMISES,
      domains: {
        one: { workers: { one: WORKER } },
        two: { workers: { two: WORKER } },
        domain: { trafficAfter: ["one"], services: { service: { image: image("api"), replicas: 1, paths: ["/"] } } },
      },
    },
    at: "domains.*",
    first: "domain-traffic",
    settings: { trafficAfter: pair(["one"], ["one", "two"]) },
  },
  {
    base: domain({ services: { service: { image: image("api"), replicas: 1, health: "tcp", publicPorts: ["tcp"] } } }),
    at: "domains.*",
    first: "domain",
    settings: { sourceRanges: ["198.51.100.0/24"] },
  },
  {
    base: {
      ...ON_EKS,
      domains: { domain: { services: { service: { image: image("api"), replicas: 1, health: "tcp", publicPorts: ["tcp"] } } } },
    },
    at: "domains.*",
    first: "entry",
    settings: { internal: true },
  },
  {
    base: domain({ jobs: { job: { image: image("job"), when: "after" } } }),
    at: "domains.*.jobs.*",
    first: "domain",
    settings: { "when(name)": "by-hand", timeout: "17m", retries: 7 },
  },
  ...["before", "by-hand", { schedule: "0 3 * * *" }].map(
    (when): Group => ({
      base: domain({ jobs: { job: { image: image("job"), when } } }),
      at: "domains.*.jobs.*",
      first: "domain",
      settings: {
        ...(typeof when === "object" ? { "when(settings).schedule": "0 4 * * *" } : { "when(name)": "after" }),
        timeout: "17m",
        retries: 7,
        terminationGracePeriod: "95s",
        ...(when === "before" ? { "down.command": new Around({ command: ["/app/another"] }) } : {}),
      },
    }),
  ),
  {
    base: { ...ON_PREMISES, state: { backend: "kubernetes", context: "states" } },
    at: "state(kubernetes)",
    settings: { context: "another", kubeconfig: "~/.kube/another", namespace: "another" },
  },
  {
    base: { ...ON_PREMISES, state: { backend: "http", address: "https://states.example.com/state" } },
    at: "state(http)",
    settings: { address: "https://another.example.com/state" },
  },
  {
    base: { ...ON_PREMISES, state: { backend: "s3", endpoint: "https://s3.example.com", bucket: "states" } },
    at: "state(s3)",
    settings: { endpoint: "https://another.example.com", bucket: "another", region: "another-1" },
  },
];

const COMMAND_API = { ...ON_PREMISES, ...EVENTS, commandApi: { replicas: 1, release: "blue-green" } };
const SLOTS = { slots: { blue: image("api"), green: image("api", "2.0.0") }, live: "blue", weights: { blue: 90, green: 10 } };
const released = (workload: object) => ({ release: { of: "test", workloads: { "command-api": workload } } });

const TWO_DATABASES = { ...ON_PREMISES, ...EVENTS, readDatabase: ["orders", "search"].map((name) => ({ ...CLOUD_NATIVE_PG, name })) };

/** Every setting of the model that does something, with proof. */
const GROUPS: readonly Group[] = [
  {
    base: { ...ON_EKS, ...EVENTS_OF_ANY, commandApi: { image: image("api"), replicas: 1 }, aws: AWS },
    at: "",
    settings: {
      system: "another",
      name: "another",
      size: "large",
      mirror: "registry.example.com/mirror",
      "aws.account": "444455556666",
      "aws.region": "eu-west-2",
      "aws.recoveryRegion": "eu-west-3",
      "aws.domain": "another.example.com",
      "aws.zone": "Z0123456789ABCDEFGHIJ",
      "aws.tags.*": { another: "tag" },
      "aws.logRetention": "90d",
      "aws.runners.connection": "arn:aws:codeconnections:eu-west-1:111122223333:connection/0a1b2c3d-0000-4000-8000-0123456789ab",
      "aws.network(no vpc).readableBuckets": ["another-bucket"],
      "aws.network(no vpc).cidr": "10.9.0.0/16",
      "aws.network(no vpc).zones": ["eu-west-1b", "eu-west-1c", "eu-west-1a"],
      "backup.keep": "7d",
      "backup.notify": ["oncall@example.com"],
      "authorization.*": { CreateOrder: ["user"] },
      "access.administrators": ["arn:aws:iam::111122223333:role/another"],
      "access.deployers": ["arn:aws:iam::111122223333:role/another"],
      "access.planners": ["arn:aws:iam::111122223333:role/another"],
      "access.readers": ["arn:aws:iam::111122223333:role/another"],
      "access.from": ["203.0.113.0/24"],
    },
  },
  {
    base: {
      aws: {
        ...AWS,
        network: { vpc: "vpc-0a1b2c3d4e5f67890", subnets: { public: subnets("1"), private: subnets("2"), data: subnets("3") } },
      },
      ...ON_EKS,
      ...EVENTS_OF_ANY,
      commandApi: { image: image("api"), replicas: 1 },
    },
    at: "aws.network(vpc)",
    settings: {
      vpc: "vpc-0a1b2c3d4e5f67891",
      "subnets.public": subnets("4"),
      "subnets.private": subnets("5"),
      "subnets.data": subnets("6"),
    },
  },
  {
    base: { ...EVENTS_OF_ANY },
    others: [primary({})],
    at: "",
    settings: { standbyOf: "another" },
  },
  {
    base: { ...ON_EKS, ...FOLLOWED, standbyOf: "another", commandProcessors: { image: image("processors"), replicas: 2 } },
    others: [primary({ ...ON_EKS, ...FOLLOWED })],
    at: "",
    first: "event-store",
    only: true,
    settings: { promoted: true },
  },
  {
    base: {
      cluster: NODES,
      ...EVENTS_OF_ANY,
      commandProcessors: { image: image("processors"), replicas: 2 },
      audit: { commands: "300d", events: "300d", access: "300d", lock: "governance", writers: { "command-processors": [...AUDIT_KINDS] } },
    },
    at: "audit",
    settings: { commands: "400d", events: "400d", access: "400d", lock: "compliance" },
  },
  {
    base: {
      cluster: NODES,
      ...EVENTS_OF_ANY,
      commandProcessors: ["first", "second"].map((name) => ({ name, image: image("processors"), replicas: 2 })),
      audit: { commands: "300d", lock: "governance", writers: { first: ["commands"] } },
    },
    at: "audit",
    settings: { "writers.*": { second: ["commands"] } },
  },
  {
    base: {
      cluster: NODES,
      ...EVENTS_OF_ANY,
      commandProcessors: ["first", "second"].map((name) => ({ name, image: image("processors"), replicas: 2 })),
      audit: { access: "300d", lock: "governance", writers: {}, subjectKeys: { users: ["first"], erasers: ["first"] } },
    },
    at: "audit.subjectKeys",
    settings: { recovery: "14d", users: ["second"], erasers: ["second"] },
  },
  {
    base: {
      cluster: NODES,
      ...EVENTS_OF_ANY,
      commandProcessors: { name: "first", image: image("processors"), replicas: 2 },
      audit: { access: "300d", lock: "governance", writers: {}, subjectKeys: { users: ["first"] } },
    },
    others: [
      primary({
        ...ON_EKS,
        ...EVENTS_OF_ANY,
        commandProcessors: { image: image("processors"), replicas: 2 },
        audit: { access: "300d", writers: {}, subjectKeys: { users: ["command-processors"] } },
      }),
    ],
    at: "audit.subjectKeys",
    settings: { of: "another" },
  },
  { base: { ...EVENTS_OF_ANY }, at: "", settings: { "backup.lock": "compliance", "backup.notify": ["oncall@example.com"] } },
  ...clustersOf("cluster", { exceptions: DISPOSABLE }),
  ...clustersOf("writeCluster", CLUSTERS),
  ...clustersOf("readCluster", CLUSTERS),
  {
    base: { ...CLUSTERS, eventStore: KURRENT_CLOUD, ...CLIENTS },
    at: "eventStore(kurrent-cloud)",
    first: "event-store",
    settings: {
      size: "production",
      "backup.every": "12h",
      "backup.keep": "14d",
      "backup.rpo": "7h",
      "backup.rto": "7h",
      "network.cidr": "10.130.0.0/20",
      version: "24.10",
      patch: "26.0.7",
      projections: "user",
    },
  },
  ...declared("eventStore(kurrent-cloud)", (more) => ({
    ...CLUSTERS,
    eventStore: { ...KURRENT_CLOUD, projections: "system", ...more },
    ...CLIENTS,
  })),
  ...declared("eventStore(kurrentdb)", (more) => ({
    ...ON_PREMISES,
    eventStore: { engine: "kurrentdb", nodes: 3, projections: "system", standardProjections: true, ...more },
  })),
  {
    base: { ...ON_PREMISES, eventStore: { engine: "kurrentdb", nodes: 3 } },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: {
      version: "24.10",
      size: "large",
      nodes: 5,
      cpu: "777m",
      memory: "7Gi",
      storage: "77Gi",
      projections: "all",
      atomPub: true,
      "options.*": { READER_THREADS_COUNT: 7 },
    },
  },
  {
    base: { ...ON_EKS, aws: AWS, eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "1h", keep: "28d" } } },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: { "backup.every": "2h", "backup.keep": "7d", "backup.rpo": "7h", "backup.rto": "7h", "backup.drill": "0 4 1 * *" },
  },
  {
    base: { ...ON_PREMISES, eventStore: { engine: "kurrentdb", nodes: 1, volumeSnapshots: { every: "1h", keep: "7d", class: "one" } } },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: { "volumeSnapshots.every": "2h", "volumeSnapshots.keep": "3d", "volumeSnapshots.class": "other" },
  },
  {
    base: { ...ON_EKS, aws: AWS, eventStore: { engine: "kurrentdb", nodes: 3, volumeSnapshots: { every: "1h", keep: "7d" } } },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: { "volumeSnapshots.drill": "0 4 1 * *" },
  },
  {
    base: { ...ON_EKS, aws: AWS, eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "1h", keep: "28d", drill: "0 4 1 * *" } } },
    at: "",
    first: "event-store",
    settings: { "backup.drillCopies": true },
  },
  {
    base: {
      ...CLUSTERS,
      aws: AWS,
      eventStore: { ...KURRENT_CLOUD, streamBackup: { every: "1h", keep: "28d" } },
      ...CLIENTS,
    },
    at: "eventStore(kurrent-cloud)",
    first: "event-store-users",
    settings: { "streamBackup.every": "2h", "streamBackup.keep": "7d", "streamBackup.drill": "0 4 1 * *" },
  },
  {
    base: { ...ON_PREMISES, eventStore: { engine: "kurrentdb", nodes: 1, projections: "system" } },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: { insecure: true, standardProjections: true },
  },
  ...postgres("eventStore(postgres).server", (server) => ({ eventStore: { engine: "postgres", server } })),
  {
    base: { ...ON_PREMISES, eventStore: { engine: "postgres", server: CLOUD_NATIVE_PG } },
    at: "eventStore(postgres)",
    first: "event-store",
    settings: { records: "0 * * * *" },
  },
  {
    base: {
      ...ON_PREMISES,
      eventStore: { engine: "postgres", server: CLOUD_NATIVE_PG, streamBackup: { every: "1h", keep: "28d" } },
      backup: { bucket: OUTSIDE },
    },
    at: "eventStore(postgres)",
    first: "event-store",
    settings: { "streamBackup.every": "2h", "streamBackup.keep": "7d", "streamBackup.drill": "0 4 1 * *" },
  },
  {
    base: {
      ...ON_PREMISES,
      eventStore: { engine: "postgres", server: CLOUD_NATIVE_PG, streamBackup: { every: "1h", keep: "28d", drill: "0 4 1 * *" } },
      backup: { bucket: OUTSIDE },
    },
    at: "eventStore(postgres)",
    first: "event-store",
    settings: { "streamBackup.drillStorage": "77Gi" },
  },
  {
    base: { ...ON_PREMISES, readDatabase: CLOUD_NATIVE_PG, backup: { bucket: OUTSIDE } },
    at: "backup.bucket",
    first: "read-store",
    settings: {
      endpoint: "https://another.example.com",
      bucket: "another",
      region: "another",
      "credentials.secret": "another",
      "authority.secret": pair("authority", "another"),
      "authority.key": new Around({ secret: "authority", key: "another" }),
    },
  },
  {
    base: {
      ...ON_PREMISES,
      eventStore: { engine: "kurrentdb", nodes: 1, backup: { every: "1h", keep: "28d" } },
      backup: { bucket: OUTSIDE },
    },
    at: "eventStore(kurrentdb)",
    first: "event-store",
    settings: { "backup.every": "2h", "backup.keep": "7d", "backup.drill": "0 4 1 * *" },
  },
  {
    base: { ...ON_PREMISES, eventStore: { engine: "eventsourcingdb", licence: { secret: "licence", flag: "license" } } },
    at: "eventStore(eventsourcingdb)",
    first: "event-store",
    settings: { size: "large", storage: "77Gi", "licence.secret": "another", "licence.key": "another", "licence.flag": "another" },
  },
  // Settings that apply to nothing, which is said.
  {
    base: { ...ON_PREMISES, ...EVENTS },
    at: "",
    settings: {
      "authorization.*": { CreateOrder: ["user"] },
      authentication: { issuer: "https://login.example.com/", audience: "orders", publicKey: publicKey(0xfd) },
      encryptedFields: ["ssn"],
      "backup.keep": "7d",
      "backup.notify": ["oncall@example.com"],
      "monitoring.telemetry": { endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" },
    },
  },
  {
    base: {
      ...ON_PREMISES,
      domains: { domain: { workers: { worker: { image: `${image("worker")}@sha256:${"0".repeat(64)}`, replicas: 1 } } } },
      registries: ["registry.example.com/orders"],
    },
    at: "",
    first: "platform",
    settings: { registries: ["registry.example.com"] },
  },
  {
    base: { exceptions: DISPOSABLE, aws: AWS },
    at: "",
    settings: { "aws.zone": "Z0123456789ABCDEFGHIJ", mirror: "registry.example.com/mirror" },
  },
  ...(["commandApi", "commandProcessors", "queryApi", "projections"] as const).map(
    (role): Group => ({
      base: {
        ...ON_PREMISES,
        ...EVENTS,
        readDatabase: CLOUD_NATIVE_PG,
        [role]: { image: image("workload"), ...(role === "projections" ? { workers: 1, parallelism: 1 } : { replicas: 1 }) },
      },
      at: role,
      settings: { metrics: { port: 9001 } },
    }),
  ),
  ...postgres("readDatabase", (readDatabase) => ({ readDatabase })),
  ...served("commandApi"),
  ...served("queryApi"),
  {
    base: {
      ...ON_PREMISES,
      ...watched,
      ...EVENTS,
      commandProcessors: { image: image("processors"), replicas: 1, health: { port: 9000, path: "/health" } },
    },
    at: "commandProcessors",
    first: "write-side",
    settings: { ...WORKLOAD, "replicas(fixed)": 2, "health.port": 9009, "health.path": "/another" },
  },
  {
    base: { ...ON_PREMISES, ...EVENTS, commandProcessors: { image: image("processors"), replicas: { min: 1, max: 5 } } },
    at: "commandProcessors",
    first: "write-side",
    settings: SCALED,
  },
  ...followed("commandProcessors", { image: image("processors") }),
  {
    base: {
      ...ON_PREMISES,
      ...watched,
      ...EVENTS,
      readDatabase: CLOUD_NATIVE_PG,
      projections: { image: image("projections"), workers: 2, parallelism: 2, partitions: 8, health: { port: 9000, path: "/health" } },
    },
    at: "projections",
    first: "projections",
    settings: {
      ...WORKLOAD,
      workers: 3,
      parallelism: 3,
      partitions: 9,
      "health.port": 9009,
      "health.path": "/another",
      "health.lag": "behind",
      reportsProgress: true,
    },
  },
  {
    base: { ...ON_PREMISES, ...EVENTS, ...CLIENTS, monitoring: OBSERVED },
    at: "monitoring",
    first: "observability",
    settings: {
      "prometheus(settings)(no namespace).scrapeInterval": "9s",
      "prometheus(settings)(no namespace).retention": "9d",
      "prometheus(settings)(no namespace).series": 77_000,
      "prometheus(settings)(no namespace).storage": "77Gi",
      "grafana(settings).url": "https://another.example.com",
      "grafana(settings).oidc.clientId": "another",
      "grafana(settings).oidc.authUrl": "https://another.example.com/authorize",
      "grafana(settings).oidc.tokenUrl": "https://another.example.com/token",
      "grafana(settings).oidc.apiUrl": "https://another.example.com/userinfo",
      "grafana(settings).oidc.role": "'Admin'",
      "grafana(settings).oidc.scopes": "openid",
      "tracing(settings).keep": "9d",
      "tracing(settings).volume": "77Gi",
      "tracing(settings).sampling.percentage": 7,
      "tracing(settings).sampling.slowerThan": "7s",
      "tracing(settings).sampling.wait": "77s",
      "tracing(settings).sampling.pods.cpu": "777m",
      "tracing(settings).sampling.pods.memory": "777Mi",
      "tracing(settings).sampling.pods.queue": "77Gi",
      "alerts.receivers.*(slack).channel": "#another",
      "alerts.default(name)": "oncall",
      "alerts.default(settings).critical": new Around({ critical: "oncall", warning: "team" }),
      "alerts.default(settings).warning": new Around({ critical: "team", warning: "oncall" }),
      "alerts.heartbeat": "heartbeat",
      runbooks: "https://runbooks.example.com",
    },
  },
  {
    base: {
      ...ON_PREMISES,
      domains: { domain: { workers: { worker: { image: image("worker"), replicas: 1 } }, alerts: { MessagesWaiting: WAITING } } },
      monitoring: { prometheus: true, grafana: true },
    },
    at: "domains.*",
    first: "observability",
    settings: {
      "alerts.*.expr": "messages_waiting > 2",
      "alerts.*.for": "7m",
      "alerts.*.severity": "critical",
      "alerts.*.summary": "another",
      "alerts.*.runbook": "https://runbooks.example.com/another",
      "dashboards.*": { another: JSON.stringify({ uid: "another", title: "Another", panels: [] }) },
    },
  },
  {
    // In the general form, whose domain has a name that is known.
    base: {
      ...ON_PREMISES,
      domains: { domain: { workers: { worker: { image: image("worker"), replicas: 1 } } } },
      monitoring: { prometheus: true, alerts: { ...ALERTS, domains: { domain: { critical: "team", warning: "team" } } } },
    },
    at: "monitoring.alerts",
    first: "observability",
    settings: {
      "domains.*(name)": { domain: "oncall" },
      "domains.*(settings).critical": "oncall",
      "domains.*(settings).warning": "oncall",
    },
  },
  {
    base: { ...ON_PREMISES, ...EVENTS, commandApi: { image: image("api"), replicas: 1 }, monitoring: { prometheus: true } },
    at: "monitoring",
    first: "observability",
    settings: { durationUnit: "ms" },
  },
  {
    // Of several zones.
    base: { ...ON_EKS, ...EVENTS, monitoring: { prometheus: true, tracing: { sampling: { percentage: 10 } } } },
    at: "monitoring",
    first: "observability",
    settings: { "tracing(settings).sampling.pods.replicas": 3 },
  },
  {
    base: { ...ON_PREMISES, ...EVENTS, ...CLIENTS, monitoring: { prometheus: true, elasticStack: { nodes: 1 } } },
    at: "monitoring",
    first: "observability",
    settings: {
      "elasticStack(settings).nodes": 3,
      "elasticStack(settings).storage": "77Gi",
      "elasticStack(settings).memory": "7Gi",
      "elasticStack(settings).keep": "9d",
    },
  },
  {
    base: {
      ...ON_PREMISES,
      ...EVENTS,
      readDatabase: CLOUD_NATIVE_PG,
      projections: {
        image: image("projections"),
        workers: 2,
        parallelism: 2,
        readModel: { slots: { a: { partitions: 8 }, b: { partitions: 8 } } },
      },
      migrations: { image: image("migrations"), per: "slot" },
    },
    at: "projections.readModel",
    first: "projections",
    settings: {
      "slots.a.partitions": 9,
      "slots.a.image": image("another"),
      "slots.a.migrations": image("another"),
      "slots.b.partitions": 9,
      "slots.b.image": image("another"),
      "slots.b.migrations": image("another"),
      live: "b",
      skipCatchUpCheck: true,
    },
  },
  {
    base: { ...TWO_DATABASES, projections: { image: image("projections"), workers: 1, parallelism: 1 } },
    at: "projections",
    first: "projections",
    settings: { database: "search" },
  },
  {
    base: { ...TWO_DATABASES, migrations: { image: image("migrations"), database: "orders" } },
    at: "migrations",
    first: "migrations",
    settings: { database: "search" },
  },
  {
    base: {
      ...ON_PREMISES,
      ...EVENTS,
      readDatabase: CLOUD_NATIVE_PG,
      projections: { image: image("projections"), workers: 1, parallelism: 1 },
      migrations: { image: image("migrations"), down: { command: ["/app/down"] } },
    },
    at: "migrations",
    first: "migrations",
    settings: {
      ...CONTAINER,
      per: "slot",
      "variables.*": { A: "{DATABASE_URL}" },
      timeout: "17m",
      "down.command": ["/app/another"],
      "down.image": image("another"),
    },
  },
  {
    base: { ...ON_EKS, cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 } },
    at: "cache(elasticache)",
    first: "data",
    settings: { "backup.keep": "3d", size: "large", shards: 2, replicasPerShard: 2 },
  },
  {
    base: { ...ON_PREMISES, cache: { engine: "valkey", replicas: 0 } },
    at: "cache(valkey)",
    first: "read-store",
    settings: { size: "large", purpose: "store", replicas: 2, cpu: "333m", memory: "1Gi", storage: "77Gi", eviction: "volatile-ttl" },
  },
  {
    base: { ...ON_PREMISES, broker: { engine: "nats", servers: 3 } },
    at: "broker(nats)",
    first: "read-store",
    settings: { size: "large", purpose: "events", servers: 5, storage: "77Gi", active: "b" },
  },
  {
    base: { ...ON_PREMISES, ...EVENTS, ...CLIENTS },
    at: "monitoring",
    settings: {
      "prometheus(on)": true,
      "prometheus(settings)(namespace).namespace": "another",
      "grafana(on)": new Around({ prometheus: true, grafana: true }),
      "tracing(on)": new Around({ prometheus: true, tracing: true }),
      "elasticStack(on)": new Around({ prometheus: true, elasticStack: true }),
      "telemetry.endpoint": new Around({ endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" }),
      "telemetry.namespace": new Around({ endpoint: "http://collector.monitoring.svc:4317", namespace: "another" }),
    },
  },
  {
    base: {
      ...ON_PREMISES,
      ...EVENTS,
      commandApi: { image: image("api"), replicas: 1 },
      authentication: { issuer: "https://login.example.com/", audience: "orders", jwks: "https://login.example.com/keys" },
    },
    at: "authentication(no publicKey)",
    first: "write-side",
    settings: { issuer: "https://another.example.com/", audience: "another", jwks: "https://another.example.com/keys" },
  },
  {
    base: {
      ...ON_PREMISES,
      ...EVENTS,
      commandApi: { image: image("api"), replicas: 1 },
      authentication: { issuer: "https://login.example.com/", audience: "orders", publicKey: publicKey(0xfd) },
    },
    at: "authentication(publicKey)",
    first: "write-side",
    settings: { issuer: "https://another.example.com/", audience: "another", publicKey: publicKey(0xff) },
  },
  {
    base: { ...ON_PREMISES, readDatabase: CLOUD_NATIVE_PG, queryApi: { image: image("api"), replicas: 1 } },
    at: "",
    first: "read-side",
    settings: { encryptedFields: ["ssn"] },
  },
  edges(
    {
      provider: "cloudflare",
      cache: "30s",
      rateLimit: { requests: 100, per: "1m" },
      account: "0123456789abcdef0123456789abcdef",
      zone: { id: "fedcba9876543210fedcba9876543210", name: "example.com" },
    },
    {
      account: "1123456789abcdef0123456789abcdef",
      "zone.id": "1edcba9876543210fedcba9876543210",
      "zone.name": "another.com",
      host: "another.example.com",
      clientAuthority: AUTHORITIES.own,
    },
  ),
  edges({ provider: "cloudfront", cache: "30s", rateLimit: { requests: 100, per: "5m" } }, {}),
  ...["commandApi", "queryApi"].flatMap((role) =>
    further(
      role,
      { replicas: 1, volumes: VOLUME, ports: { broker: 5050 } },
      { ...VOLUMES, hosts: ["api.example.com"], "ports.*": { broker: 5051 }, publicPorts: ["broker"], servicePort: 80 },
    ),
  ),
  ...further("commandProcessors", { replicas: 1, volumes: VOLUME }, VOLUMES),
  {
    base: { ...ON_PREMISES, ...EVENTS, commandProcessors: { image: image("processors"), replicas: 2, partitions: 8 } },
    at: "commandProcessors",
    first: "write-side",
    settings: { partitions: 9 },
  },
  ...further("projections", { workers: 1, parallelism: 1 }),
  ...further("migrations", {}),
  ...GENERAL,
  {
    base: { ...ON_PREMISES, ...EVENTS, commandApi: { replicas: 1 }, ...released({ image: image("api") }) },
    at: "release.workloads.*",
    first: "write-side",
    settings: { image: image("another") },
  },
  {
    base: { ...COMMAND_API, ...released(SLOTS) },
    at: "release.workloads.*",
    first: "write-side",
    settings: {
      "slots.blue": image("another"),
      "slots.green": image("another"),
      "weights.blue": new Around({ blue: 80, green: 20 }),
      "weights.green": new Around({ blue: 80, green: 20 }),
      preview: true,
    },
  },
  {
    base: { ...COMMAND_API, ...released({ ...SLOTS, weights: undefined }) },
    at: "release.workloads.*",
    first: "write-side",
    settings: { live: "green" },
  },
];

/** Settings that change nothing that is made, each with the reason. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  "backup.beforeRelease": "is required by an apply, and deployed by none",
  "release.of": "must be the environment's name",
  "release.workloads.*.previous": "is for a rollback, and deployed by none",
  "commandProcessors.release": "is rolling, or refused",
  "projections.release": "is rolling, or refused",
  "migrations.release": "is rolling, or refused",
  "domains.*.workers.*.release": "is rolling, or refused",
  "domains.*.projections.*.release": "is rolling, or refused",
  "cache(elasticache).purpose": "is cache, or refused",
  "stores.*(elasticache).purpose": "is cache, or refused",
  ...Object.fromEntries(
    ["aurora", "rds", "cloudnative-pg"].map((engine) => [`stores.*(postgres).server(${engine}).name`, "is the store's, or refused"]),
  ),
  ...Object.fromEntries(
    ["readDatabase", "stores.*", "eventStore(postgres).server", "stores.*(postgres).server"].flatMap((at) =>
      ["aurora", "rds", "cloudnative-pg"].flatMap((engine) =>
        refusedRestores(at, engine).map((path) => [`${at}(${engine}).restore.${path}`, "is refused, or compared with"]),
      ),
    ),
  ),
  ...Object.fromEntries(
    ["readDatabase", "stores.*", "eventStore(postgres).server", "stores.*(postgres).server"].map((at) => [
      `${at}(aurora).globalDatabase.of`,
      "is that of the other environment, or refused",
    ]),
  ),
  "stores.*(memory).cluster": "is the cluster of its process, or refused",
  ...Object.fromEntries(
    [...Object.keys(EXCEPTIONS), ...["noBackup", "noRecoveryCopy"].flatMap((name) => [`${name}(name)`, `${name}(settings).*`])].map(
      (name) => [`exceptions.${name}`, "lets something pass, and is printed with its reason"],
    ),
  ),
};

/** Settings of a restore that its engine, or a server without events, has not. */
function refusedRestores(at: string, engine: string): readonly string[] {
  const events = at.includes("(postgres)");
  const onCluster = engine === "cloudnative-pg";
  const record = ["id", "time", "lsn", "position", "count", "hash"].map((key) => `record.${key}`);
  return [
    ...(onCluster ? ["target.snapshot"] : ["target.lsn", "target.latest"]),
    ...(onCluster && !events ? ["target.latest"] : []),
    ...(onCluster && events ? [] : record),
  ];
}

const KNOWN = settingsOf(environmentSchema).map((path) => path.replace(/^\./, ""));

/** Whether the model has a setting, or a group of settings. */
function isKnown(path: string): boolean {
  return KNOWN.some((known) => known === path || known.startsWith(`${path}.`) || known.startsWith(`${path}(`));
}

/** Where a setting is in an environment. A record is set as a whole. */
function keysOf(path: string): readonly string[] {
  const named = path.replace(/^stores\.\*\(([^)]*)\)/, (_, engine: string) => `stores.${storeNamed(engine)}`);
  const whole = named.replaceAll(/\([^)]*\)/g, "").replace(/(\.\*)+$/, "");
  const keys = whole.replaceAll("[]", ".0").split(".");
  return keys.map((key, index) => (key === "*" ? (NAMES[keys[index - 1] ?? ""] ?? key) : key));
}

function valueAt(value: unknown, keys: readonly string[]): object {
  return keys.reduce((inner, key) => (inner as Readonly<Record<string, unknown>>)[key], value) as object;
}

function settingsIn(group: Group): readonly Setting[] {
  return Object.entries(group.settings).map(([below, value]): Setting => {
    const path = [group.at, below].filter(Boolean).join(".");
    const keys = keysOf(path);
    if (value instanceof Instead) return { group, path, keys: [], to: value.to };
    if (value instanceof Beside) {
      const around = keys.slice(0, -1);
      return { group, path, keys: around, to: { ...valueAt(group.base, around), ...value.to } };
    }
    if (value instanceof Around) return { group, path, keys: keys.slice(0, -1), to: value.to };
    return value instanceof Pair ? { group, path, keys, from: value.from, to: value.to } : { group, path, keys, to: value };
  });
}

/** Every setting with its proof. What a role has, its general form has too, but for the names of what is named by its key. */
export const SETTINGS: readonly Setting[] = [
  ...GROUPS.flatMap(settingsIn),
  ...GROUPS.flatMap(inGeneralForm)
    .flatMap(settingsIn)
    .filter(({ path }) => isKnown(path) && !(path in WITHOUT_EFFECT)),
];

/** Every setting of an account, with another value. */
export const ACCOUNT_SETTINGS: Readonly<Record<string, unknown>> = {
  system: "another",
  id: "444455556666",
  region: "eu-west-2",
  "github.repository": "example/another",
  "github.subject": "repo:example@1/orders@2",
  "github.branch": "trunk",
  "github.providerExists": true,
  lostRegions: ["eu-central-1"],
  "baseline.cloudTrail(on)": true,
  "baseline.cloudTrail(settings).keep": "77d",
  "baseline.guardDuty": true,
  "baseline.securityHub": true,
  "baseline.accessAnalyzer": true,
  "baseline.blockPublicBuckets": true,
  "baseline.encryptVolumes": true,
  "baseline.budget.monthly": 777,
  "baseline.budget.notify": ["another@example.com"],
  "baseline.costTags": true,
};
