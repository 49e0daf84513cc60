import * as v from "valibot";
import type { Problem } from "../../../constructs/core/errors";
import { nearest } from "../../../constructs/core/nearest";
import { type Reading, secondsUpTo } from "../../../constructs/core/quantities";
import { isSimple, OWN_KEYS } from "./texts";

/*
 * The shape of an environment, value by value: the model's types at run time, for input that
 * no compiler has checked, and with finer limits. Every message is `rule; remedy`.
 */

export type Schema = v.GenericSchema<unknown, unknown>;

/** Requires exactly one schema for each key of the type. The compiler keeps types and schemas in sync. */
export type Entries<T> = { readonly [Key in keyof T]-?: Schema };

/** Parts of a schema: entries by key, or variants by a word in parentheses. */
export const PARTS = new WeakMap<Schema, Readonly<Record<string, Schema>>>();

export function madeOf(parts: Readonly<Record<string, Schema>>, schema: Schema): Schema {
  PARTS.set(schema, parts);
  return schema;
}

/** Paths of all settings of a schema: `.eventStore(kurrentdb).backup.every`. Discriminators are excluded. */
export function settingsOf(schema: Schema): readonly string[] {
  const inner = "wrapped" in schema ? (schema.wrapped as Schema) : schema;
  const parts = PARTS.get(inner);
  if (!parts) return inner === told ? [] : [""];
  return Object.entries(parts).flatMap(([key, part]) => settingsOf(part).map((path) => (/^[([]|^$/.test(key) ? key : `.${key}`) + path));
}

/** Accepts only plain objects `{ … }`, without keys that would change the object itself. */
export function plain(schema: Schema): Schema {
  const refusal = value(() => ({ rule: "must be an object", remedy: "write { … }" }));
  return v.lazy((input) => (isPlain(input) ? schema : refusal));
}

export function isPlain(input: unknown): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  return isSimple(input) && !OWN_KEYS.some((key) => Object.hasOwn(input, key));
}

/** `elsewhere` is the remedy for settings that belong to another place. */
export function object<T extends object>(entries: Entries<T>, elsewhere?: string): Schema {
  return withEntries(entries, elsewhere);
}

/** Picks some entries of an object schema, for another schema. */
export function pick<T extends object, Key extends keyof T>(entries: T, keys: readonly Key[]): Pick<T, Key> {
  return Object.fromEntries(keys.map((key) => [key, entries[key]])) as Pick<T, Key>;
}

/** Object schema without a type. */
export function withEntries(entries: Readonly<Record<string, Schema>>, elsewhere?: string): Schema {
  const known = Object.keys(entries);
  const schema = v.looseObject(entries, (issue) => {
    const key = issue.path?.at(-1)?.key;
    return `is missing; ${remedyOf(entries[String(key)])}`;
  });
  const misspelt = v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    const input = dataset.value;
    for (const key of Object.keys(input as object).filter((name) => !known.includes(name))) {
      const path = [{ type: "object", origin: "key", input, key, value: undefined }] as [v.ObjectPathItem];
      const remedy = nearest(key, known) === undefined ? elsewhere : undefined;
      addIssue({ message: `is not a setting here; ${remedy ?? suggestion(key, known)}`, path, input: undefined });
    }
  });
  return madeOf(entries, plain(v.pipe(schema, misspelt) as unknown as Schema));
}

export function optional(schema: Schema): Schema {
  return v.optional(schema);
}

/** Checks a value with a function that returns its problem, if any. */
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
      : { rule: `is not a supported ${what}`, remedy: suggestion(typeof input === "string" ? input : "", names) },
  );
}

export function quantity(read: (input: unknown) => Reading): Schema {
  return value((input) => {
    const reading = read(input);
    return typeof reading === "number" ? undefined : reading;
  });
}

export const DAY = 86_400;

/** Pod time or probe time: Kubernetes fields have 32 bits, and none of them waits for a day. */
export const moment = quantity((input) => secondsUpTo({ most: DAY, rule: "is longer than a day", remedy: 'use up to "24h"' }, input));

export const flag = value((input) =>
  typeof input === "boolean" ? undefined : { rule: "is neither on nor off", remedy: "use true or false" },
);

