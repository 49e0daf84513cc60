import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CHARTS } from "../../constructs/core/versions";
import { architecture, policiesPage, readme, summaryPage } from "../../docs/generate";
import { RUNBOOK_INDEX, runbookIndex } from "../../docs/runbook-index";
import { ownCommandProblems, pagesIn, SCENARIOS, syntaxProblems } from "./scenarios";

const read = (file: string) => readFileSync(file, "utf8");

/** README, guide for contributors, and the pages in docs/, without those of alerts. */
const pages = () => [
  "README.md",
  "CONTRIBUTING.md",
  ...["docs", SCENARIOS].flatMap((folder) => [...pagesIn(folder).keys()]),
  RUNBOOK_INDEX,
];

/** All texts that a reader of the package has: the pages, the runbooks of alerts, and those of templates and examples. */
const texts = () => [
  ...pages(),
  ...pagesIn(dirname(RUNBOOK_INDEX)).keys(),
  ...["templates", "examples"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  ),
];

/** Words for which the field has others. */
const OTHER =
  /\b(anew|whoever|(some|no|every)body|way (in|out|back)|go(es)? on|by (itself|themselves)|of before|stands? still|(make|has|no|with) room|by the clock|(is|are|while .*) away\b|(turned|throws?|thrown|takes?) (\w+ )?away|beside\b|says so|at hand|(tells?|told) (which|why|what|until|when|whether|of)|are told)\b/i;

/** Sources of the package. */
const sources = () =>
  ["constructs", "stacks", "cli"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );

describe("the documents", () => {
  it("draw the code as it is (npm run docs draws it anew)", () => {
    expect(read("docs/architecture.md")).toBe(architecture());
  });

  it("show what npm start really prints (npm run docs writes it anew)", () => {
    expect(read("README.md")).toBe(readme());
    const [requested] = /(?<=required pods request ).*$/m.exec(readme()) ?? [];
    expect(readme()).toContain(`The pods of \`local\` request ${requested}, `);
    expect(read("docs/summary.md")).toBe(summaryPage());
    const [, printed = ""] = /```text\n([\s\S]*?)```/.exec(read("docs/summary.md")) ?? [];
    expect(printed.split("\n").filter((line) => line.length > 100)).toEqual([]);
  });

  it("list policies, exceptions and exemptions of the code (npm run docs writes them anew)", () => {
    expect(read("docs/policies.md")).toBe(policiesPage());
  });

  it("list every alert in the index of runbooks (npm run docs writes it anew)", () => {
    expect(read(RUNBOOK_INDEX)).toBe(runbookIndex());
  });

  it("use the words of the field", () => {
    const prose = (text: string) => text.replace(/```[\s\S]*?```|`[^`\n]*`/g, "").split("\n");
    for (const file of texts()) expect({ file, lines: prose(read(file)).filter((line) => OTHER.test(line)) }).toEqual({ file, lines: [] });
    expect(prose("is built anew\n```\nanew\n```\nprints `nobody`").filter((line) => OTHER.test(line))).toEqual(["is built anew"]);
    for (const line of ["Somebody suspended it", "it ends by itself", "apply the version of before", "Writes go on", "no room for it"])
      expect(line).toMatch(OTHER);
  });

  it("say in an error what a value must be, not what it isn't, in the words of the field", () => {
    const vague =
      /["`]is no (?!longer)|^(?!\s*(?:\/?\*|\/\/)).*\b(anew|whoever)\b|\b(rule|remedy)(:| =) ["`].*\b((any|no|some|every)body|beside|stands? (before|beside|for)|way into|(is|are) told|in clear|is gone|by itself|away)\b/m;
    expect(sources().filter((file) => vague.test(read(file)))).toEqual([]);
    for (const text of [
      'rule: "is no port"',
      'remedy: "make it anew"',
      'rule: "so that nobody answers"',
      "const rule = `stands beside ${other}`;",
      'rule: "has no way into the cluster"',
    ])
      expect(vague.test(text)).toBe(true);
    expect(vague.test('  // Draws it anew.\n  rule: "must be a port"')).toBe(false);
  });

  it("begin descriptions of code with a noun or a verb", () => {
    const headless = /\/\*\*\s+(\*\s+)?(What|Whether|Who|How|Where) /;
    expect(sources().filter((file) => headless.test(read(file)))).toEqual([]);
    expect("  /** Whether it is on. */").toMatch(headless);
    expect("  /**\n   * What it is.\n   */").toMatch(headless);
  });

  it("have nothing left to fill in", () => {
    for (const file of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/platform.md"])
      expect(read(file)).not.toMatch(/@@|TODO|TBD/);
  });

  it("print commands whose scripts and arguments there are", async () => {
    const { scripts } = JSON.parse(read("package.json"));
    const all = new Map([...pages(), ...pagesIn("docs/runbooks").keys()].map((file) => [file, read(file)]));
    expect(syntaxProblems(all)).toEqual([]);
    for (const [file, text] of all) expect({ file, problems: await ownCommandProblems(text, scripts) }).toEqual({ file, problems: [] });
    const said = (line: string) => ownCommandProblems(`\`\`\`sh\n${line}\n\`\`\`\n`, scripts);
    const [refused, unknown, positional] = [
      await said("npm run restore -- production --backup 20261128-214728-3f9c1a --intro recovered"),
      await said("npx cdktf-cqrs backups production"),
      await said("npm run backup -- production --list 20261128-214728-3f9c1a"),
    ];
    expect(refused).toEqual([expect.stringContaining("did you mean --into?")]);
    expect(unknown).toEqual([expect.stringContaining("is no script")]);
    expect(positional).toEqual([expect.stringContaining("requires one environment")]);
  });

  it("upgrade definitions of the charts that are installed, from where they come", () => {
    const shown = [...read("docs/platform.md").matchAll(/^helm show crds (\S+)(?: --repo (\S+))? --version (\S+) \|$/gm)];
    expect(shown).toHaveLength(3);
    const charts = Object.values(CHARTS).map(({ repository, chart, version }) =>
      repository.startsWith("oci://") ? [`${repository}/${chart}`, undefined, version] : [chart, repository, version],
    );
    for (const [, ...command] of shown) expect(charts).toContainEqual(command);
  });

  it("lead to pages and headings that there are", () => {
    const anchor = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .trim()
        .replace(/\s/g, "-");
    const anchors = (file: string) => [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));
    for (const file of pages()) {
      for (const [, path = "", heading] of read(file).matchAll(/\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)/g)) {
        const target = join(dirname(file), path);
        expect({ file, target, there: existsSync(target) }).toEqual({ file, target, there: true });
        if (heading) expect(anchors(target)).toContain(heading);
      }
    }
  });
});
