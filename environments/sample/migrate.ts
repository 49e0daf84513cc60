/** Makes the tables of a slot, as their owner, before anything uses them. It may run again: what is there stays. */
import { database } from "./database.ts";
import { log, setting } from "./process.ts";
import { PROJECTION, slotOf } from "./slot.ts";

const slot = slotOf();
const schema = `${PROJECTION}_${slot}`;
const sql = database(1);

await sql.begin(async (transaction) => {
  await transaction.unsafe(`create schema if not exists ${schema}`);
  await transaction.unsafe(`
    create table if not exists ${schema}.orders (
      id           uuid primary key,
      item         text not null,
      quantity     integer not null,
      placed_at    timestamptz not null,
      confirmed_at timestamptz
    )
  `);
  await transaction.unsafe(`create index if not exists orders_placed_at on ${schema}.orders (placed_at desc)`);
  // The first slot is live from here on; what is live is shown in the schema that queries read.
  await transaction`select projections.begin(${PROJECTION}, ${slot}, ${Number(setting("PARTITIONS"))})`;
  await transaction`select projections.publish(${PROJECTION})`;
});
await sql.close();
log("migrated", { schema });
