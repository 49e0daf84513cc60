import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { checkSupport, type Program, validate } from "../stacks";
import { withLastDrills } from "./backup/last-drills";
import { HERE, type Machine } from "./backup/machine";
import { environmentNamed } from "./command";
import { commandLine, suggestion, written } from "./command-line";
import { Refused } from "./refused";
import { contentsOf, type Described } from "./report/contents";
import { pageOf } from "./report/page";
import { readPrices } from "./report/prices";
import { synthesizeAside } from "./scratch";
import { capacityWarnings } from "./start";
import { at, exitCodeOf, warn } from "./told";

const usage = () => `usage: ${commandLine("report", ["[environment…] [--output <file>] [--prices <file>] [--drills]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Writes one HTML page about all environments, or those that are named: architecture, traffic,
capacity, backups, exceptions, versions, alerts, stacks, quotas, billable resources and the
differences between environments. The page loads nothing, and needs no server.
  --output <file>  default: report.html
  --drills         reads the result of each store's last restore drill from the buckets of backups
  --prices <file>  prices as JSON, for a sum of what is billable:
                   { "currency": "USD", "source": "…", "date": "2026-11-28", "prices": { … } }`;

const OPTIONS = ["--output", "--prices"] as const;

/** Writes a report about the environments of a program, and returns the exit code. */
export async function report(
  program: Program,
  argv: readonly string[],
  today = new Date().toISOString().slice(0, 10),
  machine: Machine = HERE,
): Promise<number> {
  try {
    const { words, checkOnly } = written(argv);
    const { names, output, prices: priced, drills } = parse(words);
    if (checkOnly) {
      validate(program);
      return 0;
    }
    const all = program.environments.map(({ name }) => name);
    for (const name of names) environmentNamed(program, name);
    const aging = checkSupport(program, today);
    // The whole program, because quotas are those of all environments of an account.
    const synthesis = synthesizeAside(program);
    const warnings = [...aging, ...capacityWarnings(synthesis.sites)];
    const found = await contentsOf({ program, synthesis, names: names.length > 0 ? names : all, warnings, today });
    const contents = drills ? { ...found, environments: await Promise.all(found.environments.map((one) => drilled(one, machine))) } : found;
    const items = contents.environments.flatMap(({ bill }) => bill.map(({ item }) => item));
    const prices = priced === undefined ? {} : { prices: readPrices(priced, [...new Set(items)]) };
    const page = pageOf(contents, { ...prices, directory: dirname(output) });
    at(output, () => writeFileSync(output, page));
    warn(contents.environments.flatMap((environment) => environment.warnings));
    const shown = contents.environments.map(({ name }) => name).join(", ");
    process.stdout.write(`${output}: written, about ${shown}. Open it in a browser.\n`);
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** The same with the results of last drills. */
async function drilled(environment: Described, machine: Machine): Promise<Described> {
  const { part, system } = environment;
  return { ...environment, part: { ...part, backups: await withLastDrills(system, part.backups, machine) } };
}

interface Wanted {
  readonly names: readonly string[];
  readonly output: string;
  readonly prices: string | undefined;
  readonly drills: boolean;
}

function parse(argv: readonly string[]): Wanted {
  const names: string[] = [];
  const values: Partial<Record<(typeof OPTIONS)[number], string>> = {};
  const drills = argv.includes("--drills");
  const words = argv.filter((word) => word !== "--drills");
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const option = OPTIONS.find((one) => one === word);
    if (!option) {
      if (word.startsWith("-")) throw new Refused(`${word}: not an option here${suggestion(word, [...OPTIONS, "--drills"])}\n\n${usage()}`);
      names.push(word);
      continue;
    }
    const value = words.shift();
    if (value === undefined || value.startsWith("-")) throw new Refused(`${option}: needs the path of a file\n\n${usage()}`);
    values[option] = value;
  }
  return { names, output: values["--output"] ?? "report.html", prices: values["--prices"], drills };
}
