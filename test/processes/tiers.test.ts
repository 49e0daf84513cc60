import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A tier that runs a program for a limited time. The program writes its pid. */
const TIER = `
  const { run } = require(${JSON.stringify(require.resolve("../aws/process"))});
  run("sh", ["-c", "echo $$ >pid.part; mv pid.part pid; exec sleep 600"], { log: "log", minutes: 10 });
`;

describe("a tier of tests that is ended", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("by %s ends what it runs", async (signal) => {
    const directory = mkdtempSync(join(tmpdir(), "tier-"));
    try {
      const tier = spawn(process.execPath, ["-e", TIER], { cwd: directory, stdio: "inherit" });
      while (!existsSync(join(directory, "pid"))) await new Promise((resolve) => setTimeout(resolve, 20));
      const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
      tier.kill(signal);
      await once(tier, "close");
      await gone(pid);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
