import { randomUUID } from "node:crypto";
import type { StoredEvent } from "../../constructs/event-store/stream-backup/store";
import { EMPTY, field, type Message, scalar } from "../../constructs/event-store/stream-backup/wire";

/** An event as a client proposes it. */
export type Proposed = Pick<StoredEvent, "id" | "type" | "json" | "data" | "metadata">;

const ANY = -2n;
const DELETED = 2n ** 63n - 1n;

/** What a call is answered with, and the trailers that end it. */
export interface Answered {
  readonly messages: readonly Buffer[];
  readonly trailers: Readonly<Record<string, string>>;
}

/**
 * Events as KurrentDB keeps them, and the part of its gRPC protocol that reads `$all` and appends with an expected revision (streams.proto of
 * 26.0): positions that only grow, appends that are atomic and idempotent by event ID, and deletions that stay in `$all`.
 */
export class StreamLog {
  log: StoredEvent[] = [];

  /** Calls that changed something, by method. */
  readonly calls: string[] = [];

  /** Events that only `$all` still has: their streams were truncated. */
  hides: (event: StoredEvent) => boolean = () => false;

  /** Called with each event before it is acknowledged. */
  stored: (event: StoredEvent) => void = () => {};
  private readonly revisions = new Map<string, bigint>();
  private position = 0n;

  /** Answers `Read`, `Append` or `Tombstone`. */
  answer(method: string, request: readonly Message[]): Answered {
    const messages = method === "Read" ? this.read(request) : method === "Append" ? this.append(request) : this.tombstone(request);
    const isDeleted = messages.length === 0 && method !== "Read";
    const deleted = { "grpc-status": "9", exception: "stream-deleted", "grpc-message": "stream is deleted" };
    return { messages, trailers: isDeleted ? deleted : { "grpc-status": "0" } };
  }

  /** Deletes a stream permanently. */
  bury(stream: string): void {
    this.store(stream, DELETED, { id: randomUUID(), type: "$streamDeleted", json: false, data: EMPTY, metadata: EMPTY });
  }

  /** Appends without a client. */
  apply(stream: string, events: readonly Proposed[]): void {
    for (const event of events) this.store(stream, (this.revisions.get(stream) ?? -1n) + 1n, event);
  }

  private read([request]: readonly Message[]): readonly Buffer[] {
    const options = (request as Message).message(1);
    const [backwards, count] = [options.number(3) === 1n, Number(options.number(5))];
    let found: readonly StoredEvent[];
    if (options.has(1)) {
      const [stream, from] = [options.message(1).message(1).text(3), options.message(1).number(2)];
      found = this.log.filter((event) => event.stream === stream && !this.hides(event));
      if (found.length === 0) return [field(4, field(1, field(3, stream)))];
      found = backwards ? found.toReversed() : found.filter(({ revision }) => revision >= from);
    } else {
      const from = options.message(2);
      const at = from.has(1) ? from.message(1).number(1) : 0n;
      found = backwards ? this.log.toReversed() : this.log.filter(({ position }) => position.commit >= at);
    }
    return found.slice(0, count).map((event) => field(1, field(1, recorded(event))));
  }

  private append([head, ...rest]: readonly Message[]): readonly Buffer[] {
    const options = (head as Message).message(1);
    const stream = options.message(1).text(3);
    const expected = options.has(2) ? options.number(2) : options.has(3) ? -1n : ANY;
    const last = this.revisions.get(stream) ?? -1n;
    if (last === DELETED) return [];
    const proposed = rest.map((message) => proposedOf(message.message(2)));
    const first = this.log.findIndex((event) => event.stream === stream && event.id === proposed[0]?.id);
    const known = first >= 0 && this.log[first]?.revision === expected + 1n;
    if (!known && expected !== ANY && expected !== last) {
      this.calls.push(`refused ${stream}`);
      return [field(2, last < 0n ? field(7, EMPTY) : scalar(6, last))];
    }
    if (!known) {
      this.calls.push(`append ${stream} ${proposed.length}`);
      this.apply(stream, proposed);
    }
    return [field(1, scalar(1, this.revisions.get(stream) ?? 0n))];
  }

  private tombstone([request]: readonly Message[]): readonly Buffer[] {
    const stream = (request as Message).message(1).message(1).text(3);
    if (this.revisions.get(stream) === DELETED) return [];
    this.calls.push(`tombstone ${stream}`);
    this.bury(stream);
    return [EMPTY];
  }

  private store(stream: string, revision: bigint, { id, type, json, data, metadata }: Proposed): void {
    const position = { commit: this.position, prepare: this.position };
    const event = { stream, revision, id, type, json, data, metadata, created: String(BigInt(Date.now()) * 10_000n), position };
    this.take(event);
    this.stored(event);
  }

  /** Takes in an event as it was stored before. */
  take(event: StoredEvent): void {
    this.log.push(event);
    this.revisions.set(event.stream, event.revision);
    this.position = event.position.commit + BigInt(100 + event.data.length + event.metadata.length);
  }
}

function recorded({ id, stream, revision, position, type, json, created, metadata, data }: StoredEvent): Buffer {
  const entry = (key: string, value: string) => field(6, Buffer.concat([field(1, key), field(2, value)]));
  return Buffer.concat([
    field(1, field(2, id)),
    field(2, field(3, stream)),
    scalar(3, revision),
    scalar(4, position.prepare),
    scalar(5, position.commit),
    entry("type", type),
    entry("created", created),
    entry("content-type", json ? "application/json" : "application/octet-stream"),
    field(7, metadata),
    field(8, data),
  ]);
}

function proposedOf(message: Message): Proposed {
  const system = message.map(2);
  return {
    id: message.message(1).text(2),
    type: system.get("type") ?? "",
    json: system.get("content-type") === "application/json",
    metadata: message.bytes(3),
    data: message.bytes(4),
  };
}
