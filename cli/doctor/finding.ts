/** Result of one check. */
export interface Finding {
  /** Checked program, setting or cluster: `terraform`, `context kind-shop`. */
  readonly subject: string;

  /**
   * `missing` and `wrong` prevent a deployment, `warning` may, `optional` doesn't.
   * @default "ok"
   */
  readonly state?: State;

  /** Detected value: a version, an account, what is wrong. */
  readonly found?: string;

  /** Remedy if it is not `ok`. */
  readonly remedy?: string;
}

export type State = "ok" | "missing" | "wrong" | "warning" | "optional";

/** States that prevent a deployment. */
export const PREVENTING: readonly State[] = ["missing", "wrong"];

/** Result of a check for a value. */
export function present(subject: string, found: string | undefined, remedy: string, otherwise: State = "missing"): Finding {
  return found === undefined ? { subject, state: otherwise, remedy } : { subject, found };
}
