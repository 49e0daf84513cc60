/** Answers queries from the live read model: GET /orders, GET /orders/<id>, GET /progress, and / for a browser. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { database } from "./database.ts";
import { query } from "./metrics.ts";
import { problem, serve } from "./process.ts";

interface Row {
  readonly id: string;
  readonly item: string;
  readonly quantity: number;
  readonly placed_at: Date;
  readonly confirmed_at: Date | null;
}

/** Where the page sends commands. Empty: where it came from. */
const { COMMANDS_URL = "" } = process.env;

const page = readFileSync(join(import.meta.dir, "page.html"), "utf8").replace("COMMANDS_URL", () => Bun.escapeHTML(COMMANDS_URL));
const sql = database(5);

serve({
  routes: {
    "/": { GET: () => new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } }) },
    "/orders": {
      GET: async () => {
        const rows = await query<Row>("ListOrders", () => sql`select * from orders.orders order by placed_at desc, id limit 100`);
        return Response.json(rows.map(shown));
      },
    },
    "/orders/:id": {
      GET: async ({ params }) => {
        const { id = "" } = params as { id?: string };
        const known = /^[0-9a-f-]{36}$/.test(id);
        const [row] = known ? await query<Row>("GetOrder", () => sql`select * from orders.orders where id = ${id}`) : [];
        return row ? Response.json(shown(row)) : problem(404, "there is no such order, or not yet");
      },
    },
    "/progress": {
      GET: async () => {
        const [counts]: Record<"total" | "confirmed", string>[] =
          await sql`select count(*) as total, count(confirmed_at) as confirmed from orders.orders`;
        const [health]: { state: string; behind: string | null; partitions: string; workers: string }[] = await sql`
          select state, behind, partitions,
                 (select count(distinct owner) from projections.progress where projection = 'orders' and live) as workers
          from projections.health() where projection = 'orders' and live
        `;
        if (!counts || !health) return problem(503, "the read model is not published yet");
        const { state, behind, partitions, workers } = health;
        const projection = {
          state,
          behind: behind === null ? null : Number(behind),
          partitions: Number(partitions),
          workers: Number(workers),
        };
        return Response.json({ total: Number(counts.total), confirmed: Number(counts.confirmed), projection });
      },
    },
  },
  ready: async () => {
    await sql`select from orders.orders limit 0`;
  },
  close: () => sql.close({ timeout: 5 }),
});

function shown({ id, item, quantity, placed_at, confirmed_at }: Row) {
  return { id, item, quantity, status: confirmed_at ? "confirmed" : "placed", placedAt: placed_at, confirmedAt: confirmed_at };
}
