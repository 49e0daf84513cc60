import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { checkSupport, type Program } from "../stacks";
import { withLastDrills } from "./backup/last-drills";
import { HERE, type Machine } from "./backup/machine";
import { environmentNamed } from "./command";
import { commandLine } from "./command-line";
import { contentsOf, type Described } from "./report/contents";
import { pageOf } from "./report/page";
import { readPrices } from "./report/prices";
import { synthesizeAside } from "./scratch";
import { capacityWarnings } from "./start";
import { FLAG, parsed, subcommand } from "./subcommand";
import { at, warn } from "./told";

const usage = () => `Usage: ${commandLine("report", ["[environment…] [--output <file>] [--prices <file>] [--drills]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Writes one HTML page about all environments, or those that are named: architecture, traffic,
capacity, backups, exceptions, versions, alerts, stacks, quotas, billable resources and the
differences between environments. The page loads nothing, and needs no server.
  --output <file>  default: report.html
  --drills         reads the result of each store's last restore drill from the buckets of backups
  --prices <file>  prices as JSON, for a sum of what is billable:
                   { "currency": "USD", "source": "…", "date": "2026-11-28", "prices": { … } }`;

/** Writes a report about the environments of a program, and returns the exit code. */
export async function report(
  program: Program,
  argv: readonly string[],
  today = new Date().toISOString().slice(0, 10),
  machine: Machine = HERE,
): Promise<number> {
  return subcommand(program, argv, parse, async ({ names, output, prices: priced, drills }) => {
    const all = program.environments.map(({ name }) => name);
    for (const name of names) environmentNamed(program, name);
    const aging = checkSupport(program, today);
    // The whole program, because quotas are those of all environments of an account.
    tell(`synthesizing ${all.join(", ")}`);
    const synthesis = synthesizeAside(program);
    const warnings = [...aging, ...capacityWarnings(synthesis.sites)];
    const found = await contentsOf({ program, synthesis, names: names.length > 0 ? names : all, warnings, today, tell });
    const contents = drills ? { ...found, environments: await Promise.all(found.environments.map((one) => drilled(one, machine))) } : found;
    const items = contents.environments.flatMap(({ bill }) => bill.map(({ item }) => item));
    const prices = priced === undefined ? {} : { prices: readPrices(priced, [...new Set(items)]) };
    const page = pageOf(contents, { ...prices, directory: dirname(output) });
    at(output, () => writeFileSync(output, page));
    warn(contents.environments.flatMap((environment) => environment.warnings));
    const shown = contents.environments.map(({ name }) => name).join(", ");
    process.stdout.write(`${output}: written, about ${shown}\nNext: open ${pathToFileURL(output)} in a browser\n`);
    return 0;
  });
}

/** Prints progress. Standard output has only the result. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The same with the results of last drills. */
async function drilled(environment: Described, machine: Machine): Promise<Described> {
  const { part, system } = environment;
  return { ...environment, part: { ...part, backups: await withLastDrills(system, part.backups, machine) } };
}

function parse(words: readonly string[]) {
  const { names, values } = parsed(words, { output: "the path of a file", prices: "the path of a file", drills: FLAG }, usage());
  const { output = "report.html", prices, drills = false } = values;
  return { names, output, prices, drills };
}
