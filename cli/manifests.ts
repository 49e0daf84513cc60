import { render } from "./render";
import { withProgram } from "./with-program";

withProgram(render);
