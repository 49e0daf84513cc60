import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** How a program ended, and all that it said. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;

  /** Both of its outputs, as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;

  /** Variables beside those of this process; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;

  /** The file that keeps what it says. */
  readonly log: string;

  /**
   * Minutes after which it is ended, with everything that it started.
   * @default - never
   */
  readonly minutes?: number;
}

/** Process groups of programs that run for a limited time, which no signal to this process's own group reaches. */
const groups = new Set<number>();
let watched = false;

/** Ends them with this process, however it ends. */
function endWithProcess(): void {
  if (watched) return;
  watched = true;
  process.on("exit", () => {
    for (const group of groups) kill(group);
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Runs a program to its end; -1 where there is no such program. */
export function run(program: string, args: readonly string[], { cwd, env = {}, log, minutes }: RunOptions): Promise<Ended> {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: "a" });
  file.write(`$ ${program} ${args.join(" ")}\n`);
  return new Promise((resolve) => {
    // Before the program starts: a signal that comes first would end this process alone.
    if (minutes !== undefined) endWithProcess();
    const child = spawn(program, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: minutes !== undefined,
    });
    const group = minutes === undefined ? undefined : child.pid;
    if (group !== undefined) groups.add(group);
    const limit = minutes && setTimeout(() => group && kill(group), minutes * 60_000);
    let stdout = "";
    let output = "";
    const hear = (chunk: Buffer) => {
      output += chunk;
      file.write(chunk);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      hear(chunk);
    });
    child.stderr.on("data", hear);
    const end = (status: number) => {
      clearTimeout(limit);
      if (group !== undefined) groups.delete(group);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what colours begin with
      file.end(() => resolve({ status, stdout, output: output.replace(/\u001b\[[\d;]*m/g, "") }));
    };
    child.on("error", () => end(-1));
    child.on("close", (status) => end(status ?? 1));
  });
}

/** Whether a program is there. */
export async function installed(program: string, log: string, ...args: string[]): Promise<boolean> {
  return (await run(program, args, { log })).status === 0;
}
