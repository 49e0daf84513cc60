import { type ResolveOptions, Token, Tokenization } from "cdktf";

type Resolve = (value: unknown, options: ResolveOptions) => unknown;

/**
 * Does some work in which cdktf resolves only what holds a token. It looks for tokens in every value by itself, twice, with a
 * context for each of them, which is half the time of a synthesis; the output is the same.
 */
export function sparingPlainValues<T>(work: () => T): T {
  const original = Tokenization.resolve;
  const resolve: Resolve = (value, options) => original.call(Tokenization, value, options);
  Tokenization.resolve = (value: unknown, options: ResolveOptions) => {
    try {
      return resolved(value, options, resolve);
    } catch {
      // Whatever was refused, cdktf says itself, with the path from the top.
      return resolve(value, options);
    }
  };
  try {
    return work();
  } finally {
    Tokenization.resolve = original;
  }
}

function resolved(value: unknown, options: ResolveOptions, resolve: Resolve): unknown {
  if (isPlain(value)) return value;
  if (Array.isArray(value)) {
    if (value.some((item) => (typeof item === "string" || typeof item === "number") && !isPlain(item))) return resolve(value, options);
    return value.map((item) => resolved(item, options, resolve)).filter((item) => item !== undefined);
  }
  if (!isRecord(value)) return resolve(value, options);
  const result: Record<string, unknown> = {};
  for (const key in value) {
    if (!isPlain(key)) return resolve(value, options);
    const inner = resolved(value[key], options, resolve);
    if (inner !== undefined) result[key] = inner;
  }
  return result;
}

/** Whether a value is one that cdktf hands on as it is. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      // A number that stands for a token is so large that it is written with an exponent.
      return !value.includes("TfToken[") && !value.includes("e+") && value !== STRING_MAP && value !== ANY_MAP;
    case "number":
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER && value !== NUMBER_MAP;
    case "boolean":
    case "undefined":
      return true;
    default:
      return value === null;
  }
}

const { STRING_MAP_TOKEN_VALUE: STRING_MAP, ANY_MAP_TOKEN_VALUE: ANY_MAP, NUMBER_MAP_TOKEN_VALUE: NUMBER_MAP } = Token;

/** Whether it is a record of values, and neither a token nor anything else with a class of its own. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
