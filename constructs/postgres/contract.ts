import { Fn, Token } from "cdktf";
import type { Authority, Connection, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/** Connection values of a PostgreSQL server, for any engine. Plain data: its values may be outputs of another stack. */
export interface Postgres {
  /** Its name: `read-database`. */
  readonly name: string;

  readonly database: string;

  /** Host name for writes, and for reads that must see the latest writes. */
  readonly writer: string;

  /**
   * Host names for reads that may be slightly stale, over all replicas; the writer if there are none. A comma-separated list if an engine
   * has no common name for all (RDS): each name is in its certificate, so that it can be verified. libpq, JDBC, Npgsql and pgx accept such
   * a list, all with the default port, and try the next name if one does not answer; they balance over it on request
   * (`load_balance_hosts=random`, `loadBalanceHosts=true`, `Load Balance Hosts=true`; pgx does not). Clients that accept one name only
   * (node-postgres, Prisma) need an engine with one: Aurora.
   */
  readonly reader: string;

  /**
   * Host names of a connection pooler in transaction mode: session state does not outlive a transaction (`LISTEN`, `SET`, session advisory
   * locks). Clients that need it connect without the pooler: `{ ...postgres, pool: undefined }`.
   * @default - all clients connect to the server
   */
  readonly pool?: { readonly writer: string; readonly reader: string } | undefined;

  /** @default 5432 */
  readonly port?: number;

  readonly authority: Authority;

  /** Its pods or addresses, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** Credentials that create databases and roles. */
  readonly administrator: Credentials;

  /** The users of each role. */
  readonly users: Readonly<Record<PostgresRole, Credentials>>;
}

/**
 * Rights of a workload: `migrator` owns the tables and changes their schema, `writer` reads and writes rows, `reader` reads them. Each has
 * fewer rights than the one before.
 */
export type PostgresRole = "migrator" | "writer" | "reader";

/** A user name and its password. Both are in the secret, because a rotation alternates between two users. */
export interface Credentials {
  readonly user: SecretReference;
  readonly password: SecretReference;
}

/** Connection of a workload to a server in a role: readers to the reader, others to the writer, migrators without the pooler. */
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

/** The first of comma-separated names, which may be a token of another stack. */
function first(names: string): string {
  return Token.isUnresolved(names) ? Fn.element(Fn.split(",", names), 0) : (names.split(",")[0] ?? names);
}
