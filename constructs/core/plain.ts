import { Token } from "cdktf";

const { STRING_MAP_TOKEN_VALUE: STRING_MAP, ANY_MAP_TOKEN_VALUE: ANY_MAP, NUMBER_MAP_TOKEN_VALUE: NUMBER_MAP } = Token;

/** Checks that a value without parts holds no token: cdktf leaves it unchanged. */
export function isPlain(value: unknown): boolean {
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

/** Checks if a value is a plain record, of whatever realm, and not a token or an instance of a class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  const prototype = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
  return prototype !== null && Object.getPrototypeOf(prototype) === null;
}
