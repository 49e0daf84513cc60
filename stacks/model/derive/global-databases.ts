import { cloudName } from "../../../constructs/core/names";
import type { GlobalDatabase } from "../stores/postgres";
import type { ServerOf, System } from "../system";
import { serversOf } from "./members";

/** Server that is part of an Aurora global database. */
export interface GlobalServer {
  readonly server: ServerOf;
  readonly globalDatabase: GlobalDatabase;

  /** Marks a server that is read-only until the promotion. */
  readonly secondary: boolean;
}

/** Global database of a server. Undefined if it is in none. */
export function globalDatabaseOf({ settings }: Pick<ServerOf, "settings">): GlobalDatabase | undefined {
  return "globalDatabase" in settings ? settings.globalDatabase : undefined;
}

/** Servers of an environment that are part of a global database. */
export function globalServersOf({ stores, replicas = [] }: Pick<System, "stores" | "replicas">): readonly GlobalServer[] {
  const all = (secondary: boolean) => (server: ServerOf) => {
    const globalDatabase = globalDatabaseOf(server);
    return globalDatabase ? [{ server, globalDatabase, secondary }] : [];
  };
  return [...serversOf({ stores }).flatMap(all(false)), ...serversOf({ stores: replicas }).flatMap(all(true))];
}

/** Identifier of a global database: the name of the server in the environment that owns it. */
export function globalIdentifier(system: string, { of }: GlobalDatabase, server: string): string {
  return cloudName("database", system, of, server);
}

/** Identifiers of the global databases of other environments that servers of an environment are part of. */
export function joinedGlobalDatabases(system: Pick<System, "system" | "name" | "stores">): readonly string[] {
  return globalServersOf(system).flatMap(({ server, globalDatabase }) =>
    globalDatabase.of === system.name ? [] : [globalIdentifier(system.system, globalDatabase, server.name)],
  );
}

/** ARN of a global database. It has no region. */
export function globalDatabaseArn(account: string, identifier: string): string {
  return `arn:aws:rds::${account}:global-cluster:${identifier}`;
}
