import type { IConstruct } from "constructs";

/** A problem in the user's input: path, value, rule and remedy. */
export interface Problem {
  /** Path of the value, in the user's own words: `production.eventStore.nodes`. */
  readonly path: string;

  /**
   * The value. Strings are quoted in the message.
   * @default - none: the message begins with the rule
   */
  readonly value?: unknown;

  /** The violated rule: `gives no better quorum than 3`. */
  readonly rule: string;

  /** The remedy: `use 3 or 5`. */
  readonly remedy: string;
}

/** Returns the message of a problem, one line: `path: value rule; remedy`. */
export function describe(problem: Problem): string {
  const said = problem.value === undefined ? "" : `${show(problem.value)} `;
  return `${problem.path}: ${said}${problem.rule}; ${problem.remedy}`;
}

/** An error in the user's input. If nothing catches it, its message is printed without stack frames, which lie in the library. */
export class InputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
    this.stack = `${this.name}: ${message}`;
  }
}

/** All problems in one error, so that users can fix all of them at once. */
export class InvalidInput extends InputError {
  readonly #problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describe).join("\n"));
    this.#problems = problems;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }
}

/** Parses a message of `describe`; messages of cdktf don't have its parts. */
export function problemOf(message: string): Problem {
  const [, path, rule = message, remedy = "change what it speaks of"] = /^(\S+): (.*); ([^;]*)$/s.exec(message) ?? [];
  return { path: path ?? "the program", rule, remedy };
}

/**
 * Reports problems of a construct's props. The messages are part of cdktf's own validation, together with those of all other constructs of
 * the program.
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

// Never throws, so that the message is printed for any value.
function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return `a ${typeof value} that can't be shown`;
  }
}
