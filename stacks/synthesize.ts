import { rmSync } from "node:fs";
import { App } from "cdktf";
import { describe, InvalidInput, type Problem } from "../constructs/core/errors";
import { describeFinding, type Finding, findings, type SynthesizedStack } from "../constructs/policy";
import { publish, stagingOf } from "./base/publish";
import { descriptionOf, refusals } from "./base/refusals";
import { type MeasuredSite, measure } from "./capacity";
import { type Composition, compose } from "./compose";
import { step } from "./model/check/paths";
import { membersOf } from "./model/derive/members";
import type { Program } from "./model/environment";
import { asDomains } from "./model/shorthand";
import { examine } from "./model/validate";

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
  constructor(
    readonly violations: readonly Finding[],
    problems: readonly Problem[] = [],
  ) {
    super([...problems.map(describe), ...violations.map(describeFinding)].join("\n"));
    this.name = "PolicyViolation";
  }
}

/**
 * Writes the Terraform of a program, all of it or nothing.
 * @throws InvalidInput where the program can't be deployed or does not fit its nodes, PolicyViolation where it should not be,
 * InUse where another process reads what would be changed
 */
export function synthesize(program: Program, options: SynthesizeOptions): Synthesis {
  const { only } = options;
  const staging = stagingOf(options.outdir);
  try {
    const app = new App({ outdir: staging });
    const compositions = composed(app, program, only);
    app.synth();

    const stacks = new Map(
      compositions
        .flatMap((composition) => composition.stacks)
        .map((stack): [string, SynthesizedStack] => [
          stack.node.id,
          { stack, protect: stack.protect, holdsData: stack.holdsData, json: stack.synthesized },
        ]),
    );
    const violations = [...stacks.values()].flatMap((one) => findings(one, program.policies).map((finding) => describedIn(one, finding)));
    const { sites, problems } = weigh(compositions);
    if (violations.length > 0) throw new PolicyViolation(violations, problems);
    if (problems.length > 0) throw new InvalidInput(problems);

    publish(staging, stacks, options);
    return { compositions, stacks, sites };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The clusters of what was made into Terraform, and what does not fit them. */
export function weigh(compositions: readonly Composition[]): Pick<Synthesis, "sites"> & { readonly problems: readonly Problem[] } {
  const sites = compositions.flatMap((composition) => composition.sites.map(({ site, stacks: on }) => measure(site, on)));
  const crowded = sites.filter(({ site }) => site.environment.exceptions?.insufficientCapacity === undefined);
  const unfit = sites.flatMap(({ refused, ports }) => [...refused, ...ports]);
  return { sites, problems: [...unfit, ...crowded.flatMap((site) => site.problems)] };
}

/**
 * The stacks of a program. What rules say of it and what its constructs refuse is told together; of what rules have refused
 * already, constructs may say what they like, or fail.
 */
export function composed(app: App, program: Program, only?: string): readonly Composition[] {
  const { problems: said, sound } = examine(program);
  const isSaid = (path: string) => said.some((problem) => path.startsWith(problem.path) || problem.path.startsWith(`${path}.`));
  const failures: Problem[] = [];
  const compositions = compose(app, { ...program, ...sound }, only, (name, error) => {
    const found = error instanceof InvalidInput ? error.problems : nameTwice(sound, name, error);
    if (found) failures.push(...found);
    else if (said.length === 0) throw error;
  });
  const problems = [...said, ...[...failures, ...refusals([app])].filter(({ path }) => !isSaid(path))];
  if (problems.length > 0) throw new InvalidInput(problems);
  return compositions;
}

/** A finding with the place at which the environment describes what it is about. */
function describedIn({ stack }: SynthesizedStack, finding: Finding): Finding {
  const path = descriptionOf(stack, finding.address.slice(stack.node.id.length + 1));
  return path === undefined ? finding : { ...finding, path };
}

/** The workload or store that is called like a part of its stack, where that is what a construct failed for. */
function nameTwice({ environments }: Program, environment: string, error: unknown): readonly Problem[] | undefined {
  const [, taken] = /There is already a Construct with name '([^']+)'/.exec((error as Error).message) ?? [];
  const found = taken === undefined ? undefined : environments.find(({ name }) => name === environment);
  const system = found && asDomains(found);
  const named = system && [...system.stores, ...system.domains.flatMap(membersOf)].filter(({ name }) => name === taken);
  if (!named?.length) return undefined;
  // What has its name as its key has no other place for it.
  return named.map(({ keys }) => ({
    path: [environment, ...keys, ...(keys.at(-1) === taken ? [] : ["name"])].reduce(step),
    value: taken,
    rule: "is the name of a part of the platform as well",
    remedy: "choose another",
  }));
}
