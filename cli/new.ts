import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { namePartProblem } from "../constructs/core/names";
import { Answers } from "./answers";
import { suggestion } from "./command-line";
import { Refused } from "./refused";
import { parsed } from "./subcommand";
import { at } from "./told";

/** Shapes of a project and the places where it runs, each with a description. */
const CHOICES = {
  shape: {
    cqrs: "a write side and a read side: command API, event store, projections, query API",
    domains: "stores, and services grouped by domain",
    library: "a cdktf program of your own that uses the constructs",
  },
  on: {
    aws: "AWS, on clusters that the project creates",
    "on-premises": "a Kubernetes cluster that exists",
    kind: "a kind cluster on this machine",
  },
} as const;

type Choice = keyof typeof CHOICES;

const USAGE = `Usage: npx cdktf-cqrs new <name> --shape ${Object.keys(CHOICES.shape).join("|")} --on ${Object.keys(CHOICES.on).join("|")}`;

/** Text of `--help`. */
export const help = () => `${USAGE}

Creates a project in the directory <name>. On a terminal it asks for what is missing.
${(Object.keys(CHOICES) as Choice[]).map((choice) => `  --${choice}\n${optionsOf(choice)}`).join("\n")}`;

/** The values of an option with their meanings, a line for each. */
function optionsOf(choice: Choice): string {
  return Object.entries(CHOICES[choice])
    .map(([name, meaning]) => `    ${name.padEnd(12)} ${meaning}`)
    .join("\n");
}

const ROOT = join(__dirname, "../..");

/** The system's name in templates, which the project's name replaces. */
const PLACEHOLDER = /\bacme\b/g;

export interface NewOptions {
  /** @default ".", the working directory */
  readonly directory?: string;

  /** @default - asks the user, if there is a terminal */
  readonly ask?: (question: string) => Promise<string | undefined>;

  /** Root of the installed package. @default - that of this command */
  readonly installed?: string;
}

interface Wanted {
  readonly name: string;
  readonly shape: keyof typeof CHOICES.shape;
  readonly on: keyof typeof CHOICES.on;
}

/** Creates a project completely or not at all, and returns the exit code. @throws Refused */
export async function createProject(
  argv: readonly string[],
  { directory = ".", ask = terminal(), installed = ROOT }: NewOptions = {},
): Promise<number> {
  const wanted = await completed(parse(argv), ask, (name) => checkFree(resolve(directory, name), name));
  const target = resolve(directory, wanted.name);
  const staging = `${target}.${process.pid}.part`;
  try {
    at(target, () => writeProject(staging, wanted, packedFile(installed)));
    if (existsSync(target)) rmdirSync(target);
    renameSync(staging, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  console.log(`${wanted.name}: created, shape ${wanted.shape} on ${wanted.on}\nNext: cd ${wanted.name} && npm install && npm start`);
  return 0;
}

type Typed = { readonly name?: string | undefined } & { readonly [Name in Choice]?: string | undefined };

function parse(argv: readonly string[]): Typed {
  const { names, values } = parsed(argv, { shape: "a value", on: "a value" }, USAGE);
  if (names.length > 1) throw new Refused(`${names.slice(1).join(" ")}: only one name is expected\n\n${USAGE}`);
  return { name: names[0], ...values };
}

/** Asks for missing values. Values from the command line are checked before the first question. */
async function completed({ name, shape, on }: Typed, ask: NewOptions["ask"], checkPlace: (name: string) => void): Promise<Wanted> {
  const checked = (one: string) => {
    checkName(one);
    checkPlace(one);
    return one;
  };
  const checks = [
    ...(name === undefined ? [] : [() => checked(name)]),
    ...Object.entries({ shape, on }).flatMap(([choice, value]) =>
      value === undefined ? [] : [() => checkChoice(choice as Choice, value)],
    ),
  ];
  const problems = checks.flatMap((check) => problemOf(check) ?? []);
  if (problems.length > 0) throw new Refused(problems.join("\n"));
  const given = async <T>(what: string, value: string | undefined, options: string, check: (one: string) => T): Promise<T> => {
    if (value !== undefined) return check(value);
    for (;;) {
      const answer = (await ask?.(`${what} (${options}): `))?.trim();
      if (answer === undefined) throw new Refused(`${what}: is required\n\n${USAGE}`);
      const problem = answer === "" ? `${what}: is required` : problemOf(() => check(answer));
      if (problem === undefined) return check(answer);
      console.log(problem);
    }
  };
  const chosen = <C extends Choice>(choice: C, value: string | undefined) => {
    if (value === undefined && ask) console.log(optionsOf(choice));
    const check = (one: string) => checkChoice(choice, one) as keyof (typeof CHOICES)[C];
    return given(`--${choice}`, value, Object.keys(CHOICES[choice]).join(", "), check);
  };
  return {
    name: await given("name", name, "lower-case letters, digits and hyphens", checked),
    shape: await chosen("shape", shape),
    on: await chosen("on", on),
  };
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function checkChoice(choice: Choice, value: string): string {
  const options = Object.keys(CHOICES[choice]);
  if (options.includes(value)) return value;
  throw new Refused(`--${choice}: ${JSON.stringify(value)} must be one of ${options.join(", ")}${suggestion(value, options)}`);
}

/** Checks a name, which is the prefix of every cloud name and the name of the project's npm package. */
function checkName(name: string): void {
  const problem = namePartProblem(name);
  if (problem) throw new Refused(`name: ${JSON.stringify(name)} ${problem.rule}; ${problem.remedy}`);
  const { dependencies, devDependencies } = manifest(name) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  if (name in { ...dependencies, ...devDependencies })
    throw new Refused(`name: ${JSON.stringify(name)} is the name of a package that the project depends on; choose another`);
}

function checkFree(target: string, name: string): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory()) throw new Refused(`${name}: is a file; choose another name, or move it away`);
  if (readdirSync(target).length > 0) throw new Refused(`${name}: exists and is not empty; choose another name, or move it away`);
}

/** Template folders of a project. Files of later folders are added to those of earlier ones. */
function layersOf({ shape, on }: Wanted): readonly string[] {
  const pipeline = on === "kind" ? [] : ["pipeline"];
  const kind = shape === "library" ? ["library"] : ["program", ...pipeline, `program-${on}`];
  return ["project", ...kind, `${shape}-${on}`];
}

function writeProject(directory: string, wanted: Wanted, packed: string | undefined): void {
  mkdirSync(directory, { recursive: true });
  const samples = wanted.on === "kind" && wanted.shape !== "library" ? samplesOf(wanted) : [];
  for (const name of samples) cpSync(join(ROOT, "sample/programs", name), join(directory, "sample", name));
  for (const layer of layersOf(wanted)) {
    const from = join(ROOT, "templates", layer);
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name).slice(from.length + 1);
      // npm would interpret a file named .gitignore, and leave it out of the package.
      const to = join(directory, path.replace(/^git(?=ignore$|attributes$)/, ".git"));
      mkdirSync(join(to, ".."), { recursive: true });
      writeFileSync(to, readFileSync(join(from, path), "utf8").replace(PLACEHOLDER, wanted.name));
    }
  }
  const vendored = packed && join(VENDOR, basename(packed));
  if (vendored) cpSync(packed, join(directory, vendored));
  writeFileSync(join(directory, "package.json"), `${JSON.stringify(manifest(wanted.name, wanted.shape, vendored), null, 2)}\n`);
}

