import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { asDomains, bootstrapName, type Environment, type Program, releaseOutput, synthesize } from "../stacks";
import { missingAccess } from "./access";
import { Answers } from "./answers";
import { AwsFailure, AwsReader } from "./aws";
import { HERE, type Machine } from "./backup/machine";
import { backupBeforeRelease, WITHOUT_BACKUP } from "./backup/recent";
import { bootstrap } from "./bootstrap";
import { NO_TERMINAL } from "./change";
import { commandLine, suggestion } from "./command-line";
import { releasable, stacksOf, stacksOfDomains } from "./domain-stacks";
import { type GoneStack, goneStacks, writeEmptyStack } from "./gone";
import { hanging, readable, WORDS } from "./lines";
import { type Action, describe, type Outcome, STATE_BUCKET } from "./outcome";
import { changesIn, type ResourceChange } from "./plan-changes";
import { planReport } from "./plan-report";
import { outputDirectory } from "./project";
import { declaredProtections, guardedTypes } from "./protection";
import { Refused } from "./refused";
import { withoutTokenTraces } from "./short-traces";
import { FLAG, parsed, subcommand } from "./subcommand";
import { at } from "./told";
import { inOrder, isPlannedUnrefreshed, type Manifest, type Report, walk } from "./walk";
import { findBinary, isNotDeployed, Workspace } from "./workspace";

/**
 * Default number of concurrent stacks: Terraform and a provider need about a core and 1 GiB for a plan; more than four slow each other down
 * on most machines.
 */
const PARALLEL = Math.min(4, Math.max(2, availableParallelism()));

const ENVIRONMENT = "<environment or stack>";

/** Arguments of each command, in addition to those of Terraform. */
const ARGUMENTS = {
  plan: `${ENVIRONMENT} [<domain or workload>] [--stores] [--markdown <file>] [--parallel <n>] [--like <stack>] [--tofu]`,
  apply: `${ENVIRONMENT} [<domain or workload>] [--stores] [--without-backup] [--parallel <n>] [--tofu]`,
  destroy: `${ENVIRONMENT} [--parallel <n>] [--like <stack>] [--tofu]`,
  bootstrap: "<account> [--recover] [--tofu]",
} as const;

const PURPOSES: Readonly<Record<keyof typeof ARGUMENTS, string>> = {
  plan: "Shows what Terraform would change in each stack, in dependency order. Nothing is changed.",
  apply: "Deploys stacks in dependency order. Shows the plan of each stack first, and asks whether to apply it.",
  destroy:
    "Destroys stacks in reverse order of dependencies. Shows the plan of each stack first, and asks whether to destroy it. If any resource is protected from deletion, destroys nothing.",
  bootstrap: "Creates the state bucket and the deploy roles of an AWS account, or updates them. Run it once for each account.",
};

const OPTIONS: Readonly<Record<string, string>> = {
  "--markdown <file>": "writes a report for a pull request: the changes of each stack, without values",
  "--stores": "only the stacks of an environment that its domains need: without workloads, so that nothing writes before a restore",
  [WITHOUT_BACKUP]: "applies although backup.beforeRelease requires a newer backup: for an emergency",
  "--parallel <n>": `number of stacks that are worked on at the same time, if they don't need each other; ${PARALLEL} by default`,
  "--like <stack>": "a stack on the same cluster, for a stack that was removed from the program",
  "--tofu": "runs OpenTofu, which also runs if terraform is not installed",
  "--recover": "rebuilds the lost state of a bootstrap from the existing resources",
};

const EXITS: Readonly<Record<number, string>> = {
  0: "everything is done",
  1: "something failed, and later stacks were not reached",
  2: "plans contain changes (only with -detailed-exitcode)",
  3: "some stacks wait for others that are not deployed",
};

