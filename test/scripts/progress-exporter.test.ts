import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Client } from "pg";
import { Database, type Login, onceAs, onServer, scripts } from "./server";

jest.setTimeout(120_000);

const EXPORTER = join(scripts, "projection/exporter");
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A series as Prometheus reads it: its name, its labels in order, its value. */
type Sample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number];

/** Reads the text format strictly: what Prometheus would refuse is refused. */
function parsed(text: string): readonly Sample[] {
  expect(text).toMatch(/\n$/);
  const typed = new Set<string>();
  const helped = new Set<string>();
  const samples: Sample[] = [];
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, about = "", rest = ""] = /^# (HELP|TYPE) ([a-z_:]+) (.+)$/.exec(line) ?? [];
    if (kind) {
      const known = kind === "HELP" ? helped : typed;
      expect(known.has(about)).toBe(false);
      known.add(about);
      if (kind === "TYPE") expect(rest).toBe("gauge");
      continue;
    }
    const [, name = "", labels = "", value = ""] = /^([a-z_:]+)(?:\{(.*)\})? (-?[0-9]+(?:\.[0-9]+)?)$/.exec(line) ?? [];
    if (!typed.has(name) || !helped.has(name)) throw new Error(`not a sample of a known metric: ${line}`);
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g)];
    expect(pairs.map(([whole]) => whole).join("")).toBe(labels);
    const decoded = pairs.map(([, key = "", text = ""]) => [key, text.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))] as const);
    samples.push([name, Object.fromEntries(decoded), Number(value)]);
  }
  const series = samples.map(([name, labels]) => JSON.stringify([name, labels]));
  expect(new Set(series).size).toBe(series.length);
  return samples;
}

/** Passes connections on to the server, or plays one that is away, or one that takes connections and never answers. */
class Road {
  mode: "open" | "closed" | "silent" = "open";
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((client) => {
      this.sockets.add(client);
      client.on("error", () => {});
      client.on("close", () => this.sockets.delete(client));
      if (this.mode === "closed") client.destroy();
      if (this.mode !== "open") return;
      const upstream = connect(Number(process.env.PGPORT ?? 5432), process.env.PGHOST);
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve((this.server.address() as AddressInfo).port)));
  }

  /** Cuts what is open, too. */
  become(mode: Road["mode"]): void {
    this.mode = mode;
    for (const socket of this.sockets) socket.destroy();
  }

  end(): void {
    this.become("closed");
    this.server.close();
  }
}

