import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const docs = join(__dirname, "../../../docs/leaked-secret.md");
const found = spawnSync("redis-server", ["--version"]).error === undefined;
if (!found) process.stderr.write("SKIPPED a leaked password of Valkey: redis-server is not installed\n");

/** What docs/leaked-secret.md has be sent to each server, by a server that has the same commands. */
(found ? describe : describe.skip)("a leaked password of Valkey", () => {
  const [old, fresh] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
  let directory: string;
  let server: ChildProcess;
  const socket = () => join(directory, "socket");
  const cli = (lines: string) => spawnSync("redis-cli", ["-s", socket()], { input: lines, encoding: "utf8" }).stdout;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-redis-"));
    server = spawn("redis-server", ["--port", "0", "--unixsocket", socket(), "--save", "", "--dir", directory, "--requirepass", old]);
    for (let attempt = 0; attempt < 100 && !cli(`AUTH default ${old}\nPING\n`).includes("PONG"); attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  afterAll(() => {
    server.kill();
    rmSync(directory, { recursive: true });
  });

  it("stops working by the commands of the runbook, which end the sessions that were made with it", async () => {
    const format = /^printf '(AUTH default .*)' \\$/m.exec(readFileSync(docs, "utf8"))?.[1] ?? "";
    const session = spawn("redis-cli", ["-s", socket(), "--user", "default", "--pass", old, "blpop", "nothing", "0"]);
    const ended = new Promise((resolve) => session.on("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { stdout: lines } = spawnSync("sh", ["-c", 'printf "$1" "$2" "$3" "$2"', "sh", format, old, fresh], { encoding: "utf8" });
    expect(cli(lines).split("\n").slice(0, 4)).toEqual(["OK", "OK", "1", "0"]);
    await ended;
    expect(cli(`AUTH default ${old}\n`)).toContain("WRONGPASS");
    expect(cli(`AUTH default ${fresh}\nPING\n`)).toBe("OK\nPONG\n");
  });
});
