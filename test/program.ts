import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { invokeAspects } from "cdktf/lib/synthesize/synthesizer";
import { withoutTokenTraces } from "../cli/short-traces";
import { InvalidInput } from "../constructs/core/errors";
import type { SynthesizedStack } from "../constructs/policy";
import { type Composition, type PlatformStack, type Program, type Synthesis, synthesize } from "../stacks";
import { composed, weigh } from "../stacks/synthesize";
import { THOROUGH } from "./thorough";

type Json = Readonly<Record<string, unknown>>;

const made = new WeakMap<Program, Synthesis>();

/**
 * What a program synthesizes as far as a test looks at it: a stack is made into Terraform, and clusters are weighed, when they are
 * asked for. What is refused where it is described is refused here too. Policies, and what is written, are left to the tier that
 * takes its time. It is made once for all that ask.
 */
export function synthesisOf(program: Program): Synthesis {
  const known = made.get(program) ?? (THOROUGH ? synthesized(program) : composedOf(program));
  made.set(program, known);
  return known;
}

function synthesized(program: Program): Synthesis {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  try {
    return withoutTokenTraces(() => synthesize(program, { outdir: join(directory, "out") }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same without policies, and with nothing written. */
export function composedOf(program: Program): Synthesis {
  // Nothing is written there.
  const app = new App({ outdir: join(tmpdir(), "cdktf-cqrs-test") });
  const compositions = withoutTokenTraces(() => composed(app, program));
  const all = compositions.flatMap((composition) => composition.stacks).map((stack) => new Rendered(stack));
  const stacks = new Map(all.map((each) => [each.stack.node.id, each]));
  let sites: Synthesis["sites"] | undefined;
  return {
    compositions,
    stacks,
    get sites() {
      sites ??= sitesOf(compositions, stacks);
      return sites;
    },
  };
}

/** A stack that is made into Terraform at the first look. */
class Rendered implements SynthesizedStack {
  readonly protect: boolean;
  readonly holdsData: boolean;

  constructor(readonly stack: PlatformStack) {
    this.protect = stack.protect;
    this.holdsData = stack.holdsData;
  }

  get json(): Json {
    if (Object.keys(this.stack.synthesized).length > 0) return this.stack.synthesized;
    return withoutTokenTraces(() => {
      invokeAspects(this.stack);
      return this.stack.toTerraform();
    });
  }
}

/** The clusters, each with what is sent to it. */
function sitesOf(compositions: readonly Composition[], all: ReadonlyMap<string, Rendered>): Synthesis["sites"] {
  for (const { sites } of compositions) for (const { stacks } of sites) for (const { node } of stacks) all.get(node.id)?.json;
  const { sites, problems } = weigh(compositions);
  if (problems.length > 0) throw new InvalidInput(problems);
  return sites;
}

/** The addresses of a stack's resources, as Terraform's state knows them. */
export function addressesOf(json: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries((json.resource ?? {}) as Record<string, object>)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();
}
