import type { Environment } from "../stacks";
import { dev } from "./dev";
import release from "./local.release.json";

/** The whole system on kind, without any cloud. */
export const local = {
  system: "orders",
  name: "local",
  release: { of: "local", workloads: release },
  size: "small",
  cluster: { context: "kind-orders" },
  eventStore: { engine: "kurrentdb", nodes: 1, storage: "5Gi" },
  commandApi: dev.commandApi,
  commandProcessors: dev.commandProcessors,
  queryApi: dev.queryApi,
  projections: dev.projections,
  readDatabase: { engine: "cloudnative-pg", storage: "5Gi" },
  cache: { engine: "valkey" },
  authorization: dev.authorization,
  exceptions: { disposable: "lives on one developer's machine" },
} as const satisfies Environment;
