import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as cdktf from "cdktf";
import type { Construct } from "constructs";
import { type Json, type JsonObject, type Override, type PlainStack, REFERENCE, type Step } from "./plain";

// Maps whose keys are the user's own and not the provider's; one that is missing here shows as a difference between the two programs.
const MAPS = new Set([
  "annotations",
  "data",
  "header",
  "labels",
  "limits",
  "match_labels",
  "node_selector",
  "parameters",
  "requests",
  "tags",
  "variables",
]);
const SECTIONS = new Set(["//", "data", "output", "provider", "resource", "terraform"]);

/** Reads from synthesized Terraform the plain cdktf program that would have written it. */
export function readPlain(outdir: string): readonly PlainStack[] {
  return readdirSync(join(outdir, "stacks")).map((id) => {
    const json: JsonObject = JSON.parse(readFileSync(join(outdir, "stacks", id, "cdk.tf.json"), "utf8"));
    return {
      id,
      steps: inOrder([...backends(json), ...providers(json), ...data(json), ...resources(json), ...outputs(json)]),
      overrides: stackOverrides(json),
    };
  });
}

function backends(json: JsonObject): Step[] {
  return entries(json, "terraform", "backend").map(([type, config]) => {
    const Backend = exported(cdktf, `${pascalCase(type)}Backend`);
    return {
      address: "backend",
      id: "backend",
      make: (scope, _id, props) => new Backend(scope, props),
      config: camelCase(config),
      overrides: overridesOf(json, config, "backend"),
    };
  });
}

function providers(json: JsonObject): Step[] {
  return entries(json, "provider").flatMap(([provider, list]) =>
    (list as unknown as JsonObject[]).map((config) => {
      const name = ["provider", provider, ...(config.alias ? [config.alias] : [])];
      return step(
        name.join("."),
        name.join("-"),
        hasBindings(provider)
          ? exported(load(`@cdktf/provider-${provider}/lib/provider`), `${pascalCase(provider)}Provider`)
          : unboundProvider(provider, json),
        config,
      );
    }),
  );
}

function data(json: JsonObject): Step[] {
  return entries(json, "data").flatMap(([type, named]) =>
    entries(named).map(([name, config]) => {
      const address = `data.${type}.${name}`;
      if (type !== "terraform_remote_state") return step(address, name, providerClass(type, "data"), config);
      return step(
        address,
        name,
        exported(cdktf, `DataTerraformRemoteState${pascalCase(String(config.backend))}`),
        config.config as JsonObject,
      );
    }),
  );
}

function resources(json: JsonObject): Step[] {
  return entries(json, "resource").flatMap(([type, named]) =>
    entries(named).map(([name, { "//": comment, ...config }]) => ({
      ...step(`${type}.${name}`, name, providerClass(type, "resource"), config),
      overrides: overridesOf({ "//": comment ?? {} }, config, type),
    })),
  );
}

function outputs(json: JsonObject): Step[] {
  return entries(json, "output").map(([name, config]) => step(`output.${name}`, name, exported(cdktf, "TerraformOutput"), config));
}

function step(address: string, id: string, Element: Class, { "//": _comment, ...config }: JsonObject): Step {
  return { address, id, make: (scope, id, props) => new Element(scope, id, props), config: camelCase(config), overrides: [] };
}

/** What was written by escape hatches, which the metadata lists: a plain program takes the same way. */
function overridesOf(json: JsonObject, config: JsonObject, kind: string): Override[] {
  const paths = (Object.fromEntries(entries(json, "//", "metadata", "overrides"))[kind] ?? []) as unknown as string[];
  return paths.map((path) => [path, path.split(".").reduce<Json>((value, name) => (value as JsonObject)[name] ?? null, config)]);
}

function stackOverrides(json: JsonObject): Override[] {
  const versions = entries(json, "terraform", "required_providers").map(
    ([provider, { version = "" }]): Override => [`terraform.required_providers.${provider}.version`, version],
  );
  const { required_version = null } = json.terraform as JsonObject;
  return [
    ["terraform.required_version", required_version],
    ...versions,
    ...Object.entries(json).filter(([section]) => !SECTIONS.has(section)),
  ];
}

