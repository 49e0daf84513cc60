import { sample } from "../sample";
import type { Environment } from "../stacks";
import { dev } from "./dev";

/** Where the workers of the sample say that they are well. */
const HEALTH = { port: 8080, path: "/health" } as const;

/** The whole system on kind, without any cloud: the sample runs in it, which appends an event, projects it and serves it. */
export const local = {
  system: "orders",
  name: "local",
  size: "small",
  cluster: { context: "kind-orders" },
  // The sample speaks HTTP to it.
  eventStore: { engine: "kurrentdb", nodes: 1, storage: "5Gi", atomPub: true },
  commandApi: { ...sample.commandApi, replicas: 1 },
  commandProcessors: { ...sample.commandProcessors, replicas: 1, health: HEALTH },
  queryApi: { ...sample.queryApi, replicas: 1 },
  projections: { ...sample.projections, name: "orders", workers: 1, parallelism: 4, health: HEALTH, reportsProgress: true },
  migrations: { ...sample.migrations, per: "slot" },
  readDatabase: { engine: "cloudnative-pg", storage: "5Gi" },
  cache: { engine: "valkey" },
  authorization: dev.authorization,
  exceptions: { disposable: "lives on one developer's machine" },
} as const satisfies Environment;
