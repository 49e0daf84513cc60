import { createHash } from "node:crypto";
import { Token } from "cdktf";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** Without what is known at apply only: its place in the program's text would count, which changes with everything else. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "string") return part.includes("${TfToken[") ? part.replace(TOKEN, "") : part;
    return Token.isUnresolved(part) ? null : part;
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
