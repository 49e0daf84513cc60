import { program } from "../environments";
import { release } from "./versions";

process.exitCode = release(program, process.argv.slice(2));
