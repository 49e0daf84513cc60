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
const METADATA = { $ref: "_definitions.json#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };

/**
 * Writes what kubeconform reads, and returns the patterns by which it finds the files.
 * @param kubernetes the schemas of a version as the package `kubernetes-validate` has them; their addresses would lead
 * to where nothing is, and are taken out
 * @param crds a directory of CustomResourceDefinitions, one a file
 */
export function writeSchemas(kubernetes: string, crds: string, into: string): readonly string[] {
  mkdirSync(into, { recursive: true });
  for (const file of readdirSync(kubernetes)) {
    const { $id, ...schema } = JSON.parse(readFileSync(join(kubernetes, file), "utf8"));
    writeFileSync(join(into, file), JSON.stringify(schema).replaceAll('"/api/_definitions.json#', '"_definitions.json#'));
  }
  const files = readdirSync(crds, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  for (const file of files) {
    const { spec } = parse(readFileSync(join(crds, file), "utf8")) as Definition;
    for (const { name, schema } of spec.versions)
      writeFileSync(
        join(into, `${spec.names.kind.toLowerCase()}_${spec.group}_${name}.json`),
        JSON.stringify(objectOf(schema.openAPIV3Schema)),
      );
  }
  return ["{{.ResourceKind}}{{.KindSuffix}}.json", "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"].map((name) =>
    join(into, name),
  );
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
