import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Domain, DomainService, Environment, Job, Use } from "cdktf-cqrs/stacks";
import settings from "./appsettings.json";
import topics from "./topics.json";

/** How far the migration from webhooks is, in its order, and what the system is told in each phase. */
const PHASES = {
  off: { Migration__Publish: "false", Migration__DualWrites: "false", Migration__Consumers: "none" },
  parallel: { Migration__Publish: "true", Migration__DualWrites: "true", Migration__Consumers: "none" },
  "non-critical": { Migration__Publish: "true", Migration__DualWrites: "true", Migration__Consumers: "non-critical" },
  all: { Migration__Publish: "true", Migration__DualWrites: "false", Migration__Consumers: "all" },
} as const;

export type Phase = keyof typeof PHASES;

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

const SQL = "Host={host};Port={port};Database={database};Username={user};Password={password};SSL Mode=VerifyFull;Root Certificate={ca}";
const postgres = (as: "migrator" | "writer"): Use => ({ store: "postgres", as, variables: { ConnectionStrings__PostgreSQL: SQL } });
const redis: Use = {
  store: "redis",
  variables: { ConnectionStrings__Redis: "{host}:{port},user={user},password={password},ssl=true", Redis__CaFile: "{ca}" },
};
const JWT = { JWT__Secret: "jwt" };

const api: DomainService = {
  port: 5000,
  ports: { broker: 5050 },
  publicPorts: ["broker"],
  paths: ["/"],
  replicas: { min: 3, max: 10 },
  scaleOn: { cpu: 70, memory: 80 },
  cpu: 1,
  cpuLimit: 2,
  memory: "4Gi",
  memoryRequest: "2Gi",
  probes: { liveness: { path: "/health", delay: "30s", every: "10s" }, readiness: { delay: "10s", every: "5s" } },
  files: { "/app/appsettings.json": json(settings) },
  env: {
    ASPNETCORE_URLS: "http://+:5000",
    Messaging__SchemaApproval: "true",
    JWT__Issuer: "https://messaging.example.com",
    JWT__Audience: "messaging-api",
    JWT__ExpirationMinutes: "60",
    RateLimiting__Publish: "100",
    RateLimiting__Consume: "600",
    RateLimiting__Topics: "10",
    // Thrift over HTTP, which the collector receives.
    OpenTelemetry__JaegerEndpoint: "http://collector.observability.svc:14268/api/traces",
  },
  secrets: JWT,
  uses: [postgres("writer"), redis],
};

/** On the metrics that the broker exports: published and delivered messages by topic, messages that wait by subscription. */
const alerts: Domain["alerts"] = {
  DeliveriesFail: {
    expr: 'sum by (cluster, namespace, topic) (rate(messaging_messages_delivered_total{namespace="messaging", status="failed"}[5m])) / sum by (cluster, namespace, topic) (rate(messaging_messages_delivered_total{namespace="messaging"}[5m])) > 0.01',
    for: "5m",
    severity: "critical",
    summary: "{{ $value | humanizePercentage }} of the deliveries of {{ $labels.topic }} fail",
  },
  ConsumerLags: {
    // At 600 messages a minute, the rate limit of a consumer, 6,000 messages take ten minutes.
    expr: 'max by (cluster, namespace, subscription) (messaging_consumer_lag_messages{namespace="messaging"}) > 6000',
    for: "5m",
    severity: "warning",
    summary: "{{ $value | humanize }} messages wait for {{ $labels.subscription }}",
  },
  NothingIsDelivered: {
    expr: 'sum by (cluster, namespace) (rate(messaging_messages_published_total{namespace="messaging"}[5m])) > 0 unless sum by (cluster, namespace) (rate(messaging_messages_delivered_total{namespace="messaging", status="ok"}[5m])) > 0',
    for: "5m",
    severity: "critical",
    summary: "{{ $value | humanize }} messages per second are published, and none is delivered",
  },
};

/** The schema registry and the audit tables. */
const migrate: Job = { when: "before", command: ["dotnet", "ef", "database", "update"], uses: [postgres("migrator")] };

/** Compares the phase with the one that the database has: anything but the next or the previous one ends the apply before the API changes. */
const changePhase = (phase: Phase): Job => ({
  when: "before",
  image: "docker.io/library/postgres:18.4-alpine3.24",
  command: ["sh", "-c", 'psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -v phase="$PHASE" -v phases="$PHASES" -f /sql/phase.sql'],
  env: { PHASE: phase, PHASES: Object.keys(PHASES).join(",") },
  files: { "/sql/phase.sql": readFileSync(join(__dirname, "sql/phase.sql"), "utf8") },
  uses: [{ store: "postgres", as: "migrator" }],
  retries: 0,
});

/** Creates through the API what does not exist yet. */
const createTopics: Job = {
  when: "after",
  command: ["/app/create-topics", "/etc/topics.json"],
  files: { "/etc/topics.json": json(topics) },
  calls: [{ service: "messaging-api", variables: { Messaging__Address: "{address}" } }],
  secrets: JWT,
};

/** Part of a rollback: `kubectl create job --from=cronjob/export-messages`, then `kubectl cp` out of it. */
const exportMessages: Job = {
  when: "by-hand",
  command: ["/app/export-messages", "/export"],
  scratch: { "/export": "20Gi" },
  uses: [redis],
};

const messaging = (phase: Phase): Domain => ({
  image: "registry.example.com/messaging-system:1.0.0",
  env: { ASPNETCORE_ENVIRONMENT: "Production", ...PHASES[phase] },
  jobs: { migrate, "change-phase": changePhase(phase), "create-topics": createTopics, "export-messages": exportMessages },
  services: { "messaging-api": api },
  alerts,
  dashboards: { messages: readFileSync(join(__dirname, "dashboards/messages.json"), "utf8") },
});

/** Everything but where it runs. */
const hotswap = (name: string, phase: Phase) =>
  ({
    system: "hotswap",
    name,
    size: "medium",
    stores: {
      postgres: {
        engine: "cloudnative-pg",
        version: "15",
        database: "messaging",
        cpu: 1,
        memory: "4Gi",
        storage: "50Gi",
        parameters: { max_connections: 200, work_mem: "3MB" },
      },
      redis: { engine: "valkey", purpose: "store", cpu: 1, memory: "8Gi", storage: "50Gi" },
    },
    domains: { messaging: messaging(phase) },
    monitoring: { prometheus: true, grafana: true, tracing: true },
  }) as const satisfies Environment;

const ACCESS = { unauthenticatedApis: "the API verifies the tokens that it signs with JWT__Secret, over HTTP and at the broker's port" };

export const production = (phase: Phase): Environment => {
  const { stores, ...shared } = hotswap("production", phase);
  return {
    ...shared,
    aws: { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "messaging.example.com" },
    cluster: { nodes: { min: 6, max: 9 }, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
    stores: { ...stores, postgres: { ...stores.postgres, backup: { rto: "4h" } } },
    exceptions: {
      ...ACCESS,
      noBackup: { "stores.redis": "messages in Valkey have no backup yet: one disk has them for the seven days of their retention" },
    },
  };
};

/** On premises: the owner of the cluster routes port 80 to the Gateway, and port 5050 to the Service `messaging-api`. */
export const onPremises = (phase: Phase): Environment => ({
  ...hotswap("on-premises", phase),
  cluster: { context: "messaging", storageClass: "fast" },
  state: { backend: "kubernetes", context: "operations" },
  exceptions: { ...ACCESS, noBackup: "the owner of the cluster takes snapshots of its volumes" },
});
