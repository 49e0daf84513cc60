import { App, TerraformDataSource, type TerraformElement, TerraformRemoteState, TerraformResource, TerraformStack } from "cdktf";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };
export type Override = readonly [path: string, value: Json];

/** One construct of a plain program. */
export interface Step {
  /** How others refer to it: `aws_vpc.main`, `data.terraform_remote_state.keys`, `provider.aws.eu-central-1`. */
  readonly address: string;
  readonly id: string;
  readonly make: (scope: TerraformStack, id: string, config: object) => TerraformElement;
  readonly config: JsonObject;
  readonly overrides: readonly Override[];
}

/** One stack of a plain program, each construct after those that it refers to. */
export interface PlainStack {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly overrides: readonly Override[];
}

type Made = ReadonlyMap<string, TerraformElement>;

export const REFERENCE = /\$\{((?:data\.)?[a-z0-9_]+\.[A-Za-z0-9_-]+)\.([^{}]+)\}/g;

/** Runs a plain program: an ordinary app of ordinary stacks, with cdktf's defaults. */
export function synthesizePlain(stacks: readonly PlainStack[], outdir: string): void {
  const app = new App({ outdir });
  for (const { id, steps, overrides } of stacks) {
    const stack = new TerraformStack(app, id);
    const made = new Map<string, TerraformElement>();
    for (const step of steps) {
      const free = stack.node.tryFindChild(step.id) === undefined;
      const element = step.make(stack, free ? step.id : step.address, withReferences(step.config, made));
      if (!free) element.overrideLogicalId(step.id);
      for (const [path, value] of step.overrides) element.addOverride(path, value);
      made.set(step.address, element);
    }
    for (const [path, value] of overrides) stack.addOverride(path, value);
  }
  app.synth();
}

/** A configuration as a person writes it: what it refers to are attributes of constructs, and constructs. */
function withReferences({ dependsOn, provider, ...config }: JsonObject, made: Made): object {
  return {
    ...(withTokens(config, made) as object),
    ...(dependsOn ? { dependsOn: (dependsOn as string[]).map((address) => made.get(address)) } : {}),
    ...(provider ? { provider: made.get(`provider.${provider}`) } : {}),
  };
}

function withTokens(value: Json, made: Made): Json {
  if (typeof value === "string")
    return value.includes("${")
      ? value.replace(REFERENCE, (text, address, attribute) => attributeOf(made.get(address), attribute) ?? text)
      : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => withTokens(item, made));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withTokens(item, made)]));
}

function attributeOf(element: TerraformElement | undefined, attribute: string): string | undefined {
  if (element instanceof TerraformRemoteState) return element.getString(attribute.replace(/^outputs\./, ""));
  if (element instanceof TerraformResource || element instanceof TerraformDataSource) return element.getStringAttribute(attribute);
  return undefined;
}
