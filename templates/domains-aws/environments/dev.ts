import type { Environment } from "cdktf-cqrs/stacks";
import release from "./dev.release.json";
import { domains } from "./domains";
import { production } from "./production";

/** The same domains on small stores in the cluster, which hold no data that anyone misses. */
export const dev = {
  system: "acme",
  name: "dev",
  release: { of: "dev", workloads: release },
  size: "small",
  aws: { account: "444455556666", region: "eu-west-1", domain: "dev.acme.example.com", network: { cidr: "10.2.0.0/16" } },
  cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  stores: {
    postgres: { engine: "cloudnative-pg" },
    redis: { engine: "valkey" },
  },
  domains,
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
