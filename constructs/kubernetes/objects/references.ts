import { isObject, type Values } from "./schema";

/** What stands for a value that only an apply brings. As a name, a label or a part of an address it has the right form. */
export const KNOWN_AFTER_APPLY = "known-after-apply";

/** Follows references as Terraform does, as far as the stack itself holds what they mean. */
export class References {
  /**
   * @param resources the stack's resources, by type and id
   * @param known values of references that lead out of the stack, by the whole expression
   */
  constructor(
    private readonly resources: Values,
    private readonly known: (expression: string) => unknown,
  ) {}

  /** What a value is once its references are followed. One that is nothing but a reference takes over its type. */
  resolve(value: unknown, trail: readonly string[] = []): unknown {
    if (typeof value !== "string" || !/[$%]\{/.test(value)) return value;
    const parts = split(value);
    if (parts.length === 1 && parts[0]?.expression !== undefined) return this.evaluate(parts[0].expression, trail);
    return parts.map(({ literal, expression }) => (expression === undefined ? literal : this.show(expression, trail))).join("");
  }

  private show(expression: string, trail: readonly string[]): string {
    const value = this.evaluate(expression, trail);
    return typeof value === "object" ? KNOWN_AFTER_APPLY : String(value);
  }

  private evaluate(expression: string, trail: readonly string[]): unknown {
    const known = this.known(expression);
    if (known !== undefined) return known;
    const [, type = "", id = "", rest = ""] = REFERENCE.exec(expression) ?? [];
    const resource = (this.resources[type] as Readonly<Record<string, Values>> | undefined)?.[id];
    // What a Secret holds goes nowhere else.
    if (!resource || trail.includes(expression) || (type === "kubernetes_secret_v1" && DATA.test(rest))) return KNOWN_AFTER_APPLY;
    const within = [...trail, expression];
    const found =
      rest === ".id"
        ? idOf(resource)
        : [...rest.matchAll(STEP)].reduce<unknown>((value, step) => stepInto(this.resolve(value, within), step), resource);
    return found === undefined || found === null ? KNOWN_AFTER_APPLY : this.resolve(found, within);
  }
}

const REFERENCE = /^([a-z][a-z0-9_]*)\.([\w-]+)((?:\.[\w-]+|\["[^"]*"\]|\[\d+\])*)$/;
const STEP = /\.([\w-]+)|\["([^"]*)"\]|\[(\d+)\]/g;
const DATA = /^\.(binary_)?data/;

/** One step down. A block of which there is one is a list to Terraform, and an object here. */
function stepInto(value: unknown, [, name, key, index = name]: RegExpMatchArray): unknown {
  if (Array.isArray(value)) return value[Number(index)];
  if (!isObject(value)) return undefined;
  return index !== undefined && Number(index) === 0 && !(index in value) ? value : value[name ?? key ?? ""];
}

/** What the provider knows an object by. */
function idOf({ metadata }: Values): string | undefined {
  const { namespace, name } = (Array.isArray(metadata) ? metadata[0] : metadata) ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}

interface Part {
  readonly literal?: string;
  readonly expression?: string;
}

/** A template, taken apart. What is escaped is literal; a directive is an expression that nobody can follow. */
function split(template: string): readonly Part[] {
  const parts: Part[] = [];
  let literal = "";
  let position = 0;
  while (position < template.length) {
    const next = template.slice(position, position + 3);
    if (next === "$${" || next === "%%{") {
      literal += next.slice(1);
      position += 3;
    } else if (next.startsWith("${") || next.startsWith("%{")) {
      const end = closing(template, position + 2);
      if (literal) parts.push({ literal });
      literal = "";
      parts.push({ expression: template.slice(position + 2, end).trim() });
      position = end + 1;
    } else {
      literal += template[position];
      position += 1;
    }
  }
  return literal ? [...parts, { literal }] : parts;
}

/** Where the brace closes that was opened before `from`; those in strings don't count. */
function closing(template: string, from: number): number {
  let depth = 1;
  let quoted = false;
  for (let position = from; position < template.length; position++) {
    const character = template[position];
    if (character === "\\") position += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === "{") depth += 1;
    else if (!quoted && character === "}" && --depth === 0) return position;
  }
  return template.length;
}
