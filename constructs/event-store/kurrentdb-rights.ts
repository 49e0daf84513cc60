import { createHash } from "node:crypto";
import { field, frame, message } from "./protobuf";

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

/** That the role `subscriptions` reads system streams, which are the administrators' otherwise: a request for each. */
export function systemStreamGrants(streams: readonly string[]): Readonly<Record<string, Buffer>> {
  const readers = ["$admins", "subscriptions"];
  return Object.fromEntries(
    streams.map((stream) => [`read-${stream.slice(1)}.bin`, append(`$$${stream}`, "$metadata", { $acl: { $r: readers, $mr: readers } })]),
  );
}

function append(stream: string, type: string, data: object): Buffer {
  const json = Buffer.from(JSON.stringify(data));
  const options = message(field(1, message(field(3, stream))), field(3, message()));
  const id = field(1, message(field(2, idOf(stream, json))));
  const entry = (key: string, value: string) => field(2, message(field(1, key), field(2, value)));
  const event = message(id, entry("type", type), entry("content-type", "application/json"), field(4, json));
  return Buffer.concat([frame(field(1, options)), frame(field(2, event))]);
}

/** An id that is the same for the same event, in the form of a UUID of version 8. */
function idOf(stream: string, json: Buffer): string {
  const hex = createHash("sha256").update(stream).update(json).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
