import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { backup } from "../../cli/backup";
import { command } from "../../cli/command";
import { render } from "../../cli/render";
import { report } from "../../cli/report";
import { restore } from "../../cli/restore";
import { start } from "../../cli/start";
import { CHECK_ONLY } from "../../cli/subcommand";
import { release, usage } from "../../cli/versions";
import type { Program } from "../../stacks";
import type { Deployed } from "./deployed";
import { isVariable, kubectlProblems } from "./kubectl";
import { commandsIn, type Words } from "./shell";

export const SCENARIOS = "docs/runbooks/scenarios";
export const INDEX = "docs/runbooks/README.md";

/** Sections of a page, in their order. */
const SECTIONS = ["Symptoms", "Access", "Steps", "Verify", "If it doesn't work", "Alerts"];

/** Rows of the table below a page's title. */
const FACTS = ["Severity", "Still works", "Time", "Undo"];

/** Pages by their file. */
type Pages = ReadonlyMap<string, string>;

export function pagesIn(directory: string): Pages {
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => join(directory, name));
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

/** The form of a page: its facts and sections, none of them empty, at most a screen or two. */
export function formProblems(text: string): readonly string[] {
  const facts = [...text.matchAll(/^\| ([^|]+?) +\| (.*) \|$/gm)].flatMap(([, name = "", value = ""]) => (value.trim() ? [name] : []));
  const [title = "", ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => part.split("\n")[0] ?? "");
  const empty = parts.filter((part) => part.split("\n").slice(1).join("").trim() === "").map((part) => part.trim());
  return [
    ...(/^# \S.*\n/.test(title) ? [] : ["has no title"]),
    ...FACTS.filter((name) => !facts.includes(name)).map((name) => `doesn't say: ${name}`),
    ...(sections.join() === SECTIONS.join() ? [] : [`has the sections ${sections.join(", ")}; use ${SECTIONS.join(", ")}`]),
    ...empty.map((name) => `${name} is empty`),
    ...(text.split("\n").length > 130 ? ["is longer than two screens"] : []),
  ];
}

/** Links that lead nowhere. */
export function linkProblems(file: string, text: string): readonly string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].flatMap(([, path = "", heading]) => {
    const target = path === "" ? file : join(dirname(file), path);
    if (!existsSync(target)) return [`links to ${path}, which doesn't exist`];
    return heading && !anchorsOf(target).includes(heading) ? [`links to ${path}#${heading}, which has no such heading`] : [];
  });
}

function anchorsOf(file: string): readonly string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}

