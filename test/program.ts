import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type TerraformStack } from "cdktf";
import { invokeAspects } from "cdktf/lib/synthesize/synthesizer";
import { withoutTokenTraces } from "../cli/short-traces";
import { type Composition, type Program, type Synthesis, synthesize } from "../stacks";
import { composed } from "../stacks/synthesize";
import { THOROUGH } from "./thorough";

type Json = Readonly<Record<string, unknown>>;

/** What tests read of the stacks that a program has. */
export interface Composed {
  readonly compositions: readonly Composition[];
  readonly stacks: ReadonlyMap<string, { readonly stack: TerraformStack; readonly json: Json }>;
}

const made = new WeakMap<Program, Synthesis>();
const looked = new WeakMap<Program, Composed>();

/** Everything a program synthesizes, without a trace on the disk. It is made once for all that ask. */
export function synthesisOf(program: Program): Synthesis {
  return remembered(made, program, synthesized);
}

/**
 * The stacks of a program, each made into Terraform when a test looks at it. What is refused where it is described is refused
 * here too; policies, capacity and what is written are left to the tier that takes its time, which synthesizes everything.
 */
export function stacksOf(program: Program): Composed {
  return THOROUGH || made.has(program) ? synthesisOf(program) : remembered(looked, program, rendered);
}

function remembered<T>(memory: WeakMap<Program, T>, program: Program, make: (program: Program) => T): T {
  const value = memory.get(program) ?? make(program);
  memory.set(program, value);
  return value;
}

/** Where what is read once and thrown away is written: in memory, where a machine has it as a directory. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function synthesized(program: Program): Synthesis {
  return inMemory((directory) => synthesize(program, { outdir: join(directory, "out") }));
}

function rendered(program: Program): Composed {
  const compositions = inMemory((outdir) => composed(new App({ outdir }), program));
  const stacks = compositions
    .flatMap((composition) => composition.stacks)
    .map((stack) => {
      let json: Json | undefined;
      const render = () => {
        invokeAspects(stack);
        return stack.toTerraform();
      };
      return [
        stack.node.id,
        {
          stack,
          get json() {
            json ??= withoutTokenTraces(render);
            return json;
          },
        },
      ] as const;
    });
  return { compositions, stacks: new Map(stacks) };
}

function inMemory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(MEMORY, "cdktf-cqrs-"));
  try {
    return withoutTokenTraces(() => work(directory));
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
