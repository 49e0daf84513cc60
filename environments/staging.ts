import type { Environment } from "../stacks";
import { production } from "./production";
import release from "./staging.release.json";

/** Production in small: the same parts, fewer of each. */
export const staging = {
  ...production,
  name: "staging",
  release: { of: "staging", workloads: release },
  aws: {
    ...production.aws,
    account: "444455556666",
    domain: "staging.orders.example.com",
    network: { cidr: "10.1.0.0/16" },
  },
  readCluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "500Gi" } },
  eventStore: {
    engine: "kurrent-cloud",
    size: "development",
    backup: { every: "6h", keep: "7d" },
    streamBackup: { every: "1h", keep: "6d" },
  },
  commandProcessors: { ...production.commandProcessors, replicas: { min: 2, max: 5 } },
  queryApi: { ...production.queryApi, replicas: 3, edge: { provider: "cloudfront", cache: "30s" } },
  readDatabase: { engine: "aurora", replicas: 1 },
  backup: { keep: "7d" },
} as const satisfies Environment;
