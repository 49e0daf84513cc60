import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";

/** Claim of a process on a directory. Several processes may read it concurrently; a writer has exclusive access. */
interface Claim {
  readonly pid: number;

  /** Start time of the process, because its id may be reused by another process. */
  readonly started: string;

  readonly host: string;

  /** Command line of the process: `npm run plan -- dev`. */
  readonly command: string;

  /** Time of the claim. */
  readonly since: string;

  readonly writes: boolean;
}

/** Thrown if another process uses the directory. */
export class InUse extends Error {}

/** Timeout for another process that writes, which normally takes a moment. */
const PATIENCE_MS = 30_000;

/**
 * Claims a directory for writing by this process. Waits for other writers.
 * @throws InUse if another process still writes after the timeout
 */
export function claimToWrite(directory: string): void {
  for (const end = Date.now() + PATIENCE_MS; ; pause()) {
    const [other] = tryToWrite(directory);
    if (!other) return;
    if (Date.now() > end)
      throw new InUse(`${directory}: is being written by ${holder(other)}; wait for that command to end, ${remedyFor(directory, other)}`);
  }
}

/**
 * Claims a directory unless other processes write to it, and returns those. Each process writes its claim before it looks
 * for others, so of two concurrent processes at least one sees the other.
 */
export function tryToWrite(directory: string): readonly Claim[] {
  put(directory, true);
  const others = othersOf(directory).filter(({ writes }) => writes);
  if (others.length > 0) release(directory);
  return others;
}

/** Keeps reading a directory that this process claimed for writing. */
export function readOn(directory: string): void {
  put(directory, false);
}

/** @throws InUse if other processes read the directory, with the consequence for them */
export function expectNoReader(directory: string, loss: string): void {
  const [reader] = othersOf(directory).filter(({ writes }) => !writes);
  if (reader)
    throw new InUse(
      `${directory}: is in use by ${holder(reader)}, and ${loss}; wait for that command to end, ${remedyFor(directory, reader)}`,
    );
}

/** Releases this process's claim. */
export function release(directory: string): void {
  rmSync(fileOf(directory, process.pid), { force: true });
  try {
    rmdirSync(placeOf(directory));
  } catch {
    // Other processes still have claims.
  }
}

function othersOf(directory: string): readonly Claim[] {
  const place = placeOf(directory);
  return readdirSync(place)
    .filter((file) => file.endsWith(".json") && file !== basename(fileOf(directory, process.pid)))
    .flatMap((file) => {
      const claim = read(join(place, file));
      if (claim && (claim.host !== hostname() || startOf(claim.pid) === claim.started)) return [claim];
      rmSync(join(place, file), { force: true });
      return [];
    });
}

function put(directory: string, writes: boolean): void {
  const [place, file] = [placeOf(directory), fileOf(directory, process.pid)];
  const { pid } = process;
  const claim: Claim = { pid, started: startOf(pid), host: hostname(), command: command(), since: new Date().toISOString(), writes };
  for (let tries = 0; ; tries++) {
    mkdirSync(place, { recursive: true });
    try {
      writeFileSync(`${file}.part`, JSON.stringify(claim));
      renameSync(`${file}.part`, file);
      return;
    } catch (error) {
      // Another process may have removed the directory on release.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === 10) throw error;
    }
  }
}

/** Reads a claim. Undefined if it was released, or if its process ended while writing it. */
function read(file: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Start time of a process, if the system reports it; empty if the process doesn't exist. */
function startOf(pid: number): string {
  try {
    // After the name in brackets, which may contain any characters, the twentieth field (proc(5): 22, starttime).
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ")[19] ?? "";
  } catch {
    return process.platform === "linux"
      ? ""
      : (spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "");
  }
}

function command(): string {
  const { npm_lifecycle_event: event } = process.env;
  // What npx runs is no script.
  const script = event === "npx" ? undefined : event;
  const args = process.argv.slice(2).filter((word) => word !== script);
  const begin = script === undefined ? basename(process.argv[1] ?? "node") : script === "start" ? "npm start" : `npm run ${script}`;
  return [begin, ...(script !== undefined && args.length > 0 ? ["--"] : []), ...args].join(" ");
}

function holder({ command, pid, host, since }: Claim): string {
  return `${command} (process ${pid}${host === hostname() ? "" : ` on ${host}`}, since ${since})`;
}

function remedyFor(directory: string, { pid, host }: Claim): string {
  const elsewhere = "or write to another directory with CDKTF_OUTDIR";
  return host === hostname() ? elsewhere : `${elsewhere}, or delete ${fileOf(directory, pid)} if it has ended`;
}

/** In the directory itself, so that all names of the directory lead to it. */
function placeOf(directory: string): string {
  return join(directory, ".claims");
}

function fileOf(directory: string, pid: number): string {
  return join(placeOf(directory), `${hostname()}-${pid}.json`);
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 + Math.random() * 80);
}
