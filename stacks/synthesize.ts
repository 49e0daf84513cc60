import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { InvalidInput } from "../constructs/core/errors";
import { describeFinding, type Finding, findings, type SynthesizedStack } from "../constructs/policy";
import { type MeasuredSite, measure } from "./capacity";
import { type Composition, compose } from "./compose";
import type { Program } from "./environment";
import { lockFor } from "./lock-file";
import { refusals } from "./refusals";
import { validate } from "./validate";

/** What a synthesis wrote. */
export interface Synthesis {
  /** Accounts and environments, each with its stacks in the order of deployment. */
  readonly compositions: readonly Composition[];

  /** What was written for each stack, by id. */
  readonly stacks: ReadonlyMap<string, SynthesizedStack>;

  /** The clusters, each with what is sent to it and whether that fits. */
  readonly sites: readonly MeasuredSite[];
}

export interface SynthesizeOptions {
  /** The directory that is written: `cdktf.out`. */
  readonly outdir: string;

  /**
   * The one environment, or `bootstrap-<account>`, to write; the others are checked and left as they are.
   * @default - all
   */
  readonly only?: string;

  /**
   * Whether stacks of earlier runs that the program no longer has are removed.
   * @default false
   */
  readonly prune?: boolean;

  /**
   * The file that pins the exact providers, put beside each stack: `environments/.terraform.lock.hcl`.
   * @default - none: Terraform takes the newest providers that the ranges allow
   */
  readonly lock?: string;
}

/** Resources break policies, each without a reasoned exemption. */
export class PolicyViolation extends Error {
  constructor(readonly violations: readonly Finding[]) {
    super(violations.map(describeFinding).join("\n"));
    this.name = "PolicyViolation";
  }
}

/**
 * Writes the Terraform of a program, all of it or nothing.
 * @throws InvalidInput where the program can't be deployed or does not fit its nodes, PolicyViolation where it should not be
 */
export function synthesize(program: Program, options: SynthesizeOptions): Synthesis {
  validate(program);
  const { outdir, only } = options;
  const staging = `${outdir}.part`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const app = new App({ outdir: staging });
    const compositions = compose(app, program, only);
    const refused = refusals(compositions.flatMap((composition) => composition.stacks));
    if (refused.length > 0) throw new InvalidInput(refused);
    app.synth();

    const stacks = new Map(
      compositions
        .flatMap((composition) => composition.stacks)
        .map((stack): [string, SynthesizedStack] => [
          stack.node.id,
          { stack, protect: stack.protect, holdsData: stack.holdsData, json: stack.synthesized },
        ]),
    );
    const violations = [...stacks.values()].flatMap(findings);
    if (violations.length > 0) throw new PolicyViolation(violations);

    const sites = compositions.flatMap((composition) => composition.sites.map(({ site, stacks: on }) => measure(site, on)));
    const closed = sites.flatMap(({ ports }) => ports);
    const crowded = sites
      .filter(({ site }) => site.environment.exceptions?.tightCapacity === undefined)
      .flatMap(({ problems }) => problems);
    if (closed.length + crowded.length > 0) throw new InvalidInput([...closed, ...crowded]);

    publish(staging, stacks, options);
    return { compositions, stacks, sites };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Puts what was written in its place: at once where there is nothing yet, else beside whatever Terraform keeps there. */
function publish(staging: string, stacks: Synthesis["stacks"], { outdir, only, lock, prune = false }: SynthesizeOptions): void {
  const written = [...stacks.keys()];
  for (const file of ["manifest.json", ...written.map((id) => join("stacks", id, "cdk.tf.json"))]) settle(join(staging, file));
  if (lock) {
    const providers = readFileSync(lock, "utf8");
    for (const [id, { json }] of stacks) writeFileSync(join(staging, "stacks", id, ".terraform.lock.hcl"), lockFor(providers, json));
  }
  if (!existsSync(outdir)) {
    renameSync(staging, outdir);
    return;
  }
  for (const id of written) {
    mkdirSync(join(outdir, "stacks", id), { recursive: true });
    for (const file of readdirSync(join(staging, "stacks", id))) {
      const [from, to] = [join(staging, "stacks", id, file), join(outdir, "stacks", id, file)];
      // A directory, of assets, can't be put in the place of another.
      if (statSync(from).isDirectory()) rmSync(to, { recursive: true, force: true });
      renameSync(from, to);
    }
  }
  if (prune && existsSync(join(outdir, "stacks"))) {
    for (const id of readdirSync(join(outdir, "stacks"))) {
      if (!written.includes(id)) rmSync(join(outdir, "stacks", id), { recursive: true });
    }
  }
  if (only !== undefined) keepOthers(join(staging, "manifest.json"), join(outdir, "manifest.json"));
  renameSync(join(staging, "manifest.json"), join(outdir, "manifest.json"));
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
