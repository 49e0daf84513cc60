import { InvalidInput, type Problem } from "../../constructs/core/errors";
import { accountSchema } from "./accounts";
import { environmentRules } from "./between";
import { programRules } from "./between/program";
import type { DraftEnvironment, DraftSystem, RuleFinding } from "./check/drafts";
import type { Draft, Finding } from "./check/finding";
import { step } from "./check/paths";
import { type ShapeProblem, shapeProblems } from "./check/shape";
import { OWN_KEYS, read, unwritable } from "./check/texts";
import type { Program } from "./environment";
import { environmentSchema } from "./environment";
import { releaseFile } from "./release";
import { asDomains } from "./shorthand";

/**
 * Validates a whole program.
 * @throws InvalidInput with all problems
 */
export function validate(program: Program): void {
  const { problems } = examine(program);
  if (problems.length > 0) throw new InvalidInput(problems);
}

/** Validation result of a program. */
export interface Examination {
  readonly problems: readonly Problem[];

  /** Accounts and environments with valid values only, without undefined ones. Stacks can be built from them. */
  readonly sound: Program;
}

/** Returns all problems of a program in one run: first the shape of every value, then the rules between values of valid shape. */
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
      return { root: root(item, index), refused, draft: (without(item, refused) ?? {}) as Draft<T> };
    });

  for (const part of ["accounts", "environments"] as const) {
    if (!Array.isArray(program?.[part]))
      return {
        problems: [{ path: part, value: program?.[part], rule: "must be a list", remedy: "write [ … ]" }],
        sound: { accounts: [], environments: [] },
      };
  }
  const accounts = checked(program.accounts, (_, index) => `accounts[${index}]`, accountSchema);
  const environments = checked(program.environments, nameOf, environmentSchema);
  const systems = environments.map(({ draft, refused }) => guarded(asDomains(complete(draft)) as DraftSystem, refused));
  environments.forEach(({ root, draft, refused }, index) => {
    const system = systems[index] as DraftSystem;
    const found = findings(environmentRules, refused.length > 0, (rule) => rule(system, guarded(draft, refused)));
    report(root, notRefused(found, refused));
  });
  const parts = [...accounts, ...environments];
  const checkedProgram = { accounts: accounts.map(({ draft, refused }) => guarded(draft, refused)), environments: systems };
  const hasHoles = parts.some(({ refused }) => refused.length > 0);
  for (const { root, ...finding } of findings(programRules, hasHoles, (rule) => rule(checkedProgram))) {
    report(root, notRefused([finding], parts.find((one) => one.root === root)?.refused ?? []));
  }
  const whole = <T>(checked: readonly { readonly refused: readonly unknown[]; readonly draft: unknown }[]) =>
    checked.filter(({ refused }) => refused.length === 0).map(({ draft: complete }) => complete as T);
  return { problems, sound: { accounts: whole(accounts), environments: whole(environments) } };
}

/** Problems of single values: values that can't be serialized, then values of the wrong shape. */
function misshapen(schema: typeof accountSchema, input: unknown): readonly ShapeProblem[] {
  const unreadable = unwritable(input);
  const refused = unreadable.map(({ keys }) => keys);
  const found = shapeProblems(schema, without(input, refused));
  return [...unreadable, ...found.filter(({ keys }) => !refused.some((before) => isBelow(keys, before)))];
}

/** Thrown if a rule reads a rejected part. */
class Refused extends Error {}

/**
 * Draft that throws if a rule reads a part that was rejected as a whole or in one of its items: such a part is neither
 * present nor missing.
 */
function guarded<T extends object>(draft: T, refused: readonly (readonly string[])[]): T {
  const parts = new Set(refused.filter(([_, item, ...below]) => below.length === 0 && /^\d*$/.test(item ?? "")).map(([part]) => part));
  const get = (target: T, key: string | symbol) => {
    if (parts.has(String(key))) throw new Refused();
    return Reflect.get(target, key);
  };
  return parts.size === 0 ? draft : new Proxy(draft, { get });
}

/**
 * Draft in which every part that was rejected as a whole is an empty object, so that its stores and workloads are not
 * reported as missing.
 */
function complete(draft: DraftEnvironment): DraftEnvironment {
  return Object.fromEntries(Object.entries(draft).map(([key, part]) => [key, part ?? {}]));
}

/**
 * Findings of rules in a draft. A rule that fails on a draft with holes reports nothing: the cause is already reported,
 * and the rule runs again once it is fixed.
 */
function findings<R, F>(rules: readonly R[], hasHoles: boolean, ask: (rule: R) => readonly F[]): readonly F[] {
  return rules.flatMap((rule) => {
    try {
      return ask(rule);
    } catch (error) {
      if (hasHoles) return [];
      throw error;
    }
  });
}

/** Drops findings about rejected values: they are already reported, and not missing. */
function notRefused(found: readonly RuleFinding[], refused: readonly (readonly string[])[]): readonly Finding[] {
  const mayHide = refused.some((keys) => HIDING.test(keys.join(".")));
  return found
    .filter(({ keys, lacking = false }) => !(lacking && mayHide) && !refused.some((before) => isBelow(keys, before)))
    .map(({ lacking: _, ...finding }) => finding);
}

/** Parts that contain stores, domains and workloads, their engines and names, and the settings that refer to names. */
const HIDING = new RegExp(
  [
    /^\w+(\.\d+)?$/, // a role, or all stores or domains
    /^(stores|domains|monitoring)\.[^.]+$/,
    /^domains\.[^.]+\.(services|workers|projections|jobs)(\.[^.]+)?$/,
    /\.(engine|name|uses|calls|after)(\.|$)/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

function isBelow(keys: readonly string[], above: readonly string[]): boolean {
  return above.every((key, index) => keys[index] === key);
}

/** Path of the setting to fix. Values from a release file have a path in that file. */
function pathOf(root: string, keys: readonly string[]): string {
  const [release, workloads, ...below] = keys;
  if (release !== "release" || workloads !== "workloads") return [root, ...keys].reduce(step);
  return [releaseFile(root), below.reduce(step, "").replace(/^\./, "")].filter(Boolean).join("#");
}

function nameOf(environment: unknown, index: number): string {
  const name = typeof environment === "object" && environment !== null ? read(environment, "name")?.value : undefined;
  return typeof name === "string" && /^\w[\w.-]{0,69}$/.test(name) ? name : `environments[${index}]`;
}

/**
 * Copy without the values at the given paths, which are not read. Their keys stay, so that rules see that a value was written.
 * Undefined values, and keys that JavaScript's own objects have, are dropped.
 */
function without(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (typeof value !== "object" || value === null) return value;
  const below = (key: string) => paths.filter((path) => path[0] === key).map((path) => path.slice(1));
  const isRefused = (key: string) => below(key).some(({ length }) => length === 0);
  const inner = (key: string) => (isRefused(key) ? undefined : without((value as Readonly<Record<string, unknown>>)[key], below(key)));
  if (Array.isArray(value)) return Array.from(value.keys(), (index) => inner(String(index)));
  const entries = Object.keys(value)
    .filter((key) => !OWN_KEYS.includes(key))
    .map((key) => [key, inner(key)] as const);
  return Object.fromEntries(entries.filter(([key, copy]) => copy !== undefined || isRefused(key)));
}
