import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveElastic } from "../../constructs/observability/elastic-options";
import { requestsOf } from "../../constructs/observability/elastic-settings";
import { scripts } from "./server";

type Json = Record<string, any>;

const ROLES = ["collector", "jaeger", "grafana", "metrics"] as const;
type Role = (typeof ROLES)[number];

const ADMINISTRATOR = 'the "administrator" \\ himself';
const BACKUP = { bucket: "orders-snapshots", region: "eu-west-1", roleArn: "arn:aws:iam::111122223333:role/orders-snapshots" };

interface User {
  readonly password: string;
  readonly roles: readonly string[];
  readonly enabled: boolean;
  readonly metadata: Json;
}

/** What a script printed, and how it ended. */
interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** An Elasticsearch that remembers what it is told, and answers as 9.5 does. */
class Elasticsearch {
  readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-elastic-"));
  readonly objects = new Map<string, Json>();
  readonly users = new Map<string, User>();
  readonly indices = new Map<string, Json>();

  /** Requests that changed something, in order. */
  readonly writes: string[] = [];

  /** All requests; while watched, with arguments and environment of the processes that sent them. */
  readonly asked: string[] = [];
  watched = false;

  /** What the cluster says of itself, one after the other; the last for ever. */
  health: Json[] = [{ status: "green", number_of_nodes: 3, unassigned_primary_shards: 0, unassigned_shards: 0 }];

  /** Paths that are refused, with the answer. */
  refused: Record<string, { readonly status: number; readonly body: Json }> = {};

  /** The write after which the script is killed, before it hears of it. */
  killAfter = Number.POSITIVE_INFINITY;
  private readonly secrets: Record<Role, { user: string; password: string }> = {
    collector: { user: "collector_a", password: "password-of-the-collector" },
    jaeger: { user: "jaeger_a", password: 'pass"word\\of-jaeger' },
    grafana: { user: "grafana_a", password: "password-of-grafana" },
    metrics: { user: "metrics_a", password: "password-of-the-exporter" },
  };
  private server: Server | undefined;
  private child: ChildProcess | undefined;
  private port = 0;

  constructor(private files = requestsOf(resolveElastic({ name: "elasticsearch", zoned: true, backup: BACKUP }))) {}

  /** What it is told by the next run. */
  told(files: Readonly<Record<string, string>>): void {
    this.files = files;
  }

  rotate(role: Role, user: string, password: string): void {
    this.secrets[role] = { user, password };
  }

