import type { Problem } from "../core/errors";

/** Values that are masked in spans and log records, before they are sent on from a collector. */
export interface MaskRules {
  /**
   * Names of fields. A field is masked if its name ends in one of these, in any case and with any separator: `creditCard` masks
   * `credit_card`, `customer.CreditCard` and everything below `creditCard`. In running text, `creditCard=…` is masked.
   * @default `PERSONAL_FIELDS`
   */
  readonly fields?: readonly string[];

  /**
   * Regular expressions (RE2) of values, masked wherever they occur.
   * @default `PERSONAL_PATTERNS`
   */
  readonly patterns?: readonly string[];
}

/** Fields of read models that are encrypted at rest, and credentials that clients send along. */
export const PERSONAL_FIELDS = ["ssn", "creditCard", "email", "password", "authorization"] as const;

/** An e-mail address, a US social security number, and card numbers of 16 digits and of American Express's 15. */
export const PERSONAL_PATTERNS = [
  "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}",
  "\\b\\d{3}-\\d{2}-\\d{4}\\b",
  "\\b(?:4\\d{3}|5[1-5]\\d{2}|2(?:2[2-9]|[3-6]\\d|7[01])\\d|6(?:011|5\\d{2}))(?:[ -]?\\d{4}){3}\\b",
  "\\b3[47]\\d{2}[ -]?\\d{6}[ -]?\\d{5}\\b",
] as const;

/** Identifiers that connect telemetry, and attributes of resources. Their digits are not card numbers, and they must not be masked. */
const KEPT = ["^(trace|span|correlation|causation)[._]id$", "^(k8s|service|telemetry|container|host|deployment|data_stream)\\."];

/** Words of a field's name: `creditCard` has two. */
const WORDS = /[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g;

/** The processor `redaction`, which replaces all matches of the rules with `****`. */
export function redaction({ fields = PERSONAL_FIELDS, patterns = PERSONAL_PATTERNS }: MaskRules = {}) {
  const names = fields.map(anyCase);
  return {
    allow_all_keys: true,
    ignored_key_patterns: KEPT.map(literally),
    blocked_key_patterns: names.map((name) => literally(`(?i)${name}(\\..*)?$`)),
    blocked_values: [...patterns, ...names.map(assigned)].map(literally),
    // Also numbers: a card number may not be a string.
    redact_all_types: true,
    // Otherwise every record would get attributes with the number of masked values.
    summary: "silent",
  };
}

/** Escapes dollar signs for the collector's configuration, where a single one starts a reference. */
export function literally(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function anyCase(field: string): string {
  return (field.match(WORDS) ?? [field]).map((word) => word.toLowerCase()).join("[._-]?");
}

/** Expression for `name=value`, `name: value` and `"name":"value"` in a text. */
function assigned(name: string): string {
  return `(?i)${name}["']?\\s*[:=]\\s*("[^"]*"|'[^']*'|[^\\s,;&})\\]]+)`;
}

/** Problems of rules, by property. */
export function maskProblems({ fields = [], patterns = [] }: MaskRules): readonly Omit<Problem, "path">[] {
  return [
    ...fields
      .filter((field) => !/^[A-Za-z][A-Za-z0-9_-]*$/.test(field))
      .map((field) => ({
        value: field,
        rule: "must be the name of one field",
        remedy: "use letters, digits, - and _, like creditCard; write other rules as patterns",
      })),
    ...patterns.flatMap((pattern) => {
      const rule = patternRule(pattern);
      return rule ? [{ value: pattern, rule, remedy: "write a regular expression as RE2 has it, like \\b\\d{3}-\\d{2}-\\d{4}\\b" }] : [];
    }),
  ];
}

function patternRule(pattern: string): string | undefined {
  if (/\(\?<?[=!]|\\[1-9]/.test(pattern)) return "has a look-around or a back-reference, which RE2 does not support";
  // RE2 allows flags at the start of an expression; JavaScript takes them separately.
  const [, flags = "", rest = ""] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest, flags).test("") ? "must not match the empty string: every value would be masked" : undefined;
  } catch {
    return "must be a regular expression";
  }
}
