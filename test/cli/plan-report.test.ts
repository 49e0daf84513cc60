import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../cli/command";
import { readable } from "../../cli/lines";
import { changesIn } from "../../cli/plan-changes";
import { LONGEST_REPORT, type PlanReport, planReport } from "../../cli/plan-report";
import type { Program } from "../../stacks";
import { anEnvironment } from "../environments";
import { accounts } from "../fixtures/environments/accounts";
import { dev } from "../fixtures/environments/dev";
import { FakeTerraform, type World } from "./fake-terraform";

/** A change as `terraform show -json` writes it. */
const aChange = (address: string, actions: readonly string[], change: object = {}) => ({
  address,
  mode: "managed",
  type: address.split(".")[0],
  change: { actions, before: null, after: null, ...change },
});

describe("changesIn", () => {
  const only = (change: object) => changesIn({ resource_changes: [change] })[0];

  it("names the arguments that change, and none of their values", () => {
    const change = {
      before: { name: "a", password: "old-secret", tags: { a: "1" } },
      after: { name: "a", password: "new-secret", tags: {} },
      after_unknown: { arn: true, nodes: [{ id: true }], kept: {} },
    };
    const found = only(aChange("aws_msk_cluster.a", ["update"], change));
    expect(found).toMatchObject({ effect: "change", arguments: ["arn", "nodes", "password", "tags"] });
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it("names the arguments that force a replacement", () => {
    const change = { before: { engine: "a", name: "a" }, after: { engine: "b", name: "b" }, replace_paths: [["engine"], ["engine", 0]] };
    expect(only(aChange("aws_db_instance.a", ["create", "delete"], change))).toMatchObject({ effect: "replace", arguments: ["engine"] });
  });

  it("tells what holds data, and what an API refuses to delete", () => {
    const database = aChange("aws_db_instance.a", ["delete"], { before: { deletion_protection: true } });
    expect(only(database)).toMatchObject({ effect: "destroy", holdsData: true, protectedBy: ["deletion_protection"] });
    expect(only(aChange("aws_sns_topic.a", ["delete"]))).toMatchObject({ holdsData: false, protectedBy: [] });
    const values = [JSON.stringify({ objects: [{ apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" }] })];
    expect(only(aChange("helm_release.a", ["delete"], { before: { values } }))).toMatchObject({ holdsData: true });
  });

  it("leaves out what doesn't change, and data sources", () => {
    expect(only(aChange("aws_sns_topic.a", ["no-op"]))).toBeUndefined();
    expect(only({ ...aChange("data.aws_ami.a", ["read"]), mode: "data" })).toBeUndefined();
    expect(only(aChange("aws_sns_topic.a", ["forget"]))).toMatchObject({ effect: "forget" });
  });
});

describe("planReport", () => {
  const stacks = (numbers: Readonly<Record<string, number>>): PlanReport => ({
    name: "production",
    report: new Map([["production-data", { kind: "done", changes: true }]]),
    changes: new Map([
      [
        "production-data",
        Object.entries(numbers).flatMap(([action, number]) =>
          changesIn({
            resource_changes: Array.from({ length: number }, (_, index) => aChange(`aws_db_instance.${action}-${index}`, [action])),
          }),
        ),
      ],
    ]),
    unrefreshed: new Set(),
    protectedIn: () => 3,
    notes: [],
  });

  it("lists destroyed and replaced resources before others", () => {
    const text = planReport(stacks({ create: 2, update: 1, delete: 1 }));
    expect(text).toMatch(/^## Plan of `production`: \*\*1 to destroy\*\*, 1 to change, 2 to create\n/);
    expect(text).toContain("> Data is lost: 1 resource with data would be destroyed or replaced.");
    expect(text).toContain("| `production-data` | changes | 1 |  |  | 1 | 2 | 3 |");
    expect(text.indexOf("delete-0")).toBeLessThan(text.indexOf("update-0"));
    expect(text.indexOf("update-0")).toBeLessThan(text.indexOf("create-0"));
  });

  it("leaves out created resources first to stay within the length of a comment, and says so", () => {
    const text = planReport(stacks({ create: 3000, delete: 500 }));
    expect(text.length).toBeLessThanOrEqual(LONGEST_REPORT);
    expect(text).toContain("3000 to create</summary>\n\n- … and 3000 more, which the log lists");
    expect(text).toContain("delete-499");
  });

  it.each([3000, 1000, 500, 100])("stays within %d characters", (longest) => {
    expect(planReport(stacks({ create: 300, update: 300, delete: 300 }), longest).length).toBeLessThanOrEqual(longest);
  });

  it("shows names and messages as they are: no mentions, no tables, no markup", () => {
    const failed = { kind: "failed", cause: "a `b` | @everyone\n# <b>" } as const;
    const text = planReport({ ...stacks({}), report: new Map([["production-data", failed]]) });
    expect(text).toContain("`production-data failed: a 'b' ¦ @everyone # <b>`");
  });

  it("says that nothing changes, or only outputs", () => {
    expect(planReport(stacks({}))).toContain(": only outputs change\n");
    expect(planReport({ ...stacks({}), report: new Map([["production-data", { kind: "done", changes: false }]]) })).toContain(
      ": no changes\n",
    );
  });
});

describe("npm run plan -- dev --markdown", () => {
  const { aws, exceptions } = dev;
  const PROGRAM: Program = { accounts, environments: [anEnvironment({ name: "dev", aws, exceptions })] };
  let directory: string;
  let terraform: FakeTerraform;
  const environment = { ...process.env };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "report-"));
    terraform = new FakeTerraform(directory);
    jest.spyOn(console, "log").mockImplementation();
    jest.spyOn(process.stderr, "write").mockImplementation(() => true);
  });
  afterEach(() => {
    process.env = { ...environment };
    rmSync(directory, { recursive: true });
    jest.restoreAllMocks();
  });
  const file = () => join(directory, "plan.md");
  const plan = (world: World, ...argv: string[]) => {
    terraform.begin(world);
    return command(PROGRAM, ["plan", "dev", ...argv], { outdir: join(directory, "cdktf.out") });
  };

  it("reports what is planned, and what waits, with the exit codes of a plan", async () => {
    const shown = { "dev-keys": { resource_changes: [aChange("aws_kms_key.data", ["delete", "create"])] } };
    expect(await plan({ shown }, "--markdown", file(), "--", "-detailed-exitcode", "-lock=false")).toBe(3);
    const text = readFileSync(file(), "utf8");
    expect(text).toMatch(/^## Plan of `dev`: \*\*1 to replace\*\*, 2 stacks not planned\n/);
    expect(text).toContain("- `aws_kms_key.data`: **holds data**");
    expect(text).toContain("`dev-network waits for dev-keys, which is not deployed yet`");
    expect(terraform.asked).toEqual(["plan dev-keys -out=.terraform/saved.tfplan -detailed-exitcode -lock=false"]);
    expect(existsSync(join(directory, "cdktf.out/stacks/dev-keys/.terraform/saved.tfplan"))).toBe(false);
  });

  it("reports the plan of a stack that failed", async () => {
    const shown = { "dev-keys": { resource_changes: [aChange("aws_kms_key.data", ["delete"])] } };
    expect(await plan({ shown, failing: "dev-keys" }, `--markdown=${file()}`)).toBe(1);
    expect(readFileSync(file(), "utf8")).toMatch(/: \*\*1 to destroy\*\*, 1 stack failed.*- `aws_kms_key.data`: \*\*holds data\*\*/s);
  });

  it("saves no plan without it", async () => {
    await plan({ deployed: ["dev-keys"] });
    expect(terraform.asked.join("\n")).not.toContain("-out");
  });

  it.each([
    [["--markdown"], "--markdown: needs the name of a file, like plan.md"],
    [["--markdown", "no-directory/plan.md"], "--markdown: no-directory doesn't exist; create the directory, or name another file"],
    [
      ["--markdown", "plan.md", "--", "-out=mine"],
      "-out=mine: can't be combined with --markdown, which saves the plans itself; leave one of them out",
    ],
  ])("refuses %j before anything runs", async (argv, message) => {
    expect(await plan({}, ...argv)).toBe(1);
    expect(process.stderr.write).toHaveBeenCalledWith(`${readable(message)}\n`);
    expect(terraform.asked).toEqual([]);
  });
});
