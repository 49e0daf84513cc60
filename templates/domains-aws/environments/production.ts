import type { Environment } from "cdktf-cqrs/stacks";
import { domains } from "./domains";
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
  cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "200Gi" } },
  stores: {
    postgres: { engine: "aurora", replicas: 1 },
    redis: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
  },
  domains,
  authentication: {
    issuer: "https://login.example.com/",
    audience: "acme",
    jwks: "https://login.example.com/.well-known/jwks.json",
  },
  authorization: { PlaceOrder: ["user"], CancelOrder: ["admin"], GetProducts: ["user", "admin"] },
  backup: { keep: "35d" },
} as const satisfies Environment;
