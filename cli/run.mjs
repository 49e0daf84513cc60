// Compiles the program and runs one of its commands: node cli/run.mjs <module> [arguments].
// Where types are wrong the command only checks (--check-only), so that its own messages come first and the
// compiler's after them, and nothing is written.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const [command, ...args] = process.argv.slice(2);
const compiled = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", `${command}.js`);

// An interrupt is for the command, which ends in its own time.
process.on("SIGINT", () => {});

const { sound, messages } = build();
const { status } = spawnSync(process.execPath, [compiled, ...args, ...(sound ? [] : ["--check-only"])], { stdio: "inherit" });
process.stderr.write(messages);
if (!sound) process.stderr.write("Types are wrong, and nothing was done.\n");
process.exitCode = sound ? (status ?? 1) : 1;
