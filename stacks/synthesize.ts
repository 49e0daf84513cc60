import { rmSync } from "node:fs";
import { App } from "cdktf";
import { InvalidInput } from "../constructs/core/errors";
import { describeFinding, type Finding, findings, type SynthesizedStack } from "../constructs/policy";
import { type MeasuredSite, measure } from "./capacity";
import { type Composition, compose } from "./compose";
import type { Program } from "./environment";
import { publish, stagingOf } from "./publish";
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

  /**
   * Whether this process goes on reading what was written: until it releases the directory or ends, other processes can't
   * change what is in it.
   * @default false
   */
  readonly hold?: boolean;
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
 * @throws InvalidInput where the program can't be deployed or does not fit its nodes, PolicyViolation where it should not be,
 * InUse where another process reads what would be changed
 */
export function synthesize(program: Program, options: SynthesizeOptions): Synthesis {
  validate(program);
  const { only } = options;
  const staging = stagingOf(options.outdir);
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
