import { release } from "./versions";
import { withProgram } from "./with-program";

withProgram(release);
