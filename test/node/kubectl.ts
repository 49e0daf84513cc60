import { type ChildProcess, spawn } from "node:child_process";

/** How a command ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();

/** Ends every command that still runs. */
export function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Runs a program to its end, for a minute at most. */
export function command(program: string, args: readonly string[], { input = "", seconds = 60 } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    let [stdout, stderr] = ["", ""];
    const timer = setTimeout(() => {
      stderr += `killed after ${seconds} s`;
      child.kill("SIGKILL");
    }, seconds * 1000);
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdin.on("error", () => {}).end(input);
    const end = (status: number) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ status, stdout, stderr });
    };
    child.on("error", (error) => {
      stderr += error.message;
      end(-1);
    });
    child.on("close", (status) => end(status ?? -1));
  });
}

/** A container of a running pod. */
export interface Place {
  readonly namespace: string;

  /** `pod-name`, `deployment/name` or `statefulset/name`. */
  readonly of: string;

  /** @default - the first */
  readonly container?: string;
}

/** Runs a shell script in a container. */
export function inside({ namespace, of, container }: Place, script: string, input = ""): Promise<Ran> {
  const which = container ? ["--container", container] : [];
  const args = ["--namespace", namespace, "exec", ...(input ? ["--stdin"] : []), of, ...which, "--", "sh", "-c", script];
  return command("kubectl", args, { input });
}
