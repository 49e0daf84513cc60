/** Messages of Protocol Buffers, as far as requests here are made of them. */
export function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** A field of length-delimited bytes: a message, a text (Protocol Buffers, encoding). */
export function field(number: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** A field of a number or a truth. Zero and false are what a field that is left out means. */
export function scalar(number: number, value: number | boolean): Buffer {
  return value ? Buffer.concat([varint(number * 8), varint(Number(value))]) : Buffer.alloc(0);
}

/** Not compressed, length, message (gRPC over HTTP/2). */
export function frame(content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
}
