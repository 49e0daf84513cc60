import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import type { Verdict } from "../constructs/capacity";
import { describe, InputError, InvalidInput, type Problem } from "../constructs/core/errors";
import { describeFinding, type Finding, findings, type SynthesizedStack } from "../constructs/policy";
import { publish, removeStaging, stagingOf } from "./base/publish";
import { descriptionOf, refusals } from "./base/refusals";
import { type MeasuredSite, measure, together } from "./capacity";
import { compose } from "./compose";
import type { Composition } from "./composition";
import { strayStacks } from "./extension";
import { contextOf } from "./model/between/clusters";
import { step } from "./model/check/paths";
import { membersOf } from "./model/derive/members";
import type { Program } from "./model/environment";
import { releaseFile } from "./model/release";
import { asDomains } from "./model/shorthand";
import { examine } from "./model/validate";

/** Result of a synthesis. */
export interface Synthesis {
  /** Accounts and environments, each with its stacks in order of deployment. */
  readonly compositions: readonly Composition[];

  /** Output of each stack, by id. */
  readonly stacks: ReadonlyMap<string, SynthesizedStack>;

  /** Clusters, each with the objects sent to it and the result of the capacity check. */
  readonly sites: readonly MeasuredSite[];
}

/** Options of `synthesize`. */
export interface SynthesizeOptions {
  /** Output directory: `cdktf.out`. */
  readonly outdir: string;

  /**
   * Environment, or `bootstrap-<account>`, to write. All others are checked, but not written.
   * @default - all
   */
  readonly only?: string;

  /**
   * Removes stacks of earlier runs that are no longer in the program.
   * @default false
   */
  readonly prune?: boolean;

  /**
   * Lock file with the exact provider versions, copied to each stack: `environments/.terraform.lock.hcl`.
   * @default - none: Terraform uses the newest providers that the ranges allow
   */
  readonly lock?: string;

  /**
   * Keeps the directory claimed for reading: until this process releases it or ends, other processes can't change its content.
   * @default false
   */
  readonly hold?: boolean;
}

/** Thrown if resources violate policies without an exemption that has a reason. */
export class PolicyViolation extends InputError {
  readonly #violations: readonly Finding[];

  constructor(violations: readonly Finding[], problems: readonly Problem[] = []) {
    super([...problems.map(describe), ...violations.map(describeFinding)].join("\n"));
    this.#violations = violations;
  }

  get violations(): readonly Finding[] {
    return this.#violations;
  }
}

/**
 * Writes the Terraform configuration of a program, all of it or none.
 * @throws InvalidInput if the program can't be deployed or its pods don't fit its nodes, PolicyViolation if it violates
 * policies, InUse if another process reads files that would change
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
    const beside = only === undefined ? [] : neighbours(program, only, join(staging, "neighbours"));
    const { sites, problems } = weigh(inOrder(program, [...compositions, ...beside]), only);
    if (violations.length > 0) throw new PolicyViolation(violations, problems);
    if (problems.length > 0) throw new InvalidInput(problems);

    publish(staging, stacks, options);
    return { compositions, stacks, sites };
  } finally {
    removeStaging(staging);
  }
}

/** Clusters of the synthesized stacks, of all environments or of one, and the capacity problems. */
export function weigh(
  compositions: readonly Composition[],
  only?: string,
): Pick<Synthesis, "sites"> & { readonly problems: readonly Problem[] } {
  const verdicts = new Map<string, Verdict>();
  const sites = together(
    compositions.flatMap((composition) => composition.sites.map(({ site, stacks: on }) => measure(site, on, verdicts, composition.stacks))),
    (name) => only === undefined || name === only,
  );
  const crowded = sites.filter(({ excepted }) => !excepted);
  const unfit = sites.flatMap(({ refused, ports }) => [...refused, ...ports]);
  return { sites, problems: [...unfit, ...crowded.flatMap((site) => site.problems)] };
}

/** Pods are placed in this order. */
function inOrder({ environments }: Program, compositions: readonly Composition[]): readonly Composition[] {
  const placeOf = ({ name }: Composition) => environments.findIndex((environment) => environment.name === name);
  return [...compositions].sort((one, other) => placeOf(one) - placeOf(other));
}

/**
 * The other environments on the existing clusters of an environment, if the nodes of one are known. They are synthesized to count their
 * pods, and not published. One with a problem of its own is left out: a synthesis of it reports the problem.
 */
