import type { Problem } from "../core/errors";

/** Values that leave no workload's namespace unmasked, in spans and in log records. */
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

/** Identifiers that join telemetry, and attributes of resources. Digits in them are no card number, and nothing may replace them. */
const KEPT = ["^(trace|span|correlation|causation)[._]id$", "^(k8s|service|telemetry|container|host|deployment|data_stream)\\."];

/** A word of a field's name: `creditCard` has two. */
const WORDS = /[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g;

/** The processor `redaction`, which replaces what the rules match with `****`. */
export function redaction({ fields = PERSONAL_FIELDS, patterns = PERSONAL_PATTERNS }: MaskRules = {}) {
  const names = fields.map(anyCase);
  return {
    allow_all_keys: true,
    ignored_key_patterns: KEPT.map(literally),
    blocked_key_patterns: names.map((name) => literally(`(?i)${name}(\\..*)?$`)),
    blocked_values: [...patterns, ...names.map(assigned)].map(literally),
    // Numbers too: a card number need not be a string.
    redact_all_types: true,
    // Counts of what was masked would be attributes of every record.
    summary: "silent",
  };
}

/** A dollar sign as the collector's configuration has it: a single one begins a reference. */
export function literally(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function anyCase(field: string): string {
  return (field.match(WORDS) ?? [field]).map((word) => word.toLowerCase()).join("[._-]?");
}

/** `name=value`, `name: value` and `"name":"value"` in a text. */
function assigned(name: string): string {
  return `(?i)${name}["']?\\s*[:=]\\s*("[^"]*"|'[^']*'|[^\\s,;&})\\]]+)`;
}

/** What is wrong with rules, by the property. */
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
  // Flags at the beginning are RE2's; JavaScript takes them apart from the expression.
  const [, flags = "", rest = ""] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest, flags).test("") ? "must not match the empty string: every value would be masked" : undefined;
  } catch {
    return "must be a regular expression";
  }
}
