import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { SynthesizedStack } from "../../constructs/policy";
import { claimToWrite, expectNoReader, readOn, release } from "./claims";
import { holdsLock, lockFor } from "./lock-file";

export interface PublishOptions {
  readonly outdir: string;

  /** The one account or environment that was written; the others stay. */
  readonly only?: string;

  /** Whether stacks that were not written are removed. */
  readonly prune?: boolean;

  /** The file that pins the exact providers. */
  readonly lock?: string;

  /** Whether this process reads the directory from now on, until it releases it or ends. */
  readonly hold?: boolean;
}

const LOCK_FILE = ".terraform.lock.hcl";

/** Where a synthesis writes before anything is replaced: each process has a place of its own. */
export function stagingOf(outdir: string): string {
  removeAbandoned(outdir);
  const staging = `${outdir}.${process.pid}.part`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  return staging;
}

/**
 * Puts what was written in its place, beside whatever Terraform keeps there. Processes that publish wait for each other;
 * what another process reads is replaced by nothing else than the same.
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
    if (only !== undefined) keepOthers(join(staging, "manifest.json"), join(outdir, "manifest.json"));
    replace(staging, options, written);
    if (hold) readOn(outdir);
    reads = hold;
  } finally {
    if (!reads) release(outdir);
  }
}

function replace(staging: string, { outdir, prune = false }: PublishOptions, written: readonly string[]): void {
  // The manifest comes last: it names nothing that is not there.
  const files = [...written.flatMap((id) => entries(join(staging, "stacks", id)).map((file) => join("stacks", id, file))), "manifest.json"];
  const changed = files.filter((file) => !isAlike(join(staging, file), join(outdir, file)));
  const removed = prune ? entries(join(outdir, "stacks")).filter((id) => !written.includes(id)) : [];
  if (changed.length + removed.length === 0) return;

  const touched = [...new Set([...changed.map((file) => (file === "manifest.json" ? file : basename(dirname(file)))), ...removed])];
  expectNoReader(outdir, `this would change ${some(touched)} under it`);
  for (const file of changed) {
    const [from, to] = [join(staging, file), join(outdir, file)];
    mkdirSync(dirname(to), { recursive: true });
    // A directory, of assets, can't be put in the place of another.
    if (statSync(from).isDirectory()) rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
  for (const id of removed) rmSync(join(outdir, "stacks", id), { recursive: true });
}

/** Whether a file, or a directory with all that it holds, is there already. */
function isAlike(one: string, other: string): boolean {
  if (!existsSync(other)) return false;
  if (!statSync(one).isDirectory()) {
    const [now, before] = [readFileSync(one), readFileSync(other)];
    // Terraform adds to a lock what it needs beyond what is pinned.
    return now.equals(before) || (basename(one) === LOCK_FILE && holdsLock(before.toString(), now.toString()));
  }
  const names = entries(one);
  return names.join("/") === entries(other).join("/") && names.every((name) => isAlike(join(one, name), join(other, name)));
}

/** Removes what a process that was killed has left. */
function removeAbandoned(outdir: string): void {
  for (const name of entries(dirname(outdir))) {
    const [, pid] = (name.startsWith(`${basename(outdir)}.`) && /\.(\d+)\.part$/.exec(name)) || [];
    if (pid !== undefined && !runs(Number(pid))) rmSync(join(dirname(outdir), name), { recursive: true, force: true });
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Lists in a new manifest the stacks that only the old one has. */
function keepOthers(manifest: string, old: string): void {
  if (!existsSync(old)) return;
  const [now, before] = [manifest, old].map((file) => JSON.parse(readFileSync(file, "utf8")) as { stacks: Record<string, unknown> });
  const stacks = Object.entries({ ...before?.stacks, ...now?.stacks }).sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(manifest, JSON.stringify({ ...now, stacks: Object.fromEntries(stacks) }, null, 2));
}

/** cdktf breaks an empty list over two lines, its fork does not: here both write the same, byte for byte. */
function settle(file: string): void {
  const text = readFileSync(file, "utf8");
  // No string of JSON holds a line break, so no value is touched.
  const settled = text.replace(/([[{])\n *([\]}])/g, "$1$2");
  if (settled !== text) writeFileSync(file, settled);
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
