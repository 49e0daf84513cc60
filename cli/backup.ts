import { asDomains, type Program, validate } from "../stacks";
import { onDemandBackups } from "../stacks/model/derive/on-demand-backups";
import { Clusters } from "./backup/clusters";
import { HERE, type Machine } from "./backup/machine";
import { describe, make } from "./backup/make";
import { recentBackup } from "./backup/recent";
import { type Records, requiredRecords } from "./backup/records";
import { environmentNamed } from "./command";
import { commandLine } from "./command-line";
import { Refused } from "./refused";
import { FLAG, parsed, subcommand } from "./subcommand";

const usage = () => `Usage: ${commandLine("backup", ["<environment> [--dry-run | --list | --within <duration>]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Backs up every store of an environment that has a way to make a backup at any time, and stores one
record of all of them, with an id, beside the backups: a restore begins with it. If one store
fails, there is no record, and the exit code is 1.
  --dry-run             prints what would be done, and does nothing
  --list                lists the records, the newest first
  --within <duration>   makes no backup: exits with 1 if the newest record is older than, say, 24h`;

/** Runs a command line, and returns the exit code. */
export async function backup(program: Program, argv: readonly string[], machine: Machine = HERE): Promise<number> {
  return subcommand(program, argv, parse, async ({ name, within, ...options }) => {
    validate(program);
    const environment = environmentNamed(program, name);
    const system = asDomains(environment);
    const found = onDemandBackups(system);
    const clusters = new Clusters(system, machine);
    try {
      const records = () => requiredRecords(system, found.parts, clusters, machine);
      if (options.list) return await list(name, await records(), machine);
      if (within !== undefined) {
        machine.print(await recentBackup(name, within, await records(), machine));
        return 0;
      }
      if (found.parts.length === 0) {
        throw new Refused(`${name}: has no store that can be backed up at any time; docs/data.md#backups lists the engines that can`);
      }
      const making = { system, found, clusters, machine };
      return options["dry-run"] ? describe(making) : await make(making, await records());
    } finally {
      clusters.close();
    }
  });
}

function parse(words: readonly string[]) {
  const { names, values } = parsed(words, { "dry-run": FLAG, list: FLAG, within: "a duration, like 24h" }, usage());
  const [name, ...rest] = names;
  if (name === undefined || rest.length > 0 || Object.keys(values).length > 1)
    throw new Refused(`backup: requires one environment, and at most one of its options\n\n${usage()}`);
  return { name, ...values };
}

async function list(name: string, records: Records, { print }: Machine): Promise<number> {
  const ids = (await records.ids()).toReversed();
  if (ids.length === 0) print(`${name} has no record of a backup; to make one: ${commandLine("backup", [name])}`);
  const damaged: string[] = [];
  for (const id of ids) {
    try {
      const { completed, stores, without } = await records.read(id);
      const parts = stores.map(({ store, position }) => (position === null ? store : `${store} at ${position}`));
      const excluded = without.map(({ store }) => store);
      print(`${id}  ${completed}  ${parts.join(", ")}${excluded.length > 0 ? `; without ${excluded.join(", ")}` : ""}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      damaged.push(error.message);
    }
  }
  if (damaged.length > 0) throw new Refused(damaged.join("\n"));
  return 0;
}
