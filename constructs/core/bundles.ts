import { readFileSync } from "node:fs";
import { join } from "node:path";

const bundles = new Map<string, string>();

/** A program with everything that it imports, as the build bundles it into the directory of its construct. Read once, when it is needed. */
export function bundled(directory: string, file: string): string {
  const path = join(directory, file);
  const text = bundles.get(path) ?? readFileSync(path, "utf8");
  bundles.set(path, text);
  return text;
}