/** Pages of alerts that a page links to in its last section. */
function alertsOf(file: string, text: string): readonly string[] {
  const [, section = ""] = text.split(/^## Alerts$/m);
  return [...section.matchAll(/\]\(([^)#]+)\)/g)]
    .map(([, path = ""]) => join(dirname(file), path))
    .filter((to) => !to.startsWith(SCENARIOS));
}

/** Pages of scenarios that an alert's page links to. */
function scenariosOf(file: string, text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
    .map(([, path = ""]) => join(dirname(file), path))
    .filter((to) => to.startsWith(SCENARIOS));
}

/** Scenarios and alerts that don't link to each other. */
export function pairProblems(scenarios: Pages, alerts: Pages): readonly string[] {
  const missing = (from: string, to: string) => `${from}: doesn't link to ${relative(dirname(from), to)}, which links to it`;
  return [
    ...[...scenarios].flatMap(([file, text]) =>
      alertsOf(file, text)
        .filter((alert) => !scenariosOf(alert, alerts.get(alert) ?? "").includes(file))
        .map((alert) => missing(alert, file)),
    ),
    ...[...alerts].flatMap(([file, text]) =>
      scenariosOf(file, text)
        .filter((scenario) => !alertsOf(scenario, scenarios.get(scenario) ?? "").includes(file))
        .map((scenario) => missing(scenario, file)),
    ),
  ];
}

/** Settings that a page changes, by environment: a `ts` block whose first line names it, as in `// production`. */
export function settingsIn(text: string): readonly { readonly environment: string; readonly changes: object }[] {
  return [...text.matchAll(/^ *```ts\n *\/\/ (\w+)\n([\s\S]*?)^ *```$/gm)].map(([, environment = "", code = ""]) => ({
    environment,
    changes: new Function(`return {${code}};`)() as object,
  }));
}

/** Settings of an environment with the changes of a page. */
export function changed<T extends object>(settings: T, changes: object): T {
  const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
  const merged = Object.entries(changes).map(([key, value]) => {
    const before = (settings as Record<string, unknown>)[key];
    return [key, isGroup(before) && isGroup(value) ? changed(before, value) : value] as const;
  });
  return { ...settings, ...Object.fromEntries(merged) };
}

/** Shell code of a page: its blocks, and commands between the words. */
function shellOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, code = ""]) => code);
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
  const inline = [...prose.matchAll(/`((?:kubectl|npm|npx|terraform|aws|helm|git) [^`]+)`/g)].map(([, code = ""]) =>
    code.replace(/\s+/g, " "),
  );
  return [...blocks, ...inline];
}

/** Shell blocks of a page as they are rendered: without the indentation of their list, and with a word for each placeholder. */
export function shellBlocks(text: string): readonly string[] {
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", code = ""]) =>
    code.replace(new RegExp(`^${indent}`, "gm"), "").replace(/<[a-z][^<>\n]*>/g, "name"),
  );
}

/** Pages with blocks that a shell can't parse. One shell starts all of them, because it takes a process of this size long to start one. */
export function syntaxProblems(pages: Pages): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), "blocks-"));
  try {
    const files = [...pages.keys()].map((_, index) => join(directory, String(index)));
    for (const [index, text] of [...pages.values()].entries()) writeFileSync(files[index] as string, shellBlocks(text).join("\n"));
    const { stdout } = spawnSync("sh", ["-c", 'set -f; for file; do echo $(sh -n "$file" 2>&1); done', "sh", ...files], {
      encoding: "utf8",
    });
    const lines = stdout.split("\n");
    return [...pages.keys()].flatMap((page, index) => (lines[index] ? [`${page}: a shell can't parse its commands: ${lines[index]}`] : []));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const PROGRAMS = ["kubectl", "npm", "terraform", "aws", "helm"];

/** Commands of a page that would fail: unknown scripts, subcommands and flags, and names of things that are not deployed. */
export async function commandProblems(text: string, deployed: Deployed, scripts: object): Promise<readonly string[]> {
  const commands = shellOf(text)
    .flatMap(commandsIn)
    .filter(([program = ""]) => PROGRAMS.includes(program));
  const found: string[] = [];
  // One after the other: what a parser prints is heard until it has ended.
  for (const words of commands)
    found.push(...(await problemsOf(words, deployed, scripts)).map((problem) => `${words.join(" ")}: ${problem}`));
  return found;
}

function problemsOf(words: Words, deployed: Deployed, scripts: object): readonly string[] | Promise<readonly string[]> {
  switch (words[0]) {
    case "kubectl":
      return kubectlProblems(words, deployed);
    case "npm":
      return npmProblems(words, deployed, scripts);
    case "terraform":
      return terraformProblems(words, deployed);
    case "helm":
      return helmProblems(words, deployed);
    default:
      return awsProblems(words, deployed);
  }
}

async function npmProblems(words: Words, deployed: Deployed, scripts: object): Promise<readonly string[]> {
  const verb = words[1] ?? "";
  if (["ci", "install", "update", "outdated", "view", "version", "ls"].includes(verb)) return [];
  const [script, args = []] = ownCommand(words) ?? [];
  if (script === undefined) return [`${verb} is not a known verb of npm`];
  if (!Object.hasOwn(scripts, script)) return [`package.json has no script ${script}`];
  const refusal = await refusalOf(script, args);
  return refusal === undefined ? nameProblems(script, args, deployed) : [refusal];
}

/** Commands of this package in a page, also as `npx cdktf-cqrs`, that their parsers refuse. */
export async function ownCommandProblems(text: string, scripts: object): Promise<readonly string[]> {
  const found: string[] = [];
  // A placeholder is one word.
  const code = shellOf(text).map((each) => each.replace(/<[a-z][^<>\n]*>/g, "name"));
  for (const words of code.flatMap(commandsIn)) {
    const [script = "", args = []] = ownCommand(words) ?? [];
    // The name of a command alone, and `[--option]`, `…` and `--help` describe several.
    const isName = args.length === 0 && (script === "" || Object.hasOwn(scripts, script));
    if (isName || args.some((arg) => /^\[|…$|^--help$/.test(arg))) continue;
    const refusal = Object.hasOwn(scripts, script) ? await refusalOf(script, args) : "is no script of package.json";
    if (refusal !== undefined) found.push(`${words.join(" ")}: ${refusal}`);
  }
  return found;
}

function ownCommand([program, first = "", ...rest]: Words): readonly [script: string, args: Words] | undefined {
  if (program === "npx" && first === "cdktf-cqrs" && !["new", "--help"].includes(rest[0] ?? "new")) return [rest[0] ?? "", rest.slice(1)];
  if (program !== "npm" || !["run", "start", "test"].includes(first)) return undefined;
  const [script = "", ...words] = [...(first === "run" ? [] : [first]), ...rest].filter((word) => word !== "-s");
  return [script, words[0] === "--" ? words.slice(1) : words];
}

/** Combinations of options that the usage of `release` lists, each with `--force` too. */
const CHANGES: ReadonlySet<string> = new Set(
  [...usage().matchAll(/^ {2}(--.*?)(?: {2,}|$)/gm)].map(([, line = ""]) => flagsIn(line.split(" "))),
);

function flagsIn(words: Words): string {
  return words
    .filter((word) => word.startsWith("--") && word !== "--force")
    .sort()
    .join(" ");
}

const EMPTY: Program = { accounts: [], environments: [] };

/** What the parser of a subcommand says against its arguments. */
async function refusalOf(script: string, args: Words): Promise<string | undefined> {
  const said: string[] = [];
  const hear = (line: unknown) => said.push(String(line));
  const heard = [
    jest.spyOn(console, "error").mockImplementation(hear),
    jest.spyOn(console, "log").mockImplementation(hear),
    jest.spyOn(process.stderr, "write").mockImplementation((line) => hear(line) > 0),
  ];
  try {
    const checked = [...args, CHECK_ONLY];
    if (["plan", "apply", "destroy", "bootstrap"].includes(script)) await command(EMPTY, [script, ...checked]);
    else if (script === "release") {
      release(EMPTY, checked);
      if (said.length === 0 && !CHANGES.has(flagsIn(args)) && !args.includes("--show")) return `release has no change ${flagsIn(args)}`;
    } else if (script === "start") start(EMPTY, checked);
    else if (script === "backup" && args.length > 0) await backup(EMPTY, checked);
    else if (script === "restore" && args.length > 0) await restore(EMPTY, checked);
    else if (script === "report") await report(EMPTY, checked);
    else if (script === "manifests") render(EMPTY, checked);
    else if (script === "doctor" && args.length > 1) return "doctor takes one environment";
    return said[0]?.split("\n")[0];
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  } finally {
    for (const spy of heard) spy.mockRestore();
  }
}

/** Names of environments, stacks and accounts that don't exist. */
function nameProblems(script: string, args: Words, { environments, stacks, accounts }: Deployed): readonly string[] {
  const [name] = args.filter((arg) => !arg.startsWith("-"));
  if (name === undefined || isVariable(name)) return [];
  const known: Readonly<Record<string, (name: string) => boolean>> = {
    plan: (one) => environments.has(one) || stacks.has(one),
    apply: (one) => environments.has(one) || stacks.has(one),
    destroy: (one) => environments.has(one) || stacks.has(one),
    bootstrap: (one) => accounts.has(one),
    start: (one) => environments.has(one),
    release: (one) => environments.has(one),
    manifests: (one) => environments.has(one),
    doctor: (one) => environments.has(one),
    outdated: (one) => environments.has(one),
    backup: (one) => environments.has(one),
    restore: (one) => environments.has(one),
  };
  return (known[script]?.(name) ?? true) ? [] : [`${name} is not one of the program`];
}

/** Stacks of shipped environments, and jobs, that a page for any environment names and that there aren't. */
export function unknownNames(text: string, deployed: Deployed): readonly string[] {
  return shellOf(text)
    .flatMap(commandsIn)
    .flatMap((words): readonly string[] => {
      const [script = "", args = []] = ownCommand(words) ?? [];
      const [environment = "", rest] = (args.find((arg) => !arg.startsWith("-")) ?? "").split(/-(.*)/s);
      // Other environments are those of the page.
      if (deployed.environments.has(environment) && rest !== undefined) return nameProblems(script, args, deployed);
      const [, job] = words.map((word) => /^--from=cronjob\/([\w-]+)$/.exec(word)).find((found) => found !== null) ?? [];
      return job === undefined || deployed.jobs.has(job) ? [] : [`${job} is not a scheduled job`];
    });
}

const TERRAFORM = ["init", "plan", "apply", "state", "import", "output", "show", "force-unlock", "providers"];

function terraformProblems([, ...words]: Words, { stacks }: Deployed): readonly string[] {
  const [first = "", subcommand = ""] = words;
  const [, directory] = /^-chdir=(.+)$/.exec(first) ?? [];
  if (directory === undefined) return ["names no -chdir: a stack has its own directory"];
  const stack = directory.replace("cdktf.out/stacks/", "");
  return [
    ...(stacks.has(stack) || isVariable(stack) ? [] : [`${stack} is not a stack`]),
    ...(TERRAFORM.includes(subcommand) ? [] : [`${subcommand} is not a known subcommand`]),
  ];
}

function helmProblems([, ...words]: Words, { clusters }: Deployed): readonly string[] {
  const value = (flag: string) => words[words.indexOf(flag) + 1] ?? "";
  if (!words.includes("--kube-context")) return ["names no --kube-context"];
  const cluster = clusters(value("--kube-context"));
  if (!cluster) return [`--kube-context ${value("--kube-context")} is no cluster of a shipped environment`];
  const [verb = "", name = ""] = words.filter(
    (word, at) => !word.startsWith("-") && !["--kube-context", "-n"].includes(words[at - 1] ?? ""),
  );
  if (!["list", "history", "status", "rollback", "uninstall"].includes(verb)) return [`${verb} is not a known verb`];
  const full = `${value("-n")}/${name}`;
  return name === "" || isVariable(name) || cluster.releases.has(full) ? [] : [`release ${full} is not made`];
}

/** Names in AWS begin with system and environment; contexts are those of the documents. */
function awsProblems(words: Words, { clusters, isNamed }: Deployed): readonly string[] {
  const value = (flag: string) => words[words.indexOf(flag) + 1] ?? "";
  if (words[2] === "update-kubeconfig") {
    const eks = clusters(value("--alias"))?.eks;
    const right = eks && eks.name === value("--name") && eks.region === value("--region");
    return right ? [] : [`${value("--alias")} is not the context of ${value("--name")} in ${value("--region")}`];
  }
  return words
    .flatMap((word) => word.split(","))
    .map((word) => word.replace(/^s3:\/\/([^/]+).*$/, "$1"))
    .filter((word) => /^orders-\w/.test(word) && !isVariable(word) && !isNamed(word))
    .map((word) => `${word} is not a name in AWS`);
}
