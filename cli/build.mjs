// Compiles everything to dist/ and removes there what no longer has a source: node cli/build.mjs.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** Folders whose other files compiled code reads beside itself. */
const LOADED = ["constructs", "examples"];

/** What `local` runs, which a runtime of its own compiles. */
const SAMPLE = join("environments", "sample");

// What typescript/bin/tsc runs, without a process in between.
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const { default: compiler } = await import(pathToFileURL(join(typescript, "lib/getExePath.js")).href);

/** Whether everything is of the right type, and what the compiler says. What has errors is compiled all the same. */
export function build() {
  const options = ["-p", root, "--pretty", String(process.stderr.isTTY ?? false)];
  const { status, stdout, stderr } = spawnSync(compiler(), options, { encoding: "utf8" });
  removeOrphans();
  copyFiles();
  return { sound: status === 0, messages: stdout + stderr };
}

// What is loaded as it is lies where compiled code looks for it: charts and scripts of constructs, the sample's programs.
function copyFiles() {
  for (const folder of LOADED) {
    cpSync(join(root, folder), join(dist, folder), {
      recursive: true,
      filter: (from) => statSync(from).isDirectory() || !from.endsWith(".ts"),
    });
  }
  cpSync(join(root, SAMPLE), join(dist, SAMPLE), { recursive: true });
}

// A test whose source was renamed or deleted would go on running.
function removeOrphans() {
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true })) {
    const compiled = /^(.*)\.(d\.ts|js)$/.exec(file);
    const source = compiled ? `${compiled[1]}.ts` : file;
    if ((compiled || [...LOADED, SAMPLE].some((folder) => file.startsWith(folder))) && !existsSync(join(root, source)))
      rmSync(join(dist, file), { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { sound, messages } = build();
  process.stderr.write(messages);
  process.exitCode = sound ? 0 : 1;
}
