import { closest, distance } from "fastest-levenshtein";
import * as v from "valibot";
import type { Problem } from "../../../constructs/core/errors";
import { type Reading, seconds } from "../../../constructs/core/quantities";

/*
 * What an environment may look like, value by value: the model's types once more, for input that
 * no compiler has seen, and finer than types can be. Every message is `rule; remedy`.
 */

export type Schema = v.GenericSchema<unknown, unknown>;

/** Each key of the type has its schema, and no other: the compiler keeps the two files together. */
export type Entries<T> = { readonly [Key in keyof T]-?: Schema };

/** What a schema is made of: its entries by key, or its variants by a word in parentheses. */
export const PARTS = new WeakMap<Schema, Readonly<Record<string, Schema>>>();

export function madeOf(parts: Readonly<Record<string, Schema>>, schema: Schema): Schema {
  PARTS.set(schema, parts);
  return schema;
}

/** Every setting that a schema has, by its path: `.eventStore(kurrentdb).backup.every`. What tells variants apart is not one. */
export function settingsOf(schema: Schema): readonly string[] {
  const inner = "wrapped" in schema ? (schema.wrapped as Schema) : schema;
  const parts = PARTS.get(inner);
  if (!parts) return inner === told ? [] : [""];
  return Object.entries(parts).flatMap(([key, part]) => settingsOf(part).map((path) => (/^[([]|^$/.test(key) ? key : `.${key}`) + path));
}

/** Only what was written as `{ … }`, without the keys by which JavaScript itself would be meant. */
export function plain(schema: Schema): Schema {
  const refusal = value(() => ({ rule: "is no group of settings", remedy: "write { … }" }));
  return v.lazy((input) => (isPlain(input) ? schema : refusal));
}

export function isPlain(input: unknown): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  // An object of a class, like a Date or a Map, has one prototype more than `{ … }`, of whatever realm that is.
  const prototype = Object.getPrototypeOf(input);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return !["__proto__", "constructor", "prototype"].some((key) => Object.hasOwn(input, key));
}

export function object<T extends object>(entries: Entries<T>): Schema {
  return withEntries(entries);
}

/** Some of the entries of a group of settings, for another one that has them too. */
export function pick<T extends object, Key extends keyof T>(entries: T, keys: readonly Key[]): Pick<T, Key> {
  return Object.fromEntries(keys.map((key) => [key, entries[key]])) as Pick<T, Key>;
}

/** A group of settings that no type describes. */
export function withEntries(entries: Readonly<Record<string, Schema>>): Schema {
  const known = Object.keys(entries);
  const schema = v.looseObject(entries, (issue) => {
    const key = issue.path?.at(-1)?.key;
    return `is missing; ${remedyOf(entries[String(key)])}`;
  });
  const misspelt = v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    const input = dataset.value;
    for (const key of Object.keys(input as object).filter((name) => !known.includes(name))) {
      const path = [{ type: "object", origin: "key", input, key, value: undefined }] as [v.ObjectPathItem];
      addIssue({ message: `is no setting here; ${suggestion(key, known)}`, path, input: undefined });
    }
  });
  return madeOf(entries, plain(v.pipe(schema, misspelt) as unknown as Schema));
}

export function optional(schema: Schema): Schema {
  return v.optional(schema);
}

/** Checks a value with a function that says what is wrong with it, if anything is. */
export function value(problem: (input: unknown) => { rule: string; remedy: string } | undefined): Schema {
  const said = (input: unknown) => {
    const found = problem(input);
    return found && `${found.rule}; ${found.remedy}`;
  };
  return v.custom(
    (input) => said(input) === undefined,
    (issue) => said(issue.input) ?? "",
  );
}

export function text(pattern: RegExp, rule: string, remedy: string): Schema {
  return value((input) => (typeof input === "string" && pattern.test(input) ? undefined : { rule, remedy }));
}

export function whole(min: number, max: number, why = ""): Schema {
  const remedy =
    max === Number.POSITIVE_INFINITY ? `use a whole number of ${min} or more` : `use a whole number from ${min} to ${max}${why}`;
  return value((input) =>
    Number.isInteger(input) && (input as number) >= min && (input as number) <= max ? undefined : { rule: "is not possible here", remedy },
  );
}

export function choice(names: readonly string[], what: string): Schema {
  return value((input) =>
    names.includes(input as string)
      ? undefined
      : { rule: `is no ${what}`, remedy: suggestion(typeof input === "string" ? input : "", names) },
  );
}

export function quantity(read: (input: unknown) => Reading): Schema {
  return value((input) => {
    const reading = read(input);
    return typeof reading === "number" ? undefined : reading;
  });
}

export const DAY = 86_400;

