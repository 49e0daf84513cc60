import { asDomains, type Environment, type Program, type System, validate } from "../stacks";
import { onDemandBackups } from "../stacks/model/derive/on-demand-backups";
import { Clusters } from "./backup/clusters";
import { HERE, type Machine, ProgramFailure } from "./backup/machine";
import { Progress } from "./backup/progress";
import { WITHOUT_BACKUP } from "./backup/recent";
import { type BackupRecord, timeOf } from "./backup/record";
import { type Records, requiredRecords } from "./backup/records";
import { type Restoration, restorationOf } from "./backup/restoration";
import { caughtUp } from "./backup/restore-projections";
import { recovered, stateOf, verified } from "./backup/restore-servers";
import { filled, hasJobs } from "./backup/restore-streams";
import type { Restoring, Step } from "./backup/steps";
import { environmentNamed } from "./command";
import { commandLine, withPages } from "./command-line";
import { Refused } from "./refused";
import { FLAG, parsed, subcommand } from "./subcommand";

const usage = () => `Usage: ${commandLine("restore", ["<environment> --backup <id> --into <other environment> [--dry-run]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Restores a backup of all stores into another environment of the program, whose stores have no data
yet: event stores first, then read models, each compared with the record of the backup. Run it again
after each command that it prints: it continues with what is left.
  --backup <id>   id of the backup: ${commandLine("backup", ["<environment> --list"])}
  --into <name>   the other environment; if the program doesn't have it yet, prints what it needs
  --dry-run       prints the steps with their commands, and changes nothing

Exit codes:
  0  everything is restored and verified
  1  something failed, or was refused
  3  the printed commands come next`;

const WAITS = 3;

interface Request {
  readonly name: string;
  readonly id: string;
  readonly into: string;
  readonly isDry: boolean;
}

/** Runs a command line, and returns the exit code. */
export async function restore(program: Program, argv: readonly string[], machine: Machine = HERE): Promise<number> {
  return subcommand(program, argv, parse, async (request) => {
    validate(program);
    const source = environmentNamed(program, request.name);
    if (request.into === request.name) {
      throw new Refused(`--into: ${request.into} is the environment of the backup: a restore is never in place; name another environment`);
    }
    const found = program.environments.find(({ name }) => name === request.into);
    // As if it were described, so that paths and settings can be named.
    const into = asDomains(found ?? ({ ...source, name: request.into } as Environment));
    return await within(asDomains(source), into, found !== undefined, request, machine);
  });
}

function parse(words: readonly string[]): Request {
  const { names, values } = parsed(words, { backup: "the id of a backup", into: "the name of an environment", "dry-run": FLAG }, usage());
  const { backup: id, into, "dry-run": isDry = false } = values;
  const [name, ...rest] = names;
  if (name === undefined || rest.length > 0 || id === undefined || into === undefined)
    throw new Refused(`restore: requires one environment, --backup and --into\n\n${usage()}`);
  if (!timeOf(id))
    throw new Refused(`--backup: ${JSON.stringify(id)} is not the id of a backup; ${commandLine("backup", [name, "--list"])}`);
  return { name, id, into, isDry };
}

async function within(source: System, into: System, isDescribed: boolean, request: Request, machine: Machine): Promise<number> {
  const [theirs, own] = [new Clusters(source, machine), new Clusters(into, machine)];
  try {
    const record = await recordFor(source, into, [theirs, own], request, machine);
    const { id, completed, stores } = record;
    machine.print(`backup ${id} of ${source.name}, ${completed}: ${stores.map(({ store, place }) => `${store} in ${place}`).join(", ")}`);
    if (source.audit?.subjectKeys && !into.audit?.subjectKeys)
      machine.print(`${into.name} has no audit.subjectKeys: personal data of ${source.name} stays encrypted there`);
    const restoration = restorationOf(record, source, into);
    if (!isDescribed || restoration.settings.length > 0) {
      describe(source, into, isDescribed, restoration, machine);
      return WAITS;
    }
    const steps = stepsOf(source, into, record, restoration, { clusters: own, machine });
    return await (request.isDry ? show(steps, machine) : run(steps, into, request, machine));
  } finally {
    theirs.close();
    own.close();
  }
}

