import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, InvalidInput } from "../constructs/core/errors";
import { sharesPatch } from "../constructs/gateway";
import { type Environment, type Program, type ReleaseFile, type Slot, validate, type WorkloadRelease } from "../stacks";
import { workloadsIn } from "../stacks/model/derive/workloads";
import { released, releaseFile, versionsOf } from "../stacks/model/release";
import { asDomains } from "../stacks/model/shorthand";
import type { SlotSettings } from "../stacks/model/workloads/release-file";
import { SINGLE, SLOTS, slotsUnsupported } from "../stacks/model/workloads/roles";
import { WITHOUT_BACKUP } from "./backup/recent";
import { noSuch } from "./command";
import { commandLine, withCommandLines } from "./command-line";
import { stacksOfWorkload } from "./domain-stacks";
import { readable } from "./lines";
import { Refused } from "./refused";
import { FLAG, parsed, subcommand } from "./subcommand";
import { at, complain } from "./told";
import { type Change, empty, fill, roll, rollBack, share, showIdle, switchOver, type Workload } from "./version-changes";

/** Text of `--help`. */
export const usage = () => `Usage:
  ${commandLine("release", ["<environment> [<workload or domain>] --show"])}
  ${commandLine("release", ["<environment> <workload> <change>"])}
  ${commandLine("release", ["<environment> [<domain>] --rollback | --switch"])}

Changes of a workload that is released by rolling:
  --image <image>                       replaces the running version
  --rollback                            the previous version

Changes of a workload that is released blue-green:
  --slot blue|green --image <image>     deploys a version to a slot without requests;
                                        --force: also to one with requests
  --slot blue|green --empty             removes the version from the slot
  --preview on|off                      lets clients reach the slot that is not live, by a header
  --weights blue=90,green=10            share of requests of each slot
  --switch                              sends all requests to the other slot
  --rollback                            sends all requests to the previous version

Without a workload, --rollback and --switch change each workload of the domain, or of the
environment, to which they apply. Jobs that run before are not changed, because an older image
doesn't undo a migration.

The command checks the change and writes the release file. Plan and apply the stack next.`;

const OPTIONS = {
  image: "an image",
  slot: "blue or green",
  empty: FLAG,
  force: FLAG,
  switch: FLAG,
  weights: "a percentage of requests, like blue=90,green=10",
  preview: "on or off",
  rollback: FLAG,
  show: FLAG,
} as const;

type Options = { readonly [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name] extends string ? string : boolean };

/** The changes, by the exact combination of options. */
const CHANGES: readonly { readonly options: readonly (keyof Options)[]; readonly change: (options: Options) => Change }[] = [
  { options: ["image"], change: ({ image = "" }) => roll(image) },
  { options: ["slot", "image"], change: ({ slot = "", image = "" }) => fill(slotOf(slot), image, false) },
  { options: ["slot", "image", "force"], change: ({ slot = "", image = "" }) => fill(slotOf(slot), image, true) },
  { options: ["slot", "empty"], change: ({ slot = "" }) => empty(slotOf(slot)) },
  { options: ["switch"], change: () => switchOver },
  { options: ["weights"], change: ({ weights = "" }) => share(weightsOf(weights)) },
  { options: ["preview"], change: ({ preview = "" }) => showIdle(isOn(preview)) },
  { options: ["rollback"], change: () => rollBack },
];

export interface ReleaseOptions {
  /**
   * Directory that contains `environments/`.
   * @default ".", the working directory
   */
  readonly directory?: string;
}

/** Runs a command line on the release file of an environment, and returns the exit code. */
export function release(program: Program, argv: readonly string[], { directory = "." }: ReleaseOptions = {}): number {
  return subcommand(program, argv, parse, ({ names, options }) => {
    const [environmentName = "", workloadName] = names;
    const environment = environmentOf(program, environmentName);
    const file = environment.release?.workloads ?? {};
    const known = workloadsOf(environment);
    if (options.show) {
      for (const { name } of chosenFrom(known, workloadName)) {
        console.log([`${environmentName} ${name}`, ...versions(file[name] ?? {}).map((line) => `  ${line}`)].join("\n"));
      }
      return 0;
    }
    const chosen = chosenFrom(known, workloadName);
    if (workloadName === undefined || !known.has(workloadName)) return releaseTogether(program, environment, chosen, options, directory);
    const { name, stacks, namespace, workload } = chosen[0] as Known;
    const before = file[name] ?? {};
    const after = changeOf(options)(before, workload);
    if (isDeepStrictEqual(before, after)) {
      console.log([workload.path, ...indented("is so already", after)].join("\n"));
      return 0;
    }
    const changed = { ...file, [name]: after };
    const remaining = problemsWith(program, environment, changed);
    const path = releaseFile(environment.name);
    at(join(directory, path), () => writeAtOnce(join(directory, path), textOf(changed)));
    console.log([workload.path, ...indented("was", before), ...indented("is", after), `${path} is written; commit it.`].join("\n"));
    if (remaining.length > 0) complain(withCommandLines(["Still wrong:", ...remaining].join("\n")));
    console.log(nextOf(environment, stacks, options));
    if (options.rollback && after.slots) console.log(`At once, without Terraform: ${turned(name, namespace, after)}`);
    return 0;
  });
}

