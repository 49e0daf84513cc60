import type { Problem } from "../core/errors";
import { type Bytes, bytes } from "../core/quantities";

/** Returns problems of smaller volumes for an existing service, by the settings' names. */
export function shrinkProblems<Volume extends string>(
  before: Readonly<Record<Volume, Bytes>>,
  after: Readonly<Record<Volume, Bytes>>,
  volumes: readonly Volume[],
): readonly Omit<Problem, "path">[] {
  return volumes
    .filter((volume) => Number(bytes(after[volume])) < Number(bytes(before[volume])))
    .map((volume) => ({
      value: after[volume],
      rule: `is less than the ${before[volume]} that its volumes have, and no volume shrinks`,
      remedy: `keep ${volume}: "${before[volume]}", or make a second one from a backup and move there`,
    }));
}
