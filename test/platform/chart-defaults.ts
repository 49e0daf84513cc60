import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

type Tree = { readonly [key: string]: unknown };

/** What a chart takes: its default values, and its schema where it has one. */
export interface ChartDefaults {
  readonly defaults: Tree;
  readonly schema: Tree;
}

/** What is known of a chart, from a directory with a folder for each chart; undefined where it has none. */
export function chartDefaults(directory: string, chart: string): ChartDefaults | undefined {
  if (!readdirSync(directory).includes(chart)) return undefined;
  const schema = join(directory, chart, "values.schema.json");
  return {
    defaults: parse(readFileSync(join(directory, chart, "values.yaml"), "utf8")) ?? {},
    schema: existsSync(schema) ? JSON.parse(readFileSync(schema, "utf8")) : {},
  };
}

/**
 * The paths of values that a chart knows neither from its defaults nor from its schema. What lies below a path of
 * `free` is not looked at: the chart hands it on as it is.
 */
export function unknownPaths(values: Tree, { defaults, schema }: ChartDefaults, free: readonly string[]): readonly string[] {
  const walk = (value: Tree, known: unknown, part: unknown, path: readonly string[]): readonly string[] =>
    Object.entries(value).flatMap(([key, item]) => {
      const here = [...path, key];
      const inSchema = propertyOf(part, key, schema);
      const isKnown = (isTree(known) && key in known) || inSchema !== undefined;
      if (!isKnown) return [here.join(".")];
      if (!isTree(item) || free.includes(here.join("."))) return [];
      return walk(item, isTree(known) ? known[key] : undefined, inSchema, here);
    });
  return walk(values, defaults, schema, []);
}

function propertyOf(schema: unknown, key: string, root: Tree): unknown {
  const { properties } = resolved(schema, root);
  return isTree(properties) ? properties[key] : undefined;
}

/** A schema, or what its reference points to: `#/$defs/helm-values.image`. */
function resolved(schema: unknown, root: Tree): Tree {
  if (!isTree(schema)) return {};
  const { $ref } = schema;
  if (typeof $ref !== "string") return schema;
  const target = $ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((tree, step) => (isTree(tree) ? tree[step] : undefined), root);
  return resolved(target, root);
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
