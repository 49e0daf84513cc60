/** The products as JSON: GET /products. */
import { database } from "./database.ts";
import { serve } from "./process.ts";

const sql = database(5);

serve({
  routes: { "/products": { GET: async () => Response.json(await sql`select name, price from products order by name`) } },
  ready: async () => {
    await sql`select from products limit 0`;
  },
  close: () => sql.close({ timeout: 5 }),
});
