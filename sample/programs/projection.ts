/**
 * Projects orders into the read database: this worker's share of the partitions, each with a checkpoint and a fence of its
 * own, as docs/projections.md tells.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { SQL, type TransactionSQL } from "bun";
import { database } from "./database.ts";
import type { Recorded } from "./event-store.ts";
import { type OrderEvent, orderStream } from "./orders.ts";
import { ending, log, pause, persistently, rounds, serve, setting } from "./process.ts";

/** For how long a partition stays with a worker that is not heard of. */
const LEASE = "15 seconds";

/** How long the store waits for an event: shorter than the lease, which is renewed in between. */
const WAIT = 4;

interface Claim {
  readonly token: string;

  /** The last event that is in the read model; null before the first. */
  readonly position: number | null;
}

const projection = setting("PROJECTION");
const slot = setting("SLOT");
const schema = setting("SCHEMA");
const [worker, workers, partitions] = ["WORKER", "WORKERS", "PARTITIONS"].map((name) => Number(setting(name)));
// The name of its pod.
const owner = process.env.HOSTNAME ?? hostname();
const stream = orderStream();
const sql = database(5);
const claims = new Map<number, Claim>();
let own: readonly number[] = [];

serve({
  ready: async () => {
    if (own.length === 0) throw new Error("it has not begun");
    await sql`select`;
  },
  work: persistently("beginning", begin).then(() =>
    Promise.all(own.map((partition) => rounds(`partition ${partition}`, () => project(partition)))),
  ),
  close: async () => {
    // The next owner need not wait until the leases end.
    await Promise.allSettled(
      [...claims].map(([partition, { token }]) => sql`select projections.release(${projection}, ${slot}, ${partition}, ${token})`),
    );
    await sql.close({ timeout: 5 });
  },
});

/** Registers the slot, which is refused with another number of partitions than it has, and finds which are this worker's. */
async function begin(): Promise<void> {
  await sql`select projections.begin(${projection}, ${slot}, ${partitions})`.catch((error) => {
    if (!(error instanceof SQL.PostgresError) || error.errno !== "PJ003") throw error;
    // No other try goes better: somebody changed what can't be changed.
    console.error(error.message);
    process.exit(1);
  });
  const rows: { partition: number }[] = await sql`select projections.owned(${worker}, ${workers}, ${partitions}) as partition`;
  own = rows.map(({ partition }) => partition);
  log("begun", { slot, partitions: own });
}

/** The next events of a partition, or nothing while it is another worker's. */
async function project(partition: number): Promise<void> {
  const claim = claims.get(partition) ?? (await claimed(partition));
  if (!claim) return pause(1000);
  const { token, position } = claim;
  try {
    const { events, end } = await stream.read((position ?? -1) + 1, WAIT);
    const last = events.at(-1)?.number;
    if (last === undefined) {
      const [{ renewed }] = await sql`select projections.renew(${projection}, ${slot}, ${partition}, ${token}) as renewed`;
      if (!renewed) claims.delete(partition);
    } else {
      const mine = events.filter(({ data }) => partitionOf(data.order) === partition);
      await sql.begin(async (transaction) => {
        // From here to the end of the transaction nobody else claims the partition.
        await transaction`select projections.hold(${projection}, ${slot}, ${partition}, ${token})`;
        for (const event of mine) await apply(transaction, event);
        await transaction`select projections.advance(${projection}, ${slot}, ${partition}, ${token}, ${position}, ${last})`;
      });
      claims.set(partition, { token, position: last });
    }
    // Once for all of this worker's is enough to tell how far behind they are.
    if (end && partition === own[0]) await sql`select projections.seen(${projection}, ${slot}, ${last ?? position ?? -1})`;
  } catch (error) {
    if (!ending.signal.aborted) claims.delete(partition);
    throw error;
  }
}

async function claimed(partition: number): Promise<Claim | undefined> {
  const rows: { token: string; position: string | null }[] =
    await sql`select * from projections.claim(${projection}, ${slot}, ${partition}, ${owner}, ${LEASE}::interval)`;
  for (const { token, position } of rows) claims.set(partition, { token, position: position === null ? null : Number(position) });
  return claims.get(partition);
}

async function apply(transaction: TransactionSQL, { type, data, at }: Recorded<OrderEvent>): Promise<void> {
  const table = transaction(`${schema}.orders`);
  if (type === "OrderPlaced") {
    const { order, item, quantity } = data;
    await transaction`insert into ${table} (id, item, quantity, placed_at) values (${order}, ${item}, ${quantity}, ${at})`;
  } else {
    await transaction`update ${table} set confirmed_at = ${at} where id = ${data.order}`;
  }
}

/** As `projections.partition_of` finds it: all events of an order are in one partition. */
function partitionOf(order: string): number {
  return createHash("sha256").update(order).digest().readUInt32BE(0) % Number(partitions);
}
