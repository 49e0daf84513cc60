import { forwardSignals } from "./children";
import { command } from "./command";
import { LOCK } from "./lock";
import { withProgram } from "./with-program";

forwardSignals();
withProgram((program, argv) => command(program, argv, { lock: LOCK }));