function parse(words: readonly string[]): { readonly names: readonly string[]; readonly options: Options } {
  const { names, values } = parsed(words, OPTIONS, usage());
  const { show, ...rest } = values;
  const alone = Object.keys(rest).length === 0;
  const complete = show ? alone && names.length > 0 : names.length === 2 || (names.length === 1 && !alone);
  if (names.length > 2) throw new Refused(`${names.slice(2).join(" ")}: is one name too many\n\n${usage()}`);
  if (!complete) throw new Refused(`release: ${lacking(names, show === true)}\n\n${usage()}`);
  return { names, options: values };
}

function changeOf(options: Options): Change {
  const given = Object.keys(options).sort();
  const found = CHANGES.find((candidate) => isDeepStrictEqual([...candidate.options].sort(), given));
  const names = given.map((name) => `--${name}`).join(" ");
  if (!found) throw new Refused(`release: ${names ? `${names} is not a combination of options` : NO_CHANGE}\n\n${usage()}`);
  return found.change(options);
}

const NO_CHANGE = "requires a change, or --show";

/** Reason why a command line is incomplete. */
function lacking([name]: readonly string[], show: boolean): string {
  if (name === undefined) return "requires the name of an environment";
  return show ? "--show can't be combined with a change" : NO_CHANGE;
}

function slotOf(written: string): Slot {
  const found = SLOTS.find((slot) => slot === written);
  if (!found) throw new Refused(`--slot ${written}: is not a slot; use blue or green`);
  return found;
}

function isOn(written: string): boolean {
  if (written !== "on" && written !== "off") throw new Refused(`--preview ${written}: is neither on nor off; use on or off`);
  return written === "on";
}

/** Parses one weight or both: `green=10`, `blue=90,green=10`. */
function weightsOf(written: string): Readonly<Record<Slot, number>> {
  const shares = new Map<string, number>();
  for (const part of written.split(",")) {
    const [, slot, weight] = /^(blue|green)=(\d{1,3})$/.exec(part) ?? [];
    if (!slot || shares.has(slot))
      throw new Refused(`--weights ${written}: must be a percentage of requests; write it like blue=90,green=10`);
    shares.set(slot, Number(weight));
  }
  const { blue, green } = Object.fromEntries(shares);
  return { blue: blue ?? 100 - (green ?? 0), green: green ?? 100 - (blue ?? 0) };
}

function environmentOf({ environments }: Program, name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (!found) throw new Refused(noSuch("environment", name, { environments: environments.map((environment) => environment.name) }));
  if (found.release?.of !== name) {
    throw new Refused(
      [
        `${name} has no release file. To add one:`,
        `  1. Create ${releaseFile(name)} with the content {}`,
        `  2. In the file of the environment: import release from "./${name}.release.json";`,
        `  3. In the environment: release: { of: "${name}", workloads: release },`,
        "  4. Remove image from the workloads whose versions the file has",
      ].join("\n"),
    );
  }
  return found;
}

/** Changes several workloads at once. Workloads that can't be changed are listed. */
function releaseTogether(
  program: Program,
  environment: Environment,
  chosen: readonly Known[],
  options: Options,
  directory: string,
): number {
  if (!(options.rollback || options.switch))
    throw new Refused(`name one workload: ${chosen.map(({ name }) => name).join(", ")}\n\n${usage()}`);
  const change = changeOf(options);
  const file = environment.release?.workloads ?? {};
  const left: string[] = [];
  const made = chosen.flatMap(({ name, stacks, workload }) => {
    try {
      const [before, after] = [file[name] ?? {}, change(file[name] ?? {}, workload)];
      return isDeepStrictEqual(before, after) ? [] : [{ name, stacks, workload, before, after }];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      left.push(error.message);
      return [];
    }
  });
  if (made.length === 0) throw new Refused(["Nothing is changed:", ...left].join("\n"));
  const changed = { ...file, ...Object.fromEntries(made.map(({ name, after }) => [name, after])) };
  const remaining = problemsWith(program, environment, changed);
  const path = releaseFile(environment.name);
  at(join(directory, path), () => writeAtOnce(join(directory, path), textOf(changed)));
  for (const { workload, before, after } of made)
    console.log([workload.path, ...indented("was", before), ...indented("is", after)].join("\n"));
  if (left.length > 0) console.log(readable(["Left as they are:", ...left.map((line) => `  ${line}`)].join("\n")));
  console.log(`${path} is written; commit it.`);
  if (remaining.length > 0) complain(withCommandLines(["Still wrong:", ...remaining].join("\n")));
  console.log(
    nextOf(
      environment,
      made.flatMap(({ stacks }) => stacks),
      options,
    ),
  );
  return 0;
}

