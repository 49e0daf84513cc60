import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { commandLine, suggestion, withCommandLines, withPages } from "../../cli/command-line";
import { entry } from "../../cli/entry";
import { COLUMNS } from "../../cli/lines";
import { lockFile } from "../../cli/lock";
import { compileProject, exportedProgram } from "../../cli/project";

const { version, scripts } = JSON.parse(readFileSync("package.json", "utf8"));

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true });
  writeFileSync(join(directory, file), text);
}

/** What a command line prints that needs no project. */
async function run(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: "", err: "" };
  for (const [stream, name] of [["stdout", "out"] as const, ["stderr", "err"] as const]) {
    jest.spyOn(process[stream], "write").mockImplementation((text) => {
      said[name] += text;
      return true;
    });
  }
  const code = await entry(argv, () => {
    throw new Error("a project was compiled");
  });
  return { code, ...said };
}

function messageOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the command", () => {
  it("lists its subcommands, and knows its version", async () => {
    const { code, out, err } = await run("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(await run()).toMatchObject({ code: 0, out });
    for (const name of Object.keys(scripts).filter((script) => scripts[script].includes("cli/run.mjs")))
      expect(out).toMatch(`\n  ${name} `);
    expect(await run("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it.each([
    "start",
    "plan",
    "apply",
    "destroy",
    "bootstrap",
    "release",
    "backup",
    "restore",
    "manifests",
    "doctor",
    "outdated",
    "audit",
    "report",
  ])("explains %s without a project", async (name) => {
    const { code, out, err } = await run(name, "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(await run(name, "dev", "-h")).toEqual({ code, out, err });
    expect(out.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(out).toMatch(new RegExp(`^(usage:)? +npm (run )?${name}\\b`, "im"));
  });

  it("names the subcommand that was meant, or all of them", async () => {
    expect(await run("aply", "dev")).toEqual({ code: 1, out: "", err: "aply: is not a subcommand; did you mean apply?\n" });
    expect((await run("help")).err).toBe("help: is not a subcommand; did you mean --help?\n");
    expect((await run("toString")).err).toBe(
      "toString: is not a subcommand;\n  use one of new, start, plan, apply, destroy, bootstrap, release, backup, restore, doctor,\n  outdated, audit, manifests, report\n",
    );
  });

  it("has messages with the paths of pages as they are in the project", () => {
    const message = "leave it out, or see docs/data.md#backups; https://example.com/docs/a.md, docs/ and my/docs/b.md stay";
    expect(withPages(message)).toBe(message);
    expect(withPages(message, join(process.cwd(), "node_modules/cdktf-cqrs"))).toBe(
      message.replace("see docs", "see node_modules/cdktf-cqrs/docs"),
    );
    expect(withPages(message, "/elsewhere/cdktf-cqrs")).toBe(message);
  });

  it("says what a directory lacks to be a project", () => {
    const problem = () => messageOf(() => compileProject(directory));
    expect(problem()).toBe(
      `${directory}/main.ts: doesn't exist; run the command in the directory of a project, or create one with npx cdktf-cqrs new`,
    );
    write("main.ts", "");
    expect(problem()).toBe(
      `${directory}/tsconfig.json: doesn't exist; run the command in the directory of a project, or create one with npx cdktf-cqrs new`,
    );
    write("tsconfig.json", "{}");
    expect(problem()).toBe(
      `typescript: is not installed in ${directory}; run npm install, or add it with npm install --save-dev typescript`,
    );
  });

  it("names the project above a directory", () => {
    write("main.ts", "");
    write("tsconfig.json", "{}");
    expect(messageOf(() => compileProject(join(directory, "environments")))).toBe(
      `${directory}/environments/main.ts: doesn't exist; run the command in ${directory}`,
    );
  });

  it.each([{}, { program: {} }, { program: { environments: [] } }])("refuses a main.ts that exports no program: %j", (exports) => {
    expect(messageOf(() => exportedProgram(exports as object, "main.ts"))).toBe(
      "main.ts: must export a program; write export const program: Program = { accounts: [], environments: [] }, with Program of cdktf-cqrs/stacks",
    );
    expect(exportedProgram({ program: { accounts: [], environments: [] } }, "main.ts")).toEqual({ accounts: [], environments: [] });
  });
});

describe("a command line to type", () => {
  it("is the project's script if it has one", () => {
    write("package.json", '{ "scripts": { "start": "cdktf-cqrs start", "plan": "cdktf-cqrs plan", "apply": "make" } }');
    expect(commandLine("start", [], directory)).toBe("npm start");
    expect(commandLine("plan", ["dev"], directory)).toBe("npm run plan -- dev");
    expect(commandLine("apply", ["dev"], directory)).toBe("npx cdktf-cqrs apply dev");
    expect(commandLine("plan", ["dev"], join(directory, "nowhere"))).toBe("npx cdktf-cqrs plan dev");
    expect(commandLine("plan", ["dev"])).toBe("npm run plan -- dev");
    const message = "dev.a: is missing; cdktf-cqrs plan dev --tofu\ndev.b: is missing; cdktf-cqrs apply dev";
    expect(withCommandLines(message, directory)).toBe(
      "dev.a: is missing; npm run plan -- dev --tofu\ndev.b: is missing; npx cdktf-cqrs apply dev",
    );
  });

  it("suggests near names only", () => {
    expect(suggestion("--paralel", ["--tofu", "--parallel"])).toBe("; did you mean --parallel?");
    expect(suggestion("-auto-approve", ["--tofu", "--parallel"])).toBe("");
  });
});

describe("the lock file", () => {
  it("is the project's own, or the one that came with the package", () => {
    expect(readFileSync(lockFile(directory), "utf8")).toBe(readFileSync("environments/.terraform.lock.hcl", "utf8"));
    write("environments/.terraform.lock.hcl", "");
    expect(lockFile(directory)).toBe(join(directory, "environments/.terraform.lock.hcl"));
  });
});
