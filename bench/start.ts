import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, cpSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { median, type Row } from "./report";

const ROUNDS = 5;
const ROOT = join(__dirname, "../..");
const START = 'require("./cli/start").start(require("./main").program, [])';
const GROUP = "start of all environments | ts-node";

/** What `npm start` runs, its type check included, beside the same program under ts-node. */
export async function measureStart(directory: string): Promise<Row[]> {
  const notCopied = ["node_modules", "dist", "cdktf.out", ".git", ".state"].map((name) => join(ROOT, name));
  cpSync(ROOT, directory, { recursive: true, filter: (source) => !notCopied.includes(source) });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"), "dir");
  const npmStart = () => run(directory, ["cli/run.mjs", "start"]);
  const tsNode = () => run(directory, ["node_modules/ts-node/dist/bin.js", "-e", START]);

  const times = { first: [] as number[], edited: [] as number[], again: [] as number[], tsNode: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rmSync(join(directory, "dist"), { recursive: true, force: true });
    times.first.push(await npmStart());
    times.tsNode.push(await tsNode());
    appendFileSync(join(directory, "environments/index.ts"), `\nexport const edit${round} = ${round};\n`);
    times.edited.push(await npmStart());
    times.again.push(await npmStart());
  }
  const memory = { ours: await peakMb(npmStart), other: await peakMb(tsNode) };

  const other = median(times.tsNode);
  const row = (name: string, ours: number, target: object): Row => ({
    group: GROUP,
    name,
    unit: "ms",
    ours,
    other,
    ratio: ours / other,
    ...target,
  });
  return [
    row("first, nothing compiled", median(times.first), {}),
    row("after an edit", median(times.edited), { target: 0.3 }),
    row("again, unchanged", median(times.again), { target: 0.3 }),
    { group: GROUP, name: "peak memory of all its processes", unit: "MB", ...memory, ratio: memory.ours / memory.other },
  ];
}

let running: ChildProcess | undefined;

/** Milliseconds that a program takes, in its directory. */
function run(directory: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const env = { ...process.env, TS_NODE_COMPILER: "typescript-5", CDKTF_OUTDIR: join(directory, "cdktf.out") };
  const child = spawn(process.execPath, args, { cwd: directory, env, stdio: ["ignore", "ignore", "pipe"] });
  running = child;
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status) =>
      status === 0 ? resolve(performance.now() - start) : reject(new Error(`${args.join(" ")} ended with ${status}:\n${errors}`)),
    );
  });
}

/** The most memory that the processes of a run held at once; not a number where the system has no /proc. */
async function peakMb(work: () => Promise<number>): Promise<number> {
  let peak = Number.NaN;
  const watch = setInterval(() => {
    const now = running?.pid === undefined ? 0 : residentMb(running.pid);
    if (now > 0) peak = Number.isNaN(peak) ? now : Math.max(peak, now);
  }, 5);
  await work();
  clearInterval(watch);
  return peak;
}

function residentMb(pid: number): number {
  try {
    const [, kilobytes = 0] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    return children.map(residentMb).reduce((sum, mb) => sum + mb, Number(kilobytes) / 1024);
  } catch {
    return 0; // it ended meanwhile
  }
}
