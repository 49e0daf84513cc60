import type { Problem } from "../core/errors";

/** Longer ones belong beside a deployment: nobody waits for them. */
export const LONGEST_JOB = 6 * 3600;

export function retriesProblems(value: number): readonly Omit<Problem, "path">[] {
  return Number.isInteger(value) && value >= 0 ? [] : [{ value, rule: "is no number of retries", remedy: "use 0 or more" }];
}
