import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Escapes a text for Terraform: template sequences that are not our references become literal. */
export function literal(text: string): string {
  return text.replace(/([$%])\{(?!TfToken\[)/g, "$1$1{");
}

/** Returns files as the data of a ConfigMap, by file name. Scripts and queries contain sequences that look like Terraform templates. */
export function literalFiles(paths: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [basename(path), literal(readFileSync(path, "utf8"))]));
}
