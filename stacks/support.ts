import { supportProblems } from "../constructs/cluster";
import { InvalidInput, type Problem } from "../constructs/core/errors";
import { DEFAULT_KUBERNETES } from "../constructs/core/versions";
import { newClusters, type Program } from "./environment";

/**
 * What is still supported on a day, as `2026-11-21`, but not for long. Synthesis knows no day; whoever runs it does.
 * @throws InvalidInput where a version is out of all support
 */
export function checkSupport(program: Program, today: string): readonly Problem[] {
  const found = program.environments.flatMap((environment) =>
    newClusters(environment).flatMap(([key, { version = DEFAULT_KUBERNETES }]) =>
      supportProblems(version, today).map((problem) => ({ ...problem, path: `${environment.name}.${key}.version` })),
    ),
  );
  const errors = found.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidInput(errors);
  return found;
}
