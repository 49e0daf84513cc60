import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Synthesis, synthesize } from "cdktf-cqrs/stacks";
import { program } from "../main";

const directory = mkdtempSync(join(tmpdir(), "acme-"));
after(() => rmSync(directory, { recursive: true }));

let synthesis: Synthesis | undefined;

/** Fails if an environment is invalid, doesn't fit its nodes, or breaks a policy. */
function synthesized(): Synthesis {
  synthesis ??= synthesize(program, { outdir: join(directory, "cdktf.out") });
  return synthesis;
}

test("each environment becomes stacks", () => {
  const names = synthesized().compositions.map(({ name }) => name);
  for (const { name } of program.environments) assert.ok(names.includes(name), `${name} has no stacks`);
});

test("stacks that hold data are protected from deletion, unless their environment is disposable", () => {
  const { compositions, stacks } = synthesized();
  for (const { name, exceptions } of program.environments) {
    if (exceptions?.disposable) continue;
    for (const { node } of compositions.find((composition) => composition.name === name)?.stacks ?? []) {
      const stack = stacks.get(node.id);
      if (stack?.holdsData) assert.ok(stack.protect, `${node.id} is not protected`);
    }
  }
});
