import { createHash } from "node:crypto";
import { CallError } from "../stream-backup/grpc";
import { contentOf, nameOf } from "../stream-backup/restore";
import { ageOf, compare, isBackedUp, type Position, type Store, type StoredEvent } from "../stream-backup/store";

/** The store, which is only read, and the server on the volume. */
export interface Compared {
  readonly source: Store;
  readonly scratch: Store;
}

/** Events of a volume. */
export interface Found {
  readonly events: number;

  /** SHA-256 of the events in the order of the log. */
  readonly content: string;

  /** The last one that the store has too. */
  readonly last: Position | undefined;
}

/**
 * Compares all events before the end of a snapshot, one by one, by position and content. Those that the store has no longer were scavenged
 * since. @throws Error if the volume lacks one, or has another one
 */
export async function compareUpTo({ source, scratch }: Compared, end: bigint): Promise<Found> {
  const hash = createHash("sha256");
  let [events, last]: [number, Position | undefined] = [0, undefined];
  const through = { commit: end - 1n, prepare: end - 1n };
  const restored = new Walk(scratch, undefined, through, (event) => {
    hash.update(contentOf(event));
    events++;
  });
  for await (const event of backedUp(source, undefined, through)) {
    const found = await restored.at(event.position);
    if (found && contentOf(found) !== contentOf(event)) {
      throw new Error(`the volume has ${nameOf(found)} in place of ${nameOf(event)} at position ${event.position.commit}`);
    }
    if (found) last = event.position;
    // A scavenge of the node of the snapshot comes before that of the leader.
    else if (await isReadable(source, event)) throw new Error(`the volume lacks ${nameOf(event)} at position ${event.position.commit}`);
  }
  await restored.at(undefined);
  if (events > 0 && !last) throw new Error(`the volume is of another store: none of its ${events} events is in this one`);
  return { events, content: hash.digest("hex"), last };
}

/** Age in seconds, at a time, of the oldest event after a position that the volume lacks. */
export async function lossAfter({ source, scratch }: Compared, last: Position | undefined, at: Date): Promise<number> {
  const [end, until] = [await source.end(), await scratch.end()];
  if (!end || !until) return 0;
  const restored = new Walk(scratch, last, until);
  for await (const event of backedUp(source, last, end)) {
    // The server on the volume writes its own events after the end.
    if ((await restored.at(event.position))?.id !== event.id) return ageOf(event, at);
  }
  return 0;
}

async function* backedUp(store: Store, after: Position | undefined, through: Position): AsyncGenerator<StoredEvent> {
  for await (const event of store.read(after, through)) if (isBackedUp(event)) yield event;
}

/** Events of a store in order, looked up by positions in order. */
class Walk {
  private readonly events: AsyncGenerator<StoredEvent>;
  private next: StoredEvent | undefined;
  private started = false;

  constructor(
    store: Store,
    after: Position | undefined,
    through: Position,
    private readonly passed: (event: StoredEvent) => void = () => {},
  ) {
    this.events = backedUp(store, after, through);
  }

  /** Passes all events up to a position, or to the end. Returns the one at the position. */
  async at(position: Position | undefined): Promise<StoredEvent | undefined> {
    if (!this.started) await this.advance();
    this.started = true;
    for (; this.next; await this.advance()) {
      const order = position ? compare(this.next.position, position) : -1;
      if (order > 0) return undefined;
      this.passed(this.next);
      if (order < 0) continue;
      const found = this.next;
      await this.advance();
      return found;
    }
    return undefined;
  }

  private async advance(): Promise<void> {
    const { value, done } = await this.events.next();
    this.next = done ? undefined : value;
  }
}

/** Status of a read of a stream that was deleted. */
const FAILED_PRECONDITION = 9;

/** Checks if the stream still has an event: a scavenge removes only others. */
async function isReadable(store: Store, { stream, revision }: StoredEvent): Promise<boolean> {
  try {
    const [found] = await store.stream(stream, revision, 1n);
    return found?.revision === revision;
  } catch (error) {
    if (error instanceof CallError && error.status === FAILED_PRECONDITION) return false;
    throw error;
  }
}
