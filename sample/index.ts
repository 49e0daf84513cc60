import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Runs TypeScript as it is, and brings HTTP, TLS and a client of PostgreSQL: nothing is built, nothing installed. */
const IMAGE = "docker.io/oven/bun:1.4.2-slim";

/** Where a browser finds the two services: each has a port of its own on the person's machine. */
const QUERIES = "http://localhost:8080";
const COMMANDS = "http://localhost:8081";

/**
 * A system of orders on a public image, of programs that are mounted as files. It appends an event, projects it and serves
 * it, through the connections that the platform gives it.
 */
export const sample = {
  /** Appends `OrderPlaced`, once for each Idempotency-Key. Wants the event store, as `commands`. */
  commandApi: { ...program("command-api.ts", "orders.ts", "event-store.ts"), env: { ALLOWED_ORIGIN: QUERIES } },

  /** Appends `OrderConfirmed`, once for each order. Wants the event store, as `commands`. */
  commandProcessors: program("command-processor.ts", "orders.ts", "event-store.ts"),

  /** Makes the tables of a slot. Wants the read database, as `migrator`. */
  migrations: program("migrate.ts", "database.ts"),

  /** Projects `orders`, which it is told as PROJECTION. Wants the event store, as `subscriptions`, and the read database, as `writer`. */
  projections: program("projection.ts", "orders.ts", "event-store.ts", "database.ts"),

  /** Reads the schema `orders`, which shows the live slot. Wants the read database, as `reader`. */
  queryApi: { ...program("query-api.ts", "page.html", "database.ts"), env: { COMMANDS_URL: COMMANDS } },
} as const;

/** What a container runs, and what it needs: measured at up to 40 MiB of memory at rest, and 60 MiB under load. */
function program(main: string, ...others: readonly string[]) {
  const files = [main, "process.ts", "metrics.ts", ...others].map((name) => [
    `/app/${name}`,
    readFileSync(join(__dirname, "programs", name), "utf8"),
  ]);
  return {
    image: IMAGE,
    command: ["bun", "--smol", `/app/${main}`],
    files: Object.fromEntries(files) as Readonly<Record<string, string>>,
    cpu: "50m",
    memory: "128Mi",
  } as const;
}
