import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutTokenTraces } from "../cli/short-traces";
import { type Program, type Synthesis, synthesize } from "../stacks";

const made = new WeakMap<Program, Synthesis>();

/** Everything a program synthesizes, without a trace on the disk. It is made once for all that ask. */
export function synthesisOf(program: Program): Synthesis {
  const synthesis = made.get(program) ?? synthesized(program);
  made.set(program, synthesis);
  return synthesis;
}

/** Where what is read once and thrown away is written: in memory, where a machine has it as a directory. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function synthesized(program: Program): Synthesis {
  const directory = mkdtempSync(join(MEMORY, "cdktf-cqrs-"));
  try {
    return withoutTokenTraces(() => synthesize(program, { outdir: join(directory, "out") }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The addresses of a stack's resources, as Terraform's state knows them. */
export function addressesOf(json: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries((json.resource ?? {}) as Record<string, object>)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();
}
