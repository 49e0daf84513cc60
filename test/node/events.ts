import { Wrong } from "../aws/results";
import { until } from "../cluster/api";
import { inside } from "./kubectl";
import type { Trial } from "./trial";

/** Every event of the stream, read by the sample's own client. */
const READ = `import { orderStream } from "/app/orders.ts";
const stream = orderStream();
const ids = { OrderPlaced: [], OrderConfirmed: [] };
for (let from = 0, end = false; !end; ) {
  const page = await stream.read(from);
  for (const { type, data, number } of page.events) { ids[type].push(data.order); from = number + 1; }
  end = page.end || page.events.length === 0;
}
console.log(JSON.stringify(ids));`;

/** Rows of the read database, a line each. */
export async function rows(statement: string): Promise<readonly string[]> {
  const database = { namespace: "read-store", of: "read-database-1" };
  const { status, stdout, stderr } = await inside(database, 'psql -h /tmp -U postgres -d read_database -XAt -c "$(cat)"', statement);
  if (status !== 0) throw new Wrong(stderr);
  return stdout.trim().split("\n").filter(Boolean);
}

/** Waits until projections have no event before them, and each order is confirmed. */
export async function caughtUp(): Promise<void> {
  const behind = "select count(*) from projections.progress where slot = 'a' and (position is null or behind > 0)";
  const unconfirmed = "select count(*) from orders.orders where confirmed_at is null";
  await until("projections have caught up", 120, async () => {
    const [one] = await rows(`select (${behind}) + (${unconfirmed})`);
    return one === "0";
  });
}

/** At the end each order that was acknowledged is in the store, confirmed, and in the read model: each once. */
export async function events(trial: Trial): Promise<void> {
  await trial.check("no order is lost, and none is there twice", async () => {
    const acknowledged = await trial.buyer.placed();
    await trial.buyer.end();
    await caughtUp();
    const listed = await rows("select id from orders.orders order by id");
    const place = { namespace: "write-side", of: "deployment/command-api-blue" };
    const { status, stdout, stderr } = await inside(place, "cat >/tmp/read.ts && bun /tmp/read.ts", READ);
    if (status !== 0) throw new Wrong(stderr);
    const { OrderPlaced: placed, OrderConfirmed: confirmed } = JSON.parse(stdout) as Record<"OrderPlaced" | "OrderConfirmed", string[]>;
    const problems = [
      ...differences("acknowledged orders that the event store lacks", acknowledged, placed),
      ...differences("orders of the event store that are not listed", placed, listed),
      ...differences("listed orders that the event store lacks", listed, placed),
      ...(new Set(placed).size === placed.length ? [] : ["orders were placed twice"]),
      ...(new Set(confirmed).size === confirmed.length ? [] : ["orders were confirmed twice"]),
      ...(confirmed.length === placed.length ? [] : [`${placed.length} placed and ${confirmed.length} confirmed`]),
    ];
    if (problems.length > 0) throw new Wrong(problems.join("\n"));
    return `${acknowledged.length} acknowledged to the load, ${placed.length} placed, ${confirmed.length} confirmed, ${listed.length} listed`;
  });
}

function differences(what: string, from: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  const missing = from.filter((each) => !known.has(each));
  return missing.length > 0 ? [`${missing.length} ${what}: ${missing.slice(0, 3).join(", ")}`] : [];
}
