import type { Problem } from "../constructs/core/errors";
import {
  asDomains,
  bootstrapName,
  checkRestoreTimes,
  checkSupport,
  deployedParts,
  type MeasuredSite,
  type Program,
  synthesize,
} from "../stacks";
import { withLastDrills } from "./backup/last-drills";
import { HERE, type Machine } from "./backup/machine";
import { noSuch } from "./command";
import { commandLine } from "./command-line";
import { lockFile } from "./lock";
import { outputDirectory } from "./project";
import { Refused } from "./refused";
import { withoutTokenTraces } from "./short-traces";
import { FLAG, parsed, subcommand } from "./subcommand";
import { print, type Summary, summarize } from "./summary";
import { at, warn } from "./told";

const usage = () => `Usage: ${commandLine("start", ["[environment] [--json] [--drills]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Validates the program, writes the Terraform of all environments, or of one, into cdktf.out, and
prints a summary. CDKTF_OUTDIR names another directory. With one environment, the stacks of the
others stay as they are.
  --json    the same as data
  --drills  reads the result of each store's last restore drill from the buckets of backups`;

/**
 * Synthesizes a program, or one environment of it, and prints a summary. Returns the exit code. Support periods and times of restores are
 * checked against the time, the only input that synthesis itself doesn't have.
 */
export function start(
  program: Program,
  args: readonly string[],
  now = new Date().toISOString(),
  machine: Machine = HERE,
): number | Promise<number> {
  const outdir = outputDirectory();
  return subcommand(program, args, parse, ({ only, json, drills }) => {
    if (only !== undefined) checkName(only, program);
    checkRestoreTimes(program, now);
    const aging = checkSupport(program, now.slice(0, 10)).filter(({ path }) => only === undefined || path.startsWith(`${only}.`));
    const lock = lockFile();
    const options = only === undefined ? { outdir, lock, prune: true } : { outdir, lock, only };
    const synthesis = at(outdir, () => withoutTokenTraces(() => synthesize(program, options)));
    const summary = summarize(program, synthesis, outdir);
    const tell = (told: Summary) => {
      process.stdout.write(json ? `${JSON.stringify(told, null, 2)}\n` : print(told, hasColours()));
      warn([...aging, ...capacityWarnings(synthesis.sites)]);
      return 0;
    };
    return drills ? drilled(program, summary, machine).then(tell) : tell(summary);
  });
}

function parse(words: readonly string[]) {
  const { names, values } = parsed(words, { json: FLAG, drills: FLAG }, usage());
  const [only, ...rest] = names;
  if (rest.length > 0) throw new Refused(`${rest.join(" ")}: at most one environment is expected\n\n${usage()}`);
  return { only, ...values };
}

/** A summary with the results of last drills. */
async function drilled(program: Program, summary: Summary, machine: Machine): Promise<Summary> {
  const parts = summary.parts.map(async (part) => {
    const environment = program.environments.find(({ name }) => name === part.name);
    return environment ? { ...part, backups: await withLastDrills(deployedParts(asDomains(environment)), part.backups, machine) } : part;
  });
  return { ...summary, parts: await Promise.all(parts) };
}

/** Insufficient capacity, which an exception turns from an error into a warning, and unnecessary exceptions for it. */
export function capacityWarnings(sites: readonly MeasuredSite[]): readonly Problem[] {
  return [...sites.flatMap(({ problems }) => problems), ...spacious(sites)];
}

/** Unnecessary exceptions for insufficient capacity: if they stay, they hide the next shortage. */
function spacious(sites: readonly MeasuredSite[]): readonly Problem[] {
  const excepted = sites.map(({ site }) => site.environment).filter(({ exceptions }) => exceptions?.insufficientCapacity !== undefined);
  return [...new Set(excepted)]
    .filter((environment) => sites.every(({ site, problems }) => site.environment !== environment || problems.length === 0))
    .map(({ name }) => ({
      path: `${name}.exceptions.insufficientCapacity`,
      rule: "is needed no more: everything fits",
      remedy: "remove it",
    }));
}

function checkName(only: string, program: Program): void {
  const environments = program.environments.map(({ name }) => name);
  const accounts = program.accounts.map(({ id }) => bootstrapName(id));
  if ([...environments, ...accounts].includes(only)) return;
  throw new Refused(noSuch("environment", only, { environments, accounts }));
}

function hasColours(): boolean {
  return process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
}
