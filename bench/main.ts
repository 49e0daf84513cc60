import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureSynthesis } from "./compare";
import { clearlyMissed, type Row, table } from "./report";
import { measureStart } from "./start";

// npm run bench [-- --short] [-- --json] [-- --check]: --check fails where a target is clearly missed, --short takes a minute
// and measures synthesis alone.
const options = new Set(process.argv.slice(2));

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-bench-"));
  try {
    const short = options.has("--short");
    const rows: Row[] = [
      ...(short ? [] : await measureStart(join(directory, "start"))),
      ...measureSynthesis(join(directory, "synthesis"), short),
    ];
    console.log(options.has("--json") ? JSON.stringify(rows, undefined, 2) : table(rows));
    if (options.has("--check") && rows.some((row) => clearlyMissed(row, short ? 1.4 : 1.15))) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

void main();
