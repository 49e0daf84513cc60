import { readFileSync } from "node:fs";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import { InvalidInput } from "../constructs/core/errors";
import { bootstrapName, PolicyViolation, type Program, synthesize, validate } from "../stacks";
import { bootstrap } from "./bootstrap";
import { withoutTokenTraces } from "./short-traces";
import { type Action, describe, type Manifest, type Report, STATE_BUCKET, walk } from "./walk";
import { findBinary, TerraformFailure, Workspace } from "./workspace";

export const USAGE = `Usage:
  npm run plan      -- <environment or stack> [--tofu] [-- <arguments of terraform plan>]
  npm run apply     -- <environment or stack> [--tofu] [-- <arguments of terraform apply>]
  npm run destroy   -- <environment or stack> [--tofu] [-- <arguments of terraform destroy>]
  npm run bootstrap -- <account> [--recover] [--tofu] [-- <arguments of terraform apply>]

  --tofu     runs OpenTofu; it also runs where terraform is not installed
  --recover  rebuilds the lost state of a bootstrap from the resources that exist

Exit codes:
  0  everything is done
  1  something failed, and what came after it was not reached
  2  plans hold changes (only with -detailed-exitcode)
  3  some stacks wait for others that are not deployed`;

const EXIT = { done: 0, failed: 1, changes: 2, waiting: 3 } as const;

/** What was asked for is not there, or can't be done. */
class Refused extends Error {}

interface Request {
  readonly action: Action | "bootstrap";
  readonly name: string;
  readonly tofu: boolean;
  readonly recover: boolean;
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
}

/** Does what a command line asks for with the stacks of a program, and returns the exit code. */
export function command(program: Program, argv: readonly string[], options: CommandOptions = {}): number {
  try {
    const request = parse(argv);
    if (!request.checkOnly) return run(program, request, options);
    validate(program);
    return EXIT.done;
  } catch (error) {
    if (
      !(error instanceof Refused || error instanceof InvalidInput || error instanceof PolicyViolation || error instanceof TerraformFailure)
    )
      throw error;
    console.error(error.message);
    return EXIT.failed;
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

  const options = words.filter((word) => word.startsWith("-"));
  const names = words.filter((word) => !word.startsWith("-"));
  const known = action === "bootstrap" ? ["--tofu", "--recover"] : ["--tofu"];
  const unknown = options.filter((option) => !known.includes(option));
  if (unknown.length > 0) {
    throw new Refused(
      `${unknown.join(" ")}: not an option here; arguments of Terraform come behind a second --: npm run ${action} -- ${[...names, "--", ...unknown].join(" ")}`,
    );
  }
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Refused(USAGE);
  return { action, name, tofu: options.includes("--tofu"), recover: options.includes("--recover"), checkOnly, args };
}

function run(program: Program, { action, name, tofu, recover, args }: Request, options: CommandOptions): number {
  const outdir = options.outdir ?? process.env.CDKTF_OUTDIR ?? "cdktf.out";
  const { compositions } = withoutTokenTraces(() => synthesize(program, { ...options, outdir, prune: true }));
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

  const accounts = [...new Set(program.accounts.map(({ id }) => id))];
  if (action === "bootstrap") {
    if (!accounts.includes(name)) throw new Refused(noSuch("account", name, { accounts }));
    return bootstrap({ workspace: workspaceOf(bootstrapName(name)), account: name, args, recover, print });
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

  const report = walk({ action, manifest, stacks, workspaceOf, args, print });
  print(`\n${summary(report, { action, name, ...(account ? { account } : {}), accountOf: (stack) => accountOf(workspaceOf(stack)) })}`);
  return exitCode(report);
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
}

/** What became of every stack, and what to type next. */
export function summary(report: Report, { action, name, account, accountOf }: SummaryContext): string {
  if (report.size === 0) return `${name} has no stacks: nothing to ${action}`;
  const lines = [...report].map(([stack, outcome]) => describe(stack, outcome, action));
  const next = nextCommand();
  return [...lines, ...(next ? [`Next: ${next}`] : [])].join("\n");

  function nextCommand(): string | undefined {
    // A bootstrap stays as long as there is anything whose state it holds.
    if ([...report.values()].some(({ kind }) => kind === "kept"))
      return account ? undefined : `${DISPOSE}, then npm run destroy -- ${name}`;
    const [failed] = [...report].filter(([, { kind }]) => kind === "failed");
    if (failed) return `npm run ${action} -- ${name}, when what failed in ${failed[0]} is mended; what is done stays done`;
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

function exitCode(report: Report): number {
  const kinds = [...report.values()].map(({ kind }) => kind);
  if (kinds.includes("failed") || kinds.includes("kept")) return EXIT.failed;
  if (kinds.includes("waits")) return EXIT.waiting;
  return [...report.values()].some((outcome) => outcome.kind === "done" && outcome.changes) ? EXIT.changes : EXIT.done;
}
