import { join } from "node:path";
import type { Problem } from "../core/errors";

/** Overlap of the former and the new credential in a rotation. */
export interface OverlapProps {
  /**
   * Hours for which the former credential is accepted after a rotation, so that clients can restart with the new one. Then it is rejected.
   * Open sessions stay open, unless the engine doesn't support that. A change takes effect in place.
   * @default 24
   */
  readonly overlapHours?: number;
}

/** Default hours for which the former credential is accepted. */
export const OVERLAP_HOURS = 24;

/** Thirty days: a password that is valid for longer is not rotated. */
const LONGEST_OVERLAP = 720;

/** The part of a script that measures the overlap. */
export const OVERLAP_SCRIPT = join(__dirname, "overlap.sh");

/** Problems of a number of hours as overlap. */
export function overlapProblems(hours: number): readonly Omit<Problem, "path">[] {
  return Number.isInteger(hours) && hours >= 1 && hours <= LONGEST_OVERLAP
    ? []
    : [{ value: hours, rule: `must be a whole number of hours from 1 to ${LONGEST_OVERLAP}`, remedy: "use 24 to give clients a day" }];
}
