import { forwardSignals } from "../../cli/children";
import { command } from "../../cli/command";
import { emulated, LOCK } from "./emulated";

// The runner (`npm run plan` and so on) with the reference system, in the account of the endpoint.
forwardSignals();
emulated()
  .then((program) => command(program, process.argv.slice(2), { lock: LOCK }))
  .then((code) => {
    process.exitCode = code;
  });
