/** Action on each stack of a run. */
export type Action = "plan" | "apply" | "destroy";

/** Result of a run for one stack. */
export type Outcome =
  | { readonly kind: "done"; readonly changes?: boolean }
  | { readonly kind: "failed"; readonly cause?: string; readonly lock?: string; readonly beforeStart?: boolean }
  | { readonly kind: "absent" }
  | { readonly kind: "unreached" }
  | { readonly kind: "kept"; readonly resources: readonly string[]; readonly liftable: boolean; readonly forget?: readonly string[] }
  | { readonly kind: "waits"; readonly on: string; readonly why: string };

/** Dependency of a stack before its account is bootstrapped. */
export const STATE_BUCKET = "the state bucket of its account";

const DONE: Readonly<Record<Action, string>> = { plan: "planned", apply: "applied", destroy: "destroyed" };

/** One line about a stack: `dev-network waits for dev-keys, which is not deployed yet`. */
export function describe(stack: string, outcome: Outcome, action: Action): string {
  switch (outcome.kind) {
    case "done":
      return `${stack} ${DONE[action]}${outcome.changes === undefined ? "" : outcome.changes ? ", with changes" : ", no changes"}`;
    case "failed":
      return `${stack} failed${outcome.cause ? `: ${outcome.cause}` : ""}`;
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
