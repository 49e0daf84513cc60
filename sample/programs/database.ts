import { readFileSync } from "node:fs";
import { SQL } from "bun";
import { setting } from "./process.ts";

/**
 * The read database, by a URL as libpq takes it: `postgresql://user:password@host:5432/orders?sslmode=verify-full&sslrootcert=/etc/ca.crt`.
 * Nothing outlives a transaction, so that it may be reached through a pool.
 */
export function database(connections: number): SQL {
  const url = new URL(setting("DATABASE_URL"));
  const mode = url.searchParams.get("sslmode") ?? "verify-full";
  const authority = url.searchParams.get("sslrootcert");
  url.search = `?sslmode=${mode}`;
  return new SQL(url, {
    max: connections,
    prepare: false,
    connectionTimeout: 3,
    ...(mode === "disable" ? {} : { tls: { rejectUnauthorized: true, ...(authority ? { ca: readFileSync(authority, "utf8") } : {}) } }),
  });
}
