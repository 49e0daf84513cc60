import { InvalidInput, type Problem } from "../../constructs/core/errors";
import { accountSchema } from "./accounts";
import { environmentRules } from "./between";
import { programRules } from "./between/program";
import type { Draft, Finding } from "./check/finding";
import { step } from "./check/paths";
import { type ShapeProblem, shapeProblems } from "./check/shape";
import { unwritable } from "./check/texts";
import type { Program } from "./environment";
import { environmentSchema } from "./environment";
import { releaseFile } from "./release";

/**
 * Checks a program as a whole.
 * @throws InvalidInput with everything that is wrong
 */
export function validate(program: Program): void {
  const { problems } = examine(program);
  if (problems.length > 0) throw new InvalidInput(problems);
}

/** What is wrong with a program. */
export interface Examination {
  readonly problems: readonly Problem[];

  /** The accounts and environments whose values are all of their kind, without those that are undefined: what stacks can be made of. */
  readonly sound: Program;
}

/**
 * What is wrong with a program as a whole: first the shape of every value, then the rules between those values whose
 * shape is right, so that everything is found in one run.
 */
export function examine(program: Program): Examination {
  const problems: Problem[] = [];
  const report = (root: string, found: readonly Finding[]) => {
    for (const { keys, ...problem } of found) problems.push({ ...problem, path: pathOf(root, keys) });
  };
  const checked = <T extends object>(list: readonly T[], root: (item: T, index: number) => string, schema: typeof accountSchema) =>
    Array.from(list, (item, index) => {
      const found = misshapen(schema, item);
      const refused = found.map(({ keys }) => keys);
      report(root(item, index), found);
      return { root: root(item, index), refused, draft: guarded((without(item, refused) ?? {}) as Draft<T>, refused) };
    });

  for (const part of ["accounts", "environments"] as const) {
    if (!Array.isArray(program?.[part]))
      return {
        problems: [{ path: part, value: program?.[part], rule: "is no list", remedy: "write [ … ]" }],
        sound: { accounts: [], environments: [] },
      };
  }
  const accounts = checked(program.accounts, (_, index) => `accounts[${index}]`, accountSchema);
  const environments = checked(program.environments, nameOf, environmentSchema);
  const draft = { accounts: accounts.map((one) => one.draft), environments: environments.map((one) => one.draft) };
  for (const { root, draft: environment, refused } of environments) {
    const found = findings(environmentRules, environment, refused.length > 0);
    report(root, notRefused(found, refused));
  }
  const parts = [...accounts, ...environments];
  for (const { root, ...finding } of findings(
    programRules,
    draft,
    parts.some(({ refused }) => refused.length > 0),
  )) {
    report(root, notRefused([finding], parts.find((one) => one.root === root)?.refused ?? []));
  }
  const whole = <T>(checked: readonly { readonly refused: readonly unknown[]; readonly draft: unknown }[]) =>
    checked.filter(({ refused }) => refused.length === 0).map(({ draft: complete }) => complete as T);
  return { problems, sound: { accounts: whole(accounts), environments: whole(environments) } };
}

/** What is wrong with each value on its own: whether it can be written down at all, and then whether it is of its kind. */
function misshapen(schema: typeof accountSchema, input: unknown): readonly ShapeProblem[] {
  const unreadable = unwritable(input);
  const refused = unreadable.map(({ keys }) => keys);
  const found = shapeProblems(schema, without(input, refused));
  return [...unreadable, ...found.filter(({ keys }) => !refused.some((before) => isBelow(keys, before)))];
}

/** A rule asked for a part that was refused. */
class Refused extends Error {}

/** A draft that doesn't answer for parts that were refused as a whole, or in one of their items: they are neither there nor missing. */
function guarded<T extends object>(draft: T, refused: readonly (readonly string[])[]): T {
  const parts = new Set(refused.filter(([_, item, ...below]) => below.length === 0 && /^\d*$/.test(item ?? "")).map(([part]) => part));
  const get = (target: T, key: string | symbol) => {
    if (parts.has(String(key))) throw new Refused();
    return Reflect.get(target, key);
  };
  return parts.size === 0 ? draft : new Proxy(draft, { get });
}

/**
 * What rules find in a draft. A rule that stumbles over what is missing from it says nothing: that has been reported, and the
 * rule is heard when it is mended.
 */
function findings<D, F>(rules: readonly ((draft: D) => readonly F[])[], draft: D, hasHoles: boolean): readonly F[] {
  return rules.flatMap((rule) => {
    try {
      return rule(draft);
    } catch (error) {
      if (hasHoles) return [];
      throw error;
    }
  });
}

/** What was refused is not refused once more. */
function notRefused(found: readonly Finding[], refused: readonly (readonly string[])[]): readonly Finding[] {
  return found.filter(({ keys }) => !refused.some((before) => isBelow(keys, before)));
}

function isBelow(keys: readonly string[], above: readonly string[]): boolean {
  return above.every((key, index) => keys[index] === key);
}

/** Where it is mended: what a release file brought, in that file. */
function pathOf(root: string, keys: readonly string[]): string {
  const [release, workloads, ...below] = keys;
  if (release !== "release" || workloads !== "workloads") return [root, ...keys].reduce(step);
  return [releaseFile(root), below.reduce(step, "").replace(/^\./, "")].filter(Boolean).join("#");
}

function nameOf(environment: { readonly name?: unknown } | null | undefined, index: number): string {
  const name = environment?.name;
  return typeof name === "string" && /^[\w.-]{1,70}$/.test(name) ? name : `environments[${index}]`;
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
