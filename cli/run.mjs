// Compiles this repository and runs the command in it: node cli/run.mjs <subcommand> [arguments].
import { createRequire } from "node:module";
import { build } from "./build.mjs";

const compilation = build();
const require = createRequire(import.meta.url);
const { entry } = require("../dist/cli/entry.js");
require("../dist/cli/children.js").outliveReaders();
process.exitCode = await entry(process.argv.slice(2), () => compilation);
