import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Domain, DomainService, Environment, Job, Store, Use } from "cdktf-cqrs/stacks";

/** Events a month: below 10,000, below 100,000, more. */
export type Tier = "small" | "medium" | "large";

/** What a tier decides. Everything else follows from the environment's size, which is the tier. */
type Settings = Omit<Environment, "system" | "name" | "size">;

const ACCESS = { unauthenticatedApis: "the application verifies the tokens that it signs with JWT_SECRET" };
const SECRETS = { ENCRYPTION_KEY: "event-encryption", JWT_SECRET: "jwt" };

const app = {
  port: 8000,
  health: "/ready",
  replicas: 3,
  cpu: "250m",
  cpuLimit: "500m",
  memory: "512Mi",
  memoryRequest: "256Mi",
  probes: { liveness: { path: "/health", delay: "30s", every: "10s" }, readiness: { path: "/ready", delay: "10s", every: "5s" } },
  paths: ["/"],
  secrets: SECRETS,
} as const satisfies DomainService;

const pool = (least: number, most: number, batch: number) => ({
  SNAPSHOT_FREQUENCY: "50",
  CONNECTION_POOL_MIN: String(least),
  CONNECTION_POOL_MAX: String(most),
  BATCH_SIZE: String(batch),
});

/** The application writes its events to tables of its own migrations, so its event store is a database, not an event-store engine. */
const migrate: Job = {
  when: "before",
  command: ["python", "-m", "orchestrix.migrate", "/migrations"],
  files: { "/migrations/0001-events.sql": readFileSync(join(__dirname, "migrations/0001-events.sql"), "utf8") },
  uses: [{ store: "postgres", as: "migrator" }],
};

/** Started by hand with an argument: `kubectl set env` puts it into the job's variables before the job is created (README.md). */
const replay = (what: string, ...variables: readonly string[]): Job => ({
  when: "by-hand",
  command: ["python", "-m", "orchestrix.replay", what, ...variables.map((variable) => `$(${variable})`)],
  env: Object.fromEntries(variables.map((variable) => [variable, ""])),
  secrets: { ENCRYPTION_KEY: SECRETS.ENCRYPTION_KEY },
  uses: ["postgres"],
});

const orchestrix = (domain: Domain) => ({ orchestrix: { image: "registry.example.com/orchestrix:1.0.0", ...domain } });

const database = { engine: "cloudnative-pg", version: "16", database: "orchestrix" } as const satisfies Store;

const onAws = (name: string) => ({
  account: "111122223333",
  region: "eu-west-1" as const,
  recoveryRegion: "eu-central-1" as const,
  domain: `${name}.orchestrix.example.com`,
  network: { cidr: name === "medium" ? "10.1.0.0/16" : "10.2.0.0/16" },
});

const TIERS: Readonly<Record<Tier, (name: string) => Settings>> = {
  /** One process on a cluster that exists, with its events in memory. */
  small: () => ({
    cluster: { context: "orchestrix" },
    state: { backend: "kubernetes", context: "operations" },
    stores: { memory: { engine: "memory" } },
    domains: orchestrix({ services: { app: { ...app, replicas: 1, uses: ["memory"] } } }),
    exceptions: { ...ACCESS, volatileEvents: "a trial of fewer than 100 users: a restart may lose events, and the next tier starts empty" },
  }),

  medium: (name) => ({
    aws: onAws(name),
    cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
    stores: { postgres: database },
    domains: orchestrix({ jobs: { migrate }, services: { app: { ...app, env: pool(5, 20, 100), uses: ["postgres"] } } }),
    backup: { keep: "30d" },
    exceptions: ACCESS,
  }),

  large: (name) => ({
    aws: onAws(name),
    cluster: { nodes: { min: 6, max: 24 }, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
    stores: { postgres: largeDatabase, redis: { engine: "valkey", purpose: "cache" } },
    domains: orchestrix({ jobs: { migrate, ...replays }, services: { app: { ...largeApp, uses: ["postgres", "redis"] } } }),
    monitoring: { prometheus: { scrapeInterval: "15s" }, grafana: true, tracing: { sampling: { percentage: 10 } }, elasticStack: true },
    audit: { commands: "3650d", events: "3650d", lock: "governance", writers: { app: ["commands", "events"] } },
    backup: { keep: "30d" },
    exceptions: ACCESS,
  }),
};

/** Its pooler shares 200 connections among up to 100 instances with pools of 50. */
const largeDatabase: Store = {
  ...database,
  instances: 3,
  cpu: 2,
  memory: "8Gi",
  storage: "100Gi",
  backup: { rto: "4h" },
  pooler: true,
  parameters: { max_connections: 200, shared_buffers: "256MB", effective_cache_size: "1GB", work_mem: "16MB" },
};

const largeApp: DomainService = {
  ...app,
  replicas: { min: 10, max: 100 },
  scaleOn: { cpu: 70, memory: 80 },
  cpu: "500m",
  cpuLimit: 1,
  memory: "2Gi",
  memoryRequest: "1Gi",
  probes: { liveness: { ...app.probes.liveness, delay: "60s" }, readiness: { ...app.probes.readiness, delay: "20s" } },
  env: {
    ...pool(10, 50, 1000),
    CACHE_TTL: "300",
    DLQ_MAX_RETRIES: "3",
    DLQ_BACKOFF: "exponential",
    TENANT_ISOLATION: "stream",
    // Thrift over HTTP, which the collector receives.
    JAEGER_ENDPOINT: "http://collector.observability.svc:14268/api/traces",
  },
};

const replays = {
  "replay-aggregate": replay("aggregate", "AGGREGATE_ID"),
  "replay-time-range": replay("time-range", "FROM", "TO"),
  "replay-type": replay("type", "EVENT_TYPE"),
};

/** The whole system in a tier. */
export function inTier(tier: Tier, name: string = tier): Environment {
  return { system: "orchestrix", name, size: tier, ...TIERS[tier](name) };
}

/** The large tier on EventSourcingDB instead, whose API replaces the tables. */
export function onEventSourcingDb(name = "large"): Environment {
  const { stores: _, domains: __, exceptions, ...large } = inTier("large", name);
  const events: Use = { store: "ledger", variables: { EVENTSOURCINGDB_URL: "{EVENT_STORE_URL}" } };
  return {
    ...large,
    stores: {
      ledger: { engine: "eventsourcingdb", storage: "100Gi", licence: { secret: "eventsourcingdb-licence", flag: "license-key" } },
      redis: { engine: "valkey", purpose: "cache" },
    },
    domains: orchestrix({ services: { app: { ...largeApp, uses: [events, "redis"] } } }),
    exceptions: { ...exceptions, noBackup: { "stores.ledger": "the platform takes no snapshots of EventSourcingDB" } },
  };
}
