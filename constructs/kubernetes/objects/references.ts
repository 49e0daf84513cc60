import { isObject, type Values } from "./schema";

/** Placeholder of a value known only after an apply. Its format is valid in a name, a label or an address. */
export const KNOWN_AFTER_APPLY = "known-after-apply";

/** Resolves references like Terraform, if the stack itself contains their values. */
export class References {
  /**
   * @param resources the stack's resources, by type and id
   * @param known values of references to other stacks, by the whole expression
   */
  constructor(
    private readonly resources: Values,
    private readonly known: (expression: string) => unknown,
  ) {}

  /** Returns a value with its references resolved. A value that is a single reference takes its type. */
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
    // Values of a Secret are not passed on.
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

/** Takes one step into a value. A single block is a list in Terraform, and an object here. */
function stepInto(value: unknown, [, name, key, index = name]: RegExpMatchArray): unknown {
  if (Array.isArray(value)) return value[Number(index)];
  if (!isObject(value)) return undefined;
  return index !== undefined && Number(index) === 0 && !(index in value) ? value : value[name ?? key ?? ""];
}

/** Returns the provider's ID of an object. */
function idOf({ metadata }: Values): string | undefined {
  const { namespace, name } = (Array.isArray(metadata) ? metadata[0] : metadata) ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}

interface Part {
  readonly literal?: string;
  readonly expression?: string;
}

/** The beginning of an escaped sequence, or of an expression or directive. */
const OPENING = /([$%])\1\{|[$%]\{/g;

/** Splits a template into parts. Escaped sequences are literal; a directive is an expression that can't be resolved. */
function split(template: string): readonly Part[] {
  const parts: Part[] = [];
  let literal = "";
  let position = 0;
  for (const { 0: opening, 1: escaped, index } of template.matchAll(OPENING)) {
    // Inside of an expression.
    if (index < position) continue;
    literal += template.slice(position, index);
    position = index + opening.length;
    if (escaped) {
      literal += opening.slice(1);
      continue;
    }
    const end = closing(template, position);
    if (literal) parts.push({ literal });
    literal = "";
    parts.push({ expression: template.slice(position, end).trim() });
    position = end + 1;
  }
  literal += template.slice(position);
  return literal ? [...parts, { literal }] : parts;
}

/** Returns the position of the brace that closes the one before `from`; braces in strings don't count. */
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
