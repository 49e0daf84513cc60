import { type Postgres, postgresUsers } from "../../../constructs/postgres";
import { engineOf } from "../stores";
import { type DatabaseServer, databaseOf, type PostgresSettings } from "../stores/postgres";
import type { ServerOf, StoreOf, System } from "../system";
import { runsAt, serversOf, usersOf } from "./members";

/** PostgreSQL server on AWS. */
export type ManagedServer = ServerOf<Exclude<PostgresSettings, { engine: "cloudnative-pg" }>>;

/** PostgreSQL servers of an environment on AWS. */
export function managedServersOf(system: Pick<System, "stores">): readonly ManagedServer[] {
  return serversOf(system).filter((server): server is ManagedServer => runsAt(server) === "aws");
}

/** PostgreSQL servers of an environment on AWS that are secondaries of a global database. */
export function replicaServersOf({ replicas = [] }: Pick<System, "replicas">): readonly ManagedServer[] {
  return managedServersOf({ stores: replicas });
}

/** PostgreSQL servers on AWS that need backups from the promotion of a standby on. */
export function promotedServersOf({ replicas = [], cold = [] }: Pick<System, "replicas" | "cold">): readonly ManagedServer[] {
  return managedServersOf({ stores: [...replicas, ...cold] });
}

/** Prefix of a store's outputs: `read-database` is `readDatabase`. */
export function outputName(store: string): string {
  return store.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Users of a server, by the location of their secrets. */
export function credentialsOf(server: DatabaseServer & Pick<ServerOf, "namespace">): Postgres["users"] {
  return postgresUsers(databaseOf(server), server.namespace, server.name);
}

/** Checks if workloads on another cluster use a store by DNS names: KurrentDB nodes have such names. */
export function isUsedFromElsewhere(system: Pick<System, "domains">, store: StoreOf): boolean {
  return engineOf(store)?.namedOutside === true && usersOf(system, store.name).some(({ domain }) => domain.cluster !== store.cluster);
}
