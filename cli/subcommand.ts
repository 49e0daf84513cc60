import { type Program, validate } from "../stacks";
import { suggestion } from "./command-line";
import { Refused } from "./refused";
import { exitCodeOf } from "./told";

/** Added as the last word after type errors: arguments and program are checked, and nothing else is done. */
export const CHECK_ONLY = "--check-only";

/**
 * Runs a subcommand, and returns the exit code. Prints errors that a user can fix.
 * @param parse reads the arguments. @throws Refused
 */
export function subcommand<Request, Code extends number | Promise<number>>(
  program: Program,
  argv: readonly string[],
  parse: (words: readonly string[]) => Request,
  run: (request: Request) => Code,
): Code | number {
  try {
    const checkOnly = argv.at(-1) === CHECK_ONLY;
    const request = parse(checkOnly ? argv.slice(0, -1) : argv);
    if (!checkOnly) {
      const code = run(request);
      return typeof code === "number" ? code : (code.catch(exitCodeOf) as Code);
    }
    validate(program);
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Marks an option without a value. */
export const FLAG = true;

/** Options by name, each with a noun for its value: `{ output: "the path of a file", drills: FLAG }`. */
type Options = Readonly<Record<string, string | typeof FLAG>>;

interface Parsed<O extends Options> {
  readonly names: readonly string[];
  readonly values: { readonly [Name in keyof O]?: O[Name] extends string ? string : true };
}

/**
 * Names and options of a command line: `--output a.html` or `--output=a.html`.
 * @param usage printed below a refusal, unless it is empty
 * @param otherwise remedy for unknown options that resemble no known one
 * @throws Refused
 */
export function parsed<const O extends Options>(
  words: readonly string[],
  options: O,
  usage: string,
  otherwise = (_unknown: readonly string[], _names: readonly string[]) => "",
): Parsed<O> {
  const refused = (problem: string) => new Refused([problem, usage].filter(Boolean).join("\n\n"));
  const names: string[] = [];
  const values: Record<string, string | true> = {};
  const unknown: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [option = "", inline] = word.split(/=(.*)/s);
    const name = option.replace(/^--/, "");
    // npm removes the first one, npx doesn't.
    if (word === "--") continue;
    if (!word.startsWith("-")) names.push(word);
    else if (option === name || !Object.hasOwn(options, name)) unknown.push(word);
    else if (options[name] === FLAG) {
      if (inline !== undefined) throw refused(`${option}: takes no value`);
      values[name] = FLAG;
    } else {
      const value = inline ?? (rest[0]?.startsWith("-") ? undefined : rest.shift());
      if (!value) throw refused(`${option}: needs ${options[name]}`);
      values[name] = value;
    }
  }
  const [first] = unknown;
  if (first === undefined) return { names, values: values as Parsed<O>["values"] };
  const known = Object.keys(options).map((name) => `--${name}`);
  const remedy = suggestion(first.replace(/=.*/s, ""), known) || otherwise(unknown, names);
  throw refused(`${unknown.join(" ")}: not an option here${remedy}`);
}
