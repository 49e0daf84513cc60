import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InvalidInput } from "../../constructs/core/errors";
import type { SynthesizedStack } from "../../constructs/policy";
import { claimToWrite, expectNoReader, readOn, release } from "./claims";
import { holdsLock, lockFor } from "./lock-file";

export interface PublishOptions {
  readonly outdir: string;

  /** Account or environment that was written; all others are kept. */
  readonly only?: string;

  /** Removes stacks that were not written. */
  readonly prune?: boolean;

  /** Lock file that pins the exact provider versions. */
  readonly lock?: string;

  /** Keeps the directory claimed for reading by this process until it releases the directory or ends. */
  readonly hold?: boolean;
}

const LOCK_FILE = ".terraform.lock.hcl";

/**
 * Staging directory of a synthesis, separate for each process. It is in the output directory, because files can only be
 * moved within a file system, and the output directory may be a link or a mount point.
 */
export function stagingOf(outdir: string): string {
  removeAbandoned(outdir);
  const staging = join(outdir, `.${process.pid}.part`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  return staging;
}

/** Removes a staging directory, and the output directory if nothing was published to it. */
export function removeStaging(staging: string): void {
  rmSync(staging, { recursive: true, force: true });
  try {
    rmdirSync(dirname(staging));
  } catch {
    // It has content, or is a mount point.
  }
}

/**
 * Moves the output into place, next to Terraform's own files. Processes that publish wait for each other. Content that
 * another process reads must not change.
 * @throws InUse
 */
export function publish(staging: string, stacks: ReadonlyMap<string, Pick<SynthesizedStack, "json">>, options: PublishOptions): void {
  const { outdir, only, lock, hold = false } = options;
  const written = [...stacks.keys()];
  settle(join(staging, "manifest.json"));
  if (lock) {
    const providers = readFileSync(lock, "utf8");
    for (const [id, { json }] of stacks) writeFileSync(join(staging, "stacks", id, LOCK_FILE), lockFor(providers, json));
  }

  claimToWrite(outdir);
  let reads = false;
  try {
    const before = publishedIn(outdir);
    if (only !== undefined) keepOthers(join(staging, "manifest.json"), before);
    replace(staging, options, written);
    if (hold) readOn(outdir);
    reads = hold;
  } finally {
    if (!reads) release(outdir);
  }
}

function replace(staging: string, { outdir, prune = false }: PublishOptions, written: readonly string[]): void {
  // The manifest comes last, so that it only lists stacks that exist.
  const files = [...written.flatMap((id) => entries(join(staging, "stacks", id)).map((file) => join("stacks", id, file))), "manifest.json"];
  const changed = files.filter((file) => !isAlike(join(staging, file), join(outdir, file)));
  // Directories that no synthesis wrote stay: the output directory may be one of the user's.
  const isStack = (id: string) => existsSync(join(outdir, "stacks", id, "cdk.tf.json"));
  const removed = prune ? entries(join(outdir, "stacks")).filter((id) => isStack(id) && !written.includes(id)) : [];
  if (changed.length + removed.length === 0) return;

  const touched = [...new Set([...changed.map((file) => (file === "manifest.json" ? file : basename(dirname(file)))), ...removed])];
  expectNoReader(outdir, `this would change ${some(touched)} under it`);
  for (const file of changed) {
    const [from, to] = [join(staging, file), join(outdir, file)];
    mkdirSync(dirname(to), { recursive: true });
    // A directory of assets can't replace an existing one.
    if (statSync(from).isDirectory()) rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
  for (const id of removed) rmSync(join(outdir, "stacks", id), { recursive: true });
}

/** Checks if an equal file, or directory with equal content, already exists. */
function isAlike(one: string, other: string): boolean {
  if (!existsSync(other)) return false;
  if (!statSync(one).isDirectory()) {
    const [now, before] = [readFileSync(one), readFileSync(other)];
    // Terraform adds entries for its needs to a lock file.
    return now.equals(before) || (basename(one) === LOCK_FILE && holdsLock(before.toString(), now.toString()));
  }
  const names = entries(one);
  return names.join("/") === entries(other).join("/") && names.every((name) => isAlike(join(one, name), join(other, name)));
}

/** Removes staging directories of killed processes. */
function removeAbandoned(outdir: string): void {
  for (const name of entries(outdir)) {
    const [, pid] = /^\.(\d+)\.part$/.exec(name) ?? [];
    if (pid !== undefined && !runs(Number(pid))) rmSync(join(outdir, name), { recursive: true, force: true });
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Adds the stacks that only the old manifest lists to the new one. */
function keepOthers(manifest: string, before: Stacks): void {
  if (Object.keys(before).length === 0) return;
  const now = JSON.parse(readFileSync(manifest, "utf8")) as { stacks: Stacks };
  const stacks = Object.entries({ ...before, ...now.stacks }).sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(manifest, JSON.stringify({ ...now, stacks: Object.fromEntries(stacks) }, null, 2));
}

type Stacks = Readonly<Record<string, unknown>>;

/** Stacks that an earlier synthesis wrote. @throws InvalidInput if the manifest is not one of a synthesis */
function publishedIn(outdir: string): Stacks {
  const path = join(outdir, "manifest.json");
  if (!existsSync(path)) return {};
  try {
    const { stacks } = JSON.parse(readFileSync(path, "utf8"));
    if (typeof stacks === "object" && stacks !== null) return stacks;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  const remedy = "rename it, or write to another directory with CDKTF_OUTDIR";
  throw new InvalidInput([{ path, rule: "is not the manifest of a synthesis, which would replace it", remedy }]);
}

/** cdktf writes an empty list on two lines, its fork on one. Both are normalized to identical bytes. */
function settle(file: string): void {
  const text = readFileSync(file, "utf8");
  // JSON strings never contain line breaks, so values are not changed.
  const settled = text.replace(/([[{])\n *([\]}])/g, "$1$2");
  if (settled !== text) writeFileSync(file, settled);
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
