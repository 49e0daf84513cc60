import { Client, type ClientConfig } from "pg";

/** How the worker of a test goes about it. */
export interface WorkerSettings {
  readonly projection: string;
  readonly slot: string;
  readonly owner: string;
  readonly worker: number;
  readonly workers: number;
  readonly partitions: number;

  /** What it waits for between writing the read model and its commit, in milliseconds, from time to time. */
  readonly pause?: number;
}

/** Positions that a transaction projects. */
const BATCH = 100;

/**
 * A worker as docs/projections.md asks for: it projects the events of `public.log` into `<projection>_<slot>.applied`,
 * which takes anything, so that what is projected twice or out of order is seen there.
 */
export class ProjectionWorker {
  readonly claims = new Map<number, { readonly token: string; position: string | null }>();

  /** What it was refused, by SQLSTATE. */
  readonly refusals: string[] = [];
  private transactions = 0;

  constructor(
    private readonly client: Client,
    private readonly settings: WorkerSettings,
  ) {}

  /** Its partitions that nobody else has, and a batch of each. */
  async turn(): Promise<void> {
    const { projection, slot, owner, worker, workers, partitions } = this.settings;
    const { rows } = await this.client.query(
      `select p, token, position
       from projections.owned($1, $2, $3) as p, projections.claim($4, $5, p, $6, '1 second')
       where p <> all($7)`,
      [worker, workers, partitions, projection, slot, owner, [...this.claims.keys()]],
    );
    for (const { p, token, position } of rows) this.claims.set(p, { token, position });
    const head = Number((await this.client.query("select max(position) as head from log")).rows[0].head);
    for (const partition of [...this.claims.keys()]) await this.project(partition, head);
  }

  /** Gives everything back, as on SIGTERM. */
  async stop(): Promise<void> {
    const { projection, slot } = this.settings;
    for (const [partition, { token }] of this.claims) {
      await this.client.query("select projections.release($1, $2, $3, $4)", [projection, slot, partition, token]);
    }
    this.claims.clear();
  }

  private async project(partition: number, head: number): Promise<void> {
    const { projection, slot, owner, partitions, pause = 0 } = this.settings;
    const claim = this.claims.get(partition);
    const to = String(Math.min(head, Number(claim?.position ?? 0) + BATCH));
    if (!claim || to === claim.position) return;
    try {
      await this.client.query("begin");
      await this.client.query(
        `insert into ${projection}_${slot}.applied (partition, position, owner)
         select $1, position, $2 from log
         where position > coalesce($3, 0) and position <= $4 and projections.partition_of(key, $5) = $1 order by position`,
        [partition, owner, claim.position, to, partitions],
      );
      if (pause > 0 && this.transactions++ % 40 === 5) await new Promise((resolve) => setTimeout(resolve, pause));
      const moved = [projection, slot, partition, claim.token, claim.position, to];
      await this.client.query("select projections.advance($1, $2, $3, $4, $5, $6)", moved);
      await this.client.query("commit");
      claim.position = to;
    } catch (error) {
      this.refusals.push((error as { code?: string }).code ?? String(error));
      this.claims.delete(partition);
      await this.client.query("rollback");
    }
  }
}

// A process of its own, for a test that kills it: it says what it has done, and goes on until then.
if (require.main === module) {
  const { connection, settings } = JSON.parse(process.argv[2] ?? "") as { connection: ClientConfig; settings: WorkerSettings };
  (async () => {
    const client = new Client(connection);
    await client.connect();
    const worker = new ProjectionWorker(client, settings);
    for (;;) {
      await worker.turn();
      process.stdout.write(`${[...worker.claims.keys()].join(" ")}\n`);
    }
  })();
}