/** Directory of a project for a package that no registry has. */
const VENDOR = "vendor";

/** The file from which npm installed this package, which no registry has then. */
function packedFile(installed: string): string | undefined {
  const lock = join(installed, "../.package-lock.json");
  if (!existsSync(lock)) return undefined;
  const entry = JSON.parse(readFileSync(lock, "utf8")).packages?.[`node_modules/${basename(installed)}`];
  const [, path] = /^file:(.*\.tgz)$/.exec(entry?.resolved ?? "") ?? [];
  const file = path && resolve(installed, "../..", path);
  return file && existsSync(file) ? file : undefined;
}

/** Programs that this repository's own `local` environment runs, if the project uses them. */
function samplesOf({ shape }: Wanted): readonly string[] {
  const all = readdirSync(join(ROOT, "sample/programs")).filter((name) => name !== "tsconfig.json");
  return shape === "cqrs" ? all : ["database.ts", "metrics.ts", "process.ts"];
}

/** Subcommands that have npm scripts in a project. */
const SCRIPTS = [
  "start",
  "plan",
  "apply",
  "destroy",
  "bootstrap",
  "release",
  "backup",
  "restore",
  "manifests",
  "report",
  "doctor",
  "outdated",
];

/** The package.json of a project, with the package versions that this package is tested with. */
function manifest(name: string, shape: Wanted["shape"] = "cqrs", vendored?: string): object {
  const { version, engines, peerDependencies, peerDependenciesMeta, devDependencies } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const optional = Object.keys(peerDependenciesMeta);
  const tested = (names: readonly string[]) => Object.fromEntries(names.map((each) => [each, devDependencies[each]]));
  const compile = "tsc -p .";
  return {
    name,
    private: true,
    engines,
    scripts: {
      ...(shape === "library"
        ? { start: `${compile} && node dist/main.js` }
        : Object.fromEntries(SCRIPTS.map((script) => [script, `cdktf-cqrs ${script}`]))),
      test: `${compile} && node --test dist/test/program.test.js`,
    },
    dependencies: {
      "cdktf-cqrs": vendored ? `file:${vendored}` : `^${version}`,
      ...tested(Object.keys(peerDependencies).filter((each) => !optional.includes(each))),
    },
    devDependencies: tested(["@types/node", ...(shape === "library" ? [] : optional), "typescript"]),
  };
}

/** Asks questions on the terminal, if there is one. */
function terminal(): NewOptions["ask"] {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const answers = new Answers();
    try {
      return await answers.ask(question);
    } finally {
      answers.close();
    }
  };
}
