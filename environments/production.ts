import type { Environment } from "../stacks";
import release from "./production.release.json";

export const production = {
  system: "orders",
  name: "production",
  release: { of: "production", workloads: release },
  aws: {
    account: "111122223333",
    region: "eu-west-1",
    recoveryRegion: "eu-central-1",
    domain: "orders.example.com",
    network: { cidr: "10.0.0.0/16" },
  },
  writeCluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "500Gi" } },
  readCluster: { nodes: 5, node: { cpu: 8, memory: "32Gi", storage: "1Ti" } },
  eventStore: {
    engine: "kurrent-cloud",
    size: "production",
    backup: { every: "1h", keep: "30d", rto: "4h" },
    streamBackup: { every: "15m", keep: "28d" },
  },
  commandApi: { replicas: 3, port: 8080, health: "/health", release: "blue-green" },
  commandProcessors: { replicas: { min: 5, max: 20 }, health: { port: 8081, path: "/health" } },
  queryApi: {
    replicas: { min: 10, max: 20 },
    release: "blue-green",
    edge: {
      provider: "cloudflare",
      cache: "30s",
      account: "0123456789abcdef0123456789abcdef",
      zone: { id: "fedcba9876543210fedcba9876543210", name: "example.com" },
    },
  },
  projections: { workers: 5, parallelism: 10, health: { port: 8081, path: "/health", lag: "behind" } },
  readDatabase: { engine: "aurora", replicas: 3 },
  migrations: { down: { command: ["/app/migrate", "down"] } },
  cache: { engine: "elasticache", shards: 3, replicasPerShard: 1 },
  monitoring: {
    prometheus: true,
    grafana: true,
    elasticStack: true,
    tracing: true,
    alerts: {
      receivers: {
        oncall: { kind: "pagerduty" },
        team: { kind: "slack", channel: "#orders" },
        heartbeat: { kind: "webhook" },
      },
      default: { critical: "oncall", warning: "team" },
      heartbeat: "heartbeat",
    },
  },
  authentication: {
    issuer: "https://login.example.com/",
    audience: "orders",
    jwks: "https://login.example.com/.well-known/jwks.json",
  },
  authorization: {
    CreateOrder: ["user", "admin"],
    CancelOrder: ["admin"],
    UpdateInventory: ["inventory_manager", "admin"],
    GetOrder: ["user", "admin"],
    GetAllOrders: ["admin"],
    GetInventory: ["inventory_viewer", "admin"],
  },
  encryptedFields: ["ssn", "creditCard", "email"],
  backup: { keep: "35d" },
} as const satisfies Environment;
