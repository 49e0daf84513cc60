import type { Environment } from "cdktf-cqrs/stacks";
import { program } from "./sample";

/** Where the sample's workers report their health. */
const HEALTH = { port: 8080, path: "/health" } as const;

/** Where a browser finds the two services: each is forwarded to a port of its own. */
const [QUERIES, COMMANDS] = ["http://localhost:8080", "http://localhost:8081"];

/** The whole system on one machine: the sample appends an event, projects it, and serves it. */
export const local = {
  system: "acme",
  name: "local",
  size: "small",
  cluster: { context: "kind-acme" },
  // The sample uses KurrentDB's HTTP API.
  eventStore: { engine: "kurrentdb", nodes: 1, storage: "5Gi", atomPub: true },
  commandApi: { ...program("command-api.ts", "orders.ts", "event-store.ts"), replicas: 1, env: { ALLOWED_ORIGIN: QUERIES } },
  commandProcessors: { ...program("command-processor.ts", "orders.ts", "event-store.ts"), replicas: 1, health: HEALTH },
  queryApi: { ...program("query-api.ts", "page.html", "database.ts"), replicas: 1, env: { COMMANDS_URL: COMMANDS } },
  projections: {
    ...program("projection.ts", "orders.ts", "event-store.ts", "database.ts"),
    name: "orders",
    workers: 1,
    parallelism: 4,
    health: HEALTH,
    reportsProgress: true,
  },
  migrations: { ...program("migrate.ts", "database.ts"), per: "slot" },
  readDatabase: { engine: "cloudnative-pg", storage: "5Gi" },
  cache: { engine: "valkey" },
  authorization: { PlaceOrder: ["user"], GetOrder: ["user"] },
  exceptions: { disposable: "lives on one developer's machine" },
} as const satisfies Environment;
