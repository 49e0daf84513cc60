import { createHash } from "node:crypto";
import type { Bucket } from "./bucket";
import { lineOf, positionOf } from "./format";
import { log } from "./log";
import type { PostgresLog } from "./postgres";
import { resolve, type Source, sourceOf, type Target, type Wanted } from "./restore";
import { compare, type StoredEvent } from "./store";

/**
 * Restores events into an empty store in PostgreSQL, in one transaction: an interrupted restore leaves the store empty. Checks the whole chain
 * first, and compares every event of the store before the commit. Throws on any difference. A store that has exactly these events passes: the
 * connection of an earlier restore may have ended with its commit. Returns what was restored; its SHA-256 is also of positions and times.
 */
export async function restoreInPostgres(bucket: Bucket, store: PostgresLog, wanted: Wanted): Promise<Target> {
  const source = await sourceOf(bucket, wanted);
  const { generation, sequence, through, events } = await resolve(source, wanted, undefined);
  log("restoring", { generation, sequence, through, events });
  const [expected, found] = [new Digest(), new Digest()];
  await store.fill(expected.of(wantedEvents(source, { sequence, through })), async () => {
    const end = await store.end();
    if (end) for await (const event of store.read(undefined, end)) found.add(event);
    if (found.text === expected.text) return;
    throw new Error(`the store has ${found.text} instead of ${expected.text}; restore into an empty one`);
  });
  const restored = { generation, sequence, through, events: found.count, content: found.value };
  log("restored", restored);
  return restored;
}

/** Number and SHA-256 of events, with positions and times. */
class Digest {
  count = 0;
  private readonly hash = createHash("sha256");

  add(event: StoredEvent): void {
    this.count++;
    this.hash.update(`${lineOf(event)}\n`);
  }

  /** Adds events that pass through. */
  async *of(groups: AsyncIterable<readonly StoredEvent[]>): AsyncGenerator<readonly StoredEvent[]> {
    for await (const group of groups) {
      for (const event of group) this.add(event);
      yield group;
    }
  }

  get value(): string {
    return this.hash.copy().digest("hex");
  }

  get text(): string {
    return `${this.count} events (${this.value})`;
  }
}

async function* wantedEvents(source: Source, target: Pick<Target, "sequence" | "through">): AsyncGenerator<readonly StoredEvent[]> {
  const through = target.through === null ? undefined : positionOf(target.through);
  for await (const { events } of source.chain(target.sequence)) {
    yield events.filter(({ position }) => through && compare(position, through) <= 0);
  }
}
