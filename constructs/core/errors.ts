import type { IConstruct } from "constructs";

/** One thing that is wrong with what a user wrote: where, what, why not, and what to do. */
export interface Problem {
  /** Where it stands, in the user's own words: `production.eventStore.nodes`. */
  readonly path: string;

  /**
   * What stands there. Strings are quoted in the message.
   * @default - nothing stands there; the message begins with the rule
   */
  readonly value?: unknown;

  /** What it breaks: `gives no better quorum than 3`. */
  readonly rule: string;

  /** What to do: `use 3 or 5`. */
  readonly remedy: string;
}

/** The one line that a user reads: `path: value rule; remedy`. */
export function describe(problem: Problem): string {
  const said = problem.value === undefined ? "" : `${show(problem.value)} `;
  return `${problem.path}: ${said}${problem.rule}; ${problem.remedy}`;
}

/** Everything that is wrong, in one error, so that nobody mends one line to meet the next. */
export class InvalidInput extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(describe).join("\n"));
    this.name = "InvalidInput";
  }
}

/** The parts of what `describe` wrote; messages of cdktf have none of them. */
export function problemOf(message: string): Problem {
  const [, path, rule = message, remedy = "change what it speaks of"] = /^(\S+): (.*); ([^;]*)$/s.exec(message) ?? [];
  return { path: path ?? "the program", rule, remedy };
}

/**
 * Says what is wrong with a construct's props. The messages come out of cdktf's own
 * validation, together with those of every other construct of the program.
 */
export function refuse(construct: IConstruct, problems: readonly Omit<Problem, "path">[], property = ""): void {
  if (problems.length === 0) return;
  const path = [construct.node.path, property].filter(Boolean).join(".");
  const messages = problems.map((problem) => describe({ ...problem, path }));
  construct.node.addValidation({ validate: () => messages });
}

function show(value: unknown): string {
  const text = typeof value === "object" || typeof value === "string" ? json(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

// Whatever a user may have written, the message about it must come out.
function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return `a ${typeof value} that can't be shown`;
  }
}
