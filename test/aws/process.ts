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

/** Runs a program to its end; -1 where there is no such program. */
export function run(program: string, args: readonly string[], { cwd, env = {}, log, minutes }: RunOptions): Promise<Ended> {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: "a" });
  file.write(`$ ${program} ${args.join(" ")}\n`);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: minutes !== undefined,
    });
    const limit = minutes && setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), minutes * 60_000);
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
