import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const FORBIDDEN = [
  ["constructs/network/a.ts", "../../stacks"],
  ["constructs/network/b.ts", "../../environments/dev"],
  ["constructs/network/c.ts", "../storage/private-bucket"],
  ["constructs/network/d.ts", "@cdktf/provider-aws"],
  ["constructs/core/a.ts", "../network"],
  ["constructs/core/b.ts", "@cdktf/provider-aws/lib/vpc"],
  ["stacks/a.ts", "../environments"],
  ["stacks/b.ts", "../cli/start"],
  ["stacks/c.ts", "../constructs/network/vpc"],
  ["stacks/model/stores/a.ts", "../../../constructs/network/vpc"],
  ["stacks/cloud/a.ts", "../../environments"],
  ["environments/a.ts", "../constructs/network"],
  ["environments/b.ts", "../stacks/compose"],
  ["cli/a.ts", "@cdktf/provider-aws"],
] as const;

const ALLOWED = [
  ["constructs/network/e.ts", "./subnet-plan"],
  ["constructs/network/f.ts", "../core/names"],
  ["constructs/network/g.ts", "../storage"],
  ["constructs/network/h.ts", "../policy/contract"],
  ["constructs/network/i.ts", "@cdktf/provider-aws/lib/vpc"],
  ["stacks/d.ts", "../constructs/network"],
  ["stacks/e.ts", "../constructs/core/names"],
  ["stacks/model/stores/b.ts", "../../../constructs/redis"],
  ["environments/c.ts", "../stacks"],
  ["environments/d.ts", "./production"],
] as const;

/** The files in which the linter finds an import that is restricted. */
function restricted(files: readonly (readonly [string, string])[]): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  try {
    copyFileSync("biome.json", join(root, "biome.json"));
    for (const [file, imported] of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `import { a } from "${imported}";\n\nexport const b = a;\n`);
    }
    const options = ["lint", "--vcs-enabled=false", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=github", "."];
    const { stdout } = spawnSync(join(process.cwd(), "node_modules/.bin/biome"), options, { cwd: root, encoding: "utf8" });
    return files.map(([file]) => file).filter((file) => stdout.includes(file));
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("the linter", () => {
  it("lets imports point one way only", () => {
    expect(restricted([...FORBIDDEN, ...ALLOWED])).toEqual(FORBIDDEN.map(([file]) => file));
  });
});
