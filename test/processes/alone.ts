import { spawn } from "node:child_process";

interface Place {
  /** A folder without packages. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program alone with Node.js. */
export async function runAlone(program: string, args: readonly string[], { cwd, env }: Place) {
  const child = spawn("node", [program, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  let [out, error] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    error += data;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, out, error };
}
