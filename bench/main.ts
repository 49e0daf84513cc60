import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureSynthesis } from "./compare";
import { clearlyMissed, type Row, table } from "./report";
import { measureStart } from "./start";

// npm run bench [-- --json] [-- --check]: --check fails where a target is clearly missed.
const options = new Set(process.argv.slice(2));

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-bench-"));
  try {
    const rows: Row[] = [...(await measureStart(join(directory, "start"))), ...measureSynthesis(join(directory, "synthesis"))];
    console.log(options.has("--json") ? JSON.stringify(rows, undefined, 2) : table(rows));
    if (options.has("--check") && rows.some(clearlyMissed)) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

void main();
