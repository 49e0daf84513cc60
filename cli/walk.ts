import { NoStateBucket, TerraformFailure, type Workspace } from "./workspace";

/** What is done to each stack on the way. */
export type Action = "plan" | "apply" | "destroy";

/** What cdktf writes about the stacks of a program: which comes after which. */
export interface Manifest {
  readonly stacks: Readonly<Record<string, { readonly dependencies: readonly string[] }>>;
}

/** What became of one stack. */
export type Outcome =
  | { readonly kind: "done"; readonly changes?: true }
  | { readonly kind: "failed" }
  | { readonly kind: "absent" }
  | { readonly kind: "unreached" }
  | { readonly kind: "kept"; readonly resources: readonly string[] }
  | { readonly kind: "waits"; readonly on: string; readonly why: string };

/** What became of each stack, in the order of the walk. */
export type Report = ReadonlyMap<string, Outcome>;

/** The stacks in the order in which they are deployed, as near to the order given as their dependencies allow. */
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

  /** The program's stacks and their order. */
  readonly manifest: Manifest;

  /** The stacks to walk. */
  readonly stacks: readonly string[];

  readonly workspaceOf: (stack: string) => Workspace;

  /** Arguments for Terraform itself. */
  readonly args: readonly string[];

  readonly print: (line: string) => void;
}

/**
 * Walks stacks in their order, those that wait for others left out, and stops at the first failure.
 * Where anything is protected from deletion, nothing is destroyed: half an environment serves nobody.
 */
export function walk({ action, manifest, stacks, workspaceOf, args, print }: WalkOptions): Report {
  const forward = inOrder(manifest, stacks);
  const order = action === "destroy" ? [...forward].reverse() : forward;
  const report = new Map<string, Outcome>(order.map((stack) => [stack, { kind: "unreached" }]));
  for (const [stack, outcome] of kept()) report.set(stack, outcome);
  if ([...report.values()].some(({ kind }) => kind !== "unreached")) return report;
  for (const [index, stack] of order.entries()) {
    print(`\n── ${stack} (${index + 1} of ${order.length})`);
    const outcome = attempt(() => obstacle(action, stack) ?? run(stack), print);
    report.set(stack, outcome);
    if (outcome.kind === "waits") print(describe(stack, outcome, action));
    if (outcome.kind === "failed") break;
  }
  return report;

  /** What forbids to destroy anything. Who targets single resources knows what they are, and Terraform watches. */
  function kept(): readonly (readonly [string, Outcome])[] {
    if (action !== "destroy" || args.some((arg) => /^--?target/.test(arg))) return [];
    return order.flatMap((stack) => {
      const workspace = workspaceOf(stack);
      const resources = protectedResources(workspace);
      if (resources.length === 0) return [];
      const outcome = attempt((): Outcome => {
        workspace.ready();
        return workspace.state() ? { kind: "kept", resources } : { kind: "absent" };
      }, print);
      return outcome.kind === "kept" || outcome.kind === "failed" ? [[stack, outcome] as const] : [];
    });
  }

  function run(stack: string): Outcome {
    const workspace = workspaceOf(stack);
    workspace.ready();
    if (action === "destroy" && !workspace.state()) return { kind: "absent" };
    const more = action === "plan" && drawsSecrets(workspace) && !args.some((arg) => /^--?refresh/.test(arg)) ? ["-refresh=false"] : [];
    if (more.length > 0) print(`Not refreshed: that would read the values of secrets, which whoever plans may not; -- -refresh=true does.`);
    const status = workspace.run(action, ...more, ...args);
    if (status === 2 && args.includes("-detailed-exitcode")) return { kind: "done", changes: true };
    return { kind: status === 0 ? "done" : "failed" };
  }

  /** What has to be deployed before the stack, or destroyed before it. */
  function obstacle(action: Action, stack: string): Outcome | undefined {
    if (action === "destroy") {
      const users = Object.keys(manifest.stacks).filter(
        (other) => !order.includes(other) && manifest.stacks[other]?.dependencies.includes(stack),
      );
      const user = users.find((other) => workspaceOf(other).unreadable() === undefined);
      return user === undefined ? undefined : { kind: "waits", on: user, why: "which still uses it" };
    }
    for (const upstream of manifest.stacks[stack]?.dependencies ?? []) {
      const why = workspaceOf(upstream).unreadable();
      if (why) return { kind: "waits", on: upstream, why };
    }
    return undefined;
  }
}

/** Whether a stack makes secrets: the provider reads the value of each whenever it refreshes. */
function drawsSecrets({ json }: Workspace): boolean {
  return json.ephemeral !== undefined;
}

/** The addresses of resources that Terraform refuses to destroy. */
function protectedResources({ json }: Workspace): readonly string[] {
  const resources = (json.resource ?? {}) as Record<string, Record<string, { lifecycle?: { prevent_destroy?: boolean } }>>;
  return Object.entries(resources).flatMap(([type, named]) =>
    Object.entries(named)
      .filter(([, { lifecycle }]) => lifecycle?.prevent_destroy === true)
      .map(([name]) => `${type}.${name}`),
  );
}

function attempt(work: () => Outcome, print: (line: string) => void): Outcome {
  try {
    return work();
  } catch (error) {
    if (error instanceof NoStateBucket) return { kind: "waits", on: STATE_BUCKET, why: "which does not exist yet" };
    if (!(error instanceof TerraformFailure)) throw error;
    print(error.message);
    return { kind: "failed" };
  }
}

/** What a stack waits for before its account has been bootstrapped. */
export const STATE_BUCKET = "the state bucket of its account";

const DONE: Readonly<Record<Action, string>> = { plan: "planned", apply: "applied", destroy: "destroyed" };

/** One line about a stack: `dev-network waits for dev-keys, which is not deployed yet`. */
export function describe(stack: string, outcome: Outcome, action: Action): string {
  switch (outcome.kind) {
    case "done":
      return `${stack} ${DONE[action]}`;
    case "failed":
      return `${stack} failed`;
    case "absent":
      return `${stack} is not deployed: nothing to destroy`;
    case "unreached":
      return `${stack} not reached`;
    case "kept":
      return `${stack} is protected from deletion: ${outcome.resources.join(", ")}`;
    case "waits":
      return `${stack} waits for ${outcome.on}, ${outcome.why}`;
  }
}
