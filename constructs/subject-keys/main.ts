import { command } from "./command";

command(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
