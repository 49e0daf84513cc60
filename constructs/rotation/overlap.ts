import { join } from "node:path";
import type { Problem } from "../core/errors";

export interface OverlapProps {
  /**
   * Hours for which the former credential is accepted after a rotation, so that clients can restart with the new one.
   * Then it is refused. Sessions that are open stay open, except where the engine can't do that. A change takes effect in place.
   * @default 24
   */
  readonly overlapHours?: number;
}

export const OVERLAP_HOURS = 24;

/** Thirty days: a password that is good for longer was not rotated. */
const LONGEST_OVERLAP = 720;

/** The part of a script that measures the overlap. */
export const OVERLAP_SCRIPT = join(__dirname, "overlap.sh");

export function overlapProblems(hours: number): readonly Omit<Problem, "path">[] {
  return Number.isInteger(hours) && hours >= 1 && hours <= LONGEST_OVERLAP
    ? []
    : [{ value: hours, rule: `must be a whole number of hours from 1 to ${LONGEST_OVERLAP}`, remedy: "use 24 to give clients a day" }];
}