function neighbours(program: Program, name: string, outdir: string): readonly Composition[] {
  const clusters = program.environments.flatMap(({ name: owner, cluster, writeCluster, readCluster }) =>
    [cluster, writeCluster, readCluster].flatMap((one) => {
      const id = contextOf(one)?.id;
      return id === undefined ? [] : [{ owner, id, described: one !== undefined && "allocatable" in one }];
    }),
  );
  const own = clusters.filter(({ owner }) => owner === name).map(({ id }) => id);
  const known = own.filter((id) => clusters.some((one) => one.id === id && one.described));
  const others = new Set(clusters.filter(({ owner, id }) => owner !== name && known.includes(id)).map(({ owner }) => owner));
  return [...others].flatMap((other) => {
    const aside = join(outdir, other);
    mkdirSync(aside, { recursive: true });
    const app = new App({ outdir: aside, skipValidation: true });
    const failures: unknown[] = [];
    const compositions = compose(app, program, other, (_, error) => failures.push(error));
    if (failures.length > 0) return [];
    app.synth();
    return compositions;
  });
}

/**
 * Stacks of a program. Problems from rules and from constructs are reported together. For settings that rules reject,
 * problems and failures of constructs are ignored.
 */
export function composed(app: App, program: Program, only?: string): readonly Composition[] {
  const { problems: said, sound } = examine(program);
  const isSaid = (found: Problem) =>
    said.some(
      (problem) =>
        found.path.startsWith(problem.path) ||
        problem.path.startsWith(`${found.path}.`) ||
        isRepeated(found, problem) ||
        isOfStack(found, problem) ||
        isUnreleased(found, problem),
    );
  const failures: Problem[] = [];
  const compositions = compose(app, { ...program, ...sound }, only, (name, error) => {
    const found = error instanceof InvalidInput ? error.problems : nameTwice(sound, name, error);
    if (found) failures.push(...found);
    else if (said.length === 0) throw error;
  });
  const strays = failures.length === 0 && said.length === 0 ? strayStacks(app, compositions) : [];
  const problems = [...said, ...strays, ...[...failures, ...refusals([app])].filter((found) => !isSaid(found))];
  if (problems.length > 0) throw new InvalidInput(problems);
  return compositions;
}

/** Checks if a construct repeats a problem of a rule for its own prop, which has another name than the setting: `schedule`. */
function isRepeated(found: Problem, said: Problem): boolean {
  const text = (problem: Problem) => describe({ ...problem, path: "" });
  return text(found) === text(said) && said.path.startsWith(found.path.replace(/[^.]+$/, ""));
}

/** Checks if a problem is of a construct that no setting describes, in a stack of an environment that rules reject: a consequence. */
function isOfStack({ path }: Problem, said: Problem): boolean {
  const [environment] = said.path.split(".");
  return path.startsWith(`${environment}-`) && path.includes("/");
}

/** Checks if a construct has no image because of a problem in the release file of its environment. */
function isUnreleased({ path }: Problem, said: Problem): boolean {
  const [environment = ""] = path.split(".");
  return said.path.startsWith(`${releaseFile(environment)}#`) && /\.(image|backends)$/.test(path);
}

/** Finding with the path of the setting that defines its resource. */
function describedIn({ stack }: SynthesizedStack, finding: Finding): Finding {
  const path = descriptionOf(stack, finding.address.slice(stack.node.id.length + 1));
  return path === undefined ? finding : { ...finding, path };
}

/** Workload or store with the name of a part of its stack, if a construct failed because of that name. */
function nameTwice({ environments }: Program, environment: string, error: unknown): readonly Problem[] | undefined {
  const [, taken] = /There is already a Construct with name '([^']+)'/.exec((error as Error).message) ?? [];
  const found = taken === undefined ? undefined : environments.find(({ name }) => name === environment);
  const system = found && asDomains(found);
  const named = system && [...system.stores, ...system.domains.flatMap(membersOf)].filter(({ name }) => name === taken);
  if (!named?.length) return undefined;
  // A part whose name is its key has no separate setting for it.
  return named.map(({ keys }) => ({
    path: [environment, ...keys, ...(keys.at(-1) === taken ? [] : ["name"])].reduce(step),
    value: taken,
    rule: "is the name of a part of the platform as well",
    remedy: "choose another",
  }));
}
