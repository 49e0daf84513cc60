import type { Problem } from "../core/errors";
import type { Characters, SecretSpec } from "./contract";

/** Characters of random values. */
export const ALPHABETS: Readonly<Record<Characters, string>> = {
  alphanumeric: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  hex: "0123456789abcdef",
};

/** 16 hexadecimal digits are 64 bits; a shorter value can be found by brute force. */
const SHORTEST = 16;

/** Problems of a secret's specification, for every kind of secret. */
export function secretProblems({ name, keys, fixed = {} }: SecretSpec): readonly Omit<Problem, "path">[] {
  const found: Omit<Problem, "path">[] = [];
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    found.push({ value: name, rule: "is not a valid secret name", remedy: "use at most 63 lower-case letters, digits and hyphens" });
  }
  if (Object.keys(keys).length === 0) {
    found.push({ value: name, rule: "has no key, and so no secret in it", remedy: "name one, like { password: { length: 32 } }" });
  }
  for (const key of Object.keys({ ...keys, ...fixed })) {
    // Also part of the name of a Kubernetes object.
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(key)) {
      found.push({ value: key, rule: "is not a valid secret key", remedy: "use at most 63 lower-case letters, digits and hyphens" });
    }
  }
  for (const [key, { length }] of Object.entries(keys)) {
    if (key in fixed) found.push({ value: key, rule: "is drawn at random and fixed at once", remedy: "keep one of the two" });
    if (!Number.isInteger(length) || length < SHORTEST) {
      found.push({ value: length, rule: `characters of ${key} can be guessed`, remedy: `use ${SHORTEST} or more` });
    }
  }
  for (const [key, value] of Object.entries(fixed)) {
    // Both the controller and Terraform read a fixed value as a template.
    if (/\{\{|[$%]\{/.test(value)) found.push({ value, rule: `of ${key} would be read as a template`, remedy: "leave out {{, ${ and %{" });
  }
  return found;
}
