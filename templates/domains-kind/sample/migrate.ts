/** Creates the table of products, and fills it the first time. */
import { database } from "./database.ts";
import { log } from "./process.ts";

const sql = database(1);
await sql.begin(async (transaction) => {
  await transaction`create table if not exists products (name text primary key, price integer not null)`;
  await transaction`insert into products values ('book', 20), ('pen', 2) on conflict do nothing`;
});
await sql.close();
log("migrated");
