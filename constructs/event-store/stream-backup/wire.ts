/** A field of a Protocol Buffers message: a number, or the bytes of a string, message or byte sequence. */
type Value = bigint | Buffer;

/** Fields of a message, by number, in the order in which they were sent. */
export class Message {
  private readonly fields = new Map<number, Value[]>();

  /** Decodes a message. Throws if it is truncated or has a type of field that the protocol of KurrentDB doesn't use. */
  constructor(bytes: Buffer) {
    const reader = new Reader(bytes);
    while (!reader.ended) {
      const tag = Number(reader.varint());
      const [number, type] = [tag >>> 3, tag & 7];
      const value = type === 0 ? reader.varint() : type === 2 ? reader.bytes() : reader.fixed(type);
      const values = this.fields.get(number);
      if (values) values.push(value);
      else this.fields.set(number, [value]);
    }
  }

  has(number: number): boolean {
    return this.fields.has(number);
  }

  /** An omitted number is 0. */
  number(number: number): bigint {
    const value = this.fields.get(number)?.at(-1) ?? 0n;
    return typeof value === "bigint" ? value : 0n;
  }

  /** An omitted value is empty. */
  bytes(number: number): Buffer {
    const value = this.fields.get(number)?.at(-1);
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  }

  text(number: number): string {
    return this.bytes(number).toString();
  }

  message(number: number): Message {
    return new Message(this.bytes(number));
  }

  /** A map of strings. */
  map(number: number): ReadonlyMap<string, string> {
    const entries = (this.fields.get(number) ?? []).filter((value) => Buffer.isBuffer(value)).map((value) => new Message(value));
    return new Map(entries.map((entry) => [entry.text(1), entry.text(2)]));
  }
}

class Reader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  get ended(): boolean {
    return this.at >= this.buffer.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.buffer[this.at++];
      if (byte === undefined) throw new Error("truncated message");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("number of more than 64 bits");
  }

  bytes(): Buffer {
    return this.take(Number(this.varint()));
  }

  fixed(type: number): Buffer {
    if (type !== 1 && type !== 5) throw new Error(`unknown type of field ${type}`);
    return this.take(type === 1 ? 8 : 4);
  }

  private take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.buffer.length) throw new Error("truncated message");
    const part = this.buffer.subarray(this.at, end);
    this.at = end;
    return part;
  }
}

/** Encodes a length-delimited field. Empty ones are sent too: in a `oneof` they select the alternative. */
export function field(number: number, value: Buffer | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
}

/** Encodes a number. Zero is sent too: in a `oneof` it selects the alternative. */
export function scalar(number: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(number * 8)), varint(value)]);
}

export const EMPTY = Buffer.alloc(0);

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Encodes a gRPC frame: uncompressed, length, message (gRPC over HTTP/2). */
export function frame(content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

/** Splits received bytes into messages. */
export class Frames {
  private parts: Buffer[] = [];
  private length = 0;

  /** Adds received bytes, and returns the messages that are complete. */
  push(part: Buffer): readonly Buffer[] {
    this.parts.push(part);
    this.length += part.length;
    const messages: Buffer[] = [];
    for (let wanted = this.wanted(); wanted !== undefined && this.length >= wanted; wanted = this.wanted()) {
      const all = Buffer.concat(this.parts);
      if (all[0] !== 0) throw new Error("compressed message");
      messages.push(all.subarray(5, wanted));
      this.parts = [all.subarray(wanted)];
      this.length = all.length - wanted;
    }
    return messages;
  }

  /** Bytes of a message that has not arrived completely. */
  get incomplete(): boolean {
    return this.length > 0;
  }

  private wanted(): number | undefined {
    if (this.length < 5) return undefined;
    if ((this.parts[0]?.length ?? 0) < 5) this.parts = [Buffer.concat(this.parts)];
    return 5 + (this.parts[0] as Buffer).readUInt32BE(1);
  }
}