/** Beginnings of optional arguments, where a line may end. */
const OPTIONAL = /(?<= )(?=\[)/;

/** Text of `--help`. */
export function usage(action: Request["action"]): string {
  const syntax = ARGUMENTS[action];
  const terraform = action === "bootstrap" ? "apply" : action;
  const options = Object.entries(OPTIONS).filter(([option]) => syntax.includes(option));
  const exits = Object.entries(EXITS).filter(([code]) => action === "plan" || code !== "2");
  return [
    ...hanging("Usage: ", commandLine(action, [`${syntax} [-- <arguments of terraform ${terraform}>]`]), undefined, OPTIONAL),
    "",
    ...hanging("", PURPOSES[action], undefined, WORDS),
    "",
    ...options.flatMap(([option, meaning]) => hanging(`  ${option.padEnd(17)}  `, meaning, undefined, WORDS)),
    "",
    "Exit codes:",
    ...exits.map(([code, meaning]) => `  ${code}  ${meaning}`),
  ].join("\n");
}

const EXIT = { done: 0, failed: 1, changes: 2, waiting: 3 } as const;

interface Request {
  readonly action: Action | "bootstrap";
  readonly name: string;

  /** A domain or a workload of the environment, whose stacks alone are planned or applied. */
  readonly within: string | undefined;

  /** Leaves out domains, and what depends on them. */
  readonly stores: boolean;

  /** Applies without the backup that the environment requires. */
  readonly withoutBackup: boolean;

  readonly tofu: boolean;
  readonly recover: boolean;
  readonly parallel: number;

  /** File for the report of a plan. */
  readonly markdown: string | undefined;

  /** A stack on the same cluster as a stack that is no longer in the program. */
  readonly like: string | undefined;

  /** Arguments for Terraform itself. */
  readonly args: readonly string[];
}

export interface CommandOptions {
  /** @default "cdktf.out", or the value of CDKTF_OUTDIR */
  readonly outdir?: string;

  /**
   * The lock file with the exact provider versions.
   * @default - none
   */
  readonly lock?: string;

  /** @default - asks the user in the terminal */
  readonly answer?: (question: string) => Promise<string | undefined>;

  /** @default - this machine */
  readonly machine?: Machine;
}

/** Runs a command line with the stacks of a program, and returns the exit code. */
export async function command(program: Program, argv: readonly string[], options: CommandOptions = {}): Promise<number> {
  const outdir = options.outdir ?? outputDirectory();
  return subcommand(program, argv, parse, (request) => run(program, request, { ...options, outdir }).finally(() => releaseOutput(outdir)));
}

/** Options of all actions; the syntax of an action names those that it has. */
const VALUES = {
  tofu: FLAG,
  recover: FLAG,
  stores: FLAG,
  "without-backup": FLAG,
  parallel: `a number of stacks, like ${PARALLEL}`,
  like: "the name of a stack",
  markdown: "the name of a file, like plan.md",
} as const;

function parse(line: readonly string[]): Request {
  const end = line.indexOf("--");
  const [action, ...words] = end < 0 ? line : line.slice(0, end);
  const args = end < 0 ? [] : line.slice(end + 1);
  if (!isAction(action)) throw new Error(`${action} is not a command`);

  const known = Object.fromEntries(Object.entries(VALUES).filter(([option]) => ARGUMENTS[action].includes(`--${option}`)));
  const { names, values } = parsed(words, known as typeof VALUES, "", (unknown, given) => {
    const passed = commandLine(action, [...given, "--", ...unknown]);
    return `; arguments of Terraform come behind a second --: ${passed}`;
  });
  const { tofu = false, recover = false, stores = false, "without-backup": withoutBackup = false, markdown, like } = values;
  const { parallel = String(PARALLEL) } = values;
  if (!/^[1-9]\d?$/.test(parallel))
    throw new Refused(`--parallel: ${JSON.stringify(parallel)} must be a number of stacks from 1 to 99; use --parallel ${PARALLEL}`);
  if (markdown !== undefined) checkReport(markdown, args);
  const [name, within] = names;
  if (name === undefined) throw new Refused(nameless(action, args));
  const surplus = names.slice(action === "plan" || action === "apply" ? 2 : 1);
  if (surplus.length > 0) throw new Refused(`${surplus.join(" ")}: is one name too many\n\n${usage(action)}`);
  if (stores && within !== undefined) throw new Refused(`--stores: leaves out all domains, so it can't be combined with ${within}`);
  return { action, name, within, stores, withoutBackup, tofu, recover, parallel: Number(parallel), markdown, like, args };
}

function isAction(word: string | undefined): word is Request["action"] {
  return Object.hasOwn(ARGUMENTS, word ?? "");
}

/** Message for a command without a name, which may stand behind `--`: npm removes the first one, npx doesn't. */
function nameless(action: Request["action"], [first, ...others]: readonly string[]): string {
  const what = action === "bootstrap" ? "an account" : "an environment or a stack";
  const meant =
    first === undefined || first.startsWith("-") ? "" : `; write npx cdktf-cqrs ${[action, first, ...others].join(" ")}, without --`;
  return `${action}: requires the name of ${what}${meant}\n\n${usage(action)}`;
}

/** Checks that the report of a plan can be written. @throws Refused */
function checkReport(file: string, args: readonly string[]): void {
  if (!existsSync(dirname(file)))
    throw new Refused(`--markdown: ${dirname(file)} doesn't exist; create the directory, or name another file`);
  const out = args.find((arg) => /^--?out\b/.test(arg));
  if (out) throw new Refused(`${out}: can't be combined with --markdown, which saves the plans itself; leave one of them out`);
}

type RunOptions = CommandOptions & { readonly outdir: string };

async function run(program: Program, request: Request, { outdir, lock, answer, machine = HERE }: RunOptions): Promise<number> {
  const { action, name, within, stores, withoutBackup, tofu, recover, parallel, markdown, like, args } = request;
  const synthesis = { outdir, ...(lock ? { lock } : {}), prune: true, hold: true };
  const { compositions } = at(outdir, () => withoutTokenTraces(() => synthesize(program, synthesis)));
  const manifest: Manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  const binary = findBinary(tofu);
  const workspaces = new Map<string, Workspace>();
  const workspaceOf = (stack: string) => {
    const workspace = workspaces.get(stack) ?? new Workspace(stack, join(outdir, "stacks", stack), binary);
    workspaces.set(stack, workspace);
    return workspace;
  };
  const print = (line: string) => console.log(line);
  const answers = new Answers();
  const user = { print, answer: answer ?? ((question: string) => answers.ask(question)) };

  const accounts = [...new Set(program.accounts.map(({ id }) => id))];
  if (action === "bootstrap") {
    if (!accounts.includes(name)) throw new Refused(noSuch("account", name, { accounts }));
    return await bootstrap({ workspace: workspaceOf(bootstrapName(name)), account: name, args, recover, ...user }).finally(() =>
      answers.close(),
    );
  }

  const environments = Object.fromEntries(
    compositions.map((composition) => [composition.name, composition.stacks.map((stack) => stack.node.id)]),
  );
  const all = Object.values(environments).flat();
  const aws = new AwsReader();
  // If AWS can't be queried, Terraform reports it.
  const holdsObjects = (bucket: string, region: string) => aws.holdsObjects(bucket, region).catch(() => false);
  const notes: string[] = [];
  const note = (line: string) => {
    notes.push(line);
    print(line);
  };
  const walked = async (stacks: readonly string[], guards?: ReadonlySet<string>) => {
    const changes = new Map<string, readonly ResourceChange[]>();
    const report = await walk({
      action,
      manifest,
      stacks,
      workspaceOf,
      holdsObjects,
      parallel,
      args,
      ...(guards ? { guards } : {}),
      ...(markdown === undefined ? {} : { inspect: (stack: string, plan: unknown) => changes.set(stack, changesIn(plan)) }),
      ...user,
    });
    const terraformIn = (stack: string) => `${binary.name} -chdir=${workspaceOf(stack).directory}`;
    const account = accounts.find((id) => bootstrapName(id) === name);
    // The next command must not deploy workloads that this one left out.
    const called = stores ? `${name} --stores` : name;
    const told = summary(report, {
      action,
      name: called,
      ...(account ? { account } : {}),
      gone: guards !== undefined,
      accountOf: (stack) => accountOf(workspaceOf(stack)),
      terraformIn,
    });
    print(`\n${readable(told)}`);
    if (markdown !== undefined) {
      const unrefreshed = new Set([...report.keys()].filter((stack) => isPlannedUnrefreshed(workspaceOf(stack), args)));
      const protectedIn = (stack: string) => declaredProtections(workspaceOf(stack).json).length;
      at(markdown, () => writeFileSync(markdown, planReport({ name, report, changes, unrefreshed, protectedIn, notes })));
    }
    return exitCode(report, args);
  };
  const found = async (environment: string): Promise<readonly GoneStack[]> => {
    try {
      return await goneStacks(environment, (environments[environment] ?? []).map(workspaceOf), aws);
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      // Before the account is bootstrapped, nothing is deployed.
      if (error.code === "NoSuchBucket") return [];
      note(`Stacks that are deployed and no longer in the program were not looked for: ${error.message}`);
      return [];
    }
  };

  try {
    const environment = program.environments.find((each) => each.name === name);
    const changed = environment ?? program.environments.find((each) => environments[each.name]?.includes(name));
    if (action === "apply" && changed?.backup?.beforeRelease !== undefined && !stores && !withoutBackup) {
      const isDeployed = async (stack: string) => !isNotDeployed(await workspaceOf(stack).unreadable());
      note(await backupBeforeRelease(asDomains(changed), isDeployed, machine));
    }
    if (within !== undefined) return await walked(stacksWithin(program, name, within));
    if (stores) {
      const { name: found } = environmentNamed(program, name);
      return await walked(withoutDomains(program, manifest, found, environments[found] ?? []));
    }
    const stacks = environments[name] ?? (all.includes(name) ? [name] : undefined);
    if (!stacks) {
      const home = program.environments.find((each) => name.startsWith(`${each.name}-`));
      const gone = home && action !== "apply" ? (await found(home.name)).find(({ stack }) => stack === name) : undefined;
      if (!home || !gone)
        throw new Refused(
          noSuch("environment or stack", name, {
            environments: Object.keys(environments).filter((each) => !all.includes(each)),
            stacks: all,
          }),
        );
      const others = (environments[home.name] ?? []).map(workspaceOf);
      writeEmptyStack(gone, { directory: join(outdir, "stacks", name), others, like, lock });
      note(
        `${name} is not in the program any more: ${action === "plan" ? "a plan shows that everything in its state would be destroyed" : "everything in its state is destroyed"}.`,
      );
      const disposable = home.exceptions?.disposable !== undefined;
      const guards = new Set(disposable ? [] : all.flatMap((stack) => guardedTypes(workspaceOf(stack).json)));
      return await walked([name], guards);
    }
    const account = accounts.find((id) => bootstrapName(id) === name);
    if (account && action === "apply") throw new Refused(`${name} looks after its own state: ${commandLine("bootstrap", [account])}`);
    const left = environment ? await found(name) : [];
    for (const { stack } of left)
      note(`${stack} is deployed and no longer in the program; to destroy it: ${commandLine("destroy", [stack])}`);
    if (action === "destroy" && left.length > 0) {
      print(`${name} is destroyed after them: they may use what it holds`);
      return EXIT.waiting;
    }
    if (action !== "destroy") for (const line of await missingAccess(stacks, workspaceOf, aws)) note(line);
    return await walked(stacks);
  } finally {
    answers.close();
  }
}

/** An environment of the program. @throws Refused */
export function environmentNamed({ environments }: Program, name: string): Environment {
  const environment = environments.find((each) => each.name === name);
  if (!environment) throw new Refused(noSuch("environment", name, { environments: environments.map((each) => each.name) }));
  return environment;
}

/** The stacks of an environment except those of its domains, and those that depend on them. */
function withoutDomains(program: Program, manifest: Manifest, name: string, stacks: readonly string[]): readonly string[] {
  const left = new Set(stacksOfDomains(environmentNamed(program, name)));
  for (const stack of inOrder(manifest, stacks)) {
    if (manifest.stacks[stack]?.dependencies.some((upstream) => left.has(upstream))) left.add(stack);
  }
  return stacks.filter((stack) => !left.has(stack));
}

/** The stacks of a domain or a workload of an environment. @throws Refused */
function stacksWithin(program: Program, name: string, within: string): readonly string[] {
  const environment = environmentNamed(program, name);
  const stacks = stacksOf(environment, within);
  if (stacks.length > 0) return stacks;
  throw new Refused(noSuch("domain or workload", within, releasable(environment)));
}

/** The account that a stack's provider is restricted to. */
function accountOf(workspace: Workspace): string | undefined {
  const { provider } = workspace.json as { provider?: { aws?: { allowed_account_ids?: string[] }[] } };
  return provider?.aws?.[0]?.allowed_account_ids?.[0];
}

/** Message for an unknown name, with a suggestion. */
export function noSuch(kind: string, name: string, there: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.values(there).flat();
  const lists = Object.entries(there).map(([what, list]) => `  ${what}: ${list.join(", ") || "none"}`);
  return [`There is no ${kind} ${name}${suggestion(name, names)}`, ...lists].join("\n");
}

interface SummaryContext {
  readonly action: Action;

  /** Environment or stack of the command. */
  readonly name: string;

  /** The account, if the command is for its bootstrap. */
  readonly account?: string;

  /** Is true for a stack that is no longer in the program. */
  readonly gone?: boolean;

  readonly accountOf: (stack: string) => string | undefined;

  /** The command that runs Terraform in a stack's directory. */
  readonly terraformIn: (stack: string) => string;
}

/** Outcome of every stack, and the next command. */
export function summary(report: Report, { action, name, account, gone, accountOf, terraformIn }: SummaryContext): string {
  if (report.size === 0) return `${name} has no stacks: nothing to ${action}`;
  const lines = [...report].map(([stack, outcome]) => describe(stack, outcome, action));
  const next = nextCommand();
  return [...lines, ...(next ? [`Next: ${next}`] : [])].join("\n");

  function nextCommand(): string | undefined {
    // A bootstrap must exist as long as any resource whose state it stores.
    const kept = [...report.values()].filter(({ kind }) => kind === "kept") as Extract<Outcome, { kind: "kept" }>[];
    const [forget = []] = kept.flatMap((outcome) => (outcome.forget ? [outcome.forget] : []));
    if (forget.length > 0)
      return `to keep these resources, have the state forget them: ${terraformIn(name)} state rm ${forget.join(" ")}; then ${commandLine("destroy", [name])}`;
    if (kept.length > 0 && kept.every(({ liftable }) => liftable))
      return `${commandLine("apply", [name])}, which lifts what is still deployed of the protection, then ${commandLine("destroy", [name])}`;
    if (kept.length > 0) {
      if (account) return undefined;
      const [apply, destroy] = [commandLine("apply", [name]), commandLine("destroy", [name])];
      return `set exceptions.disposable of the environment to the reason why nothing of it is kept; ${apply}, which lifts the protection; then ${destroy}`;
    }
    for (const [stack, outcome] of report) {
      if (outcome.kind !== "failed") continue;
      if (outcome.lock)
        return `${commandLine(action, [name])} after the run that holds the lock has ended; if no run holds it, first: ${terraformIn(stack)} force-unlock ${outcome.lock}`;
      if (outcome.cause === "interrupted" || outcome.cause === "not approved")
        return `${commandLine(action, [name])}, which continues with what is left`;
      if (outcome.cause === NO_TERMINAL) return `${commandLine(action, [name, "--", "-auto-approve"])}, after you have read the plan`;
      const again = commandLine(action, [name]);
      if (outcome.beforeStart) return `${commandLine("doctor")} checks this machine; after the fix, ${again}`;
      return `fix the cause in ${stack}, then ${again}, which continues with what is left`;
    }
    for (const [stack, outcome] of report) {
      if (outcome.kind !== "waits") continue;
      if (outcome.on === STATE_BUCKET) return commandLine("bootstrap", [accountOf(stack) ?? "<account>"]);
      if (action === "destroy") return commandLine("destroy", [outcome.on]);
      return commandLine("apply", [report.has(outcome.on) ? name : outcome.on]);
    }
    if (action !== "plan") return undefined;
    if (gone) return commandLine("destroy", [name]);
    return account ? commandLine("bootstrap", [account]) : commandLine("apply", [name]);
  }
}

function exitCode(report: Report, args: readonly string[]): number {
  const kinds = [...report.values()].map(({ kind }) => kind);
  if (kinds.includes("failed") || kinds.includes("kept")) return EXIT.failed;
  if (kinds.includes("waits")) return EXIT.waiting;
  const changes = [...report.values()].some((outcome) => outcome.kind === "done" && outcome.changes);
  return changes && args.some((arg) => /^--?detailed-exitcode/.test(arg)) ? EXIT.changes : EXIT.done;
}
