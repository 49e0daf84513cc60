import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Environment } from "../../stacks";
import { errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { type Deployed, deployedBy } from "./deployed";
import {
  changed,
  commandProblems,
  formProblems,
  INDEX,
  linkProblems,
  pagesIn,
  pairProblems,
  SCENARIOS,
  settingsIn,
  syntaxProblems,
  unknownNames,
} from "./scenarios";
import { commandsIn } from "./shell";

const scenarios = pagesIn(SCENARIOS);
const alerts = new Map([...pagesIn("docs/runbooks")].filter(([file]) => file !== INDEX));
const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

let found: Deployed | undefined;
const deployed = () => {
  found ??= deployedBy(synthesisOf(program));
  return found;
};

/** Problems of all pages, each with its page. */
async function inAll(problemsOf: (file: string, text: string) => readonly string[] | Promise<readonly string[]>, pages = scenarios) {
  const all: string[] = [];
  for (const [file, text] of pages) all.push(...(await problemsOf(file, text)).map((problem) => `${basename(file)}: ${problem}`));
  return all;
}

/** Jobs and stacks of settings that the pages describe, and that no shipped environment has. */
const DESCRIBED = {
  jobs: [
    ...["audit-digest", "broker-passwords", "broker-revoke", "event-store-follow", "event-store-passwords", "event-store-record"],
    ...["event-store-revoke", "event-store-snapshots", "event-store-volume-drill", "migration-down", "reindex"],
  ],
  stacks: ["production-checkout", "production-runners", "staging-mail"],
} as const;

const withDescribed = (all: Deployed): Deployed => ({
  ...all,
  jobs: new Set([...all.jobs, ...DESCRIBED.jobs]),
  stacks: new Set([...all.stacks, ...DESCRIBED.stacks]),
});

const page = (steps: string) =>
  `# Try it\n\n| | |\n|---|---|\n| Severity | a |\n| Still works | b |\n| Time | c |\n| Undo | d |\n\n## Symptoms\n\ns\n\n## Access\n\na\n\n## Steps\n\n${steps}\n\n## Verify\n\nv\n\n## If it doesn't work\n\nw\n\n## Alerts\n\nNone.\n`;
const shell = (code: string) => page(`\`\`\`sh\n${code}\n\`\`\``);

describe("the pages of scenarios", () => {
  it("have every fact and section, on two screens at most", async () => {
    expect(scenarios.size).toBeGreaterThan(20);
    expect(await inAll((_, text) => formProblems(text))).toEqual([]);
  });

  it("lead to pages and headings that there are, as do those of alerts", async () => {
    for (const pages of [scenarios, alerts]) expect(await inAll(linkProblems, pages)).toEqual([]);
  });

  it("and the pages of alerts lead to each other", () => {
    expect(pairProblems(scenarios, alerts)).toEqual([]);
  });

  it("are in the index, as is every alert", () => {
    const index = readFileSync(INDEX, "utf8");
    for (const file of [...scenarios.keys(), ...alerts.keys()]) expect(index).toContain(`(${file.replace("docs/runbooks/", "")})`);
  });

  it("have commands that a shell can parse", () => {
    expect(syntaxProblems(scenarios)).toEqual([]);
  });

  it("have commands that name what is deployed, with arguments that are known", async () => {
    expect(await inAll((_, text) => commandProblems(text, deployed(), scripts))).toEqual([]);
  });

  it("name stacks and jobs that there are on other pages too", async () => {
    const pages = new Map([...pagesIn("docs"), ...alerts]);
    expect(await inAll((_, text) => unknownNames(text, withDescribed(deployed())), pages)).toEqual([]);
    expect(unknownNames(shell("npm run apply -- production-bakcup && npm run apply -- recovered-data"), deployed())).toEqual([
      "production-bakcup is not one of the program",
    ]);
    expect(unknownNames(shell("kubectl -n x create job --from=cronjob/event-store-verfy now"), deployed())).toEqual([
      "event-store-verfy is not a scheduled job",
    ]);
  });

  it("change settings that there are, to values that are accepted", async () => {
    const problems = await inAll((_, text) =>
      settingsIn(text).flatMap(({ environment, changes }) => {
        const before = program.environments.find(({ name }) => name === environment);
        return before
          ? errorsOf({ ...program, environments: [changed(before, changes) as Environment] })
          : [`${environment} is no environment`];
      }),
    );
    expect(problems).toEqual([]);
    expect([...scenarios.values()].flatMap(settingsIn).length).toBeGreaterThan(5);
  });
});

describe("what is wrong with a page", () => {
  it.each([
    ["its title", page("s").replace("# Try it\n", ""), ["has no title"]],
    ["a fact", page("s").replace("| Undo | d |\n", ""), ["doesn't say: Undo"]],
    ["a fact without a value", page("s").replace("| d |", "|  |"), ["doesn't say: Undo"]],
    [
      "a section",
      page("s").replace("## Verify\n\nv\n\n", ""),
      [
        "has the sections Symptoms, Access, Steps, If it doesn't work, Alerts; use Symptoms, Access, Steps, Verify, If it doesn't work, Alerts",
      ],
    ],
    ["an empty section", page(""), ["Steps is empty"]],
    ["its length", page("s\n".repeat(130)), ["is longer than two screens"]],
  ])("is found: %s", (_, text, problems) => {
    expect(formProblems(page("s"))).toEqual([]);
    expect(formProblems(text)).toEqual(problems);
  });

  it.each([
    ["a page", "[a](nowhere.md)", ["links to nowhere.md, which doesn't exist"]],
    ["a heading", "[a](../../data.md#nothing)", ["links to ../../data.md#nothing, which has no such heading"]],
  ])("is found: a link to %s that there isn't", (_, text, problems) => {
    expect(linkProblems(`${SCENARIOS}/x.md`, text)).toEqual(problems);
  });

  it("is found: a scenario and an alert that link only one way", () => {
    const [scenario, alert] = [`${SCENARIOS}/x.md`, "docs/runbooks/natsdown.md"];
    const to = (link: string) => new Map([[scenario, `## Alerts\n\n[a](${link})`]]);
    const back = new Map([[alert, "[x](scenarios/x.md)"]]);
    expect(pairProblems(to("../natsdown.md"), back)).toEqual([]);
    expect(pairProblems(to("../natsdown.md"), new Map([[alert, ""]]))).toEqual([
      `${alert}: doesn't link to scenarios/x.md, which links to it`,
    ]);
    expect(pairProblems(to("../other.md"), back)).toContain(`${scenario}: doesn't link to ../natsdown.md, which links to it`);
  });

  it("is found: code that no shell can parse", () => {
    const pages = new Map(["true", "for i in 0 1; do echo", "false"].map((code) => [code, shell(code)]));
    expect(syntaxProblems(pages)).toEqual([
      expect.stringMatching(/^for i in 0 1; do echo: a shell can't parse its commands: .*Syntax error/i),
    ]);
  });

  it.each([
    ["kubectl get pods -n write-side", "names no --context"],
    ["kubectl --context production get pods", "--context production is no cluster of a shipped environment"],
    ["kubectl --context production-write -n read-side get pods", "namespace read-side is not on production-write"],
    ["kubectl --context production-write -n write-side get deployment command-api", "deployment write-side/command-api is not made"],
    [
      "kubectl --context dev -n event-store delete pvc data-event-store-3",
      "persistentvolumeclaim event-store/data-event-store-3 is not made",
    ],
    ["kubectl --context dev -n event-store logs event-stor-0", "pod event-store/event-stor-0 is not made"],
    ["kubectl --context dev -n event-store exec events-0 -- df -h", "pod event-store/events-0 is not made"],
    ["kubectl --context dev -n event-store get widgets", "widgets is not a known kind"],
    ["kubectl --context dev -n event-store restart pods", "restart is not a known verb"],
    ["kubectl --context dev -n event-store get pods --sort", "--sort is not a known flag"],
    [
      "kubectl --context dev -n event-store get pods -l app.kubernetes.io/name=store",
      "no pods in event-store have the label app.kubernetes.io/name=store",
    ],
    ["kubectl --context dev -n read-store create job --from=cronjob/orders-watch now", "cronjob read-store/orders-watch is not made"],
    ["job=x && kubectl --context dev -n read-store logs $(kubectl get pods)", "names no --context"],
    ["helm --kube-context dev rollback cert-managers -n cert-manager", "release cert-manager/cert-managers is not made"],
    ["terraform -chdir=cdktf.out/stacks/dev-write force-unlock $id", "dev-write is not a stack"],
    ["terraform -chdir=cdktf.out/stacks/dev-keys unlock $id", "unlock is not a known subcommand"],
    ["terraform force-unlock $id", "names no -chdir: a stack has its own directory"],
    ["aws eks update-kubeconfig --name orders-dev --region eu-west-1 --alias dev", "dev is not the context of orders-dev in eu-west-1"],
    ["aws rds describe-db-clusters --db-cluster-identifier orders-production-database", "orders-production-database is not a name in AWS"],
    ["aws backup list-recovery-points-by-backup-vault --backup-vault-name orders-prod", "orders-prod is not a name in AWS"],
    ["aws s3 ls s3://orders-production-backup-copy/event-store/", "orders-production-backup-copy is not a name in AWS"],
    ["npm run backup -- prodution", "prodution is not one of the program"],
    ["npm run deploy -- dev", "package.json has no script deploy"],
    ["npm run apply -- dev-events", "dev-events is not one of the program"],
    ["npm run apply -- dev --paralel 2", "--paralel: not an option here; did you mean --parallel?"],
    ["npm run release -- production command-api --swich", "--swich: not an option here; did you mean --switch?"],
    ["npm run release -- production command-api --slot green --switch", "release has no change --slot --switch"],
    ["npm run bootstrap -- 1234", "1234 is not one of the program"],
    ["npm start -- prod", "prod is not one of the program"],
  ])("is found: %s", async (code, problem) => {
    expect(await commandProblems(shell(code), deployed(), scripts)).toEqual([expect.stringMatching(new RegExp(`: ${escaped(problem)}$`))]);
  });

  it("is found between the words too", async () => {
    expect(await commandProblems(page("Run `npm run aply -- dev`."), deployed(), scripts)).toEqual([
      "npm run aply -- dev: package.json has no script aply",
    ]);
  });

  it("is found: a setting that there isn't", () => {
    const [first] = settingsIn(page("```ts\n// dev\neventStore: { size: 3 },\n```"));
    const dev = program.environments.find(({ name }) => name === "dev") as Environment;
    expect(errorsOf({ ...program, environments: [changed(dev, first?.changes ?? {})] })).toHaveLength(1);
  });
});

describe("commands in a text", () => {
  it.each([
    ["a | b && c; d", [["a"], ["b"], ["c"], ["d"]]],
    ["x=1 y=2 a 'b c' \"d e\" # f", [["a", "b c", "d e"]]],
    ["a \\\n  b", [["a", "b"]]],
    ["for i in 1; do a; done", [["for", "i", "in", "1"], ["a"], ["done"]]],
    ["x=$(a $(b)) && c", [["c"], ["a", "$"], ["b"]]],
    [
      'a "$(b c)"',
      [
        ["a", "$(b c)"],
        ["b", "c"],
      ],
    ],
  ])("are split as a shell does: %s", (text, commands) => {
    expect(commandsIn(text)).toEqual(commands);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
