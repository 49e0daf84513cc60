import { type Block, Blocks, duration, errorIn } from "./blocks";
import { change, exitCode, failure, withPlanFile } from "./change";
import { Interrupted, isInterrupted } from "./children";
import { inParallel } from "./in-parallel";
import { type Action, describe, type Outcome, STATE_BUCKET } from "./outcome";
import { fullBuckets, guarded, protections } from "./protection";
import { InitFailure, NoStateBucket, TerraformFailure, type Workspace } from "./workspace";

/** Manifest that cdktf writes: the stacks of a program and their dependencies. */
export interface Manifest {
  readonly stacks: Readonly<Record<string, { readonly dependencies: readonly string[] }>>;
}

/** Outcome of each stack, in the order of the run. */
export type Report = ReadonlyMap<string, Outcome>;

/** The stacks in deployment order, as close to the given order as their dependencies allow. */
export function inOrder(manifest: Manifest, stacks: readonly string[]): readonly string[] {
  const ordered = new Set<string>();
  const visit = (stack: string) => {
    if (ordered.has(stack)) return;
    for (const upstream of manifest.stacks[stack]?.dependencies ?? []) visit(upstream);
    ordered.add(stack);
  };
  for (const stack of stacks) visit(stack);
  return [...ordered].filter((stack) => stacks.includes(stack));
}

export interface WalkOptions {
  readonly action: Action;

  /** The program's stacks and their dependencies. */
  readonly manifest: Manifest;

  /** The stacks of this run. */
  readonly stacks: readonly string[];

  readonly workspaceOf: (stack: string) => Workspace;

  /** Maximum number of concurrent stacks. */
  readonly parallel: number;

  /**
   * Resource types that are not destroyed in stacks that are no longer in the program.
   * @default - none
   */
  readonly guards?: ReadonlySet<string>;

  /** Checks that a bucket is not empty, if that can be determined. */
  readonly holdsObjects: (bucket: string, region: string) => Promise<boolean>;

  /**
   * Receives the plan of each stack as Terraform shows it in JSON, also one that failed.
   * @default - plans are not saved
   */
  readonly inspect?: (stack: string, plan: unknown) => void;

  /** Arguments for Terraform itself. */
  readonly args: readonly string[];

  readonly print: (line: string) => void;

  /** The user's answer to a question; `undefined` without a terminal. */
  readonly answer: (question: string) => Promise<string | undefined>;
}

/** Time without output after which a status line is printed. */
const SILENCE_MS = 20_000;

/**
 * Runs an action on stacks in dependency order, independent ones concurrently, without those that wait for other stacks. Starts none after
 * the first failure. If anything is protected from deletion, nothing is destroyed, so that no environment is left half-destroyed.
 */
