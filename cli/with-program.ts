import type { Program } from "../stacks";
import { messageFor } from "./told";

/** Runs a command with the program of this repository. The environments' own files may be broken, which is said in a line. */
export function withProgram(command: (program: Program, argv: readonly string[]) => number | Promise<number>): void {
  Promise.resolve(command(loaded(), process.argv.slice(2))).then((code) => {
    process.exitCode = code;
  });
}

function loaded(): Program {
  try {
    return (require("../environments") as typeof import("../environments")).program;
  } catch (error) {
    const message = messageFor(error);
    if (message === undefined) throw error;
    console.error(message);
    // Without a program, whatever a compiler has to say adds nothing.
    process.exit(1);
  }
}
