import { databaseName, POSTGRES_ROLES, type Postgres, postgresUser, postgresUsers } from "../../../constructs/postgres";
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

/** The database of a server, whose name its roles begin with: names of PostgreSQL have no hyphens. */
export function databaseOf({ name, settings: { database } }: DatabaseServer): string {
  return database ?? databaseName(name);
}

/** The secrets of a server's users, one for each role. */
export function postgresSecrets(server: DatabaseServer): readonly SecretSpec[] {
  return POSTGRES_ROLES.map((role) => postgresUser(databaseOf(server), role, server.name));
}

/** What the outputs about a store begin with: `read-database` is `readDatabase`. */
export function outputName(store: string): string {
  return store.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The users of a server, by the places of their secrets. */
export function credentialsOf(server: DatabaseServer & Pick<ServerOf, "namespace">): Postgres["users"] {
  return postgresUsers(databaseOf(server), server.namespace, server.name);
}

/** Whether workloads on another cluster than the store use it by names of the network: nodes of KurrentDB have such names. */
export function isUsedFromElsewhere(system: Pick<System, "domains">, store: StoreOf): boolean {
  return isEngine(store, "kurrentdb") && usersOf(system, store.name).some(({ domain }) => domain.cluster !== store.cluster);
}
