import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import { bootstrapName, type Program, releaseOutput, synthesize, validate } from "../stacks";
import { Answers } from "./answers";
import { bootstrap } from "./bootstrap";
import { type Action, describe, type Outcome, STATE_BUCKET } from "./outcome";
import { withoutTokenTraces } from "./short-traces";
import { asksForHelp, at, messageFor, Refused } from "./told";
import { type Manifest, type Report, walk } from "./walk";
import { findBinary, Workspace } from "./workspace";

/** Terraform and a provider take about a core and 1 GiB while they plan; more than four wait for each other on most machines. */
const PARALLEL = Math.min(4, Math.max(2, availableParallelism()));

export const USAGE = `Usage:
  npm run plan      -- <environment or stack> [--parallel <n>] [--tofu] [-- <arguments of terraform plan>]
  npm run apply     -- <environment or stack> [--parallel <n>] [--tofu] [-- <arguments of terraform apply>]
  npm run destroy   -- <environment or stack> [--parallel <n>] [--tofu] [-- <arguments of terraform destroy>]
  npm run bootstrap -- <account> [--recover] [--tofu] [-- <arguments of terraform apply>]

  --parallel <n>  how many stacks are worked on at the same time, if they don't need each other; ${PARALLEL} by default
  --tofu          runs OpenTofu; it also runs where terraform is not installed
  --recover       rebuilds the lost state of a bootstrap from the resources that exist

Exit codes:
  0  everything is done
  1  something failed, and what came after it was not reached
  2  plans hold changes (only with -detailed-exitcode)
  3  some stacks wait for others that are not deployed`;

const EXIT = { done: 0, failed: 1, changes: 2, waiting: 3 } as const;

interface Request {
  readonly action: Action | "bootstrap";
  readonly name: string;
  readonly tofu: boolean;
  readonly recover: boolean;
  readonly parallel: number;
  readonly checkOnly: boolean;

  /** Arguments for Terraform itself. */
  readonly args: readonly string[];
}

export interface CommandOptions {
  /** @default "cdktf.out", or what CDKTF_OUTDIR says */
  readonly outdir?: string;

  /**
   * The file that pins the exact providers.
   * @default - none
   */
  readonly lock?: string;

  /** @default - the user, in the terminal */
  readonly answer?: (question: string) => Promise<string | undefined>;
}

/** Does what a command line asks for with the stacks of a program, and returns the exit code. */
export async function command(program: Program, argv: readonly string[], options: CommandOptions = {}): Promise<number> {
  if (asksForHelp(argv)) {
    console.log(USAGE);
    return EXIT.done;
  }
  const outdir = options.outdir ?? process.env.CDKTF_OUTDIR ?? "cdktf.out";
  try {
    const request = parse(argv);
    if (!request.checkOnly) return await run(program, request, { ...options, outdir });
    validate(program);
    return EXIT.done;
  } catch (error) {
    const message = messageFor(error);
    if (message === undefined) throw error;
    console.error(message);
    return EXIT.failed;
  } finally {
    releaseOutput(outdir);
  }
}

function parse(argv: readonly string[]): Request {
  // The compiler's verdict comes last, behind whatever was typed.
  const checkOnly = argv.at(-1) === "--check-only";
  const typed = checkOnly ? argv.slice(0, -1) : argv;
  const end = typed.indexOf("--");
  const [action, ...words] = end < 0 ? typed : typed.slice(0, end);
  const args = end < 0 ? [] : typed.slice(end + 1);
  if (action !== "plan" && action !== "apply" && action !== "destroy" && action !== "bootstrap") throw new Refused(USAGE);

  const known = action === "bootstrap" ? ["--tofu", "--recover"] : ["--tofu", "--parallel"];
  const at = words.findIndex((word) => /^--parallel(=|$)/.test(word));
  const [, inWord] = at < 0 ? [] : (words[at] ?? "").split("=");
  const parallel = at < 0 ? undefined : (inWord ?? words[at + 1] ?? "");
  const others = words.filter((_, index) => at < 0 || (index !== at && (inWord !== undefined || index !== at + 1)));
  const options = [...others.filter((word) => word.startsWith("-")), ...(at < 0 ? [] : ["--parallel"])];
  const names = others.filter((word) => !word.startsWith("-"));
  const unknown = options.filter((option) => !known.includes(option));
  if (unknown.length > 0) {
    throw new Refused(
      `${unknown.join(" ")}: not an option here; arguments of Terraform come behind a second --: npm run ${action} -- ${[...names, "--", ...unknown].join(" ")}`,
    );
  }
  if (parallel !== undefined && !/^[1-9]\d?$/.test(parallel))
    throw new Refused(`--parallel: ${JSON.stringify(parallel)} must be a number of stacks from 1 to 99; use --parallel ${PARALLEL}`);
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Refused(USAGE);
  const [tofu, recover] = ["--tofu", "--recover"].map((option) => options.includes(option)) as [boolean, boolean];
  return { action, name, tofu, recover, parallel: Number(parallel ?? PARALLEL), checkOnly, args };
}

