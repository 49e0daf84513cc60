import { existsSync, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { describe, InvalidInput, type Problem } from "../constructs/core/errors";
import { InUse, PolicyViolation } from "../stacks";
import { withCommandLines, withPages } from "./command-line";
import { hanging, readable, WORDS } from "./lines";
import { Refused } from "./refused";

/** File system errors by code, with rule and remedy. */
const FAULTS: Readonly<Record<string, readonly [rule: string, remedy: string]>> = {
  ENOSPC: ["can't be written: the disk is full", "free space on it"],
  EDQUOT: ["can't be written: the disk quota is exhausted", "free space, or raise the quota"],
  EACCES: ["can't be accessed: permission denied", "change its permissions or its owner"],
  EPERM: ["can't be changed: operation not permitted", "change its permissions or its owner"],
  EROFS: ["can't be written: the file system is read-only", "choose a directory on another file system"],
  ENOTDIR: ["must be a directory, but is a file", "move the file away"],
  EEXIST: ["must be a directory, but is a file", "move the file away"],
  EISDIR: ["must be a file, but is a directory", "move the directory away"],
  ENOENT: ["doesn't exist", "create it"],
  ENAMETOOLONG: ["exceeds the length of a path on this file system", "choose a shorter one"],
  ELOOP: ["is a circle of symbolic links", "remove it"],
  EMFILE: ["can't be opened: this process has too many open files", "raise the limit (ulimit -n)"],
  ENFILE: ["can't be opened: the system has too many open files", "end other programs"],
  EIO: ["can't be read or written: the device reports an error", "check the disk"],
};

/** Faults of the process itself, which have no path. */
const OF_PROCESS: Readonly<Record<string, string>> = {
  uv_cwd: "working directory: was deleted, or its permissions deny access; change to another directory",
  uv_os_homedir: "HOME: is not set, and the user has no home directory; set HOME",
};

/** Node reports a directory that can't be created in a read-only or deleted one as missing. */
const NOT_CREATED = ["can't be created: the directory around it is read-only or was deleted", "choose another directory"];

/** Message of an error that a user can fix; `undefined` for other errors. */
export function messageFor(error: unknown): string | undefined {
  if (error instanceof Refused || error instanceof InvalidInput || error instanceof PolicyViolation || error instanceof InUse)
    return withPages(withCommandLines(error.message));
  return fileFault(error) ?? brokenJson(error);
}

/** Prints the message of an error that a user can fix, and returns the exit code. @throws any other error */
export function exitCodeOf(error: unknown): number {
  const message = messageFor(error);
  if (message === undefined) throw error;
  complain(message);
  return 1;
}

/** Prints a message about something wrong, with its long lines wrapped. */
export function complain(message: string): void {
  process.stderr.write(`${readable(message)}\n`);
}

/** Prints problems that prevent nothing. */
export function warn(problems: readonly Problem[]): void {
  for (const problem of problems) process.stderr.write(`${hanging("warning: ", describe(problem), undefined, WORDS).join("\n")}\n`);
}

/** Runs work on a directory or file. An error without a path, such as that of a full disk, gets this path. */
export function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error && !("path" in error)) Object.assign(error, { path });
    throw error;
  }
}

/** Checks that a command line asks for help. */
export function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === "-h" || word === "--help");
}

function fileFault(error: unknown): string | undefined {
  const { code = "", path, syscall = "" } = error as NodeJS.ErrnoException;
  if (Object.hasOwn(OF_PROCESS, syscall)) return OF_PROCESS[syscall];
  const known = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  const fault = code === "ENOENT" && syscall === "mkdir" ? NOT_CREATED : known;
  if (!(error instanceof Error) || !fault || typeof path !== "string") return undefined;
  const place =
    code === "ENOTDIR" || code === "EEXIST" ? fileInTheWay(path) : code === "ENOENT" && syscall !== "mkdir" ? missing(path) : path;
  return `${shown(place)}: ${fault.join("; ")}`;
}

/** The first part of a path that doesn't exist, such as the directory of a file that was to be written. */
function missing(path: string): string {
  return dirname(path) === path || existsSync(dirname(path)) ? path : missing(dirname(path));
}

/** The part of a path that is a file instead of a directory. */
function fileInTheWay(path: string): string {
  for (let place = path; place !== dirname(place); place = dirname(place)) {
    if (existsSync(place)) return statSync(place).isDirectory() ? path : place;
  }
  return path;
}

/** Message for invalid JSON in a file of the program: a truncated release file, or one edited by hand. */
function brokenJson(error: unknown): string | undefined {
  const [, file, what] = error instanceof SyntaxError ? (/^(?:.*\/dist\/)?(\S*\.json): (.*)/.exec(error.message) ?? []) : [];
  return file ? `${shown(file)}: can't be read as JSON (${what}); restore it from version control, or begin again with {}` : undefined;
}

function shown(path: string): string {
  // Files are written to another place first, under a name that the user doesn't know.
  const place = path.replace(/\/?\.\d+\.part(?=\/|$)/, "");
  const inside = relative(process.cwd(), place);
  return inside === "" || inside.startsWith("..") ? place : inside;
}
