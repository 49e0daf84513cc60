import type { Environment } from "cdktf-cqrs/stacks";
import release from "./production.release.json";

export const production = {
  system: "acme",
  name: "production",
  release: { of: "production", workloads: release },
  aws: {
    account: "111122223333",
    region: "eu-west-1",
    recoveryRegion: "eu-central-1",
    domain: "acme.example.com",
    network: { cidr: "10.0.0.0/16" },
  },
  writeCluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "200Gi" } },
  readCluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
  eventStore: {
    engine: "kurrent-cloud",
    size: "production",
    backup: { every: "1h", keep: "30d" },
    streamBackup: { every: "15m", keep: "28d" },
  },
  commandApi: { replicas: 3, port: 8080, health: "/health", release: "blue-green" },
  commandProcessors: { replicas: { min: 2, max: 5 }, health: { port: 8081, path: "/health" } },
  queryApi: { replicas: 3, release: "blue-green" },
  projections: { workers: 2, parallelism: 10, health: { port: 8081, path: "/health" } },
  readDatabase: { engine: "aurora", replicas: 1 },
  migrations: {},
  cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
  authentication: {
    issuer: "https://login.example.com/",
    audience: "acme",
    jwks: "https://login.example.com/.well-known/jwks.json",
  },
  authorization: { PlaceOrder: ["user"], CancelOrder: ["admin"], GetOrder: ["user", "admin"] },
  backup: { keep: "35d" },
} as const satisfies Environment;
