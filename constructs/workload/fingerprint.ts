import { createHash } from "node:crypto";
import { Token } from "cdktf";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** A hash of a value, without tokens known only at apply: their numbers depend on the program's order and change with unrelated edits. */
export function fingerprintOf(value: unknown): string {
  // A replacer takes several times as long as the rest.
  const text = isPlain(value) ? JSON.stringify(value) : JSON.stringify(value, withoutTokens);
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function withoutTokens(_: string, part: unknown): unknown {
  if (typeof part === "string") return part.includes("${TfToken[") ? part.replace(TOKEN, "") : part;
  return Token.isUnresolved(part) ? null : part;
}

/** Checks that no part of a value can be a token. Not all values without tokens pass. */
function isPlain(value: unknown): boolean {
  if (typeof value === "string") return !value.includes("TfToken[");
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
