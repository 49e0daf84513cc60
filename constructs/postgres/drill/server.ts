import { Client } from "pg";

/** Position in the write-ahead log of a server, and what it contains up to there. */
export interface Recorded {
  readonly lsn: string;

  /** Last event. Undefined if the server is no event store. */
  readonly position: string | undefined;

  /** Tables, except those of PostgreSQL. */
  readonly tables: readonly string[];
}

/** Number and hash of the events up to a position. */
export interface Events {
  readonly position: string;
  readonly count: string;
  readonly hash: string;
}

/** A PostgreSQL server, through one connection at a time. */
export class Server {
  /** `digest`: SQL for psql that computes number and hash of the events up to `:until`. Only for an event store. */
  constructor(
    private readonly url: string,
    private readonly digest?: string,
  ) {}

  /** Records the end of the log. The server commits something after it, so that the log is archived up to there. */
  record(): Promise<Recorded> {
    return this.connected(async (client) => {
      const tables = await tablesOf(client);
      await client.query("begin");
      // Nobody appends until the end of the transaction: the position in the log is after the events.
      if (this.digest) await client.query("select public.take_turn()");
      const position = this.digest ? "(select coalesce(max(position), 0) from public.events)::text" : "null";
      const [row] = (await client.query(`select pg_current_wal_insert_lsn()::text as lsn, ${position} as position`)).rows;
      await client.query("commit");
      await client.query("select pg_logical_emit_message(true, 'restore-drill', 'end')");
      return { lsn: row.lsn, position: row.position ?? undefined, tables };
    });
  }

  /** Checks if the log is archived up to a position. */
  isArchived(lsn: string): Promise<boolean> {
    return this.connected(async (client) => {
      const query = "select coalesce(last_archived_wal, '') >= pg_walfile_name($1::pg_lsn) as done from pg_stat_archiver";
      return (await client.query(query, [lsn])).rows[0]?.done === true;
    });
  }

  isRecovering(): Promise<boolean> {
    return this.connected(async (client) => (await client.query("select pg_is_in_recovery() as recovers")).rows[0]?.recovers !== false);
  }

  /** Reads the events up to a position. */
  events(position: string): Promise<Events> {
    return this.connected(async (client) => {
      // In place of psql: its variable, and its end of the last query.
      const sql = (this.digest ?? "").replaceAll(":'until'", `'${position}'`).replace("\\gset", ";");
      const results = [await client.query(sql)].flat();
      const [row] = results.at(-1)?.rows ?? [];
      return { position: String(row.position), count: String(row.count), hash: String(row.hash) };
    });
  }

  /** Reads every row of all tables: damaged pages have wrong checksums. Returns the number of rows by table. */
  rows(): Promise<ReadonlyMap<string, number>> {
    return this.connected(async (client) => {
      const found = new Map<string, number>();
      for (const table of await tablesOf(client)) {
        found.set(table, Number((await client.query(`select count(*) as count from ${table}`)).rows[0].count));
      }
      return found;
    });
  }

  private async connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.url, connectionTimeoutMillis: 10_000 });
    client.on("error", () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

/** Quoted names of the tables that the user may read. */
async function tablesOf(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query(`
    select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'm') and relpersistence = 'p' and nspname !~ '^pg_' and nspname <> 'information_schema'
      and has_schema_privilege(relnamespace, 'usage') and has_table_privilege(pg_class.oid, 'select')
    order by 1`);
  return rows.map(({ name }) => name as string);
}
