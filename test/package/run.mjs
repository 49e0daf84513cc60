// npm run test:package: the package as npm would publish it, in projects of other people.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, conclude, inTemporaryDirectory, node, quietly, run } from "../checks.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const manifest = json(join(root, "package.json"));

const PROVIDERS = Object.fromEntries(Object.entries(manifest.devDependencies).filter(([name]) => name.startsWith("@cdktf/provider-")));

const CONSUMERS = [
  {
    on: "cdktf",
    dependencies: { cdktf: manifest.devDependencies.cdktf, constructs: manifest.devDependencies.constructs },
    version: manifest.devDependencies.cdktf,
  },
  {
    on: "cdktn",
    dependencies: { cdktf: "npm:cdktn@0.24.0", constructs: "10.7.2" }, // cdktn asks for constructs below 10.8
    // The providers' own range ends before the fork begins.
    overrides: Object.fromEntries(Object.keys(PROVIDERS).map((name) => [name, { cdktf: "$cdktf" }])),
    version: "0.24.0",
  },
];
const COMPILERS = ["typescript", "typescript-5"];
const RESOLUTIONS = [
  { module: "node16", moduleResolution: "node16" },
  { module: "esnext", moduleResolution: "bundler" },
  // What `cdktf init` makes. It does not read `exports`, and TypeScript 7 no longer has it.
  { module: "commonjs", moduleResolution: "node10", only: "typescript-5" },
];

/** What the summary of a project shows of its shape, and of where it runs. */
const SHAPES = {
  cqrs: /write-side \/ command-api .*\n +write-side \/ command-processors .*\n +read-side \/ query-api .*\n +projections \/ /,
  domains: /catalog \/ products .*\n +(checkout \/ orders|shop \/ web) /,
  library: /^orders: \d+ resources, written to cdktf\.out\/stacks\/orders$/m,
};
const PLACES = {
  aws: /eu-west-1, copies of backups in eu-central-1, account 111122223333/,
  "on-premises": /^production {2}on orders, without a cloud$/m,
  kind: /^local {2}on kind-orders, without a cloud$/m,
};

inTemporaryDirectory((directory) => {
  const { filename, files } = JSON.parse(run(root, "npm", ["pack", "--json", "--silent", "--pack-destination", directory]))[0];
  const packed = files.map(({ path }) => path);
  const entries = [
    "cdktf-cqrs/stacks",
    ...packed.flatMap((path) => /^dist\/(constructs\/[^/]+)\/index\.js$/.exec(path)?.slice(1) ?? []).map((path) => `cdktf-cqrs/${path}`),
  ];
  checkContents(packed);
  for (const consumer of CONSUMERS) checkConsumer(consumer, join(directory, consumer.on), join(directory, filename), entries);
  const command = join(directory, CONSUMERS[0].on, "node_modules/.bin/cdktf-cqrs");
  checkProjects(command, join(directory, "projects"), join(directory, filename));
});
conclude();

