/**
 * A steady load from inside the cluster, run by bun in a pod: requests at a fixed rate whatever becomes of those before, as
 * through a browser of its own each. Prints a line of JSON every second with all that was counted so far.
 */
const { COMMANDS = "", QUERIES = "", RATE = "5" } = process.env;

/** Slow on a busy machine is not lost. */
const PATIENCE_MS = 30_000;

const counts = { sent: 0, answered: 0, failed: 0 };
const failures: Record<string, number> = {};

/** Requests without an end yet, by their number, the oldest first. */
const pending = new Set<number>();

/** The number up to which all requests have ended. */
function ended(): number {
  const [oldest] = pending;
  return oldest === undefined ? counts.sent : oldest - 1;
}

/** Orders that the command API has acknowledged since the last line. */
let placed: string[] = [];
let number = 0;

/** Orders of a load from before are other orders. */
const began = Date.now();

async function ask(url: string, init: RequestInit, expected: number): Promise<Response | undefined> {
  const number = ++counts.sent;
  pending.add(number);
  try {
    const headers = { ...(init.headers as Record<string, string>), connection: "close" };
    const response = await fetch(url, { ...init, headers, keepalive: false, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.status !== expected) throw new Error(`status ${response.status}`);
    const body = await response.text();
    counts.answered++;
    return new Response(body);
  } catch (error) {
    counts.failed++;
    const why = `${new URL(url).host}: ${String(error).slice(0, 120)}`;
    failures[why] = (failures[why] ?? 0) + 1;
    return undefined;
  } finally {
    pending.delete(number);
  }
}

async function place(base: string): Promise<void> {
  const key = `load-${began}-${++number}`;
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const body = JSON.stringify({ item: `item ${number % 50}`, quantity: 1 + (number % 5) });
  const response = await ask(`${base}/orders`, { method: "POST", headers, body }, 201);
  if (response) placed.push(((await response.json()) as { id: string }).id);
}

const work = [
  ...COMMANDS.split(" ")
    .filter(Boolean)
    .map((base) => () => place(base)),
  ...QUERIES.split(" ")
    .filter(Boolean)
    .map((base) => () => ask(`${base}/orders`, {}, 200)),
];
for (const each of work) setInterval(() => void each(), 1000 / Number(RATE));
setInterval(() => {
  console.log(JSON.stringify({ ...counts, ended: ended(), failures, placed }));
  placed = [];
}, 1000);
process.once("SIGTERM", () => process.exit(0));
