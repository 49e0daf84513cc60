import type { SecretReference } from "../connection";
import type { SecretSpec } from "../secrets";
import type { Postgres, PostgresRole } from "./contract";

/** Name of a database's role. Two users of each role alternate: `orders_writer`, `orders_writer_a` and `_b`. */
export function roleName(name: string, role: PostgresRole): string {
  return `${name}_${role}`;
}

/**
 * The secret with which a workload signs in to a database in a role: a user name and password, which change together. Its name begins with
 * the server's, if that differs from the database's.
 */
export function postgresUser(name: string, role: PostgresRole, server = name.replaceAll("_", "-")): SecretSpec {
  return {
    name: `${server}-${role}`,
    purpose: `the ${role} of the PostgreSQL database ${name}`,
    keys: { password: { length: 32 } },
    fixed: { user: `${roleName(name, role)}_a` },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "a job, within 5 minutes: whom the secret names gets the password in it",
    },
  };
}

/** Roles of a server's users, from most to fewest rights. */
export const POSTGRES_ROLES: readonly PostgresRole[] = ["migrator", "writer", "reader"];

/** A server's internal databases, which are not for applications. */
const MAINTENANCE = ["postgres", "template0", "template1"];

/** Default database name of a server: PostgreSQL names have no hyphens. */
export function databaseName(server: string): string {
  return MAINTENANCE.includes(server) ? "app" : server.replaceAll("-", "_");
}

/** References to the secrets of a database's users, by role. All secrets are in one namespace. */
export function postgresUsers(name: string, home: string, server?: string): Postgres["users"] {
  const user = (role: PostgresRole) => {
    const fact = (key: string): SecretReference => ({ secret: postgresUser(name, role, server), home, key });
    return { user: fact("user"), password: fact("password") };
  };
  return { migrator: user("migrator"), writer: user("writer"), reader: user("reader") };
}
