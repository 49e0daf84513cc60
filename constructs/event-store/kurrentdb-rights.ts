import { createHash } from "node:crypto";
import { field, frame, message } from "./protobuf";

/**
 * Permissions of roles, as requests of the protocol that every line of the server supports (streams.proto, Append): the default ACL of
 * streams, and the readers of `$all`. Each is appended only to an empty stream, so that later changes by an operator stay. Over HTTP they
 * could be set only with AtomPub enabled.
 */
export const GRANTS: Readonly<Record<string, Buffer>> = {
  // Event streams: commands append; only administrators delete or change retention.
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
  // `$all`, all events in order, for subscriptions to all events.
  "all-events.bin": append("$$$all", "$metadata", { $acl: { $r: ["$admins", "subscriptions"], $mr: ["$admins", "subscriptions"] } }),
};

/** Requests, one per stream, that let the role `subscriptions` read system streams. By default only administrators may. */
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

/** Returns a deterministic event ID, formatted as a UUID of version 8. */
function idOf(stream: string, json: Buffer): string {
  const hex = createHash("sha256").update(stream).update(json).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
