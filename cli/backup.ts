import { parseArgs } from "node:util";
import { seconds } from "../constructs/core/quantities";
import { asDomains, type Program, validate } from "../stacks";
import { onDemandBackups } from "../stacks/model/derive/on-demand-backups";
import { Clusters } from "./backup/clusters";
import { HERE, type Machine } from "./backup/machine";
import { describe, make } from "./backup/make";
import { type Records, recordsOf } from "./backup/records";
import { environmentNamed } from "./command";
import { commandLine, refusedOption } from "./command-line";
import { Refused } from "./refused";
import { exitCodeOf } from "./told";

const usage = () => `usage: ${commandLine("backup", ["<environment> [--dry-run | --list | --within <duration>]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Backs up every store of an environment that has a way to make a backup at any time, and stores one record of all of them, with an id, beside
the backups: a restore begins with it. If one store fails, there is no record, and the exit code is 1.
  --dry-run             prints what would be done, and does nothing
  --list                lists the records, the newest first
  --within <duration>   makes no backup: exit code 1 if the newest record is older than, for example, 24h`;

const OPTIONS = {
  "dry-run": { type: "boolean" },
  list: { type: "boolean" },
  within: { type: "string" },
  "check-only": { type: "boolean" },
} as const;

/** Runs a command line, and returns the exit code. */
export async function backup(program: Program, argv: readonly string[], machine: Machine = HERE): Promise<number> {
  try {
    const { name, within, ...options } = parse(argv);
    validate(program);
    if (options["check-only"]) return 0;
    const environment = environmentNamed(program, name);
    const system = asDomains(environment);
    const found = onDemandBackups(system);
    const clusters = new Clusters(system, machine);
    try {
      const records = () => requiredRecords(system, found.parts, clusters, machine);
      if (options.list) return await list(name, await records(), machine);
      if (within !== undefined) return await checkAge(name, within, await records(), machine);
      if (found.parts.length === 0) {
        throw new Refused(`${name}: has no store that can be backed up at any time; docs/data.md#backups lists the engines that can`);
      }
      const making = { system, found, clusters, machine };
      return options["dry-run"] ? describe(making) : await make(making, await records());
    } finally {
      clusters.close();
    }
  } catch (error) {
    return exitCodeOf(error);
  }
}

function parse(argv: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
    const { "check-only": checkOnly, ...chosen } = values;
    const [name, ...rest] = positionals;
    if (checkOnly) return { name: name ?? "", ...values };
    if (name === undefined || rest.length > 0 || Object.keys(chosen).length > 1) throw new Refused(usage());
    return { name, ...values };
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(refusedOption(error, OPTIONS, usage()));
  }
}

/** Records of an environment. @throws Refused if it has no bucket */
export async function requiredRecords(...[system, parts, clusters, machine, region]: Parameters<typeof recordsOf>): Promise<Records> {
  const records = await recordsOf(system, parts, clusters, machine, region);
  if (records) return records;
  throw new Refused(`${system.name}: has no bucket for backups; set backup.bucket, docs/restore.md has the steps`);
}

async function list(name: string, records: Records, { print }: Machine): Promise<number> {
  const ids = (await records.ids()).toReversed();
  if (ids.length === 0) print(`${name} has no record of a backup; to make one: ${commandLine("backup", [name])}`);
  for (const id of ids) {
    const { completed, stores, without } = await records.read(id);
    const parts = stores.map(({ store, position }) => (position === null ? store : `${store} at ${position}`));
    print(
      `${id}  ${completed}  ${parts.join(", ")}${without.length > 0 ? `; without ${without.map(({ store }) => store).join(", ")}` : ""}`,
    );
  }
  return 0;
}

/** Newest record of an environment, if it is complete and not older than a time in seconds. */
async function checkAge(name: string, within: string, records: Records, machine: Machine): Promise<number> {
  const limit = seconds(within);
  if (typeof limit !== "number")
    throw new Refused(`--within: ${JSON.stringify(within)} ${limit?.rule ?? "is not a duration"}; write it like 24h`);
  const newest = (await records.ids()).at(-1);
  const next = commandLine("backup", [name]);
  if (!newest) throw new Refused(`${name}: has no record of a backup; ${next}`);
  const age = (machine.now().getTime() - Date.parse((await records.read(newest)).started)) / 1000;
  if (age > limit) throw new Refused(`${name}: the newest backup, ${newest}, is older than ${within}; ${next}`);
  machine.print(`${name}: the newest backup, ${newest}, is not older than ${within}`);
  return 0;
}
