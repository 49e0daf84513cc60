import { type ChildProcess, spawn } from "node:child_process";
import { Refused } from "./refused";

/** The user has interrupted the command: nothing more is started. */
export class Interrupted extends Refused {
  constructor() {
    super("Interrupted");
  }
}

/** Result of a program. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;

  /**
   * Receives the program's output as it arrives.
   * @default - none: the output is in the answer
   */
  readonly hear?: (text: string) => void;

  /**
   * Standard input of the program.
   * @default - none
   */
  readonly input?: string;
}

const running = new Set<ChildProcess>();
const listeners = new Set<() => void>();
let interrupted = false;

/** Goes on without output if what reads it has ended, like `head`: an apply must not stop in the middle. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/**
 * Forwards signals to all running programs, once per signal: at the first one Terraform stops gracefully, writes its state and releases its
 * lock; at a second one it aborts.
 */
export function forwardSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      interrupted = true;
      // SIGHUP, from a closed terminal, would end Terraform immediately, with its state locked.
      for (const child of running) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
      for (const listener of [...listeners]) listener();
    });
  }
}

/** Checks that the user has interrupted the command. */
export function isInterrupted(): boolean {
  return interrupted;
}

/** Calls a listener when the user interrupts the command. Returns a function that removes it. */
export function onInterrupt(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Runs a program to completion. @throws Interrupted if the user has interrupted the command before */
export function run(program: string, args: readonly string[], { directory, environment, hear, input }: RunOptions): Promise<Answer> {
  if (interrupted) throw new Interrupted();
  return new Promise((resolve, reject) => {
    // In a separate process group: a terminal sends an interrupt to its whole group, and Terraform would get it twice.
    const stdin = input === undefined ? "ignore" : "pipe";
    const child = spawn(program, args, { cwd: directory, env: environment, stdio: [stdin, "pipe", "pipe"], detached: true });
    running.add(child);
    // A program that doesn't read its input ends with an error of its own.
    child.stdin?.on("error", () => {}).end(input);
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        if (hear) hear(text);
        else said[stream] += text;
      });
    }
    child.on("error", (error) => {
      running.delete(child);
      reject(error);
    });
    child.on("close", (status) => {
      running.delete(child);
      resolve({ status: status ?? 1, ...said });
    });
  });
}
