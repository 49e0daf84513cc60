import { verifyCommand } from "./verify-command";

verifyCommand(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
