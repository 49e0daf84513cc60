import type { SecretFact } from "../../../constructs/connection";
import { type Postgres, type PostgresRole, postgresUser } from "../../../constructs/postgres";
import type { SecretSpec } from "../../../constructs/secrets";
import type { PostgresSettings } from "../stores/postgres";
import type { ServerOf, StoreOf, System } from "../system";
import { isEngine, serversOf, usersOf } from "./members";

/** A server of PostgreSQL that AWS runs. */
export type ManagedServer = ServerOf<Exclude<PostgresSettings, { engine: "cloudnative-pg" }>>;

/** The servers of PostgreSQL that AWS runs for an environment. */
export function managedServersOf(system: Pick<System, "stores">): readonly ManagedServer[] {
  return serversOf(system).filter((server): server is ManagedServer => server.settings.engine !== "cloudnative-pg");
}

/** A server, as far as its database and the users of it follow from it. */
type DatabaseServer = Pick<ServerOf, "name"> & { readonly settings: Pick<PostgresSettings, "database"> };

/** Databases that a server has for itself, in which no application belongs. */
const MAINTENANCE = ["postgres", "template0", "template1"];

/** The database of a server, whose name its roles begin with: names of PostgreSQL have no hyphens. */
export function databaseOf({ name, settings: { database } }: DatabaseServer): string {
  return database ?? (MAINTENANCE.includes(name) ? "app" : name.replaceAll("-", "_"));
}

const ROLES: readonly PostgresRole[] = ["migrator", "writer", "reader"];

/** The secrets of a server's users, one for each role. */
export function postgresSecrets(server: DatabaseServer): readonly SecretSpec[] {
  return ROLES.map((role) => postgresUser(databaseOf(server), role, server.name));
}

/** What the outputs about a store begin with: `read-database` is `readDatabase`. */
export function outputName(store: string): string {
  return store.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The users of a server, by the places of their secrets. */
export function credentialsOf(server: DatabaseServer & Pick<ServerOf, "namespace">): Postgres["users"] {
  const user = (role: PostgresRole) => {
    const fact = (key: string): SecretFact => ({
      secret: postgresUser(databaseOf(server), role, server.name),
      home: server.namespace,
      key,
    });
    return { user: fact("user"), password: fact("password") };
  };
  return { migrator: user("migrator"), writer: user("writer"), reader: user("reader") };
}

/** Whether workloads on another cluster than the store use it by names of the network: nodes of KurrentDB have such names. */
export function isUsedFromElsewhere(system: Pick<System, "domains">, store: StoreOf): boolean {
  return isEngine(store, "kurrentdb") && usersOf(system, store.name).some(({ domain }) => domain.cluster !== store.cluster);
}
