import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { nearest } from "../constructs/core/nearest";

/** A script that runs this command: in a project, or in this repository, which compiles it first. */
const RUNS_COMMAND = /\bcdktf-cqrs\b|\bcli\/run\.mjs\b/;

/**
 * Command line of a subcommand in a project: `npm run plan -- dev` if its package.json has a script with that name, otherwise
 * `npx cdktf-cqrs plan dev`.
 */
export function commandLine(subcommand: string, words: readonly string[] = [], directory = "."): string {
  if (!RUNS_COMMAND.test(scriptsIn(directory)[subcommand] ?? "")) return ["npx cdktf-cqrs", subcommand, ...words].join(" ");
  const script = subcommand === "start" ? "npm start" : `npm run ${subcommand}`;
  return [script, ...(words.length > 0 ? ["--", ...words] : [])].join(" ");
}

/** Message with the commands of its remedies as the project runs them: `; cdktf-cqrs release dev` as `; npm run release -- dev`. */
export function withCommandLines(message: string, directory = "."): string {
  return message.replace(/(?<=; )cdktf-cqrs (\w+) (.*)$/gm, (_, subcommand: string, words: string) =>
    commandLine(subcommand, [words], directory),
  );
}

/** Message with the paths of pages as they are in a project: `docs/data.md` as `node_modules/cdktf-cqrs/docs/data.md`. */
export function withPages(message: string, root = join(__dirname, "../..")): string {
  const from = relative(process.cwd(), root);
  // Outside of the project, as in the cache of npx, a path would not help.
  if (from === "" || from.startsWith("..")) return message;
  return message.replace(/(?<![\w/])docs\/(?=[\w/-]+\.md\b)/g, `${from}/docs/`);
}

function scriptsIn(directory: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).scripts ?? {};
  } catch {
    return {};
  }
}

/** Suggestion of a similar name: `; did you mean --parallel?`. Empty if there is none. */
export function suggestion(word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  return near === undefined ? "" : `; did you mean ${near}?`;
}
