import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../stacks";
import { audit, help as auditHelp } from "./audit";
import { backup, help as backupHelp } from "./backup";
import { forwardSignals } from "./children";
import { command, usage as walks } from "./command";
import { suggestion } from "./command-line";
import { doctor, help as doctorHelp } from "./doctor";
import { nodeProblem } from "./doctor/machine";
import { lockFile } from "./lock";
import { createProject, help as newHelp } from "./new";
import { outdated, help as outdatedHelp } from "./outdated";
import { type Compilation, compileProject, programOf } from "./project";
import { help as manifestsHelp, render } from "./render";
import { report, help as reportHelp } from "./report";
import { restore, help as restoreHelp } from "./restore";
import { start, help as startHelp } from "./start";
import { CHECK_ONLY } from "./subcommand";
import { asksForHelp, complain, exitCodeOf } from "./told";
import { release, usage as releases } from "./versions";

type Compile = (directory: string) => Compilation;

interface Subcommand {
  readonly purpose: string;

  /** Text of `--help`. */
  readonly help: () => string;

  /** Runs the subcommand, and returns the exit code. */
  readonly run: (args: readonly string[], compile: Compile) => number | Promise<number>;
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  new: { purpose: "create a project", help: newHelp, run: (args) => createProject(args) },
  start: { purpose: "validate the program, write its stacks, and print a summary", help: startHelp, run: inProject(start) },
  plan: walk("plan", "show what Terraform would change"),
  apply: walk("apply", "deploy an environment or a stack"),
  destroy: walk("destroy", "remove an environment or a stack"),
  bootstrap: walk("bootstrap", "create the state bucket and the deploy roles of an AWS account"),
  release: { purpose: "change the released versions, or roll back", help: releases, run: inProject(release) },
  backup: { purpose: "back up all stores of an environment, under one id", help: backupHelp, run: interruptible(backup) },
  restore: { purpose: "restore a backup of all stores into another environment", help: restoreHelp, run: interruptible(restore) },
  doctor: { purpose: "check what this machine lacks to deploy", help: doctorHelp, run: examine },
  outdated: { purpose: "list newer versions of what the environments use", help: outdatedHelp, run: inProject(outdated) },
  audit: { purpose: "verify an audit trail", help: auditHelp, run: (args) => audit(args) },
  manifests: { purpose: "write the Kubernetes objects of an environment as YAML", help: manifestsHelp, run: inProject(render) },
  report: { purpose: "write one page about all environments, for a review", help: reportHelp, run: inProject(report) },
};

function walk(action: "plan" | "apply" | "destroy" | "bootstrap", purpose: string): Subcommand {
  const run = (program: Program, args: readonly string[]) => {
    forwardSignals();
    return command(program, [action, ...args], { lock: lockFile() });
  };
  return { purpose, help: () => walks(action), run: inProject(run) };
}

function interruptible(run: (program: Program, args: readonly string[]) => Promise<number>): Subcommand["run"] {
  return inProject((program, args) => {
    forwardSignals();
    return run(program, args);
  });
}

/** Checks the machine for the project of the working directory. Without a program, checks only the machine itself. */
function examine(args: readonly string[], compile: Compile): number | Promise<number> {
  const nothing: Program = { accounts: [], environments: [] };
  return existsSync("main.ts") ? inProject(doctor, nothing)(args, compile) : doctor(nothing, args);
}

/** Text of `cdktf-cqrs --help`. */
export function help(): string {
  const width = Math.max(...Object.keys(SUBCOMMANDS).map((name) => name.length));
  return [
    "Usage: cdktf-cqrs <subcommand> [arguments]",
    "",
    "All but new, doctor and audit need the directory of a project: main.ts there exports the program.",
    "",
    ...Object.entries(SUBCOMMANDS).map(([name, { purpose }]) => `  ${name.padEnd(width)}  ${purpose}`),
    "",
    "  cdktf-cqrs <subcommand> --help  the arguments of a subcommand",
    "  cdktf-cqrs --version            the version of the package",
  ].join("\n");
}

/** Runs a command line in the project of the working directory, and returns the exit code. */
export async function entry(argv: readonly string[], compile: Compile = compileProject): Promise<number> {
  const unsupported = nodeProblem();
  if (unsupported) return fail(unsupported);
  const [name = "--help", ...args] = argv;
  if (name === "-h" || name === "--help") return print(help());
  if (name === "--version") return print(JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")).version);
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (!subcommand) {
    const names = Object.keys(SUBCOMMANDS);
    return fail(`${name}: is not a subcommand${suggestion(name, [...names, "--help", "--version"]) || `; use one of ${names.join(", ")}`}`);
  }
  if (asksForHelp(args)) return print(subcommand.help());
  try {
    // Fails in a deleted directory.
    process.cwd();
    return await subcommand.run(args, compile);
  } catch (error) {
    return exitCodeOf(error);
  }
}

/**
 * Runs a subcommand with the program of the working directory's project. After type errors it only checks: it prints the compiler's messages,
 * then its own, which are shorter, and writes nothing.
 * @param otherwise program of a main.ts that exports none
 */
function inProject(run: (program: Program, args: readonly string[]) => number | Promise<number>, otherwise?: Program): Subcommand["run"] {
  return async (args, compile) => {
    const directory = process.cwd();
    const { sound, messages } = compile(directory);
    // If there is no program, messages of the compiler don't help.
    const program = await programOf(directory, otherwise);
    process.stderr.write(messages);
    try {
      const code = await run(program, sound ? args : [...args, CHECK_ONLY]);
      return sound ? code : 1;
    } finally {
      if (!sound) process.stderr.write("Nothing was done, because of the type errors above.\n");
    }
  };
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function fail(message: string): number {
  complain(message);
  return 1;
}
