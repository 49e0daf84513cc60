/** Makes the tables of a slot of the read model, in a schema of their own. It may run again: what is there stays. */
import { database } from "./database.ts";
import { log, setting } from "./process.ts";

const schema = setting("SCHEMA");
const sql = database(1);

await sql.begin(async (transaction) => {
  const [slot, table] = [transaction(schema), transaction(`${schema}.orders`)];
  await transaction`create schema if not exists ${slot}`;
  await transaction`
    create table if not exists ${table} (
      id           uuid primary key,
      item         text not null,
      quantity     integer not null,
      placed_at    timestamptz not null,
      confirmed_at timestamptz
    )
  `;
  await transaction`create index if not exists orders_placed_at on ${table} (placed_at desc, id)`;
});
await sql.close();
log("migrated", { schema });
