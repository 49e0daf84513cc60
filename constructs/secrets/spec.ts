import type { Problem } from "../core/errors";
import type { Characters, SecretSpec } from "./contract";

/** What random values are made of. */
export const ALPHABETS: Readonly<Record<Characters, string>> = {
  alphanumeric: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  hex: "0123456789abcdef",
};

/** 16 hexadecimal digits are 64 bits: what is shorter can be guessed by a machine. */
const SHORTEST = 16;

/** What is wrong with a secret, wherever it is to be made. */
export function secretProblems({ name, keys, fixed = {} }: SecretSpec): readonly Omit<Problem, "path">[] {
  const found: Omit<Problem, "path">[] = [];
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    found.push({ value: name, rule: "is no name of a secret", remedy: "use at most 63 lower-case letters, digits and hyphens" });
  }
  if (Object.keys(keys).length === 0) {
    found.push({ value: name, rule: "has no key, and so no secret in it", remedy: "name one, like { password: { length: 32 } }" });
  }
  for (const key of Object.keys({ ...keys, ...fixed })) {
    // Also part of an object's name in the cluster.
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(key)) {
      found.push({ value: key, rule: "is no key of a secret", remedy: "use at most 63 lower-case letters, digits and hyphens" });
    }
  }
  for (const [key, { length }] of Object.entries(keys)) {
    if (key in fixed) found.push({ value: key, rule: "is drawn at random and fixed at once", remedy: "keep one of the two" });
    if (!Number.isInteger(length) || length < SHORTEST) {
      found.push({ value: length, rule: `characters of ${key} can be guessed`, remedy: `use ${SHORTEST} or more` });
    }
  }
  for (const [key, value] of Object.entries(fixed)) {
    // The controller reads a fixed value as a template, Terraform as another.
    if (/\{\{|[$%]\{/.test(value)) found.push({ value, rule: `of ${key} would be read as a template`, remedy: "leave out {{, ${ and %{" });
  }
  return found;
}
