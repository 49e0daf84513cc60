import { createHash } from "node:crypto";
import type { Store, StoredEvent } from "./store";

/** Type of events in place of those that a scavenge had removed before the backup: later events keep their revisions. */
const GAP = "$stream-backup-gap";

/** Type of the event that the server appends when a stream is deleted permanently. */
export const TOMBSTONE = "$streamDeleted";

/** Fills a revision that a scavenge had removed. Appends create it where it is needed, also if the other store had it from a restore. */
export function isFiller({ type }: Pick<StoredEvent, "type">): boolean {
  return type === GAP;
}

/** Bytes and events of an append at most. EventStoreDB 24.10 accepts 1 MiB (MaxAppendSize). */
const BYTES = 512 * 1024;
const EVENTS = 500;

/** Metadata and deletions of streams. The server applies them at once: it would hide events and append events of its own. */
export function isLate({ stream, type }: Pick<StoredEvent, "stream" | "type">): boolean {
  return stream.startsWith("$$") || type === TOMBSTONE;
}

/** Appends events in their order, each with its ID and revision. Events that the store has already are skipped. Calls `done` with counts. */
export async function appendAll(
  store: Store,
  events: AsyncIterable<StoredEvent> | Iterable<StoredEvent>,
  done: (count: number) => void = () => {},
): Promise<void> {
  let bytes = 0;
  let group: StoredEvent[] = [];
  const flush = async () => {
    const [first] = group;
    if (first?.type === TOMBSTONE) await store.tombstone(first.stream);
    else if (first) await append(store, group);
    done(group.length);
    [group, bytes] = [[], 0];
  };
  for await (const event of events) {
    const size = event.data.length + event.metadata.length;
    const last = group.at(-1);
    const joins = last && last.stream === event.stream && last.revision + 1n === event.revision && event.type !== TOMBSTONE;
    if (last && (!joins || group.length >= EVENTS || bytes + size > BYTES)) await flush();
    group.push(event);
    bytes += size;
  }
  await flush();
}

/** Appends events of one stream. If the revisions before them were removed by a scavenge, fills these first. */
async function append(store: Store, events: readonly StoredEvent[]): Promise<void> {
  const first = events[0] as StoredEvent;
  const expected = first.revision - 1n;
  let found = await store.append(first.stream, expected, events);
  while (found !== undefined) {
    if (found >= expected) {
      const rest = await withoutStored(store, events, found);
      if (rest.length > 0) await append(store, rest);
      return;
    }
    const missing = Math.min(Number(expected - found), EVENTS);
    const fillers = Array.from({ length: missing }, (_, index) => filler(first.stream, (found as bigint) + 1n + BigInt(index)));
    const now = await store.append(first.stream, found, fillers);
    if (now !== undefined) throw new Error(`${first.stream} has revision ${now} instead of ${found}: another client appends to it`);
    found = found + BigInt(missing);
    if (found === expected) found = await store.append(first.stream, expected, events);
  }
}

/** Events that the store doesn't have. Throws if it has others at their revisions. */
async function withoutStored(store: Store, events: readonly StoredEvent[], found: bigint): Promise<readonly StoredEvent[]> {
  const { stream, revision } = events[0] as StoredEvent;
  const stored = new Map((await store.stream(stream, revision, BigInt(events.length))).map((event) => [event.revision, event.id]));
  const missing = events.filter((event) => stored.get(event.revision) !== event.id);
  if (missing.length < events.length && missing.every((event) => event.revision > found)) return missing;
  throw new Error(`${stream} has revision ${found} instead of ${revision - 1n}: another client appends to it`);
}

function filler(stream: string, revision: bigint) {
  const hex = createHash("sha256").update(`${stream}\n${revision}`).digest("hex");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { id, type: GAP, json: true, data: Buffer.from("{}"), metadata: Buffer.alloc(0) };
}
