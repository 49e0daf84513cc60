import { VERIFY_ARGUMENTS, verifyCommand, verifyUsage } from "../constructs/audit/trail/verify-command";
import { commandLine } from "./command-line";
import { Refused } from "./refused";

/** Text of `--help`. */
export const help = () => verifyUsage(commandLine("audit", ["verify", VERIFY_ARGUMENTS]));

/** Verifies an audit trail, and returns the exit code. */
export async function audit([action = "", ...args]: readonly string[]): Promise<number> {
  if (action === "") throw new Refused(`audit: requires verify\n\n${help()}`);
  if (action !== "verify") throw new Refused(`audit ${action}: is not supported; use audit verify`);
  return verifyCommand(args);
}
