// Compiles the program and runs one of its commands: node cli/run.mjs <module> [arguments].
// Where types are wrong the command only checks (--check-only), so that its own messages come first and the
// compiler's after them, and nothing is written.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const [command, ...args] = process.argv.slice(2);
const compiled = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", `${command}.js`);

const { sound, messages } = build();
process.argv = [process.execPath, compiled, ...args, ...(sound ? [] : ["--check-only"])];
try {
  createRequire(import.meta.url)(compiled);
} finally {
  process.stderr.write(messages);
  if (!sound) {
    process.stderr.write("Types are wrong, and nothing was done.\n");
    process.exitCode = 1;
  }
}