onServer("the exporter of projections", () => {
  const database = new Database("exporter_test");
  const road = new Road();
  let place: string;
  let port: number;
  let writer: Client;
  let exporter: ChildProcess | undefined;
  let said = "";

  const metrics = () => join(place, "metrics");
  const signInAs = ({ user, password }: Login) => {
    writeFileSync(join(place, "credentials/user"), user);
    writeFileSync(join(place, "credentials/password"), password);
  };
  const start = (more: NodeJS.ProcessEnv = {}) => {
    const { PGHOST, PGSSLROOTCERT } = process.env;
    said = "";
    exporter = spawn("busybox", ["sh", join(EXPORTER, "export.sh")], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        SQL: join(EXPORTER, "metrics.sql"),
        METRICS: metrics(),
        CREDENTIALS: join(place, "credentials"),
        TMPDIR: join(place, "tmp"),
        EVERY: "0.2",
        LIMIT: "8",
        PGHOST,
        PGHOSTADDR: "127.0.0.1",
        PGPORT: String(port),
        PGDATABASE: database.name,
        ...(PGSSLROOTCERT ? { PGSSLMODE: "verify-full", PGSSLROOTCERT } : {}),
        ...more,
      },
    });
    for (const stream of [exporter.stdout, exporter.stderr]) stream?.on("data", (data) => (said += data));
  };
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    const running = exporter;
    exporter = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("close", resolve));
    process.kill(signal === "SIGKILL" ? -running.pid : running.pid, signal);
    await ended;
  };

  /** What is written once that holds; whatever is written until then is well formed. */
  const until = async (holds: (samples: readonly Sample[]) => boolean, seconds = 15): Promise<readonly Sample[]> => {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const text = existsSync(metrics()) ? readFileSync(metrics(), "utf8") : "";
      const samples = text ? parsed(text) : [];
      if (text && holds(samples)) return samples;
      if (Date.now() > deadline) throw new Error(`not within ${seconds} s; last:\n${text}\nsaid:\n${said}`);
      await sleep(50);
    }
  };
  const value = (samples: readonly Sample[], name: string) => samples.find(([one]) => one === `cqrs_projection_exporter_${name}`)?.[2];
  const answered = (samples: readonly Sample[]) => value(samples, "success") === 1;
  const refused = (samples: readonly Sample[]) => value(samples, "success") === 0;
  const of = (samples: readonly Sample[], projection: string, slot = "a"): Readonly<Record<string, number>> =>
    Object.fromEntries(
      samples
        .filter(([, labels]) => labels.projection === projection && labels.slot === slot)
        .map(([name, , number]) => [name.replace("cqrs_projection_", ""), number]),
    );
  /** What is measured from now on: not by a question that was asked before. */
  const measured = async () => {
    rmSync(metrics(), { force: true });
    await until(answered);
    rmSync(metrics(), { force: true });
    return until(answered);
  };

  const begin = (projection: string, slot: string, partitions: number) =>
    writer.query("select projections.begin($1, $2, $3)", [projection, slot, partitions]);
  const work = async (projection: string, slot: string, partition: number, to: number, lease = "1 minute") => {
    const { token, position } = (
      await writer.query("select * from projections.claim($1, $2, $3, 'one', $4)", [projection, slot, partition, lease])
    ).rows[0];
    await writer.query("select projections.advance($1, $2, $3, $4, $5, $6)", [projection, slot, partition, token, position, to]);
    return token;
  };
  const seen = (projection: string, slot: string, head: number) =>
    writer.query("select projections.seen($1, $2, $3)", [projection, slot, head]);

  beforeAll(async () => {
    await database.begin();
    place = mkdtempSync(join(database.directory, "exporter-"));
    for (const directory of ["credentials", "tmp"]) mkdirSync(join(place, directory));
    expect((await database.roles()).code).toBe(0);
    expect((await database.migrate(join(scripts, "projection/sql"))).code).toBe(0);
    writer = await database.as("writer");
    port = await road.listen();
  });

  beforeEach(() => {
    signInAs(database.logins.reader);
    start();
  });

  afterEach(async () => {
    await stop();
    road.become("open");
  });

  afterAll(async () => {
    road.end();
    await database.end();
  });

  it("tells of each slot how far it is", async () => {
    await begin("orders", "a", 2);
    for (const partition of [0, 1]) await work("orders", "a", partition, 100 - partition);
    await seen("orders", "a", 110);
    const now = Date.now() / 1000;
    const samples = await measured();
    const { last_seen_timestamp_seconds: lastSeen, last_advanced_timestamp_seconds: advanced, ...rest } = of(samples, "orders");
    expect(rest).toEqual({ behind_events: 11, position: 99, partitions: 2, partitions_unowned: 0, live: 1, ahead: 0 });
    for (const time of [lastSeen, advanced]) expect(Math.abs((time ?? 0) - now)).toBeLessThan(10);
    expect(Math.abs((value(samples, "last_success_timestamp_seconds") ?? 0) - now)).toBeLessThan(10);
  });

  it("tells of a slot that nobody has begun to fill, and knows no number of events behind", async () => {
    await begin("idle", "a", 3);
    expect(of(await measured(), "idle")).toEqual({
      position: -1,
      last_seen_timestamp_seconds: 0,
      last_advanced_timestamp_seconds: 0,
      partitions: 3,
      partitions_unowned: 3,
      live: 1,
      ahead: 0,
    });
  });

  it("counts partitions that were released, and those whose lease is over", async () => {
    await begin("owned", "a", 3);
    const token = await work("owned", "a", 0, 5);
    await work("owned", "a", 1, 5, "10 seconds");
    await work("owned", "a", 2, 5);
    expect(of(await measured(), "owned")).toMatchObject({ partitions: 3, partitions_unowned: 0 });
    await writer.query("select projections.release('owned', 'a', 0, $1)", [token]);
    expect(of(await measured(), "owned")).toMatchObject({ partitions: 3, partitions_unowned: 1 });
    await until((samples) => of(samples, "owned").partitions_unowned === 2);
  });

  it("tells of both slots while a read model is built anew, and which one is read", async () => {
    await begin("both", "a", 1);
    await begin("both", "b", 2);
    await work("both", "a", 0, 50);
    await seen("both", "a", 50);
    await work("both", "b", 0, 20);
    await seen("both", "b", 50);
    const samples = await measured();
    expect(of(samples, "both", "a")).toMatchObject({ behind_events: 0, position: 50, partitions: 1, live: 1 });
    expect(of(samples, "both", "b")).toMatchObject({ behind_events: 51, position: -1, partitions: 2, partitions_unowned: 1, live: 0 });
  });

  it("tells of a slot that has events that a restored event store has not", async () => {
    await begin("restored", "a", 1);
    await work("restored", "a", 0, 80);
    await sleep(1_100);
    await seen("restored", "a", 60);
    expect(of(await measured(), "restored")).toMatchObject({ ahead: 1, behind_events: 0, position: 80 });
  });

  it("keeps positions whole that a shorter number would round", async () => {
    await begin("large", "a", 1);
    await work("large", "a", 0, 9_007_199_254_740_991);
    expect(of(await measured(), "large")).toMatchObject({ position: 9_007_199_254_740_991 });
  });

  it.each([["a quote\" and a \\ and 'one'"], ["a\nline\\n"], ['{curly="x"} # ${HOME} %s $(id)'], ["größer 注文"]])(
    "writes the name %j so that Prometheus reads it",
    async (name) => {
      const admin = { database: database.name };
      await onceAs(admin, "alter table projections.read_models drop constraint if exists read_models_projection");
      const literal = `E'${name.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
      await onceAs(admin, `insert into projections.read_models (projection, live) values (${literal}, 'a')`);
      await onceAs(admin, `insert into projections.slots (projection, slot, partitions) values (${literal}, 'a', 1)`);
      await onceAs(admin, `insert into projections.partitions (projection, slot, partition) values (${literal}, 'a', 0)`);
      expect(of(await measured(), name)).toMatchObject({ partitions: 1, live: 1 });
      await onceAs(admin, `delete from projections.slots where projection = ${literal}`);
      await onceAs(admin, `delete from projections.read_models where projection = ${literal}`);
    },
  );

  it("has no series of projections while the database is away, and all of them when it is back", async () => {
    const before = await measured();
    road.become("closed");
    const away = await until(refused);
    expect(away.map(([name]) => name)).toEqual([
      "cqrs_projection_exporter_success",
      "cqrs_projection_exporter_last_success_timestamp_seconds",
    ]);
    expect(value(away, "last_success_timestamp_seconds")).toBeGreaterThanOrEqual(value(before, "last_success_timestamp_seconds") ?? 0);
    await sleep(1_000);
    road.become("open");
    const back = await until(answered);
    expect(back.map(([name, labels]) => [name, labels])).toEqual(before.map(([name, labels]) => [name, labels]));
    // Once for each change, whatever the number of turns.
    expect(said.split("\n").map((line) => line.slice(0, 50))).toEqual(
      expect.arrayContaining(["projection-exporter: the database answered", "projection-exporter: the database did not answer: "]),
    );
    expect(said.match(/the database answered/g)).toHaveLength(2);
  });

  it("ends a session that the server terminates in the middle of a question as one that was not answered", async () => {
    await measured();
    const owner = await database.as("migrator");
    await owner.query("begin; lock table projections.slots in access exclusive mode");
    rmSync(metrics(), { force: true });
    for (let ended = 0; ended === 0; await sleep(50)) {
      const rows = await onceAs(
        {},
        "select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'projection-exporter' and state = 'active'",
      );
      ended = rows.length;
    }
    await until(refused);
    await owner.query("rollback");
    await until(answered);
  });

  it("does not wait for a table that is locked", async () => {
    await measured();
    const owner = await database.as("migrator");
    await owner.query("begin; lock table projections.slots in access exclusive mode");
    const away = await until(refused);
    expect(away).toHaveLength(2);
    await owner.query("rollback");
    await until(answered);
    expect(said).toContain("canceling statement due to statement timeout");
  });

  it("does not wait for a server that takes the connection and never answers", async () => {
    await stop();
    start({ LIMIT: "1" });
    await measured();
    road.become("silent");
    expect(await until(refused, 5)).toHaveLength(2);
    road.become("open");
    await until(answered);
    expect(said).toContain("no answer within 1 s");
  });

  it("signs in with what its secret says now", async () => {
    await measured();
    signInAs({ ...database.logins.reader, password: "wrong" });
    await until(refused);
    signInAs(database.logins.reader);
    await until(answered);
    expect(said).toContain("password authentication failed");
  });

  it("says so where a database has no tables of projections", async () => {
    await stop();
    start({ PGDATABASE: "postgres" });
    rmSync(metrics(), { force: true });
    expect(await until(refused)).toHaveLength(2);
    expect(said).toMatch(/schema "projections" does not exist|permission denied/);
  });

  it("knows after a restart when it was answered last", async () => {
    const before = value(await measured(), "last_success_timestamp_seconds");
    await stop("SIGKILL");
    road.become("closed");
    start();
    expect(value(await until(refused), "last_success_timestamp_seconds")).toBeGreaterThanOrEqual(before ?? Number.NaN);
  });

  it("ends at once when it is told to, and leaves no password behind", async () => {
    await stop();
    rmSync(metrics(), { force: true });
    start({ EVERY: "60" });
    await until(answered);
    const told = Date.now();
    await stop();
    expect(Date.now() - told).toBeLessThan(2_000);
    expect(existsSync(join(place, "tmp/passfile"))).toBe(false);
  });

  it("has its password in no variable and no argument", async () => {
    await measured();
    const children = spawnSync("ps", ["-eo", "args"], { encoding: "utf8" }).stdout;
    const environ = readFileSync(`/proc/${exporter?.pid}/environ`, "utf8");
    const { password } = database.logins.reader;
    expect(children).not.toContain(password);
    expect(environ).not.toContain(password);
  });

  describe("served", () => {
    let server: ChildProcess;
    let address: string;

    beforeAll(async () => {
      const www = join(place, "www/cgi-bin");
      mkdirSync(www, { recursive: true });
      copyFileSync(join(EXPORTER, "answer.sh"), join(www, "metrics"));
      chmodSync(join(www, "metrics"), 0o555);
      const free = createServer();
      const own = await new Promise<number>((resolve) => free.listen(0, "127.0.0.1", () => resolve((free.address() as AddressInfo).port)));
      await new Promise((resolve) => free.close(resolve));
      address = `http://127.0.0.1:${own}/cgi-bin/metrics`;
      server = spawn("busybox", ["httpd", "-f", "-p", `127.0.0.1:${own}`, "-h", join(place, "www")], {
        env: { PATH: process.env.PATH, METRICS: metrics(), MAX_AGE: "60" },
        stdio: "ignore",
      });
      for (let tries = 0; tries < 50; tries += 1) {
        if (
          await fetch(address).then(
            () => true,
            () => false,
          )
        )
          return;
        await sleep(100);
      }
    });

    afterAll(() => server.kill("SIGKILL"));

    it("are in the format that Prometheus expects", async () => {
      await measured();
      const answer = await fetch(address);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
      expect(answered(parsed(await answer.text()))).toBe(true);
    });

    it("are refused where they are old, or were never measured", async () => {
      await measured();
      await stop();
      const old = Date.now() / 1000 - 70;
      utimesSync(metrics(), old, old);
      const answer = await fetch(address);
      expect([answer.status, await answer.text()]).toEqual([503, "no measurement within the last 60 s\n"]);
      rmSync(metrics());
      expect((await fetch(address)).status).toBe(503);
    });
  });
});
