// Compiles the program and runs one of its commands: node cli/run.mjs <module> [arguments].
// The command runs even where types are wrong, so that its own messages come first and the compiler's after them;
// it then only checks (--check-only) and writes nothing.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const [command, ...args] = process.argv.slice(2);

const compiler = spawnSync(process.execPath, [join(dirname(require.resolve("typescript/package.json")), "bin/tsc"), "-p", root, "--pretty", String(process.stderr.isTTY ?? false)], {
  encoding: "utf8",
});
const sound = compiler.status === 0;
const run = spawnSync(process.execPath, [join(root, "dist", `${command}.js`), ...args, ...(sound ? [] : ["--check-only"])], { stdio: "inherit" });
process.stderr.write(compiler.stdout + compiler.stderr);
process.exitCode = sound ? (run.status ?? 1) : 1;
