import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { createProject, help } from "../../cli/new";
import { messageFor } from "../../cli/told";

const SHAPES = ["cqrs", "domains", "library"] as const;
const PLACES = ["aws", "on-premises", "kind"] as const;
const COMBINATIONS = SHAPES.flatMap((shape) => PLACES.map((on) => ({ shape, on })));

const USAGE = "Usage: npx cdktf-cqrs new <name> --shape cqrs|domains|library --on aws|on-premises|kind";

let directory: string;
let said: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  said = "";
  jest.spyOn(console, "log").mockImplementation((line) => {
    said += line;
  });
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  jest.restoreAllMocks();
});

const create = (...argv: string[]) => createProject(argv, { directory, ask: async () => undefined });
const inDirectory = (...path: string[]) => join(directory, ...path);

/** Why a project is refused. Nothing may be written then. */
async function refusal(...argv: string[]): Promise<string> {
  const before = readdirSync(directory);
  const error = await create(...argv).then(
    () => "",
    (refused: Error) => refused.message,
  );
  expect(readdirSync(directory)).toEqual(before);
  return error;
}

function filesIn(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile())
    .sort();
}

describe("cdktf-cqrs new", () => {
  it.each(COMBINATIONS)("creates a project of shape $shape on $on, named throughout", async ({ shape, on }) => {
    expect(await create("billing", "--shape", shape, "--on", on)).toBe(0);
    expect(said).toBe(`billing: created, shape ${shape} on ${on}\nNext: cd billing && npm install && npm start`);
    expect(readdirSync(directory)).toEqual(["billing"]);
    const files = filesIn(inDirectory("billing"));
    for (const file of [
      ".gitattributes",
      ".gitignore",
      "README.md",
      "cdktf.json",
      "main.ts",
      "package.json",
      "test/program.test.ts",
      "tsconfig.json",
    ])
      expect(files).toContain(file);
    for (const file of files) expect(readFileSync(inDirectory("billing", file), "utf8")).not.toMatch(/\bacme\b/i);
    expect(JSON.parse(readFileSync(inDirectory("billing/package.json"), "utf8")).name).toBe("billing");
  });

  it.each(COMBINATIONS)("has a workflow whose jobs wait for each other, and run its own scripts: $shape on $on", async ({ shape, on }) => {
    await create("billing", "--shape", shape, "--on", on);
    const { jobs } = parse(readFileSync(inDirectory("billing/.github/workflows/infrastructure.yml"), "utf8"));
    const { scripts } = JSON.parse(readFileSync(inDirectory("billing/package.json"), "utf8"));
    for (const { needs, steps } of Object.values<any>(jobs)) {
      if (needs) expect(Object.keys(jobs)).toContain(needs);
      const commands: string[] = steps.flatMap(({ run }: { run?: string }) => run ?? []);
      for (const [, script = ""] of commands.join("\n").matchAll(/^npm (?:run )?(?!ci)(\w+)/gm))
        expect(Object.keys(scripts)).toContain(script);
    }
    const deploys = on !== "kind" && shape !== "library";
    expect(Object.keys(jobs).some((job) => job.startsWith("apply-"))).toBe(deploys);
  });

  it("depends on the packages in the versions that this package is tested with", async () => {
    await create("billing", "--shape", "library", "--on", "kind");
    const own = JSON.parse(readFileSync("package.json", "utf8"));
    const made = JSON.parse(readFileSync(inDirectory("billing/package.json"), "utf8"));
    const { "cdktf-cqrs": platform, ...others } = made.dependencies;
    expect(platform).toBe(`^${own.version}`);
    const required = Object.keys(own.peerDependencies).filter((name) => !own.peerDependenciesMeta[name]?.optional);
    expect(Object.keys(others).sort()).toEqual(required.sort());
    for (const [name, version] of Object.entries({ ...others, ...made.devDependencies })) expect(version).toBe(own.devDependencies[name]);
  });

  it("has what draws the diagrams of a report, in projects that have this command", async () => {
    await create("billing", "--shape", "cqrs", "--on", "kind");
    const { scripts, devDependencies } = JSON.parse(readFileSync(inDirectory("billing/package.json"), "utf8"));
    expect(scripts.report).toBe("cdktf-cqrs report");
    expect(Object.keys(devDependencies)).toContain("elkjs");
  });

  it("writes into a directory that is empty", async () => {
    mkdirSync(inDirectory("billing"));
    expect(await create("billing", "--shape", "library", "--on", "kind")).toBe(0);
    expect(existsSync(inDirectory("billing/main.ts"))).toBe(true);
  });

  it("asks on a terminal for what is missing, and checks the answers", async () => {
    const questions: string[] = [];
    const answering = (...answers: string[]) => ({
      directory,
      ask: async (question: string) => {
        questions.push(question);
        return answers.shift();
      },
    });
    const printed = jest.spyOn(console, "log");
    expect(await createProject(["--on", "kind"], answering("billing", " domains "))).toBe(0);
    expect(printed.mock.calls[0]?.[0]).toMatch(/^ {4}cqrs {9}a write side and a read side.*\n {4}domains {6}.*\n {4}library {6}/);
    expect(questions).toEqual(["name (lower-case letters, digits and hyphens): ", "--shape (cqrs, domains, library): "]);
    expect(existsSync(inDirectory("billing/environments/local.ts"))).toBe(true);
    await expect(createProject(["other"], answering())).rejects.toThrow("--shape: is required");
    expect(readdirSync(directory)).toEqual(["billing"]);
  });

  it("asks again after an answer that is refused", async () => {
    const answers = ["Billing", "billing", "", "micro", "cqrs", "KIND", "kind"];
    const printed = jest.spyOn(console, "log");
    expect(await createProject([], { directory, ask: async () => answers.shift() })).toBe(0);
    const lines = printed.mock.calls.map(([line]) => String(line)).filter((line) => /^(name|--)/.test(line));
    expect(lines).toEqual([
      `name: "Billing" can't begin every cloud name; use lower-case letters, digits and single hyphens, beginning with a letter`,
      "--shape: is required",
      '--shape: "micro" must be one of cqrs, domains, library',
      '--on: "KIND" must be one of aws, on-premises, kind; did you mean kind?',
    ]);
    expect(JSON.parse(readFileSync(inDirectory("billing/package.json"), "utf8")).name).toBe("billing");
  });

  it("says in a line that the disk is full, and leaves nothing", async () => {
    jest.spyOn(jest.requireActual<typeof import("node:fs")>("node:fs"), "writeFileSync").mockImplementation(() => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    });
    const error = await create("billing", "--shape", "cqrs", "--on", "aws").catch((thrown: Error) => thrown);
    expect(messageFor(error)).toBe(`${inDirectory("billing")}: can't be written: the disk is full; free space on it`);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes along a package that npm installed from a file, because no registry has it", async () => {
    const installed = inDirectory("cache/node_modules/cdktf-cqrs");
    const lock = (resolved: string) => {
      mkdirSync(installed, { recursive: true });
      const packages = { "node_modules/cdktf-cqrs": { resolved } };
      writeFileSync(join(installed, "../.package-lock.json"), JSON.stringify({ packages }));
    };
    const made = async (name: string) => {
      await createProject([name, "--shape", "cqrs", "--on", "kind"], { directory, installed });
      return JSON.parse(readFileSync(inDirectory(name, "package.json"), "utf8")).dependencies["cdktf-cqrs"];
    };
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    writeFileSync(inDirectory("cdktf-cqrs-9.9.9.tgz"), "packed");
    lock("file:../cdktf-cqrs-9.9.9.tgz");
    expect(await made("billing")).toBe("file:vendor/cdktf-cqrs-9.9.9.tgz");
    expect(readFileSync(inDirectory("billing/vendor/cdktf-cqrs-9.9.9.tgz"), "utf8")).toBe("packed");
    for (const resolved of ["file:../gone.tgz", "https://registry.npmjs.org/cdktf-cqrs/-/cdktf-cqrs-9.9.9.tgz", "file:../linked"]) {
      lock(resolved);
      expect(await made("orders")).toBe(`^${version}`);
      expect(existsSync(inDirectory("orders/vendor"))).toBe(false);
      rmSync(inDirectory("orders"), { recursive: true });
    }
  });

  it.each([
    [["billing"], `--shape: is required\n\n${USAGE}`],
    [["--shape", "cqrs", "--on", "aws"], `name: is required\n\n${USAGE}`],
    [["billing", "--shape", "cqsr", "--on", "aws"], '--shape: "cqsr" must be one of cqrs, domains, library; did you mean cqrs?'],
    [["billing", "--shape", "CQRS", "--on", "aws"], '--shape: "CQRS" must be one of cqrs, domains, library; did you mean cqrs?'],
    [["billing", "--shape", "cqrs", "--on", "azure"], '--on: "azure" must be one of aws, on-premises, kind'],
    [
      ["billing", "--shape", "cqr", "--on", "knd"],
      '--shape: "cqr" must be one of cqrs, domains, library; did you mean cqrs?\n--on: "knd" must be one of aws, on-premises, kind; did you mean kind?',
    ],
    [["billing", "--shpe", "cqrs"], `--shpe: not an option here; did you mean --shape?\n\n${USAGE}`],
    [["billing", "--shape"], `--shape: needs a value\n\n${USAGE}`],
    [["billing", "orders"], `orders: only one name is expected\n\n${USAGE}`],
    [
      ["Billing"],
      `name: "Billing" can't begin every cloud name; use lower-case letters, digits and single hyphens, beginning with a letter`,
    ],
    [
      ["../billing"],
      `name: "../billing" can't begin every cloud name; use lower-case letters, digits and single hyphens, beginning with a letter`,
    ],
    [["b".repeat(25)], `name: "${"b".repeat(25)}" has 25 characters and leaves no room for what follows it in cloud names; use at most 24`],
    [["constructs"], 'name: "constructs" is the name of a package that the project depends on; choose another'],
    [["cdktf-cqrs"], 'name: "cdktf-cqrs" is the name of a package that the project depends on; choose another'],
  ])("refuses %j, and writes nothing", async (argv, message) => {
    expect(await refusal(...argv)).toBe(message);
  });

  it("leaves alone what exists", async () => {
    const choices = ["--shape", "cqrs", "--on", "kind"];
    mkdirSync(inDirectory("billing"));
    writeFileSync(inDirectory("billing/main.ts"), "mine");
    writeFileSync(inDirectory("orders"), "mine");
    expect(await refusal("billing", ...choices)).toBe("billing: exists and is not empty; choose another name, or move it away");
    expect(await refusal("billing")).toBe("billing: exists and is not empty; choose another name, or move it away");
    expect(await refusal("orders", ...choices)).toBe("orders: is a file; choose another name, or move it away");
    expect([readFileSync(inDirectory("billing/main.ts"), "utf8"), readFileSync(inDirectory("orders"), "utf8")]).toEqual(["mine", "mine"]);
  });

  it("explains its usage", () => {
    expect(help()).toContain(USAGE);
  });
});
