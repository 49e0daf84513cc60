import { spawn } from "node:child_process";
import { once } from "node:events";

/** A command that runs one program, which takes a while to end when it is told to. */
const COMMAND = `
  const { forwardSignals, isInterrupted, run } = require(${JSON.stringify(require.resolve("../../cli/children"))});
  forwardSignals();
  const script = "trap 'echo told; sleep 0.1; echo ended; exit 3' INT TERM; echo begun; while :; do sleep 0.05; done";
  const options = { directory: "/", environment: process.env, hear: (text) => process.stdout.write(text) };
  run("sh", ["-c", script], options).then(async ({ status }) => {
    console.log(status, isInterrupted());
    // Nothing more is begun.
    try { await run("sh", ["-c", "echo begun"], options); } catch (error) { console.log(error.message); }
  });
`;

describe("a command that is ended", () => {
  it.each([
    "SIGINT",
    "SIGTERM",
    // The window of a terminal is closed.
    "SIGHUP",
  ] as const)("by %s tells each program once, waits for it, and begins none", async (signal) => {
    // A group of its own, as a shell makes it: a terminal sends an interrupt to all of it.
    const child = spawn(process.execPath, ["-e", COMMAND], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    let said = "";
    child.stdout.on("data", (data) => {
      if (said === "" && child.pid) process.kill(-child.pid, signal);
      said += data;
    });
    await once(child, "close");
    expect(said.split("\n").filter(Boolean)).toEqual(["begun", "told", "ended", "3 true", "Interrupted"]);
  });
});
