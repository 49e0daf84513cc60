import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const BUILD = pathToFileURL(resolve("cli/build.mjs")).href;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What the compiler says with this content of the release file. */
function compiledWith(release: string): string {
  writeFileSync(join(directory, "release.json"), release);
  const program = `import { compile } from ${JSON.stringify(BUILD)}; process.stdout.write(compile(${JSON.stringify(directory)}).stdout);`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }).stdout;
}

describe("the build of this repository", () => {
  it("forgets an error of a release file when that is mended", () => {
    const options = {
      module: "node16",
      incremental: true,
      outDir: "dist",
      rootDir: ".",
      strict: true,
      resolveJsonModule: true,
      types: [],
      skipLibCheck: true,
    };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["main.ts"] }));
    writeFileSync(join(directory, "package.json"), "{}");
    writeFileSync(
      join(directory, "main.ts"),
      'import release = require("./release.json");\nexport const images: Readonly<Record<string, string>> = release;\n',
    );
    expect(compiledWith('{"api": "a:1"}')).toBe("");
    expect(compiledWith("null")).toContain("Type 'null' is not assignable");
    expect(compiledWith('{"api": "a:1"}')).toBe("");
  });
});
