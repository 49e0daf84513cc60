// Compiles this repository and runs the command in it: node cli/run.mjs <subcommand> [arguments].
import { createRequire } from "node:module";
import { build } from "./build.mjs";

const compilation = build();
const { entry } = createRequire(import.meta.url)("../dist/cli/entry.js");
process.exitCode = await entry(process.argv.slice(2), () => compilation);
