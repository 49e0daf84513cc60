import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Files = Readonly<Record<string, string>>;

/** Every file of a directory with its content. */
export function content(directory: string): Files {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((file) => [join(file.parentPath, file.name).slice(directory.length), readFileSync(join(file.parentPath, file.name), "utf8")]),
  );
}

/** The files of one environment's stacks. */
export function stacksOf(environment: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name.startsWith(`/stacks/${environment}-`)));
}
