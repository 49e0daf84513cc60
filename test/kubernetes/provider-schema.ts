import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Body } from "../synth";

const LIBRARY = join(dirname(require.resolve("@cdktf/provider-kubernetes/package.json")), "lib");

/** A value of each type that the provider's bindings know, good for any field of it. */
const SAMPLES: Body = { string: "0644", number: 7, boolean: true };

/** A resource with everything that the provider's bindings let one write, taken from what they turn into JSON. */
export function everyFieldOf(library: string): { readonly type: string; readonly body: Body } {
  const directory = join(LIBRARY, library);
  const structs = join(directory, "index-structs");
  const files = [join(directory, "index.js"), ...(existsSync(structs) ? readdirSync(structs).map((file) => join(structs, file)) : [])];
  const source = files
    .filter((file) => file.endsWith(".js"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const bodies = new Map(
    [...source.matchAll(/^function (\w+)ToTerraform\(struct\) \{[\s\S]*?return \{(?:\};|\n([\s\S]*?)\n {4}\};)/gm)].map(
      ([, name, body = ""]) => [name, body],
    ),
  );
  const [, own = ""] = /synthesizeAttributes\(\) \{\s+return \{\n([\s\S]*?)\n {8}\};/.exec(source) ?? [];
  const [, type = ""] = /tfResourceType = "(\w+)"/.exec(source) ?? [];
  return { type, body: fill(own) };

  function fill(fields: string): Body {
    return Object.fromEntries([...fields.matchAll(/^\s+(\w+): (.*),$/gm)].map(([, name, expression = ""]) => [name, sample(expression)]));
  }

  function sample(expression: string): unknown {
    const [, , inner = ""] = /(\w+\.)?(\w+)ToTerraform/.exec(expression) ?? [];
    const struct = bodies.get(inner.replace(/^.*\./, ""));
    const value = struct === undefined ? SAMPLES[inner] : fill(struct);
    if (value === undefined) throw new Error(`${library} has a field of a type that the test does not know: ${expression}`);
    if (expression.includes("listMapper")) return [value];
    return expression.includes("hashMapper") ? { "a.b/c_d": value } : value;
  }
}
