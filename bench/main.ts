import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asksForHelp } from "../cli/told";
import { measureSynthesis } from "./compare";
import { clearlyMissed, type Row, table } from "./report";
import { measureStart } from "./start";

const options = new Set(process.argv.slice(2));

/** Few runs on a machine of a pipeline scatter widely: what fails there costs clearly more than plain cdktf itself. */
const SHORT_MARGIN = 2.4;

const USAGE = `usage: npm run bench [-- [--short] [--json] [--check]]

Measures what a synthesis costs beside plain cdktf.
  --short  takes a minute, and measures synthesis alone
  --json   prints the same as data
  --check  fails if a target is clearly missed`;

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-bench-"));
  try {
    const short = options.has("--short");
    const rows: Row[] = [
      ...(short ? [] : await measureStart(join(directory, "start"))),
      ...measureSynthesis(join(directory, "synthesis"), short),
    ];
    console.log(options.has("--json") ? JSON.stringify(rows, undefined, 2) : table(rows));
    if (options.has("--check") && rows.some((row) => clearlyMissed(row, short ? SHORT_MARGIN : 1.15))) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (asksForHelp(process.argv.slice(2))) console.log(USAGE);
else void main();
