import type { SecretReference } from "../connection";
import type { SecretSpec } from "../secrets";
import type { Postgres, PostgresRole } from "./contract";

/** The roles of a database, and the two users of each that alternate: `orders_writer`, `orders_writer_a` and `_b`. */
export function roleName(name: string, role: PostgresRole): string {
  return `${name}_${role}`;
}

/**
 * The secret by which a workload signs in to a database in a role: a user's name and password, which change together. It is called
 * after the server, where that has another name than its database.
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

export const POSTGRES_ROLES: readonly PostgresRole[] = ["migrator", "writer", "reader"];

/** Databases that a server has for itself, in which no application belongs. */
const MAINTENANCE = ["postgres", "template0", "template1"];

/** The database of a server that names none: names of PostgreSQL have no hyphens. */
export function databaseName(server: string): string {
  return MAINTENANCE.includes(server) ? "app" : server.replaceAll("-", "_");
}

/** The users of each role of a database, by the places of their secrets, which are at home in one namespace. */
export function postgresUsers(name: string, home: string, server?: string): Postgres["users"] {
  const user = (role: PostgresRole) => {
    const fact = (key: string): SecretReference => ({ secret: postgresUser(name, role, server), home, key });
    return { user: fact("user"), password: fact("password") };
  };
  return { migrator: user("migrator"), writer: user("writer"), reader: user("reader") };
}