function checkContents(packed) {
  check("the package holds the constructs, the stacks, the command, and nothing else that is code", () => {
    const ours =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|docs\/.+\.(md|png|svg)|examples\/.+|templates\/.+|dist\/(cli|constructs|stacks)\/.+|sample\/programs\/.+|environments\/\.terraform\.lock\.hcl)$/;
    assert.deepEqual(
      packed.filter((path) => !ours.test(path)),
      [],
    );
    assert.deepEqual(
      packed.filter(
        (path) =>
          !/^(templates|docs|examples)\//.test(path) && /(^|\/)(tests?|examples?|bench|node_modules)\/|\.test\.|\.tsbuildinfo$/.test(path),
      ),
      [],
    );
  });
  check("the command is there", () => assert.ok(packed.includes(manifest.bin["cdktf-cqrs"])));
  check("everything compiled in it has a source: nothing is left over from an earlier build", () => {
    const compiled = packed.filter((path) => /\.(js|d\.ts)$/.test(path));
    // What others run, as CloudFront does, is written in JavaScript and taken along as it is.
    const sourcesOf = (path) => [path.replace(/\.(js|d\.ts)$/, ".ts"), path].map((source) => join(root, source.replace(/^dist\//, "")));
    assert.deepEqual(
      compiled.filter((path) => !sourcesOf(path).some((source) => existsSync(source))),
      [],
    );
    assert.ok(compiled.length > 0);
  });
  check("every folder of constructs with an index is in it", () => {
    const folders = readdirSync(join(root, "constructs")).filter((name) => existsSync(join(root, "constructs", name, "index.ts")));
    assert.deepEqual(
      folders
        .flatMap((name) => [`dist/constructs/${name}/index.js`, `dist/constructs/${name}/index.d.ts`])
        .filter((path) => !packed.includes(path)),
      [],
    );
  });
  check("links of its documentation lead to files in it", () => {
    const pages = packed.filter((path) => path.endsWith(".md") && !path.startsWith("templates/"));
    const isThere = (path) => packed.some((file) => file === path || file.startsWith(`${path}/`));
    const broken = pages.flatMap((page) =>
      [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#\s]+)|(?:src|srcset)="([^"]+)"/g)]
        .map(([, link, picture]) => link ?? picture)
        .filter((link) => !/^[a-z]+:/.test(link) && !isThere(join(dirname(page), link).replace(/\/$/, "")))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
    assert.ok(pages.length > 50);
  });
  const { dependencies = {}, peerDependencies = {} } = manifest;
  check("cdktf, constructs and the providers are peers, no dependencies, and nothing is bundled", () => {
    const shared = (name) => ["cdktf", "constructs"].includes(name) || name.startsWith("@cdktf/");
    assert.deepEqual(Object.keys(dependencies).filter(shared), []);
    assert.ok(["cdktf", "constructs", ...Object.keys(PROVIDERS)].every((name) => name in peerDependencies));
    assert.equal(manifest.bundleDependencies ?? manifest.bundledDependencies, undefined);
  });
  check("it imports nothing that it does not declare", () => {
    const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies), ...builtinModules];
    const imported = packed
      .filter((path) => /\.(js|d\.ts)$/.test(path))
      .flatMap((path) => importsOf(readFileSync(join(root, path), "utf8")));
    assert.deepEqual(
      [...new Set(imported)].filter((name) => !declared.includes(name)),
      [],
    );
  });
}

function checkConsumer({ on, dependencies, overrides, version }, directory, tarball, entries) {
  mkdirSync(directory);
  cpSync(join(here, "consumer"), directory, { recursive: true });
  const packages = {
    ...dependencies,
    ...PROVIDERS,
    "@types/node": manifest.devDependencies["@types/node"],
    "cdktf-cqrs": `file:${tarball}`,
  };
  writeJson(join(directory, "package.json"), { private: true, dependencies: packages, overrides });
  writeFileSync(join(directory, "entries.ts"), entries.map((entry, index) => `export * as entry${index} from "${entry}";\n`).join(""));

  check(`on ${on}: it installs, and every peer range accepts what is there`, () => {
    run(directory, "npm", ["install", "--strict-peer-deps", ...quietly]);
    run(directory, "npm", ["ls", "--all"]);
  });
  check(`on ${on}: the project's own cdktf is the only one`, () => {
    assert.equal(existsSync(join(directory, "node_modules/cdktf-cqrs/node_modules")), false);
    assert.equal(json(join(directory, "node_modules/cdktf/package.json")).version, version);
  });
  for (const entry of entries) check(`on ${on}: ${entry} can be imported`, () => run(directory, node, ["-e", `require("${entry}")`]));
  for (const path of [
    "cdktf-cqrs",
    "cdktf-cqrs/constructs/core/errors",
    "cdktf-cqrs/constructs/backup/backup-bucket",
    "cdktf-cqrs/dist/constructs/backup/index.js",
  ]) {
    check(`on ${on}: ${path} is refused`, () =>
      assert.throws(() => run(directory, node, ["-e", `require("${path}")`]), /ERR_PACKAGE_PATH_NOT_EXPORTED|MODULE_NOT_FOUND/),
    );
  }
  for (const compiler of COMPILERS) {
    for (const { module, moduleResolution } of RESOLUTIONS.filter(({ only = compiler }) => only === compiler)) {
      check(
        `on ${on}: ${compiler} ${json(join(root, "node_modules", compiler, "package.json")).version} finds its types, resolving as ${moduleResolution}`,
        () => compile(directory, compiler, ["--noEmit", "--module", module, "--moduleResolution", moduleResolution]),
      );
    }
  }
  check(`on ${on}: a stack of the project composes it with a foreign construct`, () => {
    compile(directory, "typescript", []);
    run(directory, node, ["dist/main.js"]);
    const { resource } = json(join(directory, "cdktf.out/stacks/archive/cdk.tf.json"));
    const buckets = Object.values(resource.aws_s3_bucket)
      .map(({ bucket }) => bucket)
      .sort();
    assert.deepEqual(buckets, ["invoices-backups-111122223333-eu-west-1", "invoices-backups-logs-111122223333-eu-west-1"]);
    const [address] = Object.entries(resource.aws_s3_bucket).find(([, { object_lock_enabled }]) => object_lock_enabled);
    const [parameter] = Object.values(resource.aws_ssm_parameter);
    assert.equal(parameter.value, `\${aws_s3_bucket.${address}.arn}`);
    const keys = Object.values(resource.aws_s3_bucket_server_side_encryption_configuration).flatMap(({ rule }) =>
      rule.map((each) => each.apply_server_side_encryption_by_default.kms_master_key_id),
    );
    assert.ok(keys.includes("${aws_kms_key.key.arn}"));
  });
}

/** Every kind of project that the command creates, with the packages that it asks for, which are installed once for all. */
function checkProjects(command, directory, tarball) {
  const projects = Object.keys(SHAPES).flatMap((shape) =>
    Object.keys(PLACES).map((on) => ({ shape, on, title: `new: ${shape} on ${on}`, project: join(directory, `${shape}-${on}`, "orders") })),
  );
  for (const { shape, on, title, project } of projects) {
    mkdirSync(dirname(project), { recursive: true });
    check(`${title}: it is created`, () => run(dirname(project), command, ["new", "orders", "--shape", shape, "--on", on]));
  }
  check("new: projects have the file of the package, which no registry has", () => {
    const vendored = `vendor/${basename(tarball)}`;
    for (const { project } of projects) {
      assert.equal(json(join(project, "package.json")).dependencies["cdktf-cqrs"], `file:${vendored}`);
      assert.ok(readFileSync(join(project, vendored)).equals(readFileSync(tarball)));
    }
  });
  const packagesOf = ({ project }) => {
    const { dependencies, devDependencies } = json(join(project, "package.json"));
    return { dependencies: { ...dependencies, "cdktf-cqrs": `file:${tarball}` }, devDependencies };
  };
  check("new: projects ask for the same packages, which can be installed", () => {
    const packages = packagesOf(projects[0]);
    // A library's stacks are in no report, which is what draws with it.
    const { elkjs: _, ...devDependencies } = packages.devDependencies;
    for (const project of projects)
      assert.deepEqual(packagesOf(project), project.shape === "library" ? { ...packages, devDependencies } : packages);
    writeJson(join(directory, "package.json"), { private: true, ...packages });
    run(directory, "npm", ["install", "--strict-peer-deps", ...quietly]);
  });
  checkWorkflows(projects);
  runScripts(projects.map(({ project }) => project));
  for (const { shape, on, title, project } of projects) {
    check(`${title}: its own test passes`, () => printed(project, "test"));
    check(`${title}: its summary shows what was chosen`, () => {
      const summary = printed(project, "start");
      assert.match(summary, SHAPES[shape]);
      if (shape !== "library") assert.match(summary, PLACES[on]);
      assert.ok(existsSync(join(project, "cdktf.out/manifest.json")));
    });
  }
}

/** Checks the workflows of projects with actionlint, and that it finds an expression that refers to nothing. */
function checkWorkflows(projects) {
  if (spawnSync("actionlint", ["-version"]).error) {
    console.log("SKIPPED workflows of projects: actionlint is not installed (.ci/package builds it where there is Go)");
    return;
  }
  const lint = (project) => {
    const folder = join(project, ".github/workflows");
    // It finds actions of the project in the root of a repository.
    if (!existsSync(join(project, ".git"))) run(project, "git", ["init", "--quiet", "."]);
    run(project, "actionlint", ["-no-color", ...readdirSync(folder).map((name) => join(folder, name))]);
  };
  for (const { title, project } of projects) check(`${title}: actionlint accepts its workflows`, () => lint(project));
  const [{ project: sound }] = projects;
  const broken = join(dirname(sound), "broken");
  for (const [file, from, to] of [
    ["infrastructure.yml", "matrix.environment }}", "matrix.environmnt }}"],
    ["infrastructure.yml", "needs: check", "needs: chekc"],
    ["drift.yml", "role: arn", "rule: arn"],
    ["release.yml", "inputs.target", "inputs.traget"],
  ]) {
    check(`new: actionlint refuses ${to} in ${file}`, () => {
      cpSync(join(sound, ".github"), join(broken, ".github"), { recursive: true, force: true });
      const path = join(broken, ".github/workflows", file);
      const text = readFileSync(path, "utf8");
      assert.ok(text.includes(from));
      writeFileSync(path, text.replace(from, to));
      assert.throws(() => lint(broken), new RegExp(/\w+/.exec(to.split(".").at(-1))[0]));
    });
  }
}

/** Runs `npm test` and `npm start` in each project, two projects at a time. */
function runScripts(projects) {
  const both = 'cd "$1" && for name in test start; do npm "$name" >"../$name.txt" 2>&1 && touch "../$name.passed"; done; true';
  spawnSync("xargs", ["-P", "2", "-n", "1", "sh", "-c", both, "sh"], { input: projects.join("\n") });
}

/** What a script of a project printed. @throws with it if the script failed */
function printed(project, script) {
  const output = readFileSync(join(project, `../${script}.txt`), "utf8");
  if (!existsSync(join(project, `../${script}.passed`))) throw new Error(output);
  return output;
}

function compile(directory, compiler, options) {
  run(directory, node, [join(root, "node_modules", compiler, "bin/tsc"), "-p", directory, ...options]);
}

/** The packages that a module imports: `@cdktf/provider-aws/lib/kms-key` is `@cdktf/provider-aws`. */
function importsOf(source) {
  return [...source.matchAll(/(?:require\(|from |import\()"((?:node:)?)((?:@[^/"]+\/)?[^./"][^/"]*)[^"]*"/g)].map(([, , name]) => name);
}

function json(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function writeJson(file, value) {
  writeFileSync(file, JSON.stringify(value, undefined, 2));
}
