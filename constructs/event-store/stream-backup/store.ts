import { CallError, Channel } from "./grpc";
import { EMPTY, field, Message, scalar } from "./wire";

/** A position in `$all`: of the commit and of the event itself. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** An event as a store has it. */
export interface StoredEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly type: string;

  /** Marked as JSON; otherwise as bytes. */
  readonly json: boolean;

  /** Time of the append, in ticks of 100 ns since 1970 as the server reports it. */
  readonly created: string;
  readonly position: Position;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/** Events of a store in their global order. */
export interface EventLog {
  /** Position of the last event, if there is one. */
  end(): Promise<Position | undefined>;

  /** The first event at or after a position. */
  at(position: Position): Promise<StoredEvent | undefined>;

  /** Events after a position, up to another one, which is included. */
  read(after: Position | undefined, through: Position): AsyncIterable<StoredEvent>;

  /** Checks if an event belongs into a backup. */
  isBackedUp(event: Pick<StoredEvent, "stream">): boolean;
}

/** Events to append to one stream, with consecutive revisions. */
export type Proposed = Pick<StoredEvent, "id" | "type" | "json" | "data" | "metadata">;

/** Events per request. */
const PAGE = 10_000n;

const NOT_FOUND = 4;

/** The part of KurrentDB's protocol that reads `$all` and appends with an expected revision (streams.proto). */
export class Store implements EventLog {
  readonly isBackedUp = isBackedUp;
  private readonly channel: Channel;

  constructor(url: string) {
    this.channel = new Channel(url);
  }

  close(): void {
    this.channel.close();
  }

  async end(): Promise<Position | undefined> {
    const [last] = await this.page(all(field(3, EMPTY), true, 1n));
    return last?.position;
  }

  async at(position: Position): Promise<StoredEvent | undefined> {
    const [first] = await this.page(all(field(1, positionOf(position)), false, 1n));
    return first;
  }

  /** Events are received as fast as they are consumed. */
  async *read(after: Position | undefined, through: Position): AsyncGenerator<StoredEvent> {
    let last = after;
    for (let failures = 0; ; ) {
      const from = last ? field(1, positionOf(last)) : field(2, EMPTY);
      let count = 0n;
      try {
        for await (const event of this.events(all(from, false, PAGE))) {
          count++;
          // Reads include the position where they start.
          if (last && compare(event.position, last) <= 0) continue;
          if (compare(event.position, through) > 0) return;
          yield event;
          last = event.position;
          failures = 0;
        }
      } catch (error) {
        await this.channel.recover(error, ++failures);
        continue;
      }
      if (count < PAGE) return;
    }
  }

  /** Events of a stream from a revision on; none if it doesn't exist. */
  async stream(name: string, from = 0n, count = 100n): Promise<readonly StoredEvent[]> {
    return await this.page(options(field(1, Buffer.concat([field(1, identifier(name)), scalar(2, from)])), false, count));
  }

  /** Last event of a stream; undefined if it doesn't exist. */
  async last(name: string): Promise<StoredEvent | undefined> {
    const [last] = await this.page(options(field(1, Buffer.concat([field(1, identifier(name)), field(4, EMPTY)])), true, 1n));
    return last;
  }

  /**
   * Appends events whose revisions start after `expected`, -1 for a new stream. Returns undefined if they are stored, also by an earlier
   * request, and otherwise the last revision of the stream, -1 if it doesn't exist.
   */
  async append(stream: string, expected: bigint, events: readonly Proposed[]): Promise<bigint | undefined> {
    const head = field(1, Buffer.concat([field(1, identifier(stream)), expected < 0n ? field(3, EMPTY) : scalar(2, expected)]));
    const answer = await this.unary("Append", [head, ...events.map((event) => field(2, proposed(event)))]);
    if (answer.has(1)) return undefined;
    const wrong = answer.message(2);
    return wrong.has(6) ? wrong.number(6) : wrong.has(1) ? wrong.number(1) : -1n;
  }

  /** Deletes a stream permanently. */
  async tombstone(stream: string): Promise<void> {
    await this.unary("Tombstone", [field(1, Buffer.concat([field(1, identifier(stream)), field(4, EMPTY)]))]);
  }

  private unary(method: string, messages: readonly Buffer[]): Promise<Message> {
    return this.channel.persistently(async () => {
      for await (const answer of this.channel.call(method, messages)) return new Message(answer);
      throw new CallError(undefined, `${method}: no answer`);
    });
  }

  private page(request: Buffer): Promise<readonly StoredEvent[]> {
    return this.channel.persistently(async () => {
      const events: StoredEvent[] = [];
      for await (const event of this.events(request)) events.push(event);
      return events;
    });
  }

  private async *events(request: Buffer): AsyncGenerator<StoredEvent> {
    for await (const answer of this.channel.call("Read", [request])) {
      const content = new Message(answer);
      if (content.has(NOT_FOUND)) return;
      if (content.has(1)) yield eventOf(content.message(1).message(1));
    }
  }
}

/** Backed up: events of user streams, and their metadata. Other system streams are created by the server and by the platform. */
export function isBackedUp({ stream }: Pick<StoredEvent, "stream">): boolean {
  return !stream.startsWith("$") || (stream.startsWith("$$") && !stream.startsWith("$$$"));
}

export function compare(one: Position, other: Position): number {
  const [a, b] = one.commit === other.commit ? [one.prepare, other.prepare] : [one.commit, other.commit];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Age of an event at a time in seconds, 0 if it is newer. */
export function ageOf({ created }: Pick<StoredEvent, "created">, at: Date): number {
  // Ticks of 100 ns.
  return Math.max(0, (at.getTime() - Number(BigInt(created) / 10_000n)) / 1000);
}

function all(from: Buffer, backwards: boolean, count: bigint): Buffer {
  return options(field(2, from), backwards, count);
}

function options(source: Buffer, backwards: boolean, count: bigint): Buffer {
  // Links as they are stored, no filter, IDs as text.
  const parts = [source, ...(backwards ? [scalar(3, 1n)] : []), scalar(5, count), field(8, EMPTY), field(9, field(2, EMPTY))];
  return field(1, Buffer.concat(parts));
}

function positionOf({ commit, prepare }: Position): Buffer {
  return Buffer.concat([scalar(1, commit), scalar(2, prepare)]);
}

function identifier(stream: string): Buffer {
  return field(3, stream);
}

function proposed({ id, type, json, data, metadata }: Proposed): Buffer {
  const entry = (key: string, value: string) => field(2, Buffer.concat([field(1, key), field(2, value)]));
  const kind = json ? "application/json" : "application/octet-stream";
  return Buffer.concat([field(1, field(2, id)), entry("type", type), entry("content-type", kind), field(3, metadata), field(4, data)]);
}

function eventOf(recorded: Message): StoredEvent {
  const system = recorded.map(6);
  return {
    id: uuid(recorded.message(1)),
    stream: recorded.message(2).text(3),
    revision: recorded.number(3),
    position: { commit: recorded.number(5), prepare: recorded.number(4) },
    type: system.get("type") ?? "",
    json: system.get("content-type") === "application/json",
    created: system.get("created") ?? "",
    metadata: recorded.bytes(7),
    data: recorded.bytes(8),
  };
}

/** Returns an ID as text, also if the server sends it as two numbers. */
function uuid(message: Message): string {
  if (message.has(2)) return message.text(2).toLowerCase();
  const parts = message.message(1);
  const hex = [parts.number(1), parts.number(2)].map((part) => part.toString(16).padStart(16, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
