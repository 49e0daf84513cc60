import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ran, runScript, scripts } from "./server";

const SET = "/apis/apps/v1/namespaces/stores/statefulsets/servers";
const STATE = "/api/v1/namespaces/stores/configmaps/servers-rotation";
const INITIAL = "users: [{user: workloads-a, password: $WORD_A}, {user: workloads-b, password: $WORD_B}]\n";

/** An API that keeps one StatefulSet and one ConfigMap, as long as it is asked for nothing else. */
class Place {
  readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-restart-"));
  readonly asked: string[] = [];
  data: Record<string, string> = { "users.conf": INITIAL };

  /** Pods roll while it is looked at so often. */
  rolling = 2;

  /** How often pods have restarted. */
  restarts = 0;

  /** What happens when all pods have. */
  restarted: () => Promise<void> = async () => {};
  private left = 0;
  private generation = 1;
  private server: Server | undefined;
  private port = 0;

  begin(): Promise<void> {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (data) => {
        body += data;
      });
      request.on("end", async () => {
        const path = request.url?.replace("?pretty=true", "");
        this.asked.push(`${request.method} ${path}`);
        const patch = body ? JSON.parse(body) : undefined;
        const known = request.headers.authorization === "Bearer the-token" && (path === SET || path === STATE);
        if (path === STATE && patch) this.data = { ...this.data, ...patch.data };
        if (path === SET && patch) {
          expect(Object.keys(patch.spec.template.metadata.annotations)).toEqual(["kubectl.kubernetes.io/restartedAt"]);
          this.generation += 1;
          this.restarts += 1;
          this.left = this.rolling;
        }
        if (path === SET && !patch && this.left > 0 && --this.left === 0) await this.restarted();
        const object = path === STATE ? { kind: "ConfigMap", data: this.data, metadata: { name: "servers-rotation" } } : this.set;
        response.writeHead(known ? 200 : 403).end(JSON.stringify(known ? object : {}, undefined, 2));
      });
    });
    const { server } = this;
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        this.port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  private get set(): object {
    const { generation } = this;
    const [old, next] = [`servers-${generation - 1}`, `servers-${generation}`];
    return {
      kind: "StatefulSet",
      metadata: { name: "servers", generation },
      spec: { replicas: 3 },
      status: {
        observedGeneration: generation,
        replicas: 3,
        readyReplicas: this.left > 0 ? 2 : 3,
        currentRevision: this.left > 0 ? old : next,
        updateRevision: next,
      },
    };
  }

  async run(script: string, secret: Readonly<Record<string, string>>, more: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<Ran> {
    const [passwords, tmp] = ["passwords", "tmp"].map((name) => join(this.directory, name)) as [string, string];
    rmSync(passwords, { recursive: true, force: true });
    for (const each of [passwords, tmp]) mkdirSync(each, { recursive: true });
    for (const [key, value] of Object.entries(secret)) writeFileSync(join(passwords, key), value);
    writeFileSync(join(this.directory, "token"), "the-token");
    const env = {
      PATH: process.env.PATH,
      API: `http://127.0.0.1:${this.port}`,
      NAMESPACE: "stores",
      PASSWORDS: passwords,
      POLL: "0",
      SCRIPTS: join(this.directory, "scripts"),
      SET: "servers",
      STATE: "servers-rotation",
      TMPDIR: tmp,
      TOKEN: join(this.directory, "token"),
      WAIT: "5",
      ...more,
    };
    mkdirSync(env.SCRIPTS, { recursive: true });
    spawnSync("cp", [...["restart.sh", "overlap.sh"].map((file) => join(scripts, "rotation", file)), env.SCRIPTS]);
    const ran = await runScript(join(scripts, script), env, args);
    for (const value of Object.values(secret)) expect(JSON.stringify([ran, this.asked, this.data])).not.toContain(value);
    expect(readdirSync(tmp)).toEqual([]);
    return ran;
  }

  async end(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
    rmSync(this.directory, { recursive: true });
  }
}

