import { type ResolveOptions, Token, Tokenization } from "cdktf";

type Resolve = (value: unknown, options: ResolveOptions) => unknown;

/**
 * Runs work in which cdktf resolves only values with tokens. Otherwise cdktf searches every value for tokens, twice, with
 * a context for each, which takes half of the synthesis time. The output is the same.
 */
export function sparingPlainValues<T>(work: () => T): T {
  const original = Tokenization.resolve;
  const resolve: Resolve = (value, options) => original.call(Tokenization, value, options);
  Tokenization.resolve = (value: unknown, options: ResolveOptions) => {
    try {
      return resolved(value, options, resolve);
    } catch {
      // cdktf reports errors itself, with the full path.
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

/** Checks if cdktf leaves a value unchanged. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      // Number tokens are so large that they are written with an exponent.
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

/** Checks if a value is a plain record, not a token or an instance of a class. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
