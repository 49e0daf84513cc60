import type { Environment } from "../stacks";
import release from "./dev.release.json";
import { production } from "./production";

/** One small cluster with the event store on it, for a day's work. */
export const dev = {
  system: "orders",
  name: "dev",
  release: { of: "dev", workloads: release },
  size: "small",
  aws: {
    account: "444455556666",
    region: "eu-west-1",
    domain: "dev.orders.example.com",
    network: { cidr: "10.2.0.0/16" },
  },
  cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "50Gi" },
  commandApi: { ...production.commandApi, release: "rolling", replicas: 1 },
  commandProcessors: { ...production.commandProcessors, replicas: 1 },
  queryApi: { replicas: 1 },
  projections: { ...production.projections, workers: 1 },
  readDatabase: { engine: "cloudnative-pg", cpu: "250m" },
  migrations: production.migrations,
  cache: { engine: "valkey" },
  monitoring: { prometheus: true, grafana: true },
  authentication: production.authentication,
  authorization: production.authorization,
  encryptedFields: production.encryptedFields,
  backup: { keep: "7d" },
  exceptions: {
    disposable: "made and thrown away at will; holds no data that anyone misses",
    singleNatGateway: "a lost zone may stop development",
    noRecoveryCopy: "a lost region may stop development",
    awsApisOverInternet: "thirteen endpoints over three zones would cost about as much as the nodes",
  },
} as const satisfies Environment;
