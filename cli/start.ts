import { InvalidInput } from "../constructs/core/errors";
import type { Program } from "../stacks";
import { PolicyViolation, synthesize } from "../stacks";
import { withoutTokenTraces } from "./short-traces";

export function start(program: Program, _args: readonly string[]): number {
  const outdir = process.env.CDKTF_OUTDIR ?? "cdktf.out";
  try {
    const { compositions } = withoutTokenTraces(() => synthesize(program, { outdir, prune: true }));
    for (const { name, stacks } of compositions) console.log(name, stacks.map((stack) => stack.node.id).join(" "));
    return 0;
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof PolicyViolation)) throw error;
    console.error(error.message);
    return 1;
  }
}
