import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What the command of the package does in the directory. */
function inDirectory(argv: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, "../../cli/bin.js"), ...argv], {
    cwd: directory,
    encoding: "utf8",
    input,
  });
  return { code: status, out: stdout, err: stderr };
}

const write = (file: string, text: string) => writeFileSync(join(directory, file), text);

/** A project that uses nothing but a compiler. */
function project(main: string): void {
  write("package.json", "{}");
  write(
    "tsconfig.json",
    '{ "compilerOptions": { "module": "commonjs", "strict": true, "noEmitOnError": true, "types": [], "outDir": "elsewhere" } }',
  );
  write("main.ts", main);
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(process.cwd(), "node_modules/typescript"), join(directory, "node_modules/typescript"), "dir");
}

const environment = (system: string) =>
  `{ system: ${system}, name: "local", cluster: { context: "kind-shop" }, exceptions: { disposable: "ends with a test" } }`;

describe("the command of the package", () => {
  it("runs in a project, which it compiles to dist/", () => {
    project(`export const program = { accounts: [], environments: [${environment('"shop"')}] };`);
    const { code, out, err } = inDirectory(["start"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("local  on kind-shop, without a cloud\n  1. local-platform");
    expect(out).toContain("next: npx cdktf-cqrs apply local");
    expect(existsSync(join(directory, "cdktf.out/stacks/local-platform/.terraform.lock.hcl"))).toBe(true);
    expect(existsSync(join(directory, "elsewhere"))).toBe(false);
  });

  it("writes nothing if types are wrong, and says what the compiler finds, then what validation does", () => {
    project(`const system: string = 4;\nexport const program = { accounts: [], environments: [${environment("system")}] };`);
    const { code, out, err } = inDirectory(["start"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/TS2322[\s\S]*\nlocal\.system: .*\nNothing was done, because of the type errors above\.\n$/);
    expect(existsSync(join(directory, "cdktf.out"))).toBe(false);
  });

  it("checks only the machine in a project that uses the constructs without a program", () => {
    project("console.log('synthesized');");
    expect(inDirectory(["doctor"]).out).toMatch(/^synthesized\nok +node /);
    expect(inDirectory(["start"]).err).toContain("main.ts: must export a program");
  });

  it("says what the compiler finds where it writes nothing", () => {
    project("export const program = { accounts: [], environments: [] };");
    write("tsconfig.json", '{ "files": [] }');
    expect(inDirectory(["start"]).err).toMatch(
      /TS18002.*\n\S*\/main\.ts: was not compiled;\n {2}correct what the compiler reports, or include it in tsconfig\.json\n$/,
    );
  });

  it.each(["start", "doctor", "new shop --shape cqrs --on kind"])("says that its directory was deleted: %s", (words) => {
    const bin = join(__dirname, "../../cli/bin.js");
    const script = `mkdir gone; cd gone; rmdir ../gone; exec "${process.execPath}" "${bin}" ${words}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: directory, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: "working directory: was deleted, or its permissions deny access; change to another directory\n",
    });
  });

  it("goes on if what reads its output ends, as an apply must", () => {
    const bin = join(__dirname, "../../cli/bin.js");
    const script = `{ sleep 0.2; "${process.execPath}" "${bin}" --help; echo "ended with $?" >&2; } | true`;
    expect(spawnSync("sh", ["-c", script], { encoding: "utf8" }).stderr).toBe("ended with 0\n");
  });

  it("asks nothing if there is no terminal", () => {
    const usage = "Usage: npx cdktf-cqrs new <name> --shape cqrs|domains|library --on aws|on-premises|kind";
    const { code, err } = inDirectory(["new", "billing"], "cqrs\naws\n");
    expect({ code, err }).toEqual({ code: 1, err: `--shape: is required\n\n${usage}\n` });
  });
});
