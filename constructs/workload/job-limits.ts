import type { Problem } from "../core/errors";

/** Limit of a job's time, in seconds. Longer jobs should run outside of a deployment, which would wait for them. */
export const LONGEST_JOB = 6 * 3600;

export function retriesProblems(value: number): readonly Omit<Problem, "path">[] {
  return Number.isInteger(value) && value >= 0 ? [] : [{ value, rule: "must be a valid number of retries", remedy: "use 0 or more" }];
}