describe("servers that know the values of their secret from their start", () => {
  let place: Place;
  const job = (token: string, ...args: string[]) => place.run("rotation/restart.sh", { token }, {}, ...args);

  beforeEach(async () => {
    place = new Place();
    await place.begin();
  });

  afterEach(() => place.end());

  it("restart when it has changed, once, and not when they are seen first", async () => {
    expect(await job("first-token")).toEqual({ code: 0, output: "servers: all pods have the values of the secret\n" });
    expect(place.restarts).toBe(0);
    expect(await job("first-token")).toMatchObject({ code: 0 });
    expect(place.restarts).toBe(0);
    expect(await job("second-token")).toEqual({
      code: 0,
      output: "servers: restarts with the values of its secret\nservers: all pods have the values of the secret\n",
    });
    await job("second-token");
    expect(place.restarts).toBe(1);
  });

  it("restart for a job that revokes also where nobody knows what they have started with", async () => {
    await job("a-token", "revoke");
    expect(place.restarts).toBe(1);
    await job("a-token", "revoke");
    expect(place.restarts).toBe(1);
  });

  it("are said not to have restarted where they have not, and are not restarted again for it", async () => {
    place.rolling = 100;
    await job("first-token");
    expect(await job("second-token")).toMatchObject({
      code: 1,
      output: expect.stringContaining("not all pods have restarted after 5 seconds; former values may still be accepted"),
    });
    expect((await job("second-token")).code).toBe(1);
    expect(place.restarts).toBe(1);
  });

  it("are left alone where the API refuses", async () => {
    const ran = await place.run("rotation/restart.sh", { token: "a-token" }, { STATE: "another" });
    expect(ran).toEqual({ code: 1, output: "servers: GET /api/v1/namespaces/stores/configmaps/another was answered with 403\n" });
  });
});

const found = spawnSync("nats-server", ["--version"]).error === undefined;
if (!found) process.stderr.write("SKIPPED users of NATS: nats-server is not installed\n");