/** The next commands, without duplicates. The way back requires no backup. */
function nextOf({ name, backup }: Environment, stacks: readonly string[], { rollback }: Options): string {
  const each = [...new Set(stacks)].map((stack) => `${name}-${stack}`);
  const applies = rollback && backup?.beforeRelease !== undefined ? each.map((stack) => commandLine("apply", [stack, WITHOUT_BACKUP])) : [];
  return `Next: ${[...each.map((stack) => commandLine("plan", [stack])), ...applies].join("\n      ")}`;
}

/** A workload with its stacks and namespace. */
interface Known {
  readonly name: string;
  readonly domain: string;

  /** In deployment order: the stack of its domain, and the stack of its routes if they have one. */
  readonly stacks: readonly string[];
  readonly namespace: string;
  readonly workload: Workload;
}

function workloadsOf(environment: Environment): ReadonlyMap<string, Known> {
  const known = workloadsIn(asDomains(environment)).map((member): Known => {
    const { name: domain, namespace } = member.domain;
    const { workload } = member;
    const { name, kind, settings } = workload;
    const described = {
      path: `${environment.name} ${name}`,
      blueGreen: "release" in settings && settings.release === "blue-green",
      // An older image doesn't undo what a job has changed before its domain was deployed.
      forwardOnly: "when" in settings && settings.when === "before",
      ...(SINGLE[kind] === undefined ? {} : { single: slotsUnsupported(kind) }),
    };
    return { name, domain, stacks: stacksOfWorkload(member), namespace, workload: described };
  });
  return new Map(known.map((each) => [each.name, each]));
}

/** The workload with a name, the workloads of the domain with that name, or all. */
function chosenFrom(known: ReadonlyMap<string, Known>, name: string | undefined): readonly Known[] {
  const all = [...known.values()];
  if (name === undefined) return all;
  const found = known.get(name);
  const chosen = found ? [found] : all.filter(({ domain }) => domain === name);
  if (chosen.length > 0) return chosen;
  throw new Refused(
    noSuch("workload or domain", name, { workloads: [...known.keys()], domains: [...new Set(all.map(({ domain }) => domain))] }),
  );
}

/**
 * Problems that remain in a program with another release file for an environment.
 * @throws InvalidInput with problems that only the new file causes
 */
function problemsWith(program: Program, environment: Environment, file: ReleaseFile): readonly string[] {
  const environments = program.environments.map((each) => (each === environment ? released(environment, file) : each));
  const before = problemsOf(program).map(describe);
  const after = problemsOf({ ...program, environments });
  const brought = after.filter((problem) => !before.includes(describe(problem)));
  if (brought.length > 0) throw new InvalidInput(brought);
  return after.map(describe);
}

function problemsOf(program: Program): InvalidInput["problems"] {
  try {
    validate(program);
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
}

/** Released versions, one per line. */
function versions({ image, previous, slots, live, weights, preview }: WorkloadRelease): readonly string[] {
  const before = previous === undefined ? [] : [`before: ${previous}`];
  if (!slots) return [image ?? "nothing", ...before];
  const lines = SLOTS.map((slot) => {
    const weight = weights?.[slot] ?? (slot === live ? 100 : 0);
    const words = [slot.padEnd(5), `${String(weight).padStart(3)}%`, slots[slot] ?? "empty"];
    return `${words.join("  ")}${slot === live ? ", live" : preview ? ", shown by a header" : ""}`;
  });
  return [...lines, ...before];
}

function indented(word: string, entry: WorkloadRelease): readonly string[] {
  return versions(entry).map((line, index) => `  ${(index === 0 ? word : "").padEnd(word.length > 3 ? word.length : 3)}  ${line}`);
}

/** Command that shifts a deployed route's traffic as in the release file, for when Terraform can't run. */
function turned(name: string, namespace: string, entry: WorkloadRelease): string {
  const backends = versionsOf(entry as SlotSettings).map(({ slot, weight }) => ({ service: `${name}-${slot}`, port: 0, weight }));
  return `kubectl patch httproute ${name} -n ${namespace} --type json -p '${JSON.stringify(sharesPatch(backends))}'`;
}

/** Serializes a release file with sorted keys, so that equal content gives equal text. */
function textOf(file: ReleaseFile): string {
  const sorted = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value;
  return `${JSON.stringify(sorted(file), null, 2)}\n`;
}

/** Writes a file atomically: concurrent readers see the old or the new content. */
function writeAtOnce(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, text);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}
