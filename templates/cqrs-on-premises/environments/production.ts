import type { Environment } from "cdktf-cqrs/stacks";
import release from "./production.release.json";

/** On the cluster that the kubeconfig calls `acme`, with its Terraform state in the cluster `operations`. */
export const production = {
  system: "acme",
  name: "production",
  release: { of: "production", workloads: release },
  cluster: { context: "acme" },
  state: { backend: "kubernetes", context: "operations" },
  eventStore: { engine: "kurrentdb", nodes: 3 },
  commandApi: { replicas: 3, port: 8080, health: "/health" },
  commandProcessors: { replicas: { min: 2, max: 5 }, health: { port: 8081, path: "/health" } },
  queryApi: { replicas: 3 },
  projections: { workers: 2, parallelism: 10, health: { port: 8081, path: "/health" } },
  readDatabase: { engine: "cloudnative-pg" },
  migrations: {},
  cache: { engine: "valkey" },
  authentication: {
    issuer: "https://login.example.com/",
    audience: "acme",
    jwks: "https://login.example.com/.well-known/jwks.json",
  },
  authorization: { PlaceOrder: ["user"], CancelOrder: ["admin"], GetOrder: ["user", "admin"] },
  exceptions: { noBackup: "the owner of the cluster takes snapshots of its volumes" },
} as const satisfies Environment;
