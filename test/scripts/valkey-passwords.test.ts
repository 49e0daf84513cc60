import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runScript, scripts } from "./server";

const SCRIPT = join(scripts, "redis/valkey-passwords.sh");
/** What the chart lets clients do, with commands of the server that is at hand. */
const PERMISSIONS = "~* &* +@all -config|set -config|rewrite -debug -module -replicaof -slaveof -shutdown -failover";
const [FIRST, SECOND, THIRD] = ["first-password-of-the-cache", 'a-"second"-\\-one', "third-password-of-the-cache"] as const;

const found = ["valkey-server", "redis-server"].find((program) => spawnSync(program, ["--version"]).error === undefined);
const client = found?.replace("-server", "-cli") ?? "";
if (!found) process.stderr.write("SKIPPED passwords of Valkey: neither valkey-server nor redis-server is installed\n");

/** Servers as the chart starts them: each knows the password under `default`, and a replica signs in with it. */
class Servers {
  readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-valkey-"));
  private readonly ports: number[] = [];
  private readonly processes: (ChildProcess | undefined)[] = [];

  /** With the configuration of a new pod, or with that of a container that restarts in its pod. */
  async start(password?: string, index = this.ports.length): Promise<void> {
    const port = this.ports[index] ?? (await freePort());
    this.ports[index] = port;
    const folder = join(this.directory, String(index));
    mkdirSync(folder, { recursive: true });
    if (password !== undefined) this.configure(password, index, folder, port);
    this.processes[index] = spawn(found ?? "", [join(folder, "server.conf")]);
    await until(() => this.says(index, "PING", "any", "probe") === "PONG");
  }