/** A server as the chart configures it: passwords from variables, users from a file that it reads again on a signal. */
(found ? describe : describe.skip)("users of NATS", () => {
  const secret = { a: "first-password-of-a", b: "12345678901234567890", system: "password-of-the-system" };
  let place: Place;
  let server: ChildProcess | undefined;
  let port = 0;
  const sockets: Socket[] = [];

  const start = async (values: typeof secret) => {
    const words = Object.entries(values).map(([key, value]) => [`WORD_${key.toUpperCase()}`, `"${value}"`]);
    writeUsers();
    server = spawn("nats-server", ["--config", join(place.directory, "config/nats.conf")], {
      env: { PATH: process.env.PATH, ...Object.fromEntries(words) },
      stdio: "ignore",
    });
    for (let attempt = 0; attempt < 100 && (await signIn("system", values.system)) !== "+OK"; attempt++) await pause(50);
  };
  const stop = async () => {
    const ended = new Promise((resolve) => server?.on("close", resolve));
    server?.kill("SIGKILL");
    await ended;
  };
  const writeUsers = () => writeFileSync(join(place.directory, "nats-users/users.conf"), place.data["users.conf"] ?? "");
  /** What the kubelet and the reloader do. */
  const reload = async () => {
    writeUsers();
    server?.kill("SIGHUP");
    await pause(500);
  };
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /** The server's answer to a client, and when it ends the session. */
  const session = (user: string, pass: string) => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let said = "";
    const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    const answer = new Promise<string>((resolve) => {
      socket.on("data", (data) => {
        said += data;
        const lines = said.split("\r\n").slice(1);
        if (lines.length > 1) resolve(lines[0] ?? "");
      });
      socket.on("error", () => resolve("away"));
      ended.then(() => resolve("away"));
    });
    socket.write(`CONNECT ${JSON.stringify({ user, pass, verbose: true, pedantic: false, lang: "test", version: "1" })}\r\n`);
    return { answer, ended };
  };
  const signIn = (user: string, pass: string) => session(user, pass).answer;
  const job = async (values: typeof secret, active: "a" | "b", { hours = 24, args = [] as string[] } = {}) => {
    const ran = await place.run("broker/nats-users.sh", values, { ACTIVE: active, OVERLAP: String(hours * 3600) }, ...args);
    await reload();
    return ran;
  };
  const REFUSED = "-ERR 'Authorization Violation'";

  beforeEach(async () => {
    place = new Place();
    await place.begin();
    port = 20_000 + (process.pid % 10_000);
    for (const folder of ["config", "nats-users"]) mkdirSync(join(place.directory, folder));
    // As helm renders it.
    const config = `{
      "accounts": {
        "SYSTEM": { "users": [ { "password": $WORD_SYSTEM, "user": "system" } ] },
        "WORKLOADS": {
          "jetstream": "enabled",
          include ../nats-users/users.conf;
        }
      },
      "host": "127.0.0.1",
      "jetstream": { "store_dir": ${JSON.stringify(join(place.directory, "data"))} },
      "port": ${port},
      "system_account": "SYSTEM"
    }\n`;
    writeFileSync(join(place.directory, "config/nats.conf"), config);
    await start(secret);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await stop();
    await place.end();
  });

  it("are both good until the active one has changed and the overlap has passed; then the former one's sessions end", async () => {
    await job(secret, "a");
    expect([await signIn("workloads-a", secret.a), await signIn("workloads-b", secret.b)]).toEqual(["+OK", "+OK"]);
    const { answer, ended } = session("workloads-a", secret.a);
    expect(await answer).toBe("+OK");

    expect((await job(secret, "b")).output).toMatch(/^servers: workloads-a ends at 2\S+ \S+\+00\n/);
    expect(await signIn("workloads-a", secret.a)).toBe("+OK");
    expect((await job(secret, "b", { hours: 0 })).output).toMatch(/^servers: workloads-a has ended\n/);
    await ended;
    expect([await signIn("workloads-a", secret.a), await signIn("workloads-b", secret.b)]).toEqual([REFUSED, "+OK"]);
    // And is never good again.
    await job(secret, "b");
    expect(await signIn("workloads-a", secret.a)).toBe(REFUSED);
    expect(place.restarts).toBe(0);
  });

  it("come back with another password only after all servers have restarted with it", async () => {
    await job(secret, "a");
    await job(secret, "b", { args: ["revoke"] });
    expect(await signIn("workloads-a", secret.a)).toBe(REFUSED);
    const rotated = { ...secret, a: "second-password-of-a" };
    let seen = "";
    place.restarted = async () => {
      seen = place.data["users.conf"] ?? "";
      await stop();
      await start(rotated);
    };
    expect((await job(rotated, "b")).code).toBe(0);
    expect(place.restarts).toBe(1);
    // Until then the servers had the former password of it.
    expect(seen).not.toContain("workloads-a");
    expect([await signIn("workloads-a", secret.a), await signIn("workloads-a", rotated.a)]).toEqual([REFUSED, "+OK"]);
    expect((await job(rotated, "a")).output).toContain("workloads-b ends at");
  });

  it("end also while a server is away, and don't come back then", async () => {
    await job(secret, "a");
    // A restart that doesn't come to its end.
    place.rolling = 10_000;
    const rotated = { ...secret, system: "another-password-of-the-system" };
    expect((await job(rotated, "b", { args: ["revoke"] })).code).toBe(1);
    expect(await signIn("workloads-a", secret.a)).toBe(REFUSED);
    const again = { ...rotated, a: "second-password-of-a" };
    expect((await job(again, "b")).code).toBe(1);
    // Neither as the user that is not in use, nor as the one that is.
    expect((await job(again, "a")).code).toBe(1);
    expect(await signIn("workloads-a", secret.a)).toBe(REFUSED);
  });

  it("end at once by the job that revokes, the former one without a restart, an overwritten password by one", async () => {
    await job(secret, "a");
    const { ended } = session("workloads-a", secret.a);
    expect((await job(secret, "b", { args: ["revoke"] })).output).toContain("workloads-a has ended");
    await ended;
    expect(place.restarts).toBe(0);
    const rotated = { ...secret, b: "second-password-of-b" };
    place.restarted = async () => {
      await stop();
      await start(rotated);
    };
    await job(rotated, "b", { args: ["revoke"] });
    expect([await signIn("workloads-b", secret.b), await signIn("workloads-b", rotated.b)]).toEqual([REFUSED, "+OK"]);
  });
});