  begin(): Promise<void> {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (data) => {
        body += data;
      });
      request.on("end", () => {
        const { status, body: answer } = this.answer(request, body);
        if (this.writes.length > this.killAfter) {
          this.killAfter = Number.POSITIVE_INFINITY;
          process.kill(-(this.child?.pid ?? 0), "SIGKILL");
        }
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
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

  /** The state, as a comparison of two of them needs it. */
  state(): object {
    const users = [...this.users].map(([name, { password, ...user }]) => [name, { ...user, password }]);
    const sorted = (entries: readonly (readonly [unknown, unknown])[]) =>
      [...entries].sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
    return { objects: sorted([...this.objects]), users: sorted(users as [string, object][]), indices: sorted([...this.indices]) };
  }

  run(arg?: "keep" | "revoke", more: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const place = (name: string) => {
      const path = join(this.directory, name);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path, { recursive: true });
      return path;
    };
    const [credentials, files, tmp] = [place("credentials"), place("files"), place("tmp")];
    const secret = (folder: string, values: Readonly<Record<string, string>>) => {
      mkdirSync(join(credentials, folder));
      for (const [file, value] of Object.entries(values)) writeFileSync(join(credentials, folder, file), value);
    };
    secret("administrator", { password: ADMINISTRATOR });
    for (const role of ROLES) secret(role, this.secrets[role]);
    for (const [file, content] of Object.entries(this.files)) writeFileSync(join(files, file), content);
    const script = join(scripts, "observability/elastic/settings.sh");
    spawnSync("cp", [script, join(scripts, "rotation/overlap.sh"), files]);
    const env = {
      PATH: process.env.PATH,
      CREDENTIALS: credentials,
      INDICES: "*jaeger-*-2*",
      OBJECTS: files,
      OVERLAP: "86400",
      POLL: "0.1",
      RETENTION: "traces-retention",
      ROLES: ROLES.join(" "),
      TMPDIR: tmp,
      URL: `http://127.0.0.1:${this.port}`,
      WAIT: "5",
      ...more,
    };
    this.writes.length = 0;
    this.asked.length = 0;
    return new Promise((resolve) => {
      const child = spawn("busybox", ["sh", join(files, "settings.sh"), ...(arg ? [arg] : [])], {
        env,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.child = child;
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (data) => {
          output += data;
        });
      child.on("close", (code) => {
        for (const value of [ADMINISTRATOR, ...ROLES.map((role) => this.secrets[role].password)]) {
          expect(output).not.toContain(value);
          expect(this.asked.join("\n")).not.toContain(value);
        }
        // One that was killed leaves its files to the memory of its pod.
        if (code !== null) expect(readdirSync(tmp)).toEqual([]);
        resolve({ code, output });
      });
    });
  }

  async end(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
    rmSync(this.directory, { recursive: true });
  }

  private answer(request: IncomingMessage, body: string): { readonly status: number; readonly body: Json | Json[] } {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const asked = `${request.method} ${decodeURIComponent(path)}`;
    this.asked.push(`${asked}?${query} ${this.watched ? processes(this.child) : ""}`);
    const refused = this.refused[asked];
    if (refused) return refused;
    const [name = "", password] = split(Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString());
    const user = this.users.get(name);
    const known = name === "elastic" ? password === ADMINISTRATOR : user?.enabled === true && user.password === password;
    if (!known) return { status: 401, body: { error: { root_cause: [{ type: "security_exception", reason: "unable to authenticate" }] } } };
    if (path === "/_security/_authenticate") return { status: 200, body: { roles: user?.roles ?? ["superuser"], ...overlapOf(user) } };
    // Everything else takes the administrator.
    if (name !== "elastic") return { status: 403, body: { error: { reason: "unauthorized" } } };
    if (path === "/_cluster/health") return { status: 200, body: (this.health.length > 1 ? this.health.shift() : this.health[0]) as Json };
    if (request.method === "PUT") {
      if (body) expect(request.headers["content-type"]).toBe("application/json");
      this.writes.push(decodeURIComponent(path).slice(1));
      return this.write(decodeURIComponent(path).slice(1), body ? JSON.parse(body) : {});
    }
    return this.read(decodeURIComponent(path).slice(1));
  }

  private write(path: string, body: Json): { readonly status: number; readonly body: Json } {
    const [, name = "", disable] = /^_security\/user\/(\w+)(\/_disable)?$/.exec(path) ?? [];
    if (disable) {
      this.users.set(name, { ...(this.users.get(name) as User), enabled: false });
      return { status: 200, body: {} };
    }
    if (name) {
      const former = this.users.get(name);
      if (!former && !body.password) return { status: 400, body: { error: { reason: "password must be specified" } } };
      this.users.set(name, { ...former, ...body } as User);
      return { status: 200, body: { created: former === undefined } };
    }
    if (path.endsWith("/_settings")) {
      for (const index of this.daily()) this.indices.set(index, { "index.lifecycle.name": body.index.lifecycle.name });
      return { status: 200, body: { acknowledged: true } };
    }
    this.objects.set(path, body);
    return { status: 200, body: { acknowledged: true } };
  }

  private read(path: string): { readonly status: number; readonly body: Json | Json[] } {
    if (path.startsWith("_cat/indices/")) return { status: 200, body: this.daily().map((index) => ({ index })) };
    if (path.endsWith("/_settings/index.lifecycle.name")) {
      // An index without the setting isn't in the answer.
      const having = this.daily().filter((index) => this.indices.get(index)?.["index.lifecycle.name"]);
      return { status: 200, body: Object.fromEntries(having.map((index) => [index, { settings: this.indices.get(index) }])) };
    }
    const [, name] = /^_security\/user\/(\w+)$/.exec(path) ?? [];
    if (name) {
      const user = this.users.get(name);
      return user ? { status: 200, body: { [name]: { enabled: user.enabled, ...overlapOf(user) } } } : { status: 404, body: {} };
    }
    const object = this.objects.get(path);
    if (path === "_cluster/settings") return { status: 200, body: {} };
    if (!object) return { status: 404, body: {} };
    const { digest } = object.policy?._meta ?? object._meta ?? object.metadata ?? object.config?.metadata ?? {};
    return { status: 200, body: digest ? { [path]: { some: { _meta: { digest } } } } : {} };
  }

  private daily(): readonly string[] {
    return [...this.indices.keys()].filter((index) => /jaeger-.*-2/.test(index));
  }
}

function overlapOf(user: User | undefined): Json {
  return user?.metadata?.overlap ? { metadata: { overlap: user.metadata.overlap } } : {};
}

function split(text: string): readonly [string, string] {
  const at = text.indexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The command lines and environments of what runs for the script: others on the node see both. */
function processes(child: ChildProcess | undefined): string {
  const own = readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/stat`)) return false;
    const fields = readIt(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
    return fields[2] === String(child?.pid);
  });
  return own.map((pid) => readIt(`/proc/${pid}/cmdline`) + readIt(`/proc/${pid}/environ`)).join(" ");
}

function readIt(file: string): string {
  try {
    return readFileSync(file, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended
  }
}

describe("the settings of Elasticsearch", () => {
  let elastic: Elasticsearch;

  beforeEach(async () => {
    elastic = new Elasticsearch();
    await elastic.begin();
  });

  afterEach(() => elastic.end());

  it("are written once: retention, templates, roles, users, snapshots", async () => {
    expect(await elastic.run()).toMatchObject({ code: 0, output: expect.stringContaining("settings are complete, health is green") });
    expect(elastic.writes).toEqual([
      "_ilm/policy/logs-retention",
      "_ilm/policy/traces-retention",
      "_component_template/logs@custom",
      "_component_template/logs-otel@custom",
      "_cluster/settings",
      ...ROLES.map((role) => `_security/role/${role}`),
      ...ROLES.map((role) => `_security/user/${role}_a`),
      "_snapshot/backup",
      "_slm/policy/daily",
    ]);
    expect(elastic.objects.get("_ilm/policy/logs-retention")?.policy.phases.delete).toEqual({ min_age: "30d", actions: { delete: {} } });
    expect(elastic.users.get("jaeger_a")).toMatchObject({ password: 'pass"word\\of-jaeger', roles: ["jaeger"], enabled: true });
    const before = JSON.stringify(elastic.state());
    expect(await elastic.run()).toMatchObject({ code: 0 });
    expect(JSON.stringify(elastic.state())).toBe(before);
    // Passwords are hashed anew by each request that has one.
    expect(elastic.writes.filter((path) => path.startsWith("_security/user"))).toEqual([]);
  });

  it("are looked at by the clock without a request that writes, and written again where they are lost or others", async () => {
    await elastic.run();
    expect(await elastic.run("keep")).toMatchObject({ code: 0 });
    expect(elastic.writes).toEqual([]);

    elastic.objects.delete("_ilm/policy/logs-retention");
    elastic.objects.delete("_snapshot/backup");
    elastic.objects.set("_security/role/collector", { cluster: ["all"] });
    elastic.users.delete("grafana_a");
    expect(await elastic.run("keep")).toMatchObject({ code: 0 });
    expect(elastic.writes).toEqual([
      "_ilm/policy/logs-retention",
      "_security/role/collector",
      "_security/user/grafana_a",
      "_snapshot/backup",
    ]);
    expect(elastic.objects.get("_security/role/collector")).not.toHaveProperty("cluster");
  });

  it("follow a change", async () => {
    await elastic.run();
    const retention = { logs: "90d", traces: "7d" } as const;
    elastic.told(requestsOf(resolveElastic({ name: "elasticsearch", zoned: true, backup: BACKUP, retention })));
    expect(await elastic.run("keep")).toMatchObject({ code: 0 });
    expect(elastic.writes).toEqual(["_ilm/policy/logs-retention"]);
    expect(elastic.objects.get("_ilm/policy/logs-retention")?.policy.phases).toMatchObject({
      hot: { actions: { rollover: { max_age: "3d" } } },
      delete: { min_age: "90d" },
    });
  });

  it("are complete after a run that was killed at any kind of request, and the next one", async () => {
    await elastic.run();
    const [whole, writes] = [JSON.stringify(elastic.state()), elastic.writes.length];
    expect(writes).toBe(15);
    for (const at of [0, 3, 4, 8, 9, 12, 13, 14]) {
      const other = new Elasticsearch();
      await other.begin();
      other.killAfter = at;
      expect((await other.run()).code).toBeNull();
      expect(other.writes).toHaveLength(at + 1);
      expect(await other.run()).toMatchObject({ code: 0 });
      expect(JSON.stringify(other.state())).toBe(whole);
      await other.end();
    }
  }, 300_000);

  it("show no password in arguments or environments of processes", async () => {
    elastic.watched = true;
    await elastic.run();
    expect(elastic.asked.filter((asked) => asked.includes("curl"))).toHaveLength(elastic.asked.length);
  });

  it("wait for a cluster that comes up, which is refused connections, without a master, red, then yellow", async () => {
    const red = { status: "red", number_of_nodes: 1, unassigned_primary_shards: 4, unassigned_shards: 8 };
    elastic.health = [red, red, { ...red, status: "yellow", unassigned_primary_shards: 0 }];
    expect(await elastic.run()).toMatchObject({ code: 0, output: expect.stringContaining("health is yellow") });
  });

  it.each([
    [
      "a red cluster",
      (one: Elasticsearch) => {
        one.health = [{ status: "red", number_of_nodes: 2, unassigned_primary_shards: 4, unassigned_shards: 8 }];
      },
      "elasticsearch: not ready after 1 s: the cluster is red: 2 nodes, 4 primary shards unassigned; GET /_cluster/allocation/explain has the cause\n",
    ],
    [
      "no master",
      (one: Elasticsearch) => {
        const body = { error: { root_cause: [{ type: "master_not_discovered_exception", reason: "no master" }], reason: "no master" } };
        one.refused = { "GET /_cluster/health": { status: 503, body } };
      },
      "elasticsearch: not ready after 1 s: status 503 no master\n",
    ],
  ] as const)("fail with the reason: %s", async (_, breakIt, message) => {
    breakIt(elastic);
    expect(await elastic.run(undefined, { WAIT: "1" })).toEqual({ code: 1, output: message });
    expect(elastic.writes).toEqual([]);
  });

  it("fail with the reason where nobody listens, or the password of the administrator is another", async () => {
    const closed = await elastic.run(undefined, { WAIT: "1", URL: "http://127.0.0.1:1" });
    expect(closed).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^elasticsearch: not ready after 1 s: \(7\) Failed to connect to 127/),
    });
    const body = { error: { reason: "unable to authenticate" } };
    elastic.refused = { "GET /_cluster/health": { status: 401, body } };
    expect(await elastic.run(undefined, { WAIT: "1" })).toEqual({
      code: 1,
      output: "elasticsearch: not ready after 1 s: the password of the administrator is refused\n",
    });
  });

  it("let logs in before a bucket that can't be reached makes them fail, with the reason", async () => {
    const reason = "[backup] path [elasticsearch] is not accessible on master node";
    const body = { error: { root_cause: [{ type: "repository_verification_exception", reason }], reason: "other words" } };
    elastic.refused = { "PUT /_snapshot/backup": { status: 500, body } };
    expect(await elastic.run()).toMatchObject({
      code: 1,
      output: expect.stringContaining(`elasticsearch: PUT /_snapshot/backup failed: status 500 ${reason}\n`),
    });
    expect(elastic.users.get("collector_a")?.enabled).toBe(true);
    elastic.refused = {};
    expect(await elastic.run("keep")).toMatchObject({ code: 0 });
    expect(elastic.writes).toEqual(["_snapshot/backup", "_slm/policy/daily"]);
  });

  it("fail where not all nodes have acknowledged", async () => {
    elastic.refused = { "PUT /_ilm/policy/logs-retention": { status: 200, body: { acknowledged: false } } };
    expect(await elastic.run()).toEqual({
      code: 1,
      output: "elasticsearch: PUT /_ilm/policy/logs-retention was not acknowledged by all nodes in time\n",
    });
  });

  it("attach the policy of traces to indices that Jaeger has made since, and to no other", async () => {
    await elastic.run();
    elastic.indices.set("jaeger-span-2026-11-27", { "index.lifecycle.name": "traces-retention" });
    elastic.indices.set("jaeger-jaeger-service-2026-11-28", {});
    elastic.indices.set("orders", {});
    expect(await elastic.run("keep")).toMatchObject({ output: expect.stringContaining("attached traces-retention to 1 indices") });
    expect(elastic.writes).toEqual(["*jaeger-*-2*/_settings"]);
    expect(elastic.indices.get("jaeger-jaeger-service-2026-11-28")).toEqual({ "index.lifecycle.name": "traces-retention" });
    expect(elastic.indices.get("orders")).toEqual({});
    await elastic.run("keep");
    expect(elastic.writes).toEqual([]);
  });

  describe("rotate users", () => {
    const rotated = () => elastic.rotate("collector", "collector_b", "the-next-password");

    it("both sign in during the overlap, then the former one is disabled", async () => {
      await elastic.run();
      rotated();
      expect(await elastic.run("keep")).toMatchObject({
        code: 0,
        output: expect.stringMatching(/collector_b has the password of its secret\nelasticsearch: collector_a ends at \d{4}-\d\d-\d\d /),
      });
      expect(elastic.users.get("collector_a")).toMatchObject({ enabled: true, password: "password-of-the-collector" });
      await elastic.run("keep");
      expect(elastic.writes).toEqual([]);
      // A day later.
      const record: string = elastic.users.get("collector_a")?.metadata.overlap;
      elastic.users.set("collector_a", {
        ...(elastic.users.get("collector_a") as User),
        metadata: { overlap: `${record.split("-")[0]}-1` },
      });
      expect(await elastic.run("keep")).toMatchObject({ output: expect.stringContaining("collector_a is disabled") });
      expect(elastic.users.get("collector_a")?.enabled).toBe(false);
      await elastic.run("keep");
      expect(elastic.writes).toEqual([]);
    });

    it("at once, where a person revokes", async () => {
      await elastic.run();
      rotated();
      expect(await elastic.run("revoke")).toMatchObject({ code: 0, output: expect.stringContaining("collector_a is disabled") });
      expect(elastic.users.get("collector_b")?.enabled).toBe(true);
    });

    it("back to one that was about to end, and the next overlap is measured anew", async () => {
      await elastic.run();
      rotated();
      await elastic.run("keep");
      elastic.rotate("collector", "collector_a", "password-of-the-collector");
      await elastic.run("keep");
      expect(elastic.users.get("collector_a")).toMatchObject({ enabled: true, metadata: {} });
      expect(elastic.users.get("collector_b")?.metadata.overlap).toMatch(/^[0-9a-f]{64}-\d+$/);
    });

    it("and roles that somebody has given a user besides are taken away", async () => {
      await elastic.run();
      elastic.users.set("grafana_a", { ...(elastic.users.get("grafana_a") as User), roles: ["grafana", "superuser"] });
      await elastic.run("keep");
      expect(elastic.users.get("grafana_a")?.roles).toEqual(["grafana"]);
    });

    it("not under another name", async () => {
      elastic.rotate("jaeger", "elastic", "whatever");
      expect(await elastic.run()).toMatchObject({
        code: 1,
        output: expect.stringContaining("elasticsearch: the secret of jaeger names the user elastic; name jaeger_a or jaeger_b\n"),
      });
      expect(elastic.users.has("elastic")).toBe(false);
    });
  });
});
