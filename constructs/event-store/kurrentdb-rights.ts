import { createHash } from "node:crypto";

/**
 * What roles may do, as requests of the protocol that every line of the server speaks (streams.proto, Append): the default
 * of streams, and who reads all of them. Each is appended to a stream that has nothing yet, so that what an operator writes
 * there later stays. By HTTP alone they could be given only with AtomPub open.
 */
export const GRANTS: Readonly<Record<string, Buffer>> = {
  // Streams of events: commands append, nobody but administrators deletes or changes how long events are kept.
  "streams.bin": append("$settings", "$settings", {
    $userStreamAcl: {
      $r: ["commands", "subscriptions"],
      $w: "commands",
      $d: "$admins",
      $mr: ["commands", "subscriptions"],
      $mw: "$admins",
    },
    $systemStreamAcl: { $r: "$admins", $w: "$admins", $d: "$admins", $mr: "$admins", $mw: "$admins" },
  }),
  // Everything in the order in which it happened, what subscriptions to all events read.
  "all-events.bin": append("$$$all", "$metadata", { $acl: { $r: ["$admins", "subscriptions"], $mr: ["$admins", "subscriptions"] } }),
};

function append(stream: string, type: string, data: object): Buffer {
  const json = Buffer.from(JSON.stringify(data));
  const options = message(field(1, message(field(3, Buffer.from(stream)))), field(3, message()));
  const id = field(1, message(field(2, Buffer.from(idOf(stream, json)))));
  const entry = (key: string, value: string) => field(2, message(field(1, Buffer.from(key)), field(2, Buffer.from(value))));
  const event = message(id, entry("type", type), entry("content-type", "application/json"), field(4, json));
  return Buffer.concat([frame(field(1, options)), frame(field(2, event))]);
}

/** An id that is the same for the same event, in the form of a UUID of version 8. */
function idOf(stream: string, json: Buffer): string {
  const hex = createHash("sha256").update(stream).update(json).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** A field of length-delimited bytes (Protocol Buffers, encoding). */
function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(value.length), value]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
}

/** Not compressed, length, message (gRPC over HTTP/2). */
function frame(content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}
