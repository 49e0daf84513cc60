import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { SESSION } from "../../constructs/bootstrap/deploy-roles";
import { runnerProject } from "../../constructs/runners";
import { NewProject } from "./new-project";

const PLACES = ["aws", "on-premises", "kind"] as const;
const PROJECTS = (["cqrs", "domains", "library"] as const).flatMap((shape) => PLACES.map((on) => ({ shape, on })));
const ACCOUNTS = { dev: "444455556666", production: "111122223333" } as const;

const made = new NewProject();

/** Every workflow and action of a new project, by file. */
async function workflows(shape: string, on: string): Promise<Readonly<Record<string, any>>> {
  await made.create(shape, on);
  const files = readdirSync(made.path(".github"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yml"));
  return Object.fromEntries(files.map((file) => [file.replace(/^workflows\//, ""), parse(made.textOf(".github", file))]));
}

const jobsOf = (all: Readonly<Record<string, any>>): readonly [string, any][] =>
  Object.entries(all).flatMap(([file, { jobs = {} }]) =>
    Object.entries<any>(jobs).map(([name, job]): [string, any] => [`${file} ${name}`, job]),
  );
const stepsOf = (all: Readonly<Record<string, any>>): readonly any[] => [
  ...jobsOf(all).flatMap(([, { steps }]) => steps),
  ...Object.values(all).flatMap(({ runs }) => runs?.steps ?? []),
];

describe.each(PROJECTS)("the workflows of a project of shape $shape on $on", ({ shape, on }) => {
  const deploys = shape !== "library" && on !== "kind";

  it("deploy where there is something to deploy to", async () => {
    const files = Object.keys(await workflows(shape, on)).sort();
    const pipeline = ["actions/prepare/action.yml", "drift.yml", "infrastructure.yml", "release.yml"];
    expect(files).toEqual(deploys ? pipeline : ["infrastructure.yml"]);
  });

  it("use actions by commit, with the version beside it", async () => {
    const all = await workflows(shape, on);
    for (const { uses = "./" } of stepsOf(all)) expect(uses).toMatch(/^\.\/|@[0-9a-f]{40}$/);
    for (const file of Object.keys(all)) {
      const path = existsSync(made.path(".github/workflows", file)) ? ["workflows", file] : [file];
      for (const [line] of made.textOf(".github", ...path).matchAll(/uses: [^.].*/g))
        expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it("never interpolate an expression into a script, and install nothing that runs scripts", async () => {
    for (const { run = "" } of stepsOf(await workflows(shape, on))) {
      expect(run).not.toContain("${{");
      if (/npm (ci|install)/.test(run)) expect(run).toBe("npm ci --ignore-scripts");
    }
  });

  it("have few permissions and an end, and keep the token out of the directory unless they push", async () => {
    const all = await workflows(shape, on);
    for (const { permissions, jobs } of Object.values(all)) if (jobs) expect(permissions).toEqual({ contents: "read" });
    const written = (job: any) => Object.keys(job.permissions ?? {}).filter((name) => job.permissions[name] === "write");
    for (const [name, job] of jobsOf(all)) {
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
      const pushes = name === "release.yml release";
      const [checkout] = job.steps.filter(({ uses = "" }) => uses.startsWith("actions/checkout@"));
      expect({ name, persists: checkout.with?.["persist-credentials"] }).toEqual({ name, persists: pushes ? undefined : false });
      const own = { "infrastructure.yml comment": ["pull-requests"], "drift.yml report": ["issues"] } as Record<string, string[]>;
      const signs = on === "aws" && /plan|apply|release/.test(name) ? ["id-token"] : [];
      expect({ name, written: written(job) }).toEqual({ name, written: own[name] ?? [...(pushes ? ["contents"] : []), ...signs] });
    }
  });

  if (!deploys) return;

  it("apply one after the other the newest commit, each approved by its environment, and cancel no apply", async () => {
    const all = await workflows(shape, on);
    const applying = jobsOf(all).filter(([, { steps }]) => steps.some(({ run = "" }) => run.includes("npm run apply")));
    expect(applying.length).toBe(on === "aws" ? 3 : 2);
    for (const [, { environment, concurrency, "timeout-minutes": minutes, steps }] of applying) {
      expect(concurrency).toEqual({ group: `apply-${environment}`, "cancel-in-progress": false });
      // Not the commit of the push, behind which a release may have come before the approval.
      expect(steps[0].with.ref).toBe("${{ github.ref_name }}");
      if (on !== "aws") continue;
      const [session] = steps.flatMap((step: any) => step.with?.session ?? []);
      expect(session).toBe(SESSION.apply);
      expect(minutes * 60).toBeLessThan(session);
    }
    expect(all["release.yml"].on.workflow_dispatch.inputs.backup.default).toBe(on === "aws");
    expect(all["release.yml"].jobs.release.env.BACKUP).toBe("${{ inputs.backup }}");
    const { jobs } = all["infrastructure.yml"];
    if (on === "aws") expect([jobs["apply-dev"].needs, jobs["apply-production"].needs]).toEqual(["check", "apply-dev"]);
    expect(jobs.plan["timeout-minutes"] * 60).toBeLessThan(SESSION.plan);
    expect(all["infrastructure.yml"].concurrency["cancel-in-progress"]).toBe("${{ github.event_name == 'pull_request' }}");
  });

  it("plan no pull request of a fork or of Dependabot, and say so", async () => {
    const { check, plan, comment } = (await workflows(shape, on))["infrastructure.yml"].jobs;
    const [, ...conditions] = /^github\.event_name == 'pull_request' && (.*) && (.*)$/.exec(plan.if) ?? [];
    expect(conditions).toEqual(["github.actor != 'dependabot[bot]'", "github.event.pull_request.head.repo.full_name == github.repository"]);
    expect(comment.if).toContain("needs.plan.result != 'skipped'");
    const [said] = check.steps.filter((step: any) => step.if);
    expect(said.if).toBe("github.event_name == 'pull_request' && github.actor == 'dependabot[bot]'");
    const summary = join(made.directory, "summary.md");
    spawnSync("bash", ["-ec", said.run], { env: { ...process.env, GITHUB_STEP_SUMMARY: summary } });
    expect(readFileSync(summary, "utf8")).toMatch(/^Not planned: .* push a commit to the branch, such as an empty one\.\n$/);
  });

  if (on !== "aws") return;

  it("assume the roles that bootstrap creates", async () => {
    const all = await workflows(shape, on);
    const role = (file: string, job: string) => all[file].jobs[job].steps.flatMap((step: any) => step.with?.role ?? [])[0];
    for (const [name, account] of Object.entries(ACCOUNTS))
      expect(role("infrastructure.yml", `apply-${name}`)).toBe(`arn:aws:iam::${account}:role/billing/billing-deploy-${name}`);
    for (const file of ["infrastructure.yml", "drift.yml"]) {
      expect(role(file, "plan")).toBe("arn:aws:iam::${{ matrix.account }}:role/billing/billing-plan");
      expect(all[file].jobs.plan.strategy.matrix.include).toEqual(
        Object.entries(ACCOUNTS).map(([name, account]) => ({ environment: name, account })),
      );
    }
    expect(JSON.parse(all["release.yml"].jobs.release.env.ACCOUNTS)).toEqual(ACCOUNTS);
    // The labels that CodeBuild accepts: the project of the environment's runners, and the run.
    const [known, run] = ["fromJSON(vars.CODEBUILD_RUNNERS || '[]')", "github.run_id, github.run_attempt"];
    const named = (file: string, job: string) => all[file].jobs[job]["runs-on"];
    for (const [job, name] of ["dev", "production"].map((one) => [`apply-${one}`, one] as const)) {
      const label = `codebuild-${runnerProject(["billing", name])}-{0}-{1}`;
      expect(named("infrastructure.yml", job)).toContain(`contains(${known}, '${name}') && format('${label}', ${run}) ||`);
    }
    const label = `codebuild-${runnerProject(["billing", "{0}"])}-{1}-{2}`;
    for (const [file, job, name] of [
      ["infrastructure.yml", "plan", "matrix.environment"],
      ["drift.yml", "plan", "matrix.environment"],
      ["release.yml", "release", "inputs.environment"],
    ] as const)
      expect(named(file, job)).toContain(`contains(${known}, ${name}) && format('${label}', ${name}, ${run}) ||`);
    const { environment: choice } = all["release.yml"].on.workflow_dispatch.inputs;
    expect(choice.options).toEqual(Object.keys(ACCOUNTS));
  });
});

describe("the script of the release workflow", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
    writeFileSync(join(directory, "npm"), `#!/bin/sh\necho "$*" >>"${directory}/asked"\n[ "$2" != "$FAILS" ]\n`, { mode: 0o755 });
    writeFileSync(join(directory, "git"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const asked = (env: Readonly<Record<string, string>>) => {
    const PATH = `${directory}:${process.env.PATH}`;
    const script = "templates/pipeline/.github/scripts/release.sh";
    const { status } = spawnSync("sh", [script], { env: { PATH, ENVIRONMENT: "dev", TARGET: "web", IMAGE: "web:2", ...env } });
    return { status, asked: readFileSync(join(directory, "asked"), "utf8").trim().split("\n") };
  };

  it.each<readonly [Readonly<Record<string, string>>, readonly string[]]>([
    [{ CHANGE: "image", BACKUP: "true" }, ["run backup -- dev", "run release -- dev web --image web:2"]],
    [{ CHANGE: "slot blue", BACKUP: "true" }, ["run backup -- dev", "run release -- dev web --slot blue --image web:2"]],
    [{ CHANGE: "image", BACKUP: "false" }, ["run release -- dev web --image web:2"]],
    [{ CHANGE: "image" }, ["run release -- dev web --image web:2"]],
    [{ CHANGE: "switch", BACKUP: "true" }, ["run release -- dev web --switch"]],
    [{ CHANGE: "rollback", BACKUP: "true" }, ["run release -- dev web --rollback"]],
  ])("runs for %j: %j", (env, commands) => {
    expect(asked(env)).toEqual({ status: 0, asked: commands });
  });

  it("releases nothing without the backup", () => {
    expect(asked({ CHANGE: "image", BACKUP: "true", FAILS: "backup" })).toEqual({ status: 1, asked: ["run backup -- dev"] });
  });
});
