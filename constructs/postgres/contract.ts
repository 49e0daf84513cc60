import { Fn, Token } from "cdktf";
import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/**
 * A PostgreSQL server as others know it, whatever engine runs it. Plain data: its values may be outputs of another stack.
 */
export interface Postgres {
  /** What it is called: `read-database`. */
  readonly name: string;

  readonly database: string;

  /** Where is written, and read what was just written. */
  readonly writer: string;

  /**
   * Where is read what may be some moments old, over all replicas. The writer where there are none. Several names, by
   * commas, where an engine has none for all (RDS): each is in its certificate, so that it can be verified. libpq, JDBC,
   * Npgsql and pgx take such a list, all with the default port, and go on to the next name when one does not answer; they
   * spread over it when told (`load_balance_hosts=random`, `loadBalanceHosts=true`, `Load Balance Hosts=true`; pgx does
   * not). Clients that take one name only (node-postgres, Prisma) read where an engine has one: on Aurora.
   */
  readonly reader: string;

  /**
   * Where writers and readers find a pool of connections in transaction mode, in which nothing of a session outlives a
   * transaction: `LISTEN`, `SET`, its advisory locks. Whoever needs one connects without it: `{ ...postgres, pool: undefined }`.
   * @default - everybody connects to the server
   */
  readonly pool?: { readonly writer: string; readonly reader: string } | undefined;

  /** @default 5432 */
  readonly port?: number;

  readonly authority: Authority;

  /** Where its pods are, or its addresses, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** Who signs in to set up databases and roles. */
  readonly administrator: Credentials;

  /** The users of each role. */
  readonly users: Readonly<Record<PostgresRole, Credentials>>;
}

/**
 * What a workload may do: `migrator` owns the tables and changes their shape, `writer` reads and writes rows, `reader`
 * reads them. None may do what the one before may.
 */
export type PostgresRole = "migrator" | "writer" | "reader";

/** A user and its password. The name is in the secret as well: a rotation alternates between two users. */
export interface Credentials {
  readonly user: SecretReference;
  readonly password: SecretReference;
}

/** How a workload talks to a server in a role: readers at the readers' end, all others at the writer's, migrators past the pool. */
export function postgresConnection(postgres: Postgres, role: PostgresRole): Connection {
  const { name, database, writer, reader, pool, port = 5432, authority, peers, users } = postgres;
  const host = { reader: pool?.reader ?? reader, writer: pool?.writer ?? writer, migrator: writer }[role];
  return {
    name,
    facts: { host, port: String(port), database, user: users[role].user, password: users[role].password },
    variables: { DATABASE_URL: "postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={ca}" },
    authority,
    egress: [{ name, peer: peers, ports: [port] }],
    ready: { host: first(host), port },
  };
}

/** The first of names by commas, of which all may come from another stack. */
function first(names: string): string {
  return Token.isUnresolved(names) ? Fn.element(Fn.split(",", names), 0) : (names.split(",")[0] ?? names);
}
