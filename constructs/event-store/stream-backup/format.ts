import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { compare, type Position, type StoredEvent } from "./store";

/** Version of the format of objects. */
const FORMAT = 1;

/** Largest size of the events of an object, in bytes: one event has up to 16 MiB (KurrentDB, MaxAppendEventSize). */
const LARGEST = 512 * 1024 * 1024;

/**
 * Stream of a store that records the target of a restore into it, and types of the records at its start and end. System streams are not
 * backed up.
 */
export const RESTORE_RECORD = "$stream-backup-restore";
export const RESTORE_STARTED = "$restore-started";
export const RESTORE_COMPLETED = "$restore-completed";

/** Stream of a store that records which objects of another store's backup it has. */
export const FOLLOW_RECORD = "$stream-backup-follow";

/** First line of an object: its place in the chain. */
interface Header {
  readonly format: number;
  readonly generation: string;
  readonly sequence: number;

  /** SHA-256 of the previous object; null in the first one. */
  readonly previous: string | null;

  /** Position through which the previous objects cover the log; null in the first one. */
  readonly after: string | null;
}

/** Last line of an object: a record of its events, and of the chain so far. */
interface Trailer {
  /** Events in this object, and in the chain. */
  readonly events: number;
  readonly total: number;

  /** Positions of its first and last event; null if it has none. */
  readonly first: string | null;
  readonly last: string | null;

  /** Last event that was read, including those that are not backed up. Null if the store was empty. */
  readonly through: { readonly position: string; readonly id: string } | null;

  /** True if the chain, up to here or to an earlier object, had covered the whole log. */
  readonly complete: boolean;

  /** True if a restore into the store, or the promotion of one that follows, was not finished. */
  readonly restoring: boolean;

  /** SHA-256 of the lines of this object's events. */
  readonly content: string;

  /** SHA-256 of the same value of the previous object and of `content`. */
  readonly chain: string;

  /** Time of the backup. */
  readonly made: string;
}

/** State of a chain after one of its objects: all that the next one depends on. */
export interface Link {
  readonly generation: string;
  readonly sequence: number;

  /** SHA-256 of the object. */
  readonly sha256: string | null;
  readonly through: { readonly position: Position; readonly id: string } | undefined;
  readonly total: number;
  readonly chain: string;
  readonly complete: boolean;
  readonly restoring: boolean;

  /** Time of the backup. */
  readonly made: string;
}

/** State before the first object of a chain. */
export function start(generation: string): Link {
  return { generation, sequence: 0, sha256: null, through: undefined, total: 0, chain: "", complete: false, restoring: false, made: "" };
}

/** A generation is named by the time of its start, and an object by its sequence and by the position after which it begins. */
export function keyAfter({ generation, sequence, through }: Link): string {
  const commit = through?.position.commit ?? 0n;
  return `${generation}/${String(sequence + 1).padStart(8, "0")}-${String(commit).padStart(20, "0")}.ndjson.gz`;
}

/** A key of an object, in parts. Undefined for any other key. */
export function parseKey(key: string): { readonly generation: string; readonly sequence: number } | undefined {
  const [, generation, sequence] = /^(\d{8}T\d{6}Z)\/(\d{8})-\d{20}\.ndjson\.gz$/.exec(key) ?? [];
  return generation && sequence ? { generation, sequence: Number(sequence) } : undefined;
}

/** Object being filled with events. */
export class Draft {
  private readonly lines: string[] = [];
  private first: StoredEvent | undefined;
  private last: StoredEvent | undefined;
  private through: { readonly position: Position; readonly id: string } | undefined;

  /** Size of its events in bytes, before compression. */
  size = 0;

  /** Events that were read since the previous object, and are not backed up. */
  skipped = 0;

  /** A restore into the store is not finished. */
  restoring: boolean;

  constructor(private readonly previous: Link) {
    this.restoring = previous.restoring;
  }

  get events(): number {
    return this.lines.length;
  }

  add(event: StoredEvent): void {
    const line = `${lineOf(event)}\n`;
    this.lines.push(line);
    this.size += line.length;
    this.first ??= event;
    this.last = event;
    this.through = event;
  }

  skip({ stream, type, position, id }: StoredEvent): void {
    this.skipped++;
    if (stream === RESTORE_RECORD || stream === FOLLOW_RECORD) this.restoring = type !== RESTORE_COMPLETED;
    this.through = { position, id };
  }

  /** Returns the object, and the state of the chain after it. */
  finish(complete: boolean, time: Date): { readonly key: string; readonly body: Buffer; readonly link: Link } {
    const { generation, sequence, sha256: previous, total, chain: before } = this.previous;
    const through = this.through ?? this.previous.through;
    const content = createHash("sha256").update(this.lines.join("")).digest("hex");
    const header: Header = {
      format: FORMAT,
      generation,
      sequence: sequence + 1,
      previous,
      after: this.previous.through ? textOf(this.previous.through.position) : null,
    };
    const trailer: Trailer = {
      events: this.lines.length,
      total: total + this.lines.length,
      first: this.first ? textOf(this.first.position) : null,
      last: this.last ? textOf(this.last.position) : null,
      through: through ? { position: textOf(through.position), id: through.id } : null,
      complete: (complete && !this.restoring) || this.previous.complete,
      restoring: this.restoring,
      content,
      chain: createHash("sha256").update(before).update(content).digest("hex"),
      made: time.toISOString(),
    };
    const body = gzipSync(`${JSON.stringify(header)}\n${this.lines.join("")}${JSON.stringify(trailer)}\n`);
    return { key: keyAfter(this.previous), body, link: linkOf(header, trailer, hashOf(body)) };
  }
}

