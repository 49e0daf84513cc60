import type { SecretFact } from "../connection";
import type { SecretSpec } from "../secrets";
import type { Credentials, PostgresRole } from "./contract";

const ROLES: Readonly<Record<PostgresRole, string>> = {
  migrator: "changes the shape of tables",
  writer: "reads and writes rows",
  reader: "reads rows",
};

/** The role of a server that each kind of workload acts as: `read_database_writer`. */
export function postgresRoles(server: string): Readonly<Record<PostgresRole, string>> {
  const begin = server.replaceAll("-", "_");
  return mapped((role) => `${begin}_${role}`);
}

/**
 * The secrets of a server's users, by role. Each role has two users, `…_a` and `…_b`, of which the secret names the one in
 * use. A rotation writes the other's name and a new password, and the job that sets up roles makes it good.
 */
export function postgresSecrets(server: string): Readonly<Record<PostgresRole, SecretSpec>> {
  const roles = postgresRoles(server);
  return mapped((role) => ({
    name: `${server}-${role}`,
    purpose: `PostgreSQL's user of ${server} that ${ROLES[role]}`,
    keys: { password: { length: 32 } },
    fixed: { user: `${roles[role]}_a` },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "nothing: what makes users gives the one that is named its password within a quarter of an hour",
    },
  }));
}

/** Where workloads of a server find who they are, by role. */
export function postgresUsers(server: string, home: string): Readonly<Record<PostgresRole, Credentials>> {
  const secrets = postgresSecrets(server);
  return mapped((role) => {
    const fact = (key: string): SecretFact => ({ secret: secrets[role], home, key });
    return { user: fact("user"), password: fact("password") };
  });
}

function mapped<T>(of: (role: PostgresRole) => T): Readonly<Record<PostgresRole, T>> {
  return { migrator: of("migrator"), writer: of("writer"), reader: of("reader") };
}
