import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, type Synthesis, synthesize } from "../stacks";
import { withoutTokenTraces } from "./short-traces";
import { at } from "./told";

/** Synthesizes a program, or one environment of it, and leaves no files. */
export function synthesizeAside(program: Program, only?: string): Synthesis {
  const scratch = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  try {
    const options = { outdir: join(scratch, "cdktf.out"), ...(only === undefined ? {} : { only }) };
    return at(scratch, () => withoutTokenTraces(() => synthesize(program, options)));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
