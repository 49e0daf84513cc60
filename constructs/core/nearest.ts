import { closest, distance } from "fastest-levenshtein";

/** Maximum input length for suggestions. Longer inputs are not typos, and comparing them is slow. */
export const LONGEST_SLIP = 80;

/**
 * The name that an input with a typing error means, in upper or lower case. Undefined if no name is similar: two errors, or one in three
 * characters.
 */
export function nearest(input: string, names: readonly string[]): string | undefined {
  if (input.length > LONGEST_SLIP || names.length === 0) return undefined;
  const [wanted, known] = [input.toLowerCase(), names.map((name) => name.toLowerCase())];
  const near = closest(wanted, known);
  return distance(wanted, near) <= Math.max(2, input.length / 3) ? names[known.indexOf(near)] : undefined;
}
