import { program } from "../environments";
import { render } from "./render";

process.exitCode = render(program, process.argv.slice(2));
