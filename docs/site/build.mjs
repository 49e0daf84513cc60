// npm run site: README, guides, runbooks and the reference of all exports as a static site in site/, which opens from disk.
import { readFileSync } from "node:fs";
import { createRequire, register } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

// TypeDoc needs the compiler's API, which TypeScript 7 doesn't have.
const hook = 'export const resolve = (name, context, next) => next(name === "typescript" ? "typescript-5" : name, context);';
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { Application, Comment, Converter, ReflectionKind } = await import("typedoc");

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const out = join(root, "site");
const compiled = createRequire(join(root, "dist/"));
const { drawFlowcharts } = compiled("./docs/site/flowcharts.js");
const { brokenLinks } = compiled("./docs/site/links.js");

const app = await Application.bootstrap({
  name: "cdktf-cqrs",
  includeVersion: true,
  basePath: root,
  tsconfig: join(root, "tsconfig.json"),
  entryPoints: [join(root, "stacks/index.ts"), join(root, "constructs/*/index.ts")],
  readme: join(root, "README.md"),
  projectDocuments: ["docs/*.md", "docs/runbooks/**/*.md", "examples/*/README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((glob) =>
    join(root, glob),
  ),
  // The compiler has checked the program before.
  skipErrorChecking: true,
  excludeExternals: true,
  excludePrivate: true,
  disableSources: true,
  githubPages: false,
  includeHierarchySummary: false,
  groupOrder: ["Guide", "Describe", "Release", "Operate", "Extend", "Examples", "Runbooks by scenario", "Runbooks by alert", "*"],
  navigation: { includeGroups: true, includeCategories: false, includeFolders: true, compactFolders: true, excludeReferences: true },
  sortEntryPoints: false,
  highlightLanguages: [
    "bash",
    "console",
    "css",
    "diff",
    "docker",
    "hcl",
    "html",
    "http",
    "ini",
    "javascript",
    "json",
    "md",
    "shell",
    "sql",
    "toml",
    "typescript",
    "yaml",
  ],
  ignoredHighlightLanguages: ["mermaid", "promql"],
  // test/model/exports.test.ts checks exports, and brokenLinks the links of the result.
  validation: { notExported: false, invalidLink: true, invalidPath: false, rewrittenLink: false, notDocumented: false },
});

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) tidy(project, module);
  const groups = groupsOf(readFileSync(join(root, "docs/README.md"), "utf8"));
  for (const document of project.documents ?? []) entitle(document, groups);
  // Its page has the name of the project as title already.
  const [first] = project.readme;
  first.text = first.text.replace(HEADING, "");
});

const HEADING = /^# (.+)\n/m;

/** Gives a page its heading as title, and a group in the navigation. */
function entitle(document, groups) {
  const [, title] = HEADING.exec(document.content[0]?.text ?? "") ?? [];
  document.frontmatter.group = groupOf(document.name, groups);
  document.name = title?.replace(/`/g, "") ?? document.name;
}

function groupOf(path, groups) {
  if (path.startsWith("examples/")) return "Examples";
  if (path.startsWith("docs/runbooks/scenarios/")) return "Runbooks by scenario";
  if (path.startsWith("docs/runbooks/") && !path.endsWith("/README")) return "Runbooks by alert";
  return groups.get(path.replace(/^docs\//, "")) ?? "Guide";
}

/** Groups of pages by their names: the bold rows of the table of tasks, each before the rows of its pages. */
function groupsOf(index) {
  const groups = new Map();
  let group;
  for (const line of index.split("\n").filter((each) => each.startsWith("|"))) {
    group = /^\| \*\*(\w+)\*\* \|/.exec(line)?.[1] ?? group;
    for (const [, page] of group ? line.matchAll(/\]\((?:\.\.\/)?([\w/-]+)\.md[#)]/g) : []) if (!groups.has(page)) groups.set(page, group);
  }
  return groups;
}

/** Removes values that can't be imported, and describes props by their construct. */
function tidy(project, module) {
  const values = Object.keys(compiled(`./${module.name.replace(/\/index$/, "")}/index.js`));
  for (const child of [...(module.children ?? [])]) {
    // export type * takes values along, of which only the types can be used.
    if (child.kindOf(ReflectionKind.Variable | ReflectionKind.Function) && !values.includes(child.name)) project.removeReflection(child);
    const [, construct] = /^(\w+)Props$/.exec(child.name) ?? [];
    if (construct && !child.hasComment() && module.getChildByName([construct]))
      child.comment = new Comment([{ kind: "text", text: `Props of \`${construct}\`.` }]);
  }
}

const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
await app.generateDocs(project, out);
await drawFlowcharts(out);
const broken = brokenLinks(out);
for (const link of broken) console.error(link);
console.log(`${resolve(out, "index.html")}: open it in a browser; no server is needed`);
process.exitCode = broken.length > 0 || app.logger.hasErrors() ? 1 : 0;
