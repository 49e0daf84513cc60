// Compiles everything to dist/ and removes files there without a source: node cli/build.mjs.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** Folders whose other files compiled code reads at run time. */
const LOADED = ["constructs", "examples", join("cli", "report")];

/** Programs that run alone, with Node.js only: each is bundled to one file beside the folder of its sources. */
const BUNDLES = [
  { main: "constructs/audit/trail/digest-main.ts", to: "constructs/audit/audit-digest.mjs" },
  { main: "constructs/audit/trail/verify-main.ts", to: "constructs/audit/audit-verify.mjs" },
  { main: "constructs/event-store/stream-backup/main.ts", to: "constructs/event-store/stream-backup.mjs" },
  { main: "constructs/event-store/stream-backup/postgres-main.ts", to: "constructs/event-store/postgres-stream-backup.mjs" },
  { main: "constructs/event-store/volume-drill/main.ts", to: "constructs/event-store/volume-drill.mjs" },
  { main: "constructs/event-store/volume-snapshots/main.ts", to: "constructs/event-store/volume-snapshots.mjs" },
  { main: "constructs/subject-keys/main.ts", to: "constructs/subject-keys/subject-keys.mjs" },
  { main: "constructs/postgres/drill/main.ts", to: "constructs/postgres/postgres-drill.mjs" },
];

/** Folders of constructs that bundles contain parts of. */
const SHARED = ["aws-client", "drill", "event-store/stream-backup", "event-store/volume-snapshots"];

/** Programs of `local`, compiled by a separate runtime. */
const SAMPLE = join("sample", "programs");

// The compiler of typescript/bin/tsc, run without another process.
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const { default: compiler } = await import(pathToFileURL(join(typescript, "lib/getExePath.js")).href);

/** Compiles everything, also with type errors. Returns whether there were none, and the compiler's messages. */
export function build() {
  const { status, stdout, stderr } = compile(root);
  removeOrphans();
  copyFiles();
  const failures = BUNDLES.map(bundle).join("");
  return { sound: status === 0 && failures === "", messages: stdout + stderr + failures };
}

/**
 * Runs the compiler on a directory. Build mode compares the times of files first: if nothing changed, it loads none of them. It keeps
 * errors of files whose imported JSON was changed since, so errors are looked for again.
 */
export function compile(directory) {
  const pretty = String(process.stderr.isTTY ?? false);
  const run = (...more) => spawnSync(compiler(), ["-b", directory, ...more, "--pretty", pretty], { encoding: "utf8" });
  const known = run();
  return known.status === 0 ? known : run("--force");
}

// Copies files that compiled code loads: charts and scripts of constructs, the sample's programs.
function copyFiles() {
  for (const folder of LOADED) copy(folder, (from) => !from.endsWith(".ts"));
  copy(SAMPLE, () => true);
}

// Leaves unchanged files alone: another process may be reading them.
function copy(folder, isWanted) {
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    preserveTimestamps: true,
    filter: (from, to) => statSync(from).isDirectory() || (isWanted(from) && !isSame(statSync(from), to)),
  });
}

function isSame({ size, mtimeMs }, path) {
  const copied = statSync(path, { throwIfNoEntry: false });
  return copied?.size === size && Math.abs(copied.mtimeMs - mtimeMs) < 2;
}

// Returns an error message, or nothing. Keeps a bundle that is newer than its sources.
function bundle({ main, to }) {
  const [source, target] = [join(root, main), join(dist, to)];
  const made = statSync(target, { throwIfNoEntry: false });
  const newest = Math.max(...[dirname(source), ...SHARED.map((folder) => join(root, "constructs", folder))].flatMap(timesIn));
  if (made && made.mtimeMs > newest) return "";
  const bundler = createRequire(import.meta.url).resolve("bun/bin/bun.exe");
  const { status, stderr, error } = spawnSync(bundler, ["build", source, "--target=node", "--outfile", target], { encoding: "utf8" });
  return status === 0 ? "" : `${main}: can't be bundled: ${error ?? stderr}\n`;
}

function timesIn(folder) {
  return readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
}

// Otherwise tests whose source was renamed or deleted would still run.
function removeOrphans() {
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true })) {
    const compiled = /^(.*)\.(d\.ts|js)$/.exec(file);
    if (BUNDLES.some(({ to }) => join(to) === file)) continue;
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
