import type { Problem } from "../core/errors";

/** The name of an environment's only event store. */
export const DEFAULT_STORE_NAME = "event-store";

/** What is wrong with an event store's name. A pod's name gets an ordinal, a claim's "data-" too; a release's a suffix. */
export function storeNameProblems(name: string): readonly Omit<Problem, "path">[] {
  return /^(?=.{1,38}$)[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)
    ? []
    : [
        {
          value: name,
          rule: "can't be part of the names of services and releases",
          remedy: "use up to 38 lower-case letters, digits and hyphens",
        },
      ];
}
