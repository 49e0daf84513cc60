import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A text as Terraform leaves it alone: what looks like a template and is no reference of ours is escaped. */
export function literal(text: string): string {
  return text.replace(/([$%])\{(?!TfToken\[)/g, "$1$1{");
}

/** Files as the data of a ConfigMap, by their names. Scripts and queries hold no templates of Terraform, and look as if. */
export function literalFiles(paths: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [basename(path), literal(readFileSync(path, "utf8"))]));
}
