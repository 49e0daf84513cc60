import { createHash } from "node:crypto";
import { Token } from "cdktf";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** A hash of a value, without tokens known only at apply: their numbers depend on the program's order and change with unrelated edits. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "string") return part.includes("${TfToken[") ? part.replace(TOKEN, "") : part;
    return Token.isUnresolved(part) ? null : part;
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
