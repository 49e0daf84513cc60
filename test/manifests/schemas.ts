import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

type Schema = Readonly<Record<string, any>>;

/** A CustomResourceDefinition, as far as it is read here. */
interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** What every object has that is no list. */
const METADATA = { $ref: "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };

/**
 * Writes what kubeconform reads, and returns the patterns by which it finds the files.
 * @param kubernetes the schemas of a version as the package `kubernetes-validate` has them: a file for each kind, and one
 * of what they share
 * @param crds a directory of CustomResourceDefinitions, one a file
 */
export function writeSchemas(kubernetes: string, crds: string, into: string): readonly string[] {
  mkdirSync(into, { recursive: true });
  const read = (file: string): Schema =>
    JSON.parse(readFileSync(join(kubernetes, file), "utf8").replaceAll('"/api/_definitions.json#', '"#'));
  const { $defs } = read(SHARED);
  const write = (name: string, schema: Schema) =>
    writeFileSync(join(into, name), JSON.stringify({ ...schema, $defs: sharedBy(schema, $defs) }));
  for (const file of readdirSync(kubernetes)) {
    const { $id, ...schema } = read(file); // its address would lead to where nothing is
    if (schema["x-kubernetes-group-version-kind"]) write(file, schema);
  }
  const files = readdirSync(crds, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  for (const file of files) {
    const { spec } = parse(readFileSync(join(crds, file), "utf8")) as Definition;
    for (const { name, schema } of spec.versions)
      write(`${spec.names.kind.toLowerCase()}_${spec.group}_${name}.json`, objectOf(schema.openAPIV3Schema));
  }
  return ["{{.ResourceKind}}{{.KindSuffix}}.json", "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"].map((name) =>
    join(into, name),
  );
}

const SHARED = "_definitions.json";

/** What a schema takes from the shared ones, and these from others: reading them all for each kind would take a second. */
function sharedBy(schema: Schema, shared: Schema): Schema {
  const found: Record<string, Schema> = {};
  const look = (at: Schema): void => {
    for (const [, name = ""] of JSON.stringify(at).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      if (name in found) continue;
      found[name] = shared[name];
      look(shared[name]);
    }
  };
  look(schema);
  return found;
}

/** The schema of a custom resource, which is an object like every other. */
export function objectOf(schema: Schema): Schema {
  const { properties, ...rest } = strict(schema);
  const text = { type: "string" };
  return { ...rest, properties: { ...properties, apiVersion: text, kind: text, metadata: METADATA } };
}

/**
 * A structural schema as JSON Schema knows it, as the API server judges with strict validation of fields: a field that it
 * doesn't name is refused, and one that has a default may be absent.
 */
function strict({ properties, items, additionalProperties, required, nullable, ...rest }: Schema): Schema {
  const open = rest["x-kubernetes-preserve-unknown-fields"] === true;
  const each = typeof additionalProperties === "object" ? strict(additionalProperties) : additionalProperties;
  const wanted = required?.filter((name: string) => properties?.[name]?.default === undefined);
  return {
    ...rest,
    ...(rest["x-kubernetes-int-or-string"] ? { anyOf: [{ type: "integer" }, { type: "string" }] } : {}),
    ...(nullable && rest.type ? { type: [rest.type, "null"] } : {}),
    ...(properties ? { properties: Object.fromEntries(Object.entries<Schema>(properties).map(([name, one]) => [name, strict(one)])) } : {}),
    ...(items ? { items: strict(items) } : {}),
    ...(wanted?.length ? { required: wanted } : {}),
    ...(each !== undefined ? { additionalProperties: each } : properties && !open ? { additionalProperties: false } : {}),
  };
}
