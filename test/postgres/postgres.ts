import type { Postgres } from "../../constructs/postgres";
import { type PostgresRole, postgresUser } from "../../constructs/postgres";
import { aSpec } from "../secrets/specs";

/** A server as an engine describes it, with what a test changes. */
export function aPostgres(changes: Partial<Postgres> = {}): Postgres {
  const user = (role: PostgresRole) => {
    const secret = postgresUser("orders", role);
    return { user: { secret, home: "data", key: "user" }, password: { secret, home: "data", key: "password" } };
  };
  const administrator = aSpec({ name: "read-database-administrator", fixed: { username: "postgres" } });
  return {
    name: "read-database",
    database: "orders",
    writer: "writer.example.com",
    reader: "reader.example.com",
    authority: { home: "data", secretName: "read-database-ca", key: "ca.crt" },
    peers: [{ cidr: "10.0.0.0/16" }],
    administrator: {
      user: { secret: administrator, home: "data", key: "username" },
      password: { secret: administrator, home: "data", key: "password" },
    },
    users: { migrator: user("migrator"), writer: user("writer"), reader: user("reader") },
    ...changes,
  };
}
