// One measurement in a process of its own: node synthesis.js ours|plain <environments> <directory>.
// "plain" repeats what "ours" left in the directory.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { withoutTokenTraces } from "../cli/short-traces";
import { synthesize } from "../stacks";
import { synthesizePlain } from "./plain";
import { programOf } from "./program";
import { readPlain } from "./read-plain";

// Both sides begin warm: what one environment costs is not what the first milliseconds of a process cost. Nothing collects garbage between
// the runs by force: that throws away optimized code, and what follows is its compilation.
const WARM_UP_RUNS = 15;
const RUNS_OF_ONE = 9;
const LOCK = join(__dirname, "../../environments/.terraform.lock.hcl");

const [side, size = "1", directory = ""] = process.argv.slice(2);
const environments = Number(size);

const outdir = (name: string) => join(directory, name);
const ours = (count: number, name: string) => {
  const program = programOf(count);
  return () => withoutTokenTraces(() => synthesize(program, { outdir: outdir(name), lock: LOCK, prune: true }));
};
const plain = (from: string, name: string) => {
  const stacks = readPlain(outdir(from));
  return () => synthesizePlain(stacks, outdir(name));
};
const warmUp = side === "ours" ? ours(1, "ours-1") : plain("ours-1", "plain-1");
const work = side === "ours" ? ours(environments, `ours-${environments}`) : plain(`ours-${environments}`, `plain-${environments}`);

for (let run = 0; run < WARM_UP_RUNS; run++) warmUp();
const times = Array.from({ length: environments === 1 ? RUNS_OF_ONE : 1 }, () => milliseconds(work)).sort((a, b) => a - b);
// What others on the machine do only ever adds to a time.
console.log(JSON.stringify({ milliseconds: times[0], peakMb: process.resourceUsage().maxRSS / 1024 }));

/** Time of the processor, which others on the machine disturb least. */
function milliseconds(work: () => void): number {
  rmSync(outdir(`${side}-${environments}`), { recursive: true, force: true });
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
