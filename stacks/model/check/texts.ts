/*
 * Checks for all values, independent of their meaning: they can be serialized, have a limit, and are not changed by Terraform.
 * They run before any pattern, so that no pattern gets a text that it would take minutes to match.
 */

/** Problem at keys of a value. */
interface Unwritable {
  readonly keys: readonly string[];
  readonly value?: unknown;
  readonly rule: string;
  readonly remedy: string;
}

/** Path of a workload: of a role, of a domain, or a domain itself, which has defaults for its workloads. */
const ROLE = "(commandApi|commandProcessors|queryApi|projections|migrations)(\\.\\d+)?";
const MEMBER = "domains\\.[^.]+(\\.(services|workers|projections|jobs)\\.[^.]+)?";
const WORKLOAD = `^(${ROLE}|${MEMBER})`;

/** Locations of multi-line program texts, in which Terraform templates are escaped, with their maximum length. */
const PROGRAMS: readonly (readonly [place: RegExp, most: number])[] = [
  [new RegExp(`${WORKLOAD}\\.files\\.`), 1_000_000], // a ConfigMap holds 1 MiB
  [new RegExp(`${WORKLOAD}(\\.down|\\.sidecars\\.\\d+)?\\.(env|command|args)\\.`), 131_071], // Linux, MAX_ARG_STRLEN: no process starts with a longer one
  [new RegExp(`${WORKLOAD}\\.scaleOn\\.\\w+\\.query$`), 100_000],
  [/^domains\.[^.]+\.alerts\.[^.]+\.expr$/, 100_000],
  [/^domains\.[^.]+\.dashboards\.[^.]+$/, 1_000_000],
  [new RegExp(`${WORKLOAD}\\.edge\\.clientAuthority$`), 100_000],
  [/^authentication\.publicKey$/, 100_000],
];

/** Maximum length of all other texts, and of keys: a name, an address, a reason. */
const LONGEST = { text: 1000, key: 256 } as const;

/** Maximum items of a list, or settings of an object. */
const MOST = 1000;

/** Maximum nesting depth: an environment has half as many levels. */
const DEEPEST = 16;

/** Keys that belong to JavaScript's own objects. Validation skips them, and assigning them changes an object itself. */
export const OWN_KEYS: readonly string[] = ["__proto__", "constructor", "prototype"];

/** Values that can't be read or serialized, or that exceed the limits. */
export function unwritable(value: unknown, keys: readonly string[] = [], above: readonly unknown[] = []): readonly Unwritable[] {
  try {
    return unwritableIn(value, keys, above);
  } catch {
    return [{ keys, ...UNREADABLE }];
  }
}

function unwritableIn(value: unknown, keys: readonly string[], above: readonly unknown[]): readonly Unwritable[] {
  const found = (rule: string, remedy: string, said?: unknown): Unwritable[] => [
    { keys, ...(said === undefined ? {} : { value: said }), rule, remedy },
  ];
  if (typeof value === "string") {
    const most = PROGRAMS.find(([place]) => place.test(keys.join(".")))?.[1];
    const problem = textProblem(value, most ?? LONGEST.text, most !== undefined);
    return problem ? found(problem.rule, problem.remedy, value) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  if (above.includes(value)) return found("contains itself", "write out what it holds");
  if (!Array.isArray(value) && !isSimple(value)) return found(`is an instance of ${classOf(value)}`, "write { … } or [ … ]");
  if (above.length > DEEPEST) return found(`is more than ${DEEPEST} levels deep`, "write it flat");
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const count = names?.length ?? (value as readonly unknown[]).length;
  if (count > MOST) return found(`has ${count} ${names ? "settings" : "items"}`, `use up to ${MOST}`);
  return Array.from(names ?? (value as readonly unknown[]).keys(), String).flatMap((key) => {
    const problem = OWN_KEYS.includes(key) ? RESERVED : textProblem(key, LONGEST.key, false);
    const below = [...keys, key];
    if (problem) return [{ keys: below, ...problem }];
    const inner = read(value, key);
    return inner ? unwritable(inner.value, below, [...above, value]) : [{ keys: below, ...UNREADABLE }];
  });
}

const RESERVED = { rule: "can't be a key, because every JavaScript object has it", remedy: "use another name" } as const;
const UNREADABLE = { rule: "can't be read", remedy: "write a plain value" } as const;

/** Checks if an object is `{ … }`, in any realm: an instance of a class, such as Date or Map, has one prototype more. */
export function isSimple(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function classOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && /^\w{1,80}$/.test(name) ? name : "a class";
}

/** Reads a property. Undefined if it throws: a getter or proxy of the program failed. */
export function read(value: object, key: string): { readonly value: unknown } | undefined {
  try {
    return { value: (value as Readonly<Record<string, unknown>>)[key] };
  } catch {
    return undefined;
  }
}

function textProblem(text: string, most: number, isProgram: boolean): Omit<Unwritable, "keys"> | undefined {
  if (text.length > most) return { rule: `has ${text.length} characters`, remedy: `use up to ${most}` };
  if (/\p{Cs}/u.test(text)) return { rule: "has half a character, which can't be written as UTF-8", remedy: "write the whole character" };
  if (/\$\{TfToken\[/.test(text))
    return { rule: "looks like a reference that only the program itself can make", remedy: "write it otherwise" };
  if (isProgram) {
    return text.includes("\0")
      ? { rule: "has the character 0, which arguments and variables can't contain", remedy: "remove it" }
      : undefined;
  }
  if (/\p{Cc}/u.test(text)) return { rule: "has a line break or another control character", remedy: "write one line of plain text" };
  if (/[$%]\{/.test(text)) return { rule: "has a template of Terraform, which is evaluated nowhere", remedy: "write the value itself" };
  return undefined;
}
