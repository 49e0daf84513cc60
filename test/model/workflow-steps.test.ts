import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { FakeTerraform } from "../cli/fake-terraform";
import { NewProject } from "../cli/new-project";

const made = new NewProject();

/** GitHub as its command line shows it: answers with a list, and writes down what it was asked. */
const GH = `#!/bin/sh
method=GET filter=.
echo "$*" | sed 's/ --jq .*//' >>"$FAKE_GITHUB/asked"
while [ $# -gt 0 ]; do
  case $1 in
  --method) method=$2 && shift ;;
  --jq) filter=$2 && shift ;;
  --field) case $2 in body=@*) cp "\${2#body=@}" "$FAKE_GITHUB/body" ;; esac && shift ;;
  esac
  shift
done
[ "$method" = GET ] || exit 0
if command -v jq >/dev/null; then jq -r "$filter" "$FAKE_GITHUB/list"; else cat "$FAKE_GITHUB/numbers"; fi
`;

describe("what the workflows run", () => {
  let terraform: FakeTerraform;
  beforeEach(async () => {
    await made.create("cqrs", "aws");
    terraform = new FakeTerraform(made.directory);
    process.env.PATH += `${delimiter}${dirname(process.execPath)}`;
    // What `npm ci` would install, from this repository.
    const modules = made.path("node_modules");
    for (const folder of [".bin", "@cdktf", "@types"]) mkdirSync(join(modules, folder), { recursive: true });
    for (const name of ["cdktf", "constructs", "typescript", "@types/node", "@cdktf/provider-aws", "@cdktf/provider-helm"])
      symlinkSync(resolve("node_modules", name), join(modules, name));
    symlinkSync(resolve("node_modules/@cdktf/provider-kubernetes"), join(modules, "@cdktf/provider-kubernetes"));
    symlinkSync(resolve("."), join(modules, "cdktf-cqrs"));
    const bin = join(modules, ".bin/cdktf-cqrs");
    writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${resolve("dist/cli/bin.js")}" "$@"\n`, { mode: 0o755 });
    symlinkSync(resolve("node_modules/typescript/bin/tsc"), join(modules, ".bin/tsc"));
    process.env.FAKE_GITHUB = join(made.directory, "github");
    mkdirSync(process.env.FAKE_GITHUB);
    writeFileSync(join(made.directory, "bin/gh"), GH);
    chmodSync(join(made.directory, "bin/gh"), 0o755);
  });

  const github = (file: string) => readFileSync(join(made.directory, "github", file), "utf8");

  /** Runs a job's own steps as GitHub does, up to the first that fails. */
  function run(workflow: string, job: string, variables: Readonly<Record<string, string>>): SpawnSyncReturns<string> {
    const { env = {}, steps } = parse(made.textOf(".github/workflows", workflow)).jobs[job];
    const fixed = (given: object = {}) => Object.entries(given).filter(([, value]) => !String(value).includes("${{"));
    let last: SpawnSyncReturns<string> | undefined;
    for (const step of steps) {
      if (step.run === undefined || step.run.startsWith("npm ci")) continue;
      last = spawnSync("bash", ["-e", "-o", "pipefail", "-c", step.run], {
        cwd: made.path(),
        encoding: "utf8",
        env: {
          ...process.env,
          ...Object.fromEntries([...fixed(env), ...fixed(step.env)]),
          GITHUB_REPOSITORY: "example/billing",
          ...variables,
        },
      });
      if (last.status !== 0) break;
    }
    if (!last) throw new Error(`${workflow} ${job} runs nothing`);
    return last;
  }

  // The package tier runs the scripts of the job `check` in every project.
  it("plans an environment that is not deployed without failing", () => {
    terraform.begin({});
    const planned = run("infrastructure.yml", "plan", { ENVIRONMENT: "dev" });
    expect({ status: planned.status, stderr: planned.stderr }).toMatchObject({ status: 0 });
    expect(made.textOf("plans/dev.status")).toBe("3\n");
    expect(made.textOf("plans/dev.md")).toMatch(/^## Plan of `dev`: \d+ stacks not planned\n/);
    expect(terraform.asked[0]).toMatch(/^plan dev-\w+ -out=\S+ -detailed-exitcode -no-color -lock=false$/);
  }, 300_000);

  it("fails if a script of a workflow misspells an option", () => {
    terraform.begin({});
    const script = made.path(".github/scripts/plan.sh");
    writeFileSync(script, readFileSync(script, "utf8").replace("--markdown", "--markdwn"));
    const { status, stderr } = run("infrastructure.yml", "plan", { ENVIRONMENT: "dev" });
    expect(status).toBe(1);
    expect(stderr).toContain("--markdwn: not an option here");
  }, 300_000);

  it("fails if a plan fails, and still has a report of it", () => {
    terraform.begin({ failing: "dev-keys" });
    expect(run("drift.yml", "plan", { ENVIRONMENT: "dev" }).status).toBe(1);
    expect(made.textOf("plans/dev.md")).toContain("1 stack failed");
  }, 300_000);

  it("applies an environment, and stops where Terraform stops", () => {
    terraform.begin({ failing: "dev-keys" });
    expect(run("infrastructure.yml", "apply-dev", {}).status).toBe(1);
    expect(terraform.asked).toContain("apply dev-keys -auto-approve -no-color");
  }, 300_000);

  it("releases a workload: pushes the release file, and applies the stacks of its domain", () => {
    const git = (...args: string[]) =>
      spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: made.path() });
    git("init", "--quiet", "--initial-branch=main", ".");
    git("add", "--all");
    git("commit", "--quiet", "--message", "Begin");
    git("init", "--quiet", "--bare", "--initial-branch=main", join(made.directory, "origin.git"));
    git("remote", "add", "origin", join(made.directory, "origin.git"));
    terraform.begin({});
    const image = "registry.example.com/billing/query-api:1.1.0";
    const GITHUB_STEP_SUMMARY = join(made.directory, "summary");
    const variables = {
      ENVIRONMENT: "dev",
      CHANGE: "image",
      TARGET: "query-api",
      IMAGE: image,
      GITHUB_REF_NAME: "main",
      GITHUB_STEP_SUMMARY,
    };
    const released = run("release.yml", "release", variables);
    expect(
      spawnSync("git", ["--git-dir", join(made.directory, "origin.git"), "log", "--format=%s", "main"], { encoding: "utf8" }).stdout,
    ).toBe(`Release to dev: query-api --image ${image}\nBegin\n`);
    expect(JSON.parse(made.textOf("environments/dev.release.json"))["query-api"].image).toBe(image);
    expect(readFileSync(GITHUB_STEP_SUMMARY, "utf8")).toMatch(/^Restore point before this release: \d{4}-\d\d-\d\dT[\d:]+Z\n$/);
    // Nothing that the domain needs is deployed in this world.
    expect({ status: released.status, out: released.stdout }).toMatchObject({
      status: 3,
      out: expect.stringContaining("dev-read-side waits"),
    });
    expect(released.stdout).not.toContain("dev-network waits for");
  }, 300_000);

  it.each([
    [{ CHANGE: "image", TARGET: "query-api", IMAGE: "" }, "IMAGE"],
    [{ CHANGE: "switch; id", TARGET: "", IMAGE: "" }, 'CHANGE: "switch; id" must be image, slot blue, slot green, switch or rollback'],
    [{ CHANGE: "rollback", TARGET: "--all", IMAGE: "" }, "--all: not an option here"],
    // No service is there: the backup fails before it begins.
    [
      {
        ...{ CHANGE: "image", TARGET: "query-api", IMAGE: "registry.example.com/billing/query-api:1.1.0", BACKUP: "true" },
        ...{ AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_ACCESS_KEY_ID: "backup", AWS_SECRET_ACCESS_KEY: "secret" },
      },
      "http://127.0.0.1:9: ",
    ],
  ])(
    "refuses a release of %j, and applies nothing",
    (inputs, message) => {
      terraform.begin({});
      const { status, stdout, stderr } = run("release.yml", "release", { ENVIRONMENT: "dev", GITHUB_REF_NAME: "main", ...inputs });
      expect(status).not.toBe(0);
      expect(stdout + stderr).toContain(message);
      expect(terraform.asked).toEqual([]);
    },
    300_000,
  );

  /** Comments or issues that exist, and a report. */
  function world(list: readonly object[], status: number): void {
    writeFileSync(join(made.directory, "github/list"), JSON.stringify(list));
    writeFileSync(join(made.directory, "github/numbers"), list.length > 0 ? "7\n" : "");
    mkdirSync(made.path("plans"));
    writeFileSync(made.path("plans/dev.md"), "## Plan of `dev`\n");
    writeFileSync(made.path("plans/dev.status"), `${status}\n`);
  }
  const bot = { user: { login: "github-actions[bot]" } };

  it("writes a comment once, and updates it afterwards", () => {
    const comment = () => run("infrastructure.yml", "comment", { PULL_REQUEST: "12" }).status;
    world([], 2);
    expect(comment()).toBe(0);
    expect(github("body")).toBe("<!-- plan of dev -->\n## Plan of `dev`\n");
    expect(github("asked")).toContain("--method POST repos/example/billing/issues/12/comments");
    rmSync(made.path("plans"), { recursive: true });
    world([{ ...bot, id: 7, body: "<!-- plan of dev -->\nold" }], 2);
    expect(comment()).toBe(0);
    expect(github("asked")).toContain("--method PATCH repos/example/billing/issues/comments/7");
  });

  it.each([
    ["opens an issue about drift", [], 2, "--method POST repos/example/billing/issues --raw-field title=Drift in dev"],
    [
      "updates the one that is open",
      [{ title: "Drift in dev", number: 7 }],
      2,
      "--method PATCH repos/example/billing/issues/7 --field body=",
    ],
    [
      "closes it when nothing differs",
      [{ title: "Drift in dev", number: 7 }],
      0,
      "--method PATCH repos/example/billing/issues/7 --field state=closed",
    ],
  ])("%s", (_, issues, status, asked) => {
    world(issues, status);
    const variables = { GITHUB_SERVER_URL: "https://github.com", GITHUB_RUN_ID: "1" };
    expect(run("drift.yml", "report", variables).status).toBe(0);
    expect(github("asked")).toContain(asked);
  });

  it("opens no issue where nothing differs", () => {
    world([], 0);
    expect(run("drift.yml", "report", { GITHUB_SERVER_URL: "https://github.com", GITHUB_RUN_ID: "1" }).status).toBe(0);
    expect(github("asked")).not.toContain("--method");
  });
});
