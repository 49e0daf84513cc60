/** Encodes a Protocol Buffers message, as far as requests here need it. */
export function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** Encodes a length-delimited field: a message or a string (Protocol Buffers, encoding). */
export function field(number: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** Encodes a number or a boolean. Zero and false are the same as an omitted field. */
export function scalar(number: number, value: number | boolean): Buffer {
  return value ? Buffer.concat([varint(number * 8), varint(Number(value))]) : Buffer.alloc(0);
}

/** Encodes a gRPC frame: uncompressed, length, message (gRPC over HTTP/2). */
export function frame(content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
}
