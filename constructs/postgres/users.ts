import type { SecretSpec } from "../secrets";
import type { PostgresRole } from "./contract";

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
