import { createHash } from "node:crypto";
import { Token } from "cdktf";
import { isPlain, isRecord } from "../core/plain";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** A hash of a value, without tokens known only at apply: their numbers depend on the program's order and change with unrelated edits. */
export function fingerprintOf(value: unknown): string {
  // A replacer takes several times as long as the rest.
  const text = isPlainThroughout(value) ? JSON.stringify(value) : JSON.stringify(value, withoutTokens);
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function withoutTokens(_: string, part: unknown): unknown {
  if (typeof part === "string") return part.includes("${TfToken[") ? part.replace(TOKEN, "") : part;
  return Token.isUnresolved(part) ? null : part;
}

/** Checks that no part of a value can be a token. Not all values without tokens pass. */
function isPlainThroughout(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlainThroughout);
  return isRecord(value) ? Object.values(value).every(isPlainThroughout) : isPlain(value);
}