/** The record, from the region of the new environment. Outside of AWS, by the credentials in either cluster: the old one may be lost. */
async function recordFor(
  source: System,
  into: System,
  clusters: readonly Clusters[],
  { id }: Request,
  machine: Machine,
): Promise<BackupRecord> {
  const { parts } = onDemandBackups(source);
  let last: unknown;
  for (const one of clusters) {
    try {
      const records: Records = await requiredRecords(source, parts, one, machine, into.aws?.region);
      const record = await records.read(id);
      await records.requireOriginal(id);
      if (record.environment !== source.name || record.system !== source.system)
        throw new Refused(`${id}: is a backup of ${record.environment} of ${record.system}, and not of ${source.name}`);
      return record;
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error;
      last = error;
    }
  }
  throw last;
}

function describe(source: System, into: System, isDescribed: boolean, { settings }: Restoration, { print }: Machine): void {
  const how = isDescribed ? "change it" : `add it to the program: a copy of ${source.name} with this name, its own network and domain`;
  print(`\n${into.name} does not describe this restore; ${how}${settings.length > 0 ? ", and set:" : ""}`);
  for (const setting of settings) print(`  ${setting}`);
  print(
    `${withPages("docs/restore.md#3-describe-the-restore")} has examples.\nNext: ${commandLine("start", [into.name])}, then this command again`,
  );
}

/** Event stores, then read models, then the comparison of projections. */
function stepsOf(
  source: System,
  into: System,
  record: BackupRecord,
  { servers, streams }: Restoration,
  restoring: Restoring,
): readonly Step[] {
  const bootstrap = into.aws ? [commandLine("bootstrap", [into.aws.account])] : [];
  const stores = [...bootstrap, commandLine("apply", [into.name, "--stores"])];
  const apply = applying(into);
  const events = servers.filter(({ server }) => server.holdsEvents);
  const others = servers.filter(({ server }) => !server.holdsEvents);
  return [
    {
      title: `${into.name}: stores created from backups of ${source.name}, without workloads`,
      commands: stores,
      run: async () => {
        const states = await Promise.all(servers.map((one) => stateOf(one, record, into, restoring)));
        const jobs = await Promise.all(streams.map((one) => hasJobs(one, restoring)));
        return states.includes("absent") || jobs.includes(false) ? { waits: stores } : { done: "exist" };
      },
    },
    ...events.map((one) => recovered(one, record, into, restoring)),
    ...events.map((one) => verified(one, commandLine("apply", [into.name, "--stores"]), restoring)),
    ...streams.map((one) => filled(one, record.id, [source, into], restoring)),
    ...others.map((one) => recovered(one, record, into, restoring)),
    ...caughtUp(into, record.id, apply, restoring),
  ];
}

function show(steps: readonly Step[], { print }: Machine): number {
  for (const [index, { title, commands }] of steps.entries()) {
    print(`${index + 1}. ${title}`);
    for (const command of commands) print(`   ${command}`);
  }
  return 0;
}

async function run(steps: readonly Step[], into: System, { name, id }: Request, machine: Machine): Promise<number> {
  const { print } = machine;
  const progress = new Progress(machine, steps.length);
  try {
    for (const [index, { title, commands, run: work }] of steps.entries()) {
      print(`${index + 1} of ${steps.length}. ${title}`);
      for (const command of commands) print(`   ${command}`);
      const end = await progress.watch(title, work);
      if ("waits" in end) {
        const again = commandLine("restore", [name, "--backup", id, "--into", into.name]);
        print(`Next:\n${[...end.waits, again].map((line) => `  ${line}`).join("\n")}`);
        return WAITS;
      }
      print(`   → ${end.done}`);
    }
  } finally {
    progress.end();
  }
  print(
    `\n${into.name} has the stores of the backup ${id}. Next: ${applying(into)}, if workloads are not deployed yet; then move users there.`,
  );
  return 0;
}

/** Command that deploys the workloads. What they change is in the backup that is restored. */
function applying({ name, backup }: System): string {
  return commandLine("apply", [name, ...(backup?.beforeRelease === undefined ? [] : [WITHOUT_BACKUP])]);
}
