import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Block } from "./blocks";
import { isInterrupted } from "./children";
import type { Action, Outcome } from "./outcome";
import type { Workspace } from "./workspace";

/** Cause of a failure: nothing can answer the question. */
export const NO_TERMINAL = "there is no terminal to approve it; add -- -auto-approve";

/** File of a saved plan in a stack's directory. */
const PLAN = ".terraform/saved.tfplan";

export interface ChangeOptions {
  readonly action: Exclude<Action, "plan">;
  readonly workspace: Workspace;

  /** Arguments for Terraform itself. */
  readonly args: readonly string[];

  /** Receives Terraform's output. */
  readonly block: Block;

  readonly ask: (question: string) => Promise<string | undefined>;
}

/** Applies or destroys a stack. Unless the arguments approve it, plans, asks, and applies exactly that plan. */
export async function change({ action, workspace, args, block, ask }: ChangeOptions): Promise<Outcome> {
  const terraform = (...words: string[]) => workspace.run((text) => block.write(text), ...words);
  const done = (status: number): Outcome => (status === 0 ? { kind: "done" } : failure(block));
  // A saved plan in the arguments is applied without a question, too.
  if (args.some((arg) => /^--?auto-approve(=true)?$/.test(arg) || !arg.startsWith("-"))) return done(await terraform(action, ...args));

  return withPlanFile(workspace, async (file) => {
    const destroying = action === "destroy" ? ["-destroy"] : [];
    const planned = await terraform("plan", ...destroying, "-input=false", ...exitCode(args), `-out=${file}`, ...args);
    if (planned !== 2) return done(planned);
    const answer = await ask(`\n${action === "apply" ? "Apply this plan to" : "Destroy"} ${workspace.stack}? Only "yes" is accepted: `);
    if (answer?.trim() !== "yes") return { kind: "failed", cause: refusal(answer) };
    const kept = args.filter((arg) => /^--?(lock|lock-timeout|parallelism|no-color|compact-warnings)(=|$)/.test(arg));
    return done(await terraform("apply", "-input=false", ...kept, file));
  });
}

/** Runs work with the name of a file for a plan. The file is removed afterwards, because a plan contains secrets in plaintext. */
export async function withPlanFile<T>({ directory }: Workspace, work: (file: string) => Promise<T>): Promise<T> {
  const path = join(directory, PLAN);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  try {
    return await work(PLAN);
  } finally {
    rmSync(path, { force: true });
  }
}

/** Arguments with which the exit code of a plan shows changes. */
export function exitCode(args: readonly string[]): readonly string[] {
  return args.some((arg) => /^--?detailed-exitcode/.test(arg)) ? [] : ["-detailed-exitcode"];
}

/** Outcome of a stack whose Terraform command failed, from its output. */
export function failure({ errors, lock }: Block): Outcome {
  const cause = isInterrupted() ? "interrupted" : errors[0];
  return { kind: "failed", ...(cause ? { cause } : {}), ...(lock ? { lock } : {}) };
}

function refusal(answer: string | undefined): string {
  if (answer !== undefined) return "not approved";
  return isInterrupted() ? "interrupted" : NO_TERMINAL;
}
