// npm run test:cdktn: the compiled program under the maintained fork of cdktf, beside the same program under cdktf.
import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, conclude, inTemporaryDirectory, node, quietly, run } from "../checks.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const json = (file) => JSON.parse(readFileSync(file, "utf8"));
const locks = { native: json(join(root, "package-lock.json")).packages, fork: json(join(here, "package-lock.json")).packages };
const versionOf = (lock, name) => lock[`node_modules/${name}`]?.version;

/** `npm start` without its compiler, which the fork has not. */
const START = 'process.exitCode = require("./dist/cli/start").start(require("./dist/main").program, [])';
const stamp = (lock) => `"version": "${versionOf(lock, "cdktf")}"`;

for (const name of Object.keys(json(join(here, "package.json")).dependencies).filter((name) => name !== "cdktf")) {
  check(`the fork's lock has this repository's version of ${name}`, () =>
    assert.equal(versionOf(locks.fork, name), versionOf(locks.native, name)),
  );
}
check("the fork's lock has cdktn in place of cdktf", () => assert.equal(locks.fork["node_modules/cdktf"].name, "cdktn"));

inTemporaryDirectory((directory) => {
  const program = join(directory, "program");
  check("the locked packages of the fork can be installed", () => install(directory, program));
  const outdirs = { native: join(directory, "cdktf.out"), fork: join(directory, "cdktn.out") };

  check("cdktf synthesizes every environment", () => run(root, node, ["-e", START], { CDKTF_OUTDIR: outdirs.native }));
  check("cdktn synthesizes every environment", () => run(program, node, ["-e", START], { CDKTF_OUTDIR: outdirs.fork }));
  check("both write the same files", () => assert.deepEqual(filesIn(outdirs.fork), filesIn(outdirs.native)));
  for (const file of filesIn(outdirs.native)) {
    const written = () => [outdirs.fork, outdirs.native].map((outdir) => readFileSync(join(outdir, file), "utf8"));
    if (!file.endsWith(".json")) {
      check(`${file}: byte-identical`, () => assert.equal(...written()));
      continue;
    }
    check(`${file}: byte-identical but for ${stamp(locks.fork)}`, () => {
      const [fork, native] = written();
      assert.ok(native.includes(stamp(locks.native)), "it carries no version of cdktf");
      assert.equal(fork, native.replace(stamp(locks.native), stamp(locks.fork)));
    });
  }
  testUnderFork(directory, program);
});
conclude();

/** The fork's packages in a directory, and below it a copy of this repository without packages of its own. */
function install(directory, program) {
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(here, file), join(directory, file));
  run(directory, "npm", ["ci", ...quietly]);
  const left = ["node_modules", "cdktf.out", ".git", ".state"].map((name) => join(root, name));
  mkdirSync(program);
  cpSync(root, program, { recursive: true, filter: (source) => !left.includes(source) });
}

function testUnderFork(directory, program) {
  const file = join(program, "jest.config.js");
  if (!existsSync(file)) return console.log("skip  the fast tests under cdktn: there is no jest.config.js");
  const config = createRequire(import.meta.url)(file);
  // These look at sources only, with a linter, a compiler, a parser of PromQL or a git repository that is not beside the fork.
  const ofSources = ["lint", "imports", "cli/entry", "docs/.*", "stacks/observability"];
  const ofQueries = ["cloudwatch", "dashboards", "rules", "synthetic"].map((name) => `observability/${name}`);
  const left = [...ofSources, ...ofQueries].map((name) => `/test/${name}\\.test\\.js$`);
  const adapted = { ...config, rootDir: program, testPathIgnorePatterns: [...config.testPathIgnorePatterns, ...left] };
  const jest = [join(directory, "node_modules/jest/bin/jest.js"), "--ci", "--config", JSON.stringify(adapted)];
  check("the fast tests pass under cdktn", () => run(program, node, jest));
}

function filesIn(directory) {
  const entries = existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [];
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name).slice(directory.length + 1))
    .sort();
}
