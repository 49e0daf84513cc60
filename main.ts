import { start } from "./cli/start";
import { program } from "./environments";

process.exitCode = start(program, process.argv.slice(2));
