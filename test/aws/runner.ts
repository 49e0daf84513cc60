import { command } from "../../cli/command";
import { emulated, LOCK } from "./emulated";

// The runner (`npm run plan` and so on) with the program of this repository, in the account of the endpoint.
emulated().then((program) => {
  process.exitCode = command(program, process.argv.slice(2), { lock: LOCK });
});