function inOrder(steps: readonly Step[]): Step[] {
  const waiting = new Map(steps.map((step) => [step.address, step]));
  const ordered: Step[] = [];
  const take = (step: Step) => {
    if (!waiting.delete(step.address)) return;
    for (const address of referencesOf(step.config)) {
      const before = waiting.get(address);
      if (before) take(before);
    }
    ordered.push(step);
  };
  steps.forEach(take);
  return ordered;
}

function referencesOf({ dependsOn, provider, ...config }: JsonObject): string[] {
  const inside = [...JSON.stringify(config).matchAll(REFERENCE)].map(([, address = ""]) => address);
  return [...inside, ...((dependsOn ?? []) as string[]), ...(provider ? [`provider.${provider}`] : [])];
}

// biome-ignore lint/suspicious/noExplicitAny: each class takes a configuration of its own.
type Class = new (...args: any[]) => cdktf.TerraformElement;

/** The provider's class of a type, by deep import: `aws_s3_bucket` is in `@cdktf/provider-aws/lib/s3-bucket`. */
function providerClass(type: string, kind: "resource" | "data"): Class {
  const [provider = "", ...words] = type.split("_");
  if (!hasBindings(provider)) return unboundResource(type, provider);
  const path = `@cdktf/provider-${provider}/lib/${kind === "data" ? [kind, provider, ...words].join("-") : words.join("-")}`;
  const found = Object.values(load(path)).find((candidate) => candidate.tfResourceType === type);
  if (!found) throw new Error(`${path} has no class of ${type}`);
  return found;
}

const FOUND = new Map<string, boolean>();

/** Whether bindings of a provider are published: of others a plain program has its own, which write what they are given. */
function hasBindings(provider: string): boolean {
  const found = FOUND.get(provider) ?? canLoad(`@cdktf/provider-${provider}/lib/provider`);
  FOUND.set(provider, found);
  return found;
}

function canLoad(path: string): boolean {
  try {
    require.resolve(path);
    return true;
  } catch {
    return false;
  }
}

function unboundProvider(provider: string, json: JsonObject): Class {
  const { source = "" } = Object.fromEntries(entries(json, "terraform", "required_providers"))[provider] ?? {};
  return class extends cdktf.TerraformProvider {
    constructor(scope: Construct, id: string) {
      super(scope, id, {
        terraformResourceType: provider,
        terraformGeneratorMetadata: { providerName: provider },
        terraformProviderSource: String(source),
      });
    }
  } as Class;
}

function unboundResource(type: string, provider: string): Class {
  return class extends cdktf.TerraformResource {
    private readonly attributes: object;

    constructor(scope: Construct, id: string, { lifecycle, dependsOn, provider: by, ...attributes }: JsonObject) {
      const meta = { lifecycle, dependsOn, provider: by } as object;
      super(scope, id, { ...meta, terraformResourceType: type, terraformGeneratorMetadata: { providerName: provider } });
      this.attributes = attributes;
    }

    protected override synthesizeAttributes(): Record<string, unknown> {
      return snakeCase(this.attributes) as Record<string, unknown>;
    }
  } as Class;
}

function load(path: string): Record<string, Class & { readonly tfResourceType?: string }> {
  return require(path);
}

function exported(module: object, name: string): Class {
  const found = (module as Record<string, Class>)[name];
  if (!found) throw new Error(`there is no class ${name}`);
  return found;
}

function entries(json: JsonObject, ...path: readonly string[]): [string, JsonObject][] {
  const inside = path.reduce((value, name) => (value[name] ?? {}) as JsonObject, json);
  return Object.entries(inside) as [string, JsonObject][];
}

function camelCase<T extends Json>(value: T): T {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(camelCase) as Json as T;
  const named = Object.entries(value).map(([name, item]) => [
    name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    MAPS.has(name) ? item : camelCase(item),
  ]);
  return Object.fromEntries(named);
}

function snakeCase(value: unknown): unknown {
  if (typeof value !== "object" || value === null || cdktf.Token.isUnresolved(value)) return value;
  if (Array.isArray(value)) return value.map(snakeCase);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      MAPS.has(name) ? item : snakeCase(item),
    ]),
  );
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