type RunOptions = CommandOptions & { readonly outdir: string };

async function run(program: Program, request: Request, { outdir, lock, answer }: RunOptions): Promise<number> {
  const { action, name, tofu, recover, parallel, args } = request;
  const synthesis = { outdir, ...(lock ? { lock } : {}), prune: true, hold: true };
  const { compositions } = at(outdir, () => withoutTokenTraces(() => synthesize(program, synthesis)));
  const manifest: Manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  const binary = findBinary(tofu);
  if (binary === undefined) throw new Refused(tofu ? "tofu is not on the PATH" : "Neither terraform nor tofu is on the PATH");
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
  const stacks = environments[name] ?? (all.includes(name) ? [name] : undefined);
  if (!stacks)
    throw new Refused(
      noSuch("environment or stack", name, { environments: Object.keys(environments).filter((each) => !all.includes(each)), stacks: all }),
    );
  const account = accounts.find((id) => bootstrapName(id) === name);
  if (account && action === "apply") throw new Refused(`${name} looks after its own state: npm run bootstrap -- ${account}`);

  const report = await walk({ action, manifest, stacks, workspaceOf, parallel, args, ...user }).finally(() => answers.close());
  const unlock = (stack: string, id: string) => `${binary.name} -chdir=${workspaceOf(stack).directory} force-unlock ${id}`;
  print(
    `\n${summary(report, { action, name, ...(account ? { account } : {}), accountOf: (stack) => accountOf(workspaceOf(stack)), unlock })}`,
  );
  return exitCode(report, args);
}

/** The account that a stack's provider is pinned to. */
function accountOf(workspace: Workspace): string | undefined {
  const { provider } = workspace.json as { provider?: { aws?: { allowed_account_ids?: string[] }[] } };
  return provider?.aws?.[0]?.allowed_account_ids?.[0];
}

/** What is said about a name that nothing has. */
export function noSuch(kind: string, name: string, there: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.values(there).flat();
  const suggestion = names.length > 0 ? `; did you mean ${closest(name, names)}?` : "";
  const lists = Object.entries(there).map(([what, list]) => `  ${what}: ${list.join(", ") || "none"}`);
  return [`There is no ${kind} ${name}${suggestion}`, ...lists].join("\n");
}

interface SummaryContext {
  readonly action: Action;

  /** The environment or stack that was asked for. */
  readonly name: string;

  /** The account, where what was asked for is its bootstrap. */
  readonly account?: string;

  readonly accountOf: (stack: string) => string | undefined;

  /** The command that takes a lock away. */
  readonly unlock: (stack: string, lock: string) => string;
}

/** What became of every stack, and what to type next. */
export function summary(report: Report, { action, name, account, accountOf, unlock }: SummaryContext): string {
  if (report.size === 0) return `${name} has no stacks: nothing to ${action}`;
  const lines = [...report].map(([stack, outcome]) => describe(stack, outcome, action));
  const next = nextCommand();
  return [...lines, ...(next ? [`Next: ${next}`] : [])].join("\n");

  function nextCommand(): string | undefined {
    // A bootstrap stays as long as there is anything whose state it holds.
    const kept = [...report.values()].filter(({ kind }) => kind === "kept") as Extract<Outcome, { kind: "kept" }>[];
    if (kept.length > 0 && kept.every(({ liftable }) => liftable))
      return `npm run apply -- ${name}, which lifts what is still deployed of the protection, then npm run destroy -- ${name}`;
    if (kept.length > 0) return account ? undefined : `${DISPOSE}, then npm run destroy -- ${name}`;
    for (const [stack, outcome] of report) {
      if (outcome.kind !== "failed") continue;
      if (outcome.lock)
        return `npm run ${action} -- ${name} when the run that holds the lock has ended; if none runs any more, first: ${unlock(stack, outcome.lock)}`;
      return `npm run ${action} -- ${name}, when what failed in ${stack} is mended; what is done stays done`;
    }
    for (const [stack, outcome] of report) {
      if (outcome.kind !== "waits") continue;
      if (outcome.on === STATE_BUCKET) return `npm run bootstrap -- ${accountOf(stack) ?? "<account>"}`;
      if (action === "destroy") return `npm run destroy -- ${outcome.on}`;
      return `npm run apply -- ${report.has(outcome.on) ? name : outcome.on}`;
    }
    if (action !== "plan") return undefined;
    return account ? `npm run bootstrap -- ${account}` : `npm run apply -- ${name}`;
  }
}

const DISPOSE =
  "say in the environment's exceptions.disposable why nothing of it is kept any more, npm run apply on it to lift the protection";

function exitCode(report: Report, args: readonly string[]): number {
  const kinds = [...report.values()].map(({ kind }) => kind);
  if (kinds.includes("failed") || kinds.includes("kept")) return EXIT.failed;
  if (kinds.includes("waits")) return EXIT.waiting;
  const changes = [...report.values()].some((outcome) => outcome.kind === "done" && outcome.changes);
  return changes && args.some((arg) => /^--?detailed-exitcode/.test(arg)) ? EXIT.changes : EXIT.done;
}
