/** Takes commands: POST /orders, with an Idempotency-Key by which it may be sent again. */
import { createHash } from "node:crypto";
import { command, expectCommand } from "./metrics.ts";
import { type Order, Orders } from "./orders.ts";
import { problem, serve } from "./process.ts";

/** The page that may send commands from another address. */
const { ALLOWED_ORIGIN = "" } = process.env;

const cors: Record<string, string> = ALLOWED_ORIGIN
  ? {
      "access-control-allow-origin": ALLOWED_ORIGIN,
      "access-control-allow-headers": "content-type, idempotency-key",
      "access-control-max-age": "600",
    }
  : {};

const orders = new Orders();

const PLACE = "PlaceOrder";
expectCommand(PLACE);

serve({
  routes: {
    "/orders": {
      POST: async (request) => {
        const answer = await command(
          PLACE,
          () => place(request),
          ({ ok }) => !ok,
        );
        for (const [name, value] of Object.entries(cors)) answer.headers.set(name, value);
        return answer;
      },
      OPTIONS: () => new Response(null, { status: 204, headers: cors }),
    },
  },
  ready: () => orders.catchUp(),
});

async function place(request: Request): Promise<Response> {
  const key = request.headers.get("idempotency-key");
  if (!key || key.length > 255) return problem(400, "send an Idempotency-Key of at most 255 characters");
  const order = orderOf(await request.json().catch(() => undefined));
  if (!order) return problem(400, 'send {"item": "a name", "quantity": 1}: up to 100 characters, from 1 to 1000');
  const id = idOf(key);
  const events = await orders.decide(({ known }) => (known.has(id) ? [] : [{ type: "OrderPlaced", data: { order: id, ...order } }]));
  const first = events.length > 0;
  const before = orders.known.get(id);
  if (!first && before && !Bun.deepEquals(before, order)) return problem(422, "this Idempotency-Key was sent with another order");
  return Response.json({ id }, { status: first ? 201 : 200, headers: { location: `/orders/${id}` } });
}

function orderOf(body: unknown): Order | undefined {
  const { item, quantity } = (typeof body === "object" && body ? body : {}) as Partial<Order>;
  const named = typeof item === "string" && item.trim().length > 0 && item.length <= 100;
  return named && Number.isInteger(quantity) && Number(quantity) >= 1 && Number(quantity) <= 1000
    ? { item, quantity: Number(quantity) }
    : undefined;
}

/** The same key is the same order: a UUID of the key's digest (RFC 9562, version 8). */
function idOf(key: string): string {
  const hex = createHash("sha256").update(key).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