/** An object that passed all checks. */
export interface Unpacked {
  readonly events: readonly StoredEvent[];
  readonly link: Link;
}

/**
 * Checks an object completely: its hash, its key, its place in the chain, and its record. Throws an error that names the difference.
 * Without `previous`, the links to the previous object are not compared.
 */
export function unpack(key: string, body: Buffer, recorded: string | undefined, previous: Link | undefined): Unpacked {
  const sha256 = hashOf(body);
  if (recorded === undefined) throw new Error("has no recorded SHA-256, so this program did not write it");
  if (recorded !== sha256) throw new Error(`its SHA-256 is ${sha256}, and ${recorded} was recorded`);
  const lines = linesOf(body);
  const [header, trailer] = [json<Header>(lines[0]), json<Trailer>(lines.at(-1))];
  if (header.format !== FORMAT) throw new Error(`has format ${header.format}; this program reads ${FORMAT}`);
  const { generation, sequence } = parseKey(key) ?? {};
  equal("generation", header.generation, generation);
  equal("sequence", header.sequence, sequence);
  const written = lines.slice(1, -1).map((line) => `${line}\n`);
  equal("number of events", written.length, trailer.events);
  equal("SHA-256 of the events", createHash("sha256").update(written.join("")).digest("hex"), trailer.content);
  const events = written.map(eventOf);
  const after = header.after === null ? undefined : positionOf(header.after);
  let last = after;
  for (const { position } of events) {
    if (last && compare(position, last) <= 0) throw new Error(`the event at ${textOf(position)} is not after ${textOf(last)}`);
    last = position;
  }
  if (typeof trailer.complete !== "boolean" || typeof trailer.restoring !== "boolean" || !isTime(trailer.made)) {
    throw new Error("has a record with values of other types");
  }
  const link = linkOf(header, trailer, sha256);
  if (last && (!link.through || compare(last, link.through.position) > 0)) throw new Error(`has events after its end, at ${textOf(last)}`);
  equal("position of the first event", events[0] ? textOf(events[0].position) : null, trailer.first);
  equal("position of the last event", events.length > 0 ? textOf(events.at(-1)?.position as Position) : null, trailer.last);
  if (previous) {
    equal("sequence", header.sequence, previous.sequence + 1);
    equal("SHA-256 of the previous object", header.previous, previous.sha256);
    equal("position of its start", header.after, previous.through ? textOf(previous.through.position) : null);
    equal("key", key, keyAfter(previous));
    equal("number of events in the chain", trailer.total, previous.total + trailer.events);
    equal("hash of the chain", trailer.chain, createHash("sha256").update(previous.chain).update(trailer.content).digest("hex"));
    if (previous.complete) equal("completeness", link.complete, true);
  }
  return { events, link };
}

function linkOf({ generation, sequence }: Header, trailer: Trailer, sha256: string): Link {
  const { through, total, chain, complete, restoring, made } = trailer;
  const reached = through ? { position: positionOf(through.position), id: through.id } : undefined;
  return { generation, sequence, sha256, through: reached, total, chain, complete, restoring, made };
}

function linesOf(body: Buffer): readonly string[] {
  let text: string;
  try {
    text = gunzipSync(body, { maxOutputLength: LARGEST }).toString();
  } catch (error) {
    throw new Error(`can't be decompressed: ${(error as Error).message}`);
  }
  const lines = text.split("\n");
  if (lines.length < 3 || lines.pop() !== "") throw new Error("is truncated");
  return lines;
}

function json<T>(line = ""): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error("has a line that is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("has a line that is not an object");
  return value as T;
}

function equal(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}

/** Returns the SHA-256 of an object. */
export function hashOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Text of a position: of the commit, and of the event itself. */
export function textOf({ commit, prepare }: Position): string {
  return `${commit}/${prepare}`;
}

/** Position in a text. */
export function positionOf(text: string): Position {
  const [, commit, prepare] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (!commit || !prepare) throw new Error(`${text} is not a position`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Line of an event. Numbers are written as text, because JSON readers round those above 2^53. */
export function lineOf({ stream, revision, id, type, json, created, position, data, metadata }: StoredEvent): string {
  const numbers = { revision: String(revision), created, position: textOf(position) };
  return JSON.stringify({ stream, id, type, json, ...numbers, data: data.toString("base64"), metadata: metadata.toString("base64") });
}

function eventOf(line: string): StoredEvent {
  const { revision, position, data, metadata, ...event } = json<Record<keyof StoredEvent, string>>(line);
  return {
    ...(event as unknown as Pick<StoredEvent, "stream" | "id" | "type" | "json" | "created">),
    revision: revisionOf(revision),
    position: positionOf(position),
    data: bytesOf(data),
    metadata: bytesOf(metadata),
  };
}

function bytesOf(text: unknown): Buffer {
  if (typeof text !== "string") throw new Error("has data that is not base64");
  return Buffer.from(text, "base64");
}

function revisionOf(text: unknown): bigint {
  if (typeof text !== "string" || !/^\d+$/.test(text)) throw new Error(`${JSON.stringify(text)} is not a revision`);
  return BigInt(text);
}

function isTime(text: unknown): boolean {
  return typeof text === "string" && !Number.isNaN(Date.parse(text));
}