/** A time that a pod takes, or is asked in: fields of Kubernetes have 32 bits, and nothing of them waits for a day. */
export const moment = quantity((input) => {
  const reading = seconds(input);
  return typeof reading === "number" && reading > DAY ? { rule: "is longer than a day", remedy: 'use up to "24h"' } : reading;
});

export const flag = value((input) =>
  typeof input === "boolean" ? undefined : { rule: "is neither on nor off", remedy: "use true or false" },
);

/** A list. One that may be empty says that there is none where leaving it out means something else. */
export function list(schema: Schema, remedy: string, fewest: 0 | 1 = 1): Schema {
  const several = v.pipe(v.array(schema, `is no list; ${remedy}`), v.minLength(fewest, `is empty; ${remedy}`));
  // A list of single values is one setting.
  return PARTS.has(schema) ? madeOf({ "[]": schema }, several as unknown as Schema) : (several as unknown as Schema);
}

export function oneOrMore(schema: Schema): Schema {
  const several = list(schema, "write one or several { … }");
  return madeOf(
    { "": schema },
    v.lazy((input) => (Array.isArray(input) ? several : schema)),
  );
}

/** One of several shapes, told apart by a key that only one of them has. */
export function either(key: string, having: Schema, lacking: Schema): Schema {
  return madeOf(
    { [`(${key})`]: having, [`(no ${key})`]: lacking },
    v.lazy((input) => (typeof input === "object" && input !== null && key in input ? having : lacking)),
  );
}

/** A name alone, or a group of settings. */
export function nameOr(name: Schema, settings: Schema): Schema {
  return madeOf(
    { "(name)": name, "(settings)": settings },
    v.lazy((input) => (typeof input === "string" ? name : settings)),
  );
}

/** On or off, or a group of settings, which is on. */
export function flagOr(settings: Schema): Schema {
  return madeOf(
    { "(on)": flag, "(settings)": settings },
    v.lazy((input) => (isPlain(input) ? settings : flag)),
  );
}

/** One of several engines, told apart by the setting `engine`. */
export function engines(table: Readonly<Record<string, Schema>>): Schema {
  return kinds("engine", "engine here", table);
}

/** The entries of a group of settings, to make another one of. */
export function entriesOf(schema: Schema): Readonly<Record<string, Schema>> {
  return PARTS.get(schema) ?? {};
}

/** One of several kinds, told apart by a setting. */
export function kinds(setting: string, what: string, table: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(table);
  const none = v.looseObject({ [setting]: choice(names, what) }, `is missing; use one of ${names.join(", ")}`) as unknown as Schema;
  const named = v.lazy((input) => table[names.find((name) => name === (input as Record<string, unknown>)[setting]) ?? ""] ?? none);
  return madeOf(Object.fromEntries(names.map((name) => [`(${name})`, table[name] as Schema])), plain(named));
}

/** What tells variants apart: the table that they are in has its values. */
export const told = v.string();

/** Characters. Nobody means a name by more, and comparing takes as long as both are together. */
export const LONGEST_SLIP = 80;

/** The nearest name where one is near, or all of them. */
export function suggestion(input: string, names: readonly string[]): string {
  const near = input.length > LONGEST_SLIP ? undefined : closest(input, names as string[]);
  // Two slips of the keyboard, or one in three characters of a long word.
  return near !== undefined && distance(input, near) <= Math.max(2, input.length / 3)
    ? `did you mean "${near}"?`
    : `use one of ${names.join(", ")}`;
}

export function remedyOf(schema: Schema | undefined): string {
  const issue = schema && v.safeParse(schema, undefined).issues?.[0];
  return issue?.message.split("; ").slice(1).join("; ") || "add it";
}

export const records = (schema: Schema, key: Schema = v.string()) =>
  madeOf({ "*": schema }, plain(v.record(key as v.GenericSchema<string, string>, schema) as unknown as Schema));

/** Something that is wrong with the shape of a value, at keys of the value itself. */
export type ShapeProblem = Omit<Problem, "path"> & { readonly keys: readonly string[] };

/** What is wrong with the shape of a value. */
export function shapeProblems(schema: Schema, input: unknown): readonly ShapeProblem[] {
  const problems = (v.safeParse(schema, input).issues ?? []).map((issue): ShapeProblem => {
    const [said = "", ...remedy] = issue.message.split("; ");
    const rule = issue.kind === "schema" && issue.input === undefined ? "is missing" : said;
    return { keys: (issue.path ?? []).map(({ key }) => String(key)), value: issue.input, rule, remedy: remedy.join("; ") };
  });
  // A misspelt key is a missing one as well; one slip is said once.
  const meant = new Set(
    problems.flatMap(({ keys, remedy }) =>
      (/^did you mean "(.*)"\?$/.exec(remedy) ?? []).slice(1).map((key) => [...keys.slice(0, -1), key].join()),
    ),
  );
  return problems.filter(({ keys, rule }) => rule !== "is missing" || !meant.has(keys.join()));
}
