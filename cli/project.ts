import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Program } from "../stacks";
import { Refused } from "./refused";

/** Output directory: `CDKTF_OUTDIR`, or `cdktf.out` if that is empty or not set. */
export function outputDirectory(): string {
  return process.env.CDKTF_OUTDIR || "cdktf.out";
}

/** Result of the compiler for a project. A project with errors is also compiled. */
export interface Compilation {
  readonly sound: boolean;
  readonly messages: string;
}

/**
 * Compiles the project of a directory to `dist/` there, with the project's own TypeScript and tsconfig.json.
 * @throws Refused if it is not a project, or has no compiler
 */
export function compileProject(directory: string): Compilation {
  for (const file of ["main.ts", "tsconfig.json"]) {
    if (existsSync(join(directory, file))) continue;
    const above = projectAbove(directory);
    const remedy = above
      ? `run the command in ${above}`
      : "run the command in the directory of a project, or create one with npx cdktf-cqrs new";
    throw new Refused(`${join(directory, file)}: doesn't exist; ${remedy}`);
  }
  // The location of the compiled program must not depend on the project's settings.
  const options = [
    "-p",
    directory,
    "--outDir",
    join(directory, "dist"),
    "--rootDir",
    directory,
    "--noEmit",
    "false",
    "--noEmitOnError",
    "false",
  ];
  const [command = "", ...args] = [...compilerOf(directory), ...options, "--pretty", String(process.stderr.isTTY ?? false)];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  const messages = stdout + stderr;
  if (!existsSync(compiledIn(directory))) {
    process.stderr.write(messages);
    throw new Refused(`${join(directory, "main.ts")}: was not compiled; correct what the compiler reports, or include it in tsconfig.json`);
  }
  return { sound: status === 0, messages };
}

/** The nearest directory above that is a project. */
function projectAbove(directory: string): string | undefined {
  const parent = dirname(directory);
  if (parent === directory) return undefined;
  const isProject = ["main.ts", "tsconfig.json"].every((file) => existsSync(join(parent, file)));
  return isProject ? parent : projectAbove(parent);
}

function compiledIn(directory: string): string {
  return join(directory, "dist/main.js");
}

function compilerOf(directory: string): readonly string[] {
  try {
    const { resolve } = createRequire(join(directory, "package.json"));
    return [process.execPath, join(dirname(resolve("typescript/package.json")), "bin/tsc")];
  } catch {
    throw new Refused(`typescript: is not installed in ${directory}; run npm install, or add it with npm install --save-dev typescript`);
  }
}

/** Program that the compiled main.ts of a project exports. @throws Refused if it exports none, and there is none to use instead */
export async function programOf(directory: string, otherwise?: Program): Promise<Program> {
  const exported = await import(pathToFileURL(compiledIn(directory)).href);
  return otherwise && exported.program === undefined ? otherwise : exportedProgram(exported, join(directory, "main.ts"));
}

/** Program among the exports of a module. @throws Refused if there is none */
export function exportedProgram({ program }: { readonly program?: Partial<Program> }, file: string): Program {
  if (Array.isArray(program?.environments) && Array.isArray(program.accounts)) return program as Program;
  throw new Refused(
    `${file}: must export a program; write export const program: Program = { accounts: [], environments: [] }, with Program of cdktf-cqrs/stacks`,
  );
}
