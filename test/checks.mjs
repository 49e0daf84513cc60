// What the tiers that install packages have in common.
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const count = { passed: 0, failed: 0 };

/** Does one check, says how it went, and goes on. */
export function check(name, work) {
  try {
    work();
    count.passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    count.failed++;
    console.log(`FAIL  ${name}\n${error.message.replace(/^/gm, "      ")}`);
  }
}

/** The last line of a tier, and its exit code. */
export function conclude() {
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed > 0 ? 1 : 0;
}

/** Works in a directory that is gone afterwards. */
export function inTemporaryDirectory(work) {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), "cdktf-cqrs-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a program to its end and returns what it printed. @throws with its output where it fails */
export function run(directory, command, args, env = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${status}:\n${stdout}${stderr}`.trimEnd());
  return stdout;
}

export const node = process.execPath;
export const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
