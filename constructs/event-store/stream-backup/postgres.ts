import { Client, DatabaseError } from "pg";
import { ATTEMPTS, pauseAfter } from "./attempts";
import type { EventLog, Position, StoredEvent } from "./store";

/** A row as text: numbers of 64 bits and JSON stay exact. */
type Row = Readonly<Record<string, string>>;

/** Events of a request, and their size as the server stores it: compressed, to a hundredth at best. */
const PAGE = 1000;
const PAGE_BYTES = 256 * 1024;

/** Milliseconds until a connection. */
const CONNECTING = 10_000;

/** Milliseconds until the end of a statement, and until a server that is gone is noticed. A page of events takes far less. */
const READING = { statement_timeout: 60_000, query_timeout: 120_000 };

const COLUMNS = `position::text, id::text, aggregate_id, version::text, event_type, event_data::text, metadata::text,
  (extract(epoch from "timestamp") * 1000000)::bigint::text as microseconds`;

/** Its first event is there, however large. */
const NEXT = `
  select ${COLUMNS}
  from (
    select *, sum(size) over (order by position) - size as before
    from (
      select *, pg_column_size(event_data) + pg_column_size(metadata) as size
      from public.events where position > $1 and position <= $2 order by position limit ${PAGE}
    ) as sized
  ) as page
  where before < ${PAGE_BYTES} order by page.position`;

const INSERT = `
  insert into public.events (position, id, aggregate_id, version, event_type, event_data, metadata, "timestamp") overriding system value
  select position, id, aggregate_id, version, event_type, event_data::jsonb, metadata::jsonb,
    timestamptz 'epoch' + microseconds * interval '1 microsecond'
  from unnest($1::bigint[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    as event (position, id, aggregate_id, version, event_type, event_data, metadata, microseconds)`;

/**
 * Events in PostgreSQL (`PostgresEvents`). A transaction holds the turn to append from its first event to its end: when an event is visible,
 * so are all events before it, and none is ever added there. Reads are short statements without a transaction, which hold up no vacuum.
 */
export class PostgresLog implements EventLog {
  private client: Promise<Client> | undefined;
  private isAtomic = false;

  /** By a connection string: `postgresql://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/etc/ca.crt`. */
  constructor(private readonly url: string) {}

  close(): void {
    const { client } = this;
    this.client = undefined;
    client?.then((open) => open.end()).catch(() => {});
  }

  /** All events: no aggregate belongs to the server. */
  isBackedUp(): boolean {
    return true;
  }

  async end(): Promise<Position | undefined> {
    const [last] = await this.query("select max(position)::text as position from public.events");
    return last?.position ? positionOf(last.position) : undefined;
  }

  async at({ commit }: Position): Promise<StoredEvent | undefined> {
    const [first] = await this.query(`select ${COLUMNS} from public.events where position >= $1 order by events.position limit 1`, [
      String(commit),
    ]);
    return first && eventOf(first);
  }

  async *read(after: Position | undefined, through: Position): AsyncGenerator<StoredEvent> {
    for (let last = after?.commit ?? -1n; ; ) {
      const page = (await this.query(NEXT, [String(last), String(through.commit)])).map(eventOf);
      yield* page;
      const end = page.at(-1);
      if (!end) return;
      last = end.position.commit;
    }
  }

  /**
   * Fills an empty store with events, with their positions, IDs, versions and times, in one transaction: all of them are stored, or none.
   * Leaves a store that has events as it is. `compare` is called before the end; if it throws, nothing is stored. Only as the migrator.
   */
  async fill(events: AsyncIterable<readonly StoredEvent[]>, compare: () => Promise<void>): Promise<void> {
    this.close();
    this.isAtomic = true;
    await this.query("begin");
    // No other client can append until the end.
    await this.query("select public.take_turn()");
    const isEmpty = (await this.end()) === undefined;
    let last: StoredEvent | undefined;
    for await (const group of events) {
      if (isEmpty) for (const some of bySize(group)) await this.query(INSERT, columnsOf(some));
      last = group.at(-1) ?? last;
    }
    // Events that are appended later come after these.
    if (isEmpty && last) await this.query("select setval('public.events_position_seq', $1)", [String(last.position.commit)]);
    await compare();
    await this.query("commit");
  }

  /** Repeats a request until the server answers, except in a transaction. */
  private async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    for (let failures = 1; ; failures++) {
      try {
        // A commit may wait for a standby: its result must be known.
        this.client ??= connected(this.url, this.isAtomic ? {} : READING);
        return (await (await this.client).query(sql, [...values])).rows;
      } catch (error) {
        if (this.isAtomic || failures === ATTEMPTS || !isTransient(error)) throw error;
        this.close();
        await pauseAfter(failures);
      }
    }
  }
}

async function connected(url: string, timeouts: Partial<typeof READING>): Promise<Client> {
  const more = { application_name: "stream-backup", connectionTimeoutMillis: CONNECTING, ...timeouts };
  const client = new Client({ connectionString: url, ...more });
  // The next request reports it.
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** A connection that failed, and a server that shuts down, starts, or has no connection left. */
function isTransient(error: unknown): boolean {
  return !(error instanceof DatabaseError) || /^(08|57P0|53300)/.test(error.code ?? "");
}

function positionOf(text: string): Position {
  return { commit: BigInt(text), prepare: BigInt(text) };
}

function eventOf(row: Row): StoredEvent {
  const { position = "", id = "", aggregate_id = "", version = "", event_type = "", event_data, metadata, microseconds = "" } = row;
  return {
    stream: aggregate_id,
    revision: BigInt(version),
    id,
    type: event_type,
    json: true,
    // In ticks of 100 ns.
    created: String(BigInt(microseconds) * 10n),
    position: positionOf(position),
    data: Buffer.from(event_data ?? ""),
    metadata: Buffer.from(metadata ?? ""),
  };
}

/** Events in groups of up to 1 MiB, or a larger one alone: a statement has several copies of its values. */
function* bySize(events: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  let [group, size]: [StoredEvent[], number] = [[], 0];
  for (const event of events) {
    const own = event.data.length + event.metadata.length;
    if (group.length > 0 && size + own > 1024 * 1024) {
      yield group;
      [group, size] = [[], 0];
    }
    group.push(event);
    size += own;
  }
  if (group.length > 0) yield group;
}

/** Values of the columns of `INSERT`. */
function columnsOf(events: readonly StoredEvent[]): readonly (readonly string[])[] {
  for (const { json, metadata, position, created } of events) {
    const isOurs = json && metadata.length > 0 && position.commit === position.prepare && /^-?\d+0$|^0$/.test(created);
    if (!isOurs) throw new Error(`the event at ${position.commit} is not of an event store in PostgreSQL; restore it into a KurrentDB`);
  }
  const column = (value: (event: StoredEvent) => unknown) => events.map((event) => String(value(event)));
  return [
    column(({ position }) => position.commit),
    column(({ id }) => id),
    column(({ stream }) => stream),
    column(({ revision }) => revision),
    column(({ type }) => type),
    column(({ data }) => data),
    column(({ metadata }) => metadata),
    column(({ created }) => BigInt(created) / 10n),
  ];
}