export async function walk(options: WalkOptions): Promise<Report> {
  const { action, manifest, stacks, workspaceOf, args, print } = options;
  const forward = inOrder(manifest, stacks);
  const order = action === "destroy" ? [...forward].reverse() : forward;
  const report = new Map<string, Outcome>(order.map((stack) => [stack, { kind: "unreached" }]));
  const targeted = args.some((arg) => /^--?target/.test(arg));
  const blocks = new Blocks(print);
  const told = new Set<string>();
  // With targets the user selects resources explicitly, and Terraform checks their protection.
  if (action === "destroy" && !targeted) {
    await inParallel(order, options.parallel, async (stack) => {
      const outcome = await attempt(
        () => kept(stack),
        (text) => print(text.trimEnd()),
      );
      if (outcome.kind === "kept" || outcome.kind === "failed") report.set(stack, outcome);
    });
    if ([...report.values()].some(({ kind }) => kind !== "unreached")) return report;
  }

  const begun = Date.now();
  const running = new Map<string, number>();
  const settled = new Set<string>();
  const work = async (stack: string) => {
    const start = Date.now();
    running.set(stack, start);
    const block = blocks.begin(`${stack} (${order.indexOf(stack) + 1} of ${order.length})`);
    const write = (text: string) => block.write(text);
    const outcome = await attempt(async () => (await obstacle(stack)) ?? (await act(stack, block)), write);
    running.delete(stack);
    settled.add(stack);
    report.set(stack, outcome);
    block.end(`── ${describe(stack, outcome, action)}${outcome.kind === "done" ? ` in ${duration(Date.now() - start)}` : ""}${progress()}`);
    return outcome.kind !== "failed";
  };
  const timer = setInterval(() => blocks.remark(`… ${duration(Date.now() - begun)}${progress()}`, SILENCE_MS), 1000);
  try {
    await inParallel(order, options.parallel, work, (stack) => before(stack).every((other) => settled.has(other)));
  } finally {
    clearInterval(timer);
  }
  return report;

  async function attempt(work: () => Promise<Outcome>, write: (text: string) => void): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Interrupted) return { kind: "failed", cause: "interrupted" };
      if (error instanceof NoStateBucket) return { kind: "waits", on: STATE_BUCKET, why: "which does not exist yet" };
      if (!(error instanceof TerraformFailure)) throw error;
      const [title = "", ...lines] = error.message.split("\n");
      const output = lines.join("\n");
      // Without providers or credentials, all stacks fail alike.
      write(told.has(output) ? `${title}, with the same output as above\n` : `${error.message}\n`);
      told.add(output);
      const cause = isInterrupted() ? "interrupted" : (lines.map(errorIn).find((found) => found !== undefined) ?? title);
      return { kind: "failed", cause, ...(error instanceof InitFailure ? { beforeStart: true } : {}) };
    }
  }

  function progress(): string {
    const waiting = [...running].map(([stack, start]) => `${stack} (${duration(Date.now() - start)})`);
    const done = [...settled].filter((stack) => ["done", "absent"].includes(report.get(stack)?.kind ?? ""));
    return `; ${done.length} of ${order.length} done${waiting.length > 0 ? `, running: ${waiting.join(", ")}` : ""}`;
  }

  /** The stacks of the run that come before a stack. None for a plan, because plans change nothing. */
  function before(stack: string): readonly string[] {
    if (action === "plan") return [];
    const dependencies = (one: string) => manifest.stacks[one]?.dependencies ?? [];
    return order.filter((other) => (action === "apply" ? dependencies(stack).includes(other) : dependencies(other).includes(stack)));
  }

  /** Protections that prevent the destruction of a stack. */
  async function kept(stack: string): Promise<Outcome> {
    const workspace = workspaceOf(stack);
    await workspace.ready();
    const state = await workspace.state();
    if (!state) return { kind: "absent" };
    const { declared, deployed: settings } = protections(workspace.json, state);
    const full = await fullBuckets(state, options.holdsObjects);
    const named = [...declared, ...settings].map((text) => text.split(" ")[0]);
    const deployed = [...settings, ...full.filter((text) => !named.includes(text.split(" ")[0]))];
    if (options.guards) {
      const guards = guarded(state, options.guards);
      const forget = [...new Set([...guards, ...deployed.map((text) => text.split(" ")[0] ?? "")])];
      return forget.length > 0 ? { kind: "kept", resources: [...guards, ...deployed], forget, liftable: false } : { kind: "done" };
    }
    if (declared.length + deployed.length === 0) return { kind: "done" };
    return { kind: "kept", resources: [...declared, ...deployed], liftable: declared.length === 0 && deployed.length === settings.length };
  }

  async function act(stack: string, block: Block): Promise<Outcome> {
    const workspace = workspaceOf(stack);
    await workspace.ready();
    if (action === "destroy" && !(await workspace.state())) return { kind: "absent" };
    if (action === "plan") {
      const more = isPlannedUnrefreshed(workspace, args) ? ["-refresh=false"] : [];
      if (more.length > 0)
        block.line("Not refreshed: a refresh reads the values of secrets, which a role for plans can't; to refresh, add -- -refresh=true");
      const { inspect } = options;
      const plan = async (...saved: string[]): Promise<Outcome> => {
        const status = await workspace.run((text) => block.write(text), "plan", ...exitCode(args), ...more, ...saved, ...args);
        return status === 0 || status === 2 ? { kind: "done", changes: status === 2 } : failure(block);
      };
      if (!inspect) return plan();
      return withPlanFile(workspace, async (file) => {
        const outcome = await plan(`-out=${file}`);
        const saved = await workspace.plan(file);
        if (saved !== undefined) inspect(stack, saved);
        return outcome;
      });
    }
    return change({ action, workspace, args, block, ask: (question) => blocks.ask(block, () => options.answer(question)) });
  }

  /** A stack that must be deployed, or destroyed, before this one. */
  async function obstacle(stack: string): Promise<Outcome | undefined> {
    if (action === "destroy") {
      const left = before(stack).find((other) => !["done", "absent"].includes(report.get(other)?.kind ?? ""));
      if (left) return { kind: "waits", on: left, why: "which still uses it" };
      const users = Object.keys(manifest.stacks).filter(
        (other) => !order.includes(other) && manifest.stacks[other]?.dependencies.includes(stack),
      );
      for (const user of users) {
        if ((await workspaceOf(user).unreadable()) === undefined) return { kind: "waits", on: user, why: "which still uses it" };
      }
      return undefined;
    }
    for (const upstream of manifest.stacks[stack]?.dependencies ?? []) {
      const why = await workspaceOf(upstream).unreadable();
      if (why) return { kind: "waits", on: upstream, why };
    }
    return undefined;
  }
}

/** Checks that a stack is planned without a refresh: it generates secrets, and the provider would read the value of each. */
export function isPlannedUnrefreshed({ json }: Workspace, args: readonly string[]): boolean {
  return json.ephemeral !== undefined && !args.some((arg) => /^--?refresh/.test(arg));
}
