import { start } from "./cli/start";
import { withProgram } from "./cli/with-program";

withProgram(start);
