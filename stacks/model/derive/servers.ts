import { type Postgres, postgresUsers } from "../../../constructs/postgres";
import { engineOf } from "../stores";
import { type DatabaseServer, databaseOf, type PostgresSettings } from "../stores/postgres";
import type { ServerOf, StoreOf, System } from "../system";
import { runsAt, serversOf, usersOf } from "./members";

/** A server of PostgreSQL that AWS runs. */
export type ManagedServer = ServerOf<Exclude<PostgresSettings, { engine: "cloudnative-pg" }>>;

/** The servers of PostgreSQL that AWS runs for an environment. */
export function managedServersOf(system: Pick<System, "stores">): readonly ManagedServer[] {
  return serversOf(system).filter((server): server is ManagedServer => runsAt(server) === "aws");
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
  return engineOf(store)?.namedOutside === true && usersOf(system, store.name).some(({ domain }) => domain.cluster !== store.cluster);
}
