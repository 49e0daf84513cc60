import {
  DefaultTokenResolver,
  type ITerraformDependable,
  StringConcat,
  TerraformElement,
  TerraformOutput,
  TerraformStack,
  Tokenization,
} from "cdktf";
import type { IConstruct } from "constructs";
import { isPlain, isRecord } from "../../constructs/core/plain";

type Json = Record<string, unknown>;
type Resolve = (value: unknown) => unknown;

const RESOLVER = new DefaultTokenResolver(new StringConcat());

/**
 * Same result as `toTerraform` of cdktf in half the time: cdktf copies every value and searches it for tokens twice, with a context for each.
 * Here only values with tokens are resolved, each text once. Values without tokens are those of the constructs: they must not be changed.
 */
export function terraformOf(stack: TerraformStack): Readonly<Json> {
  // Private in cdktf, which has no method that returns them.
  const { rawOverrides } = stack as unknown as { readonly rawOverrides: Json };
  const elements = elementsOf(stack);
  const resolve = resolverIn(stack);
  const { into } = new Merger();
  const metadata: Json = {
    version: stack.node.tryGetContext("cdktfVersion"),
    stackName: stack.node.id,
    backend: "local",
    ...(Object.keys(rawOverrides).length > 0 ? { overrides: { stack: Object.keys(rawOverrides) } } : {}),
  };
  for (const element of elements) into(metadata, resolve(element.toMetadata()) as Json);
  const outputs: Json = {};
  for (const element of elements) if (TerraformOutput.isTerraformOutput(element)) into(outputs, placeOf(element));
  const terraform: Json = { "//": { metadata, outputs } };
  for (const element of elements) into(terraform, resolve(element.toTerraform()) as Json);
  into(terraform, rawOverrides);
  const overridden = Object.fromEntries(Object.keys(rawOverrides).map((section) => [section, terraform[section]]));
  return Object.assign(terraform, resolve(overridden));
}

/** Elements of a stack, without those of stacks within it. */
function elementsOf(construct: IConstruct): TerraformElement[] {
  const below = construct.node.children.filter((child) => !TerraformStack.isStack(child)).flatMap(elementsOf);
  return TerraformElement.isTerraformElement(construct) ? [construct, ...below] : below;
}

/** Name of an output at the path of its construct. */
function placeOf({ node, friendlyUniqueId }: TerraformOutput): Json {
  return node.path.split("/").reduceRight<unknown>((inner, part) => ({ [part]: inner }), friendlyUniqueId) as Json;
}

/** Merges as cdktf does: lists are joined, `undefined` removes. A part is copied before its first change, because constructs may own it. */
class Merger {
  private readonly own = new WeakSet<object>();

  readonly into = (target: Json, source: Json): void => {
    for (const key of Object.keys(source)) {
      const [present, value] = [target[key], source[key]];
      if (value === undefined) delete target[key];
      else if (Array.isArray(value)) target[key] = Array.isArray(present) ? [...present, ...value] : value;
      else if (isRecord(value) && typeof present === "object" && present !== null) this.into(this.ownIn(target, key, present), value);
      else target[key] = value;
    }
  };

  private ownIn(target: Json, key: string, present: object): Json {
    if (this.own.has(present)) return present as Json;
    const copy = (Array.isArray(present) ? [...present] : { ...present }) as Json;
    this.own.add(copy);
    target[key] = copy;
    return copy;
  }
}

/** Resolves values in a stack. Texts recur: the addresses in `depends_on`, names of providers and namespaces. */
function resolverIn(scope: TerraformStack): Resolve {
  const known = new Map<string, string>();
  const original = (value: unknown) => Tokenization.resolve(value, { scope, preparing: false, resolver: RESOLVER });
  const remembered = (value: unknown) => {
    if (typeof value !== "string") return original(value);
    const key = known.has(value) ? value : (dependencyIn(value) ?? value);
    const found = known.get(key) ?? original(value);
    if (typeof found === "string") known.set(key, found);
    return found;
  };
  return (value) => {
    try {
      return resolved(value, remembered);
    } catch {
      // cdktf reports errors itself, with the full path.
      return original(value);
    }
  };
}

/** The element that a resource depends on. cdktf makes a token of its own for each dependency: several times as many as there are elements. */
function dependencyIn(text: string): string | undefined {
  const { length, firstToken } = Tokenization.reverseString(text);
  // Private in cdktf.
  const { dependable } = (length === 1 && firstToken ? firstToken : {}) as { readonly dependable?: ITerraformDependable };
  return dependable && `depends on ${dependable.fqn}`;
}

/** Returns the value itself if nothing in it changes. */
function resolved(value: unknown, resolve: Resolve): unknown {
  if (isPlain(value)) return value;
  if (Array.isArray(value)) return isListToken(value) ? resolve(value) : resolvedItems(value, resolve);
  if (!isRecord(value)) return resolve(value);
  let result: Json | undefined;
  for (const key in value) {
    if (!isPlain(key)) return resolve(value);
    const inner = resolved(value[key], resolve);
    if (inner !== value[key] || inner === undefined) result ??= upTo(key, value);
    if (result && inner !== undefined) result[key] = inner;
  }
  return result ?? value;
}

function resolvedItems(list: readonly unknown[], resolve: Resolve): readonly unknown[] {
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const inner = resolved(list[index], resolve);
    if (inner !== list[index] || inner === undefined) result ??= list.slice(0, index);
    if (result && inner !== undefined) result.push(inner);
  }
  return result ?? list;
}

/** The entries of a record before a key. */
function upTo(key: string, value: Readonly<Json>): Json {
  const keys = Object.keys(value);
  return Object.fromEntries(keys.slice(0, keys.indexOf(key)).map((before) => [before, value[before]]));
}

function isListToken(list: readonly unknown[]): boolean {
  return list.some((item) => (typeof item === "string" ? item.includes("#{TfToken[") : typeof item === "number" && !isPlain(item)));
}
