import type { SecretFact } from "../../../constructs/connection";
import { type Postgres, type PostgresRole, postgresUser } from "../../../constructs/postgres";
import type { SecretSpec } from "../../../constructs/secrets";
import { all } from "../common";
import type { Environment } from "../environment";
import type { PostgresSettings } from "../stores/postgres";

/** A server of PostgreSQL that AWS runs, by its name. */
export interface ManagedServer {
  readonly name: string;

  /** Where the environment describes it: `production.readDatabase`. */
  readonly path: string;
  readonly settings: Exclude<PostgresSettings, { engine: "cloudnative-pg" }>;

  /** Who reads and writes there. */
  readonly sides: readonly ("write" | "read")[];
}

/** The servers of PostgreSQL that AWS runs for an environment. */
export function managedServersOf({ name: environment, eventStore, readDatabase }: Environment): readonly ManagedServer[] {
  const servers = [
    ...(eventStore?.engine === "postgres"
      ? [
          {
            settings: eventStore.server,
            path: "eventStore.server",
            name: eventServerName(eventStore.server),
            sides: ["write", "read"] as const,
          },
        ]
      : []),
    ...all(readDatabase).map((settings, index) => ({
      settings,
      path: Array.isArray(readDatabase) ? `readDatabase[${index}]` : "readDatabase",
      name: readDatabaseName(settings),
      sides: ["read"] as const,
    })),
  ];
  return servers.flatMap(({ settings, name, path, sides }) =>
    settings.engine === "cloudnative-pg" ? [] : [{ name, path: `${environment}.${path}`, settings, sides }],
  );
}

/** What a database and its roles begin with: names of PostgreSQL have no hyphens. */
export function databaseOf(server: string): string {
  return server.replaceAll("-", "_");
}

export const ROLES: readonly PostgresRole[] = ["migrator", "writer", "reader"];

/** The secrets of a server's users, one for each role. */
export function postgresSecrets(server: string): readonly SecretSpec[] {
  return ROLES.map((role) => postgresUser(databaseOf(server), role));
}

/** What the outputs about a store begin with: `read-database` is `readDatabase`. */
export function outputName(store: string): string {
  return store.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function usersOf(server: string, home: string): Postgres["users"] {
  const user = (role: PostgresRole) => {
    const fact = (key: string): SecretFact => ({ secret: postgresUser(databaseOf(server), role), home, key });
    return { user: fact("user"), password: fact("password") };
  };
  return { migrator: user("migrator"), writer: user("writer"), reader: user("reader") };
}

/** What the server is called that has the tables of events; of what nobody has checked yet, whatever stands there. */
export function eventServerName(settings: { readonly name?: unknown } | undefined): string {
  return String(settings?.name ?? "event-store");
}

/** What a database of the read side is called; of what nobody has checked yet, whatever stands there. */
export function readDatabaseName(settings: { readonly name?: unknown } | undefined): string {
  return String(settings?.name ?? "read-database");
}

/** Whether those who read events are on another cluster than the store. */
export function isReadFromElsewhere({ eventStore, readCluster, writeCluster }: Environment): boolean {
  return eventStore?.engine === "kurrentdb" && writeCluster !== undefined && readCluster !== undefined;
}
