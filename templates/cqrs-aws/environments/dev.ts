import type { Environment } from "cdktf-cqrs/stacks";
import release from "./dev.release.json";
import { production } from "./production";

/** The same parts on one small cluster, which holds no data that anyone misses. */
export const dev = {
  system: "acme",
  name: "dev",
  release: { of: "dev", workloads: release },
  size: "small",
  aws: { account: "444455556666", region: "eu-west-1", domain: "dev.acme.example.com", network: { cidr: "10.2.0.0/16" } },
  cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  eventStore: { engine: "kurrentdb", nodes: 3 },
  commandApi: { ...production.commandApi, release: "rolling", replicas: 1 },
  commandProcessors: { ...production.commandProcessors, replicas: 1 },
  queryApi: { replicas: 1 },
  projections: { ...production.projections, workers: 1 },
  readDatabase: { engine: "cloudnative-pg" },
  migrations: production.migrations,
  cache: { engine: "valkey" },
  authentication: production.authentication,
  authorization: production.authorization,
  backup: { keep: "7d" },
  exceptions: {
    disposable: "created and destroyed at will; holds no data that anyone misses",
    singleNatGateway: "a zone failure may stop development",
    noRecoveryCopy: "a region failure may stop development",
    awsApisOverInternet: "endpoints in three zones would cost about as much as the nodes",
  },
} as const satisfies Environment;
