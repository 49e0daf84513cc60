import type { Problem } from "../core/errors";

/** The name of an environment's only event store. */
export const DEFAULT_STORE_NAME = "event-store";

/** Returns the problems of an event store's name. Pods append an ordinal, claims prepend "data-" as well, releases append a suffix. */
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
