import { NOTHING_VERIFIED, VERIFY_ARGUMENTS, verifyCommand, verifyUsage } from "../constructs/audit/trail/verify-command";
import { commandLine } from "./command-line";
import { complain } from "./told";

/** Text of `--help`. */
export const help = () => verifyUsage(commandLine("audit", ["verify", VERIFY_ARGUMENTS]));

/** Verifies an audit trail, and returns the exit code. */
export async function audit([action = "", ...args]: readonly string[]): Promise<number> {
  if (action === "verify") return verifyCommand(args);
  complain(action === "" ? `audit: requires verify\n\n${help()}` : `audit ${action}: is not supported; use audit verify`);
  return NOTHING_VERIFIED;
}
