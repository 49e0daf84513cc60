import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { print, summarize } from "../cli/summary";
import { program } from "../test/fixtures/environments";
import { addressesOf, synthesisOf } from "../test/program";
import { writeImages } from "./observability";
import { POLICY_PAGE, policyPage } from "./policies";
import { RELEASES, releases } from "./releases";
import { RUNBOOK_INDEX, runbookIndex } from "./runbook-index";

const FILE = "docs/architecture.md";

const README = "README.md";

const SUMMARY = "docs/summary.md";

/** The reference system, which is like the shipped environments and isn't edited with them. Synthesized once for all pages. */
const reference = synthesisOf(program);

/** The architecture page with its diagrams drawn anew from the code. */
export function architecture(): string {
  const drawings = { folders: folders(), stacks: stacks() };
  return Object.entries(drawings).reduce(
    (page, [name, drawing]) =>
      page.replace(
        new RegExp(`(<!-- generated:${name} -->\n)[^]*?(<!-- /generated -->)`),
        (_, begin: string, end: string) => `${begin}\`\`\`mermaid\n${drawing}\n\`\`\`\n${end}`,
      ),
    readFileSync(FILE, "utf8"),
  );
}

/** The README with the summary of `local`. */
export function readme(): string {
  const { parts, ...rest } = summarize(program, reference, "cdktf.out");
  return withSummary(README, print({ ...rest, parts: parts.filter(({ name }) => name === "local") }, false));
}

/** The page with the summary of all environments. */
export function summaryPage(): string {
  return withSummary(SUMMARY, print(summarize(program, reference, "cdktf.out"), false));
}

function withSummary(page: string, printed: string): string {
  return readFileSync(page, "utf8").replace(
    /(<!-- generated:summary -->\n)[\s\S]*?(<!-- \/generated -->)/,
    (_, begin: string, end: string) => `${begin}\`\`\`text\n${printed.trim()}\n\`\`\`\n${end}`,
  );
}

/** The page of policies, exceptions and exemptions. */
export function policiesPage(): string {
  return policyPage(program, reference);
}

/** Which folder imports which. */
function folders(): string {
  const arrows = new Set<string>();
  for (const file of ["main.ts", ...["environments", "stacks", "constructs", "cli"].flatMap(sources)]) {
    for (const [, imported = ""] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]*)"/g)) {
      const [from, to] = [folderOf(file), folderOf(normalize(join(dirname(file), imported)))];
      // Everything knows core; its arrows would hide the others.
      if (from !== to && to !== "constructs/core") arrows.add(`  ${node(from)} --> ${node(to)}`);
    }
  }
  return ["flowchart LR", ...[...arrows].sort()].join("\n");
}

/** What the stacks of production publish and read. */
function stacks(): string {
  const { stacks: written, compositions } = reference;
  const production = compositions.find(({ name }) => name === "production")?.stacks.map(({ node: { id } }) => id) ?? [];
  const lines = production.flatMap((id) => {
    const json = written.get(id)?.json ?? {};
    const read = [...JSON.stringify(json).matchAll(/data\.terraform_remote_state\.([\w-]+)\.outputs\.(\w+)/g)];
    const sources = new Map<string, Set<string>>();
    for (const [, from = "", output = ""] of read) sources.set(from, (sources.get(from) ?? new Set()).add(output));
    return [
      `  ${node(id)}["${id}<br/>${addressesOf(json).length} resources"]`,
      ...[...sources].map(([from, outputs]) => `  ${node(from)} -- "${[...outputs].sort().join("<br/>")}" --> ${node(id)}`),
    ];
  });
  return ["flowchart LR", ...lines].join("\n");
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((name) => name.endsWith(".ts") && statSync(name).isFile())
    .sort();
}

function folderOf(path: string): string {
  const [first = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  return first === "constructs" ? `${first}/${second}` : first;
}

function node(name: string): string {
  return name.replace(/^constructs\//, "");
}

if (require.main === module) {
  writeFileSync(FILE, architecture());
  writeFileSync(README, readme());
  writeFileSync(SUMMARY, summaryPage());
  writeFileSync(RELEASES, releases());
  writeFileSync(POLICY_PAGE, policiesPage());
  writeFileSync(RUNBOOK_INDEX, runbookIndex());
  writeImages();
}
