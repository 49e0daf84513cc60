import { type ChildProcess, spawn } from "node:child_process";
import { Refused } from "./refused";

/** The user has ended the command: nothing more is begun. */
export class Interrupted extends Refused {
  constructor() {
    super("Interrupted");
  }
}

/** What a program answered. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;

  /**
   * Gets whatever the program prints, as it comes.
   * @default - nobody: it is in the answer
   */
  readonly hear?: (text: string) => void;
}

const running = new Set<ChildProcess>();
const listeners = new Set<() => void>();
let interrupted = false;

/**
 * Hands signals on to every program that runs. Each gets a signal once for each time that the user sends it: Terraform ends
 * in its own time at the first one, writes its state and releases its lock; at a second one it gives up.
 */
export function forwardSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      interrupted = true;
      // A terminal that is closed ends Terraform at once, with its state locked.
      for (const child of running) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
      for (const listener of [...listeners]) listener();
    });
  }
}

/** Whether the user has ended the command. */
export function isInterrupted(): boolean {
  return interrupted;
}

/** Calls a listener when the user ends the command. Returns what takes it back. */
export function onInterrupt(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Runs a program to its end. @throws Interrupted if the user has ended the command before */
export function run(program: string, args: readonly string[], { directory, environment, hear }: RunOptions): Promise<Answer> {
  if (interrupted) throw new Interrupted();
  return new Promise((resolve, reject) => {
    // In a process group of its own: a terminal sends an interrupt to its whole group, and Terraform would get it twice.
    const child = spawn(program, args, { cwd: directory, env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
    running.add(child);
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
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