/** List. An empty list, if allowed, means none; a missing list means the default. */
export function list(schema: Schema, remedy: string, fewest: 0 | 1 = 1): Schema {
  const several = v.pipe(v.array(schema, `must be a list; ${remedy}`), v.minLength(fewest, `is empty; ${remedy}`));
  // A list of single values counts as one setting.
  return PARTS.has(schema) ? madeOf({ "[]": schema }, several as unknown as Schema) : (several as unknown as Schema);
}

export function oneOrMore(schema: Schema): Schema {
  const several = list(schema, "write one or several { … }");
  return madeOf(
    { "": schema },
    v.lazy((input) => (Array.isArray(input) ? several : schema)),
  );
}

/** One of two shapes, distinguished by a key that only one of them has. */
export function either(key: string, having: Schema, lacking: Schema): Schema {
  return madeOf(
    { [`(${key})`]: having, [`(no ${key})`]: lacking },
    v.lazy((input) => (typeof input === "object" && input !== null && key in input ? having : lacking)),
  );
}

/** A name, or an object with settings. */
export function nameOr(name: Schema, settings: Schema): Schema {
  return madeOf(
    { "(name)": name, "(settings)": settings },
    v.lazy((input) => (typeof input === "string" ? name : settings)),
  );
}

/** A boolean, or an object with settings, which means true. */
export function flagOr(settings: Schema): Schema {
  return madeOf(
    { "(on)": flag, "(settings)": settings },
    v.lazy((input) => (isPlain(input) ? settings : flag)),
  );
}

/** One of several engines, distinguished by the setting `engine`. */
export function engines(table: Readonly<Record<string, Schema>>): Schema {
  return kinds("engine", "engine here", table);
}

/** Entries of an object schema, for building another one. */
export function entriesOf(schema: Schema): Readonly<Record<string, Schema>> {
  return PARTS.get(schema) ?? {};
}

/** One of several kinds, distinguished by a setting. */
export function kinds(setting: string, what: string, table: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(table);
  const none = v.looseObject({ [setting]: choice(names, what) }, `is missing; use one of ${names.join(", ")}`) as unknown as Schema;
  const named = v.lazy((input) => table[names.find((name) => name === (input as Record<string, unknown>)[setting]) ?? ""] ?? none);
  return madeOf(Object.fromEntries(names.map((name) => [`(${name})`, table[name] as Schema])), plain(named));
}

/** Discriminator. The table of variants contains its values. */
export const told = v.string();

/** Suggests the closest name, or lists all names. */
export function suggestion(input: string, names: readonly string[]): string {
  const near = nearest(input, names);
  return near === undefined ? `use one of ${names.join(", ")}` : `did you mean "${near}"?`;
}

export function remedyOf(schema: Schema | undefined): string {
  const issue = schema && v.safeParse(schema, undefined).issues?.[0];
  return issue?.message.split("; ").slice(1).join("; ") || "add it";
}

export const records = (schema: Schema, key: Schema = v.string()) =>
  madeOf({ "*": schema }, plain(v.record(key as v.GenericSchema<string, string>, schema) as unknown as Schema));

/** Shape problem of a value, at keys below the value. */
export type ShapeProblem = Omit<Problem, "path"> & { readonly keys: readonly string[] };

/** Shape problems of a value. */
export function shapeProblems(schema: Schema, input: unknown): readonly ShapeProblem[] {
  const problems = (v.safeParse(schema, input).issues ?? []).map((issue): ShapeProblem => {
    const [said = "", ...remedy] = issue.message.split("; ");
    const rule = issue.kind === "schema" && issue.input === undefined ? "is missing" : said;
    return { keys: (issue.path ?? []).map(({ key }) => String(key)), value: issue.input, rule, remedy: remedy.join("; ") };
  });
  // A misspelt key also causes a missing key. Only the misspelling is reported.
  const meant = new Set(
    problems.flatMap(({ keys, remedy }) =>
      (/^did you mean "(.*)"\?$/.exec(remedy) ?? []).slice(1).map((key) => [...keys.slice(0, -1), key].join()),
    ),
  );
  return problems.filter(({ keys, rule }) => rule !== "is missing" || !meant.has(keys.join()));
}
