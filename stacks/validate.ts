import { InvalidInput, type Problem } from "../constructs/core/errors";
import type { Program } from "./environment";
import { step } from "./paths";
import { releaseFile } from "./release";
import { type Draft, environmentRules, type Finding, programRules } from "./rules";
import { accountSchema, environmentSchema, shapeProblems } from "./schema";

/**
 * Checks a program as a whole: first the shape of every value, then the rules between those values whose
 * shape is right, so that everything is found in one run.
 * @throws InvalidInput with everything that is wrong
 */
export function validate(program: Program): void {
  const problems: Problem[] = [];
  const report = (root: string, found: readonly Finding[]) => {
    for (const { keys, ...problem } of found) problems.push({ ...problem, path: pathOf(root, keys) });
  };
  const checked = <T extends object>(list: readonly T[], root: (item: T, index: number) => string, schema: typeof accountSchema) =>
    list.map((item, index) => {
      const found = shapeProblems(schema, item);
      report(root(item, index), found);
      return (without(
        item,
        found.map(({ keys }) => keys),
      ) ?? {}) as Draft<T>;
    });

  for (const part of ["accounts", "environments"] as const) {
    if (!Array.isArray(program?.[part]))
      throw new InvalidInput([{ path: part, value: program?.[part], rule: "is no list", remedy: "write [ … ]" }]);
  }
  const accounts = checked(program.accounts, (_, index) => `accounts[${index}]`, accountSchema);
  const environments = checked(program.environments, nameOf, environmentSchema);
  const draft = { accounts, environments };
  for (const [index, environment] of environments.entries()) {
    report(
      nameOf(program.environments[index], index),
      environmentRules.flatMap((rule) => rule(environment)),
    );
  }
  for (const rule of programRules) {
    for (const { root, ...finding } of rule(draft)) report(root, [finding]);
  }
  if (problems.length > 0) throw new InvalidInput(problems);
}

/** Where it is mended: what a release file brought, in that file. */
function pathOf(root: string, keys: readonly string[]): string {
  const [release, workloads, ...below] = keys;
  if (release !== "release" || workloads !== "workloads") return [root, ...keys].reduce(step);
  return [releaseFile(root), below.reduce(step, "").replace(/^\./, "")].filter(Boolean).join("#");
}

function nameOf(environment: { readonly name?: unknown } | null | undefined, index: number): string {
  const name = environment?.name;
  return typeof name === "string" && /^\S{1,70}$/.test(name) ? name : `environments[${index}]`;
}

/**
 * A copy without the values at some paths: their keys stay, so that rules see what somebody tried to write.
 * What is undefined was not written at all.
 */
function without(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (typeof value !== "object" || value === null) return value;
  const below = (key: string) => paths.filter((path) => path[0] === key).map((path) => path.slice(1));
  if (Array.isArray(value)) return Array.from(value, (inner, index) => without(inner, below(String(index))));
  const written = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(written.map(([key, inner]) => [key, without(inner, below(key))]));
}
