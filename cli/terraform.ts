import { program } from "../environments";
import { command } from "./command";
import { LOCK } from "./lock";

// An interrupt reaches Terraform as well, which ends in its own time and writes its state.
process.on("SIGINT", () => {});
process.exitCode = command(program, process.argv.slice(2), { lock: LOCK });