  private configure(password: string, index: number, folder: string, port: number): void {
    const hash = createHash("sha256").update(password).digest("hex");
    writeFileSync(join(folder, "users.acl"), `user default on #${hash} ${PERMISSIONS}\nuser probe on nopass -@all +ping\n`);
    const text = password.replace(/[\\"]/g, "\\$&");
    const follows = index === 0 ? [] : [`replicaof 127.0.0.1 ${this.ports[0]}`, "masteruser default", `masterauth "${text}"`];
    const settings = [`port ${port}`, "bind 127.0.0.1", 'save ""', `dir ${folder}`, `aclfile ${folder}/users.acl`, ...follows];
    writeFileSync(join(folder, "server.conf"), `${settings.join("\n")}\n`);
  }

  async stop(index: number): Promise<void> {
    const process = this.processes[index];
    if (!process) return;
    const ended = new Promise((resolve) => process.on("close", resolve));
    process.kill();
    await ended;
    this.processes[index] = undefined;
  }

  says(index: number, command: string, password: string = FIRST, user = "default"): string {
    const input = `AUTH ${user} "${password.replace(/[\\"]/g, "\\$&")}"\n${command}\n`;
    const { stdout } = spawnSync(client, ["-p", String(this.ports[index])], { input, encoding: "utf8" });
    return stdout.split("\n").slice(1).join("\n").trim();
  }

  accepts(index: number, password: string): boolean {
    return this.says(index, "PING", password) === "PONG";
  }

  /** A client that waits for something that never comes. */
  session(index: number, password: string): Promise<void> {
    const waiting = spawn(client, ["-p", String(this.ports[index]), "--user", "default", "--pass", password, "blpop", "nothing", "0"]);
    return new Promise((resolve) => waiting.on("close", () => resolve()));
  }

  /** The job, with what the secret holds. */
  async job(passwords: Readonly<Record<string, string>>, { args = [] as readonly string[], hours = 24, connect = 0 } = {}) {
    const [folder, tmp] = ["passwords", "tmp"].map((name) => join(this.directory, name)) as [string, string];
    rmSync(folder, { recursive: true, force: true });
    for (const each of [folder, tmp]) mkdirSync(each, { recursive: true });
    for (const [key, value] of Object.entries(passwords)) writeFileSync(join(folder, key), value);
    const env = {
      PATH: process.env.PATH,
      CLI: client,
      CONNECT: String(connect),
      OVERLAP: String(hours * 3600),
      PASSWORDS: folder,
      SCRIPTS: join(scripts, "rotation"),
      SERVERS: this.ports.map((port) => `127.0.0.1:${port}`).join(" "),
      TMPDIR: tmp,
    };
    const { code, output } = await runScript(SCRIPT, env, args);
    for (const value of Object.values(passwords)) expect(output).not.toContain(value);
    expect(readdirSync(tmp)).toEqual([]);
    return { code, output };
  }

  async end(): Promise<void> {
    for (const index of this.processes.keys()) await this.stop(index);
    rmSync(this.directory, { recursive: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100 && !holds(); attempt++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(holds()).toBe(true);
}

(found ? describe : describe.skip)("passwords of Valkey", () => {
  let servers: Servers;
  const rotated = { default: SECOND, former: FIRST };

  beforeEach(async () => {
    servers = new Servers();
    await servers.start(FIRST);
  });

  afterEach(() => servers.end());

  it("stay as they are, where the secret is as it was", async () => {
    const before = servers.says(0, "ACL LIST");
    expect(await servers.job({ default: FIRST })).toEqual({ code: 0, output: "" });
    expect(servers.says(0, "ACL LIST")).toBe(before);
  });

  it("are given to a server that refuses connections at first", async () => {
    await servers.stop(0);
    const job = servers.job({ default: FIRST }, { connect: 15 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await servers.start(FIRST, 0);
    expect(await job).toEqual({ code: 0, output: "" });
  });

  it("are two during a rotation, the former of which ends by itself, and leaves nothing behind", async () => {
    const before = servers.says(0, "ACL LIST").replace(/#[0-9a-f]{64}/, "");
    expect(await servers.job({ default: FIRST, next: SECOND })).toEqual({ code: 0, output: "127: default has new passwords: 2\n" });
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([true, true]);

    const { code, output } = await servers.job(rotated);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^127: the former password ends at 2\S+ \S+\+00\n$/) });
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([true, true]);
    // The overlap began then, and not with each run.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await servers.job(rotated)).output).toBe(output);

    expect(await servers.job(rotated, { hours: 0 })).toEqual({
      code: 0,
      output: "127: the former password has ended\n127: default has new passwords: 1\n",
    });
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([false, true]);
    expect(servers.says(0, "ACL LIST", SECOND).replace(/#[0-9a-f]{64}/, "")).toBe(before);
    // And is never good again, also where the secret still has it.
    expect(await servers.job(rotated)).toEqual({ code: 0, output: "" });
    expect(servers.accepts(0, FIRST)).toBe(false);
  });

  it("change in one step, where the former one stays in the secret", async () => {
    await servers.job(rotated);
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([true, true]);
    await servers.job({ default: THIRD, former: SECOND });
    expect([FIRST, SECOND, THIRD].map((password) => servers.accepts(0, password))).toEqual([false, true, true]);
  });

  it("end at once by the job that revokes, with the sessions", async () => {
    const ended = servers.session(0, FIRST);
    await until(() => servers.says(0, "CLIENT LIST").includes("cmd=blpop"));
    const { code, output } = await servers.job(rotated, { args: ["revoke"] });
    expect({ code, output }).toEqual({
      code: 0,
      output: "127: the former password has ended\n127: default has new passwords: 1\n127: ended 1 sessions\n",
    });
    await ended;
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([false, true]);
  });

  it("are the same after a restart of the container, which has the file that its pod began with", async () => {
    await servers.job(rotated);
    await servers.stop(0);
    await servers.start(undefined, 0);
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([true, true]);
    await servers.job(rotated, { args: ["revoke"] });
    await servers.stop(0);
    await servers.start(undefined, 0);
    expect([FIRST, SECOND].map((password) => servers.accepts(0, password))).toEqual([false, true]);
  });

  it("are those of the secret alone in a new pod", async () => {
    await servers.job(rotated);
    await servers.stop(0);
    await servers.start(SECOND, 0);
    expect(await servers.job(rotated)).toEqual({ code: 0, output: "" });
    expect(servers.accepts(0, FIRST)).toBe(false);
  });

  it("reach a replica too, which follows the writer with the new one", async () => {
    await servers.start(FIRST);
    const linked = (password: string) => servers.says(1, "INFO replication", password).includes("master_link_status:up");
    await until(() => linked(FIRST));
    // A server lists subcommands in the order of a hash with a seed of its own, so words are compared as a set.
    const rightsOf = (password?: string) => servers.says(1, "ACL GETUSER default", password).split("commands")[1]?.split(/\s+/).sort();
    const rights = rightsOf();
    expect((await servers.job(rotated)).output).toContain("follows with the new password");
    expect((await servers.job(rotated, { args: ["revoke"] })).code).toBe(0);
    expect([0, 1].map((index) => servers.accepts(index, FIRST))).toEqual([false, false]);
    await until(() => linked(SECOND));
    expect(rightsOf(SECOND)).toEqual(rights);
  });

  it("fail where the secret lacks the one that the server knows", async () => {
    expect(await servers.job({ default: SECOND, next: THIRD })).toMatchObject({
      code: 1,
      output: expect.stringContaining("no password of the secret is good (WRONGPASS"),
    });
    expect(await servers.job({ next: THIRD })).toMatchObject({ code: 1, output: "valkey: there is no password under default\n" });
  });

  it("reach the other servers where one is away", async () => {
    await servers.start(FIRST);
    await servers.stop(0);
    expect((await servers.job(rotated)).code).toBe(1);
    expect(servers.accepts(1, SECOND)).toBe(true);
  });
});
