import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { counted, KILLS } from "./kills";
import { freePort, onS3, S3 } from "./s3";
import { AS_POSTGRES, Database, onServer, scripts } from "./server";
import { Program, randomly } from "./stream-backup-program";

const { PGHOST, PGPORT, PGSSLROOTCERT, POSTGRES_BIN = "" } = process.env;

const SECOND = 1000;
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
const ALL = "select events::text as event from public.events order by position";

/** The scratch server, as its container runs it. */
class Scratch {
  output = "";
  private readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-scratch-"));
  private child: ChildProcess | undefined;
  private port = 0;

  async begin(): Promise<void> {
    this.port ||= await freePort();
    for (const from of ["sql", "scratch-postgres"])
      cpSync(join(scripts, "event-store", from), join(this.directory, "files"), { recursive: true });
    if (AS_POSTGRES.length > 0) spawnSync("chown", ["-R", "postgres:", this.directory]);
    const env = {
      PATH: `${POSTGRES_BIN}:${process.env.PATH}`,
      PGDATA: join(this.directory, "data"),
      PGPORT: String(this.port),
      MIGRATIONS: join(this.directory, "files"),
      TMPDIR: this.directory,
    };
    const [program = "", ...args] = [...AS_POSTGRES, "busybox", "sh", join(this.directory, "files/serve.sh")];
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], cwd: this.directory });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (this.output += data));
    this.child = child;
    // The startup probe.
    const probe = ["--quiet", "--host", "127.0.0.1", "--port", String(this.port), "--username", "postgres"];
    for (let attempt = 0; spawnSync(join(POSTGRES_BIN, "pg_isready"), probe, { env: {} }).status !== 0; attempt++) {
      if (attempt === 300 || child.exitCode !== null) throw new Error(`the scratch server has not started: ${this.output}`);
      await pause(100);
    }
  }

  get url(): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/postgres?sslmode=disable`;
  }

  async query(sql: string, host = "127.0.0.1"): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ host, port: this.port, user: "postgres", database: "postgres", ssl: false, password: "" });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async events(): Promise<readonly unknown[]> {
    return (await this.query(ALL)).map(({ event }) => event);
  }

  /** A restarted container. */
  async again(): Promise<void> {
    await this.stop();
    await this.begin();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGQUIT");
    await ended;
  }
}

onServer("restore drills of stream backups in PostgreSQL", () =>
  onS3("with an S3 server", () => {
    const s3 = new S3();
    const scratch = new Scratch();
    let source: Database = undefined as never;
    let writer: Client = undefined as never;
    let program: Program = undefined as never;
    let bucket = "";
    let buckets = 0;
    let version = 0;

    beforeAll(async () => {
      await s3.begin();
      await scratch.begin();
    }, 60_000);
    afterAll(async () => {
      await scratch.end();
      await s3.end();
    });

    beforeEach(async () => {
      bucket = `postgres-drills-${buckets++}`;
      version = 0;
      source = new Database(`drill_${Math.random().toString(36).slice(2, 10)}`);
      await source.begin();
      for (const { code, output } of [await source.roles(), await source.migrate()]) if (code !== 0) throw new Error(output);
      writer = await source.as("writer");
      await s3.create(bucket);
      const settings = { SCRATCH_URL: scratch.url, RPO: "60", RTO: "60", OBJECT_SIZE: "2000" };
      program = new Program({ url: () => urlOf(source) }, s3, bucket, { ...settings, RESULTS: "drills/event-store/event-store-stream" });
      if ((await scratch.events()).length > 0) await scratch.again();
    }, 60_000);
    afterEach(() => source.end());

    /** As a reader, which can't append. */
    const urlOf = ({ name, logins: { reader } }: Database) => {
      const tls = PGSSLROOTCERT ? `sslmode=verify-full&sslrootcert=${PGSSLROOTCERT}` : "sslmode=disable";
      return `postgresql://${reader.user}:${encodeURIComponent(reader.password)}@${PGHOST}:${PGPORT}/${name}?${tls}`;
    };
    const append = async (count = 1, aggregate = "order-1") => {
      const events = Array.from(
        { length: count },
        (_, index) => `{"type": "Type${index % 3}", "data": {"n": 12345678901234567890.${index}5}}`,
      );
      await writer.query("select append_events($1, $2, $3)", [aggregate, version, `[${events.join(",")}]`]);
      version += count;
    };
    const backedUp = async (events: number) => {
      for (let index = 0; index < events; index += 10) await append(10);
      const { code, text } = await program.run(["backup"]);
      if (code !== 0) throw new Error(text);
    };
    const stored = async () => (await (await source.as("migrator")).query(ALL)).rows.map(({ event }) => event as unknown);
    const objects = () => s3.files(bucket).filter((file) => file.includes("/event-store/stream/"));
    const results = () => s3.files(bucket).filter((file) => file.includes("/drills/event-store/event-store-stream/"));
    const published = () => results().map((file) => JSON.parse(readFileSync(file, "utf8")));
    /** Results are named by seconds. */
    const drilled = async (env: Readonly<Record<string, string>> = {}) => {
      const before = results();
      await pause(SECOND);
      const { code, lines } = await program.run(["drill"], env);
      const file = results().find((one) => !before.includes(one));
      return { code, last: lines.at(-1), result: file ? JSON.parse(readFileSync(file, "utf8")) : undefined };
    };

    test("restores the newest backup into the scratch server, and publishes what was restored and how long it took", async () => {
      await backedUp(150);
      const { code, result, last } = await drilled();
      expect([code, result?.problems]).toEqual([0, []]);
      expect(await scratch.events()).toEqual(await stored());
      const { restored } = result;
      expect(result).toMatchObject({ drill: "stream-backup", passed: true, lossSeconds: 0, rpoSeconds: 60, rtoSeconds: 60 });
      expect(restored).toMatchObject({ sequence: objects().length, events: 150, content: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(result.restoreSeconds).toBeGreaterThan(0);
      expect(last).toMatchObject({ message: "drilled", passed: true, restored });
      // Results are no objects of the backup.
      expect((await program.run(["verify"])).code).toBe(0);
    });

    test("restores a copy of the backup, and publishes in another bucket", async () => {
      await backedUp(30);
      const elsewhere = `${bucket}-results`;
      await s3.create(elsewhere);
      expect((await program.run(["drill"], { RESULTS_BUCKET: elsewhere, RESULTS_REGION: "eu-west-1" })).code).toBe(0);
      expect([published(), s3.files(elsewhere).length]).toEqual([[], 1]);
    });

    test("fails above the RPO, by the age of the oldest event without a backup", async () => {
      await backedUp(40);
      await append();
      await pause(2 * SECOND);
      await append();
      const { code, result } = await drilled({ RPO: "1" });
      expect([code, result]).toMatchObject([1, { passed: false, restored: { events: 40 } }]);
      expect(result.problems).toEqual([expect.stringMatching(/^the oldest event without a backup was [\d.]+ s old, and the RPO is 1 s$/)]);
      expect(result.lossSeconds).toBeGreaterThan(2);
      await scratch.again();
      expect(await drilled()).toMatchObject({ code: 0, result: { passed: true, problems: [] } });
    });

    test("fails above the RTO, and ends at twice the RTO", async () => {
      await backedUp(60);
      let delays = 0;
      s3.interfere = async (moment, method) => {
        if (moment === "arrived" && method === "GET" && delays++ === 3) await pause(3.2 * SECOND);
      };
      const slow = await drilled({ RTO: "3" });
      s3.interfere = () => {};
      expect(slow).toMatchObject({ code: 1, result: { passed: false, restored: { events: 60 } } });
      expect(slow.result.problems).toEqual([expect.stringMatching(/^the restore took [3-5][\d.]* s, and the RTO is 3 s$/)]);
      await scratch.again();
      // Another session has the turn to append.
      const holder = new Client({ connectionString: scratch.url });
      await holder.connect();
      await holder.query("begin");
      await holder.query("select public.take_turn()");
      const endless = await drilled({ RTO: "1" });
      await holder.end();
      expect([endless.code, endless.result]).toMatchObject([
        1,
        { problems: ["the restore has not ended within 2 s, twice the RTO"], restored: null, restoreSeconds: null, lossSeconds: null },
      ]);
      expect(await scratch.events()).toEqual([]);
    });

    test("fails if an object is damaged or missing, and says which", async () => {
      await backedUp(120);
      const [, second = ""] = objects();
      const bytes = readFileSync(second);
      writeFileSync(second, bytes.with(40, (bytes[40] as number) ^ 1));
      const key = second.split("/").slice(-2).join("/");
      expect(await drilled()).toMatchObject({ code: 1, result: { problems: [expect.stringContaining(key)], restored: null } });
      writeFileSync(second, bytes);
      expect(await s3.call("DELETE", `/${bucket}/event-store/stream/${key}`)).toBe(204);
      expect((await drilled()).result?.problems).toEqual([`${key.slice(0, 25)} is missing`]);
      expect(await scratch.events()).toEqual([]);
    });

    test("fails if there is no backup, if it is of another store, and if the store does not answer", async () => {
      expect((await drilled()).result?.problems).toEqual([`bucket ${bucket}: there is no complete generation`]);
      await backedUp(20);
      const owner = await source.as("migrator");
      await owner.query("alter table events disable trigger events_append_only");
      await owner.query("delete from events where position = (select max(position) from events)");
      await owner.query("alter table events enable always trigger events_append_only");
      expect((await drilled()).result?.problems).toEqual([
        expect.stringMatching(/^\d{8}T\d{6}Z is a backup of another store: at \d+\/\d+ is nothing /),
      ]);
      await scratch.again();
      const { reader } = source.logins;
      source.logins = { ...source.logins, reader: { ...reader, password: "wrong" } };
      const { code, result } = await drilled();
      expect([code, result.problems, result.restored.events]).toEqual([1, [expect.stringContaining("password authentication failed")], 20]);
    });

    test("fails if the scratch server has events, even those of the backup", async () => {
      await backedUp(20);
      expect((await drilled()).code).toBe(0);
      const { code, result } = await drilled();
      expect([code, result.problems]).toEqual([1, ["the scratch server is not empty, so that a drill would restore nothing"]]);
    });

    test("restores into a server of its own machine only, and needs its objectives", async () => {
      await backedUp(10);
      const refused = async (env: Readonly<Record<string, string>>) => {
        const { code, lines } = await program.run(["drill"], env);
        return [code, lines.at(-1)?.error];
      };
      const rule = "SCRATCH_URL must be a connection string of this machine: postgresql://postgres@127.0.0.1:5432/postgres?sslmode=disable";
      const [, at = ""] = scratch.url.split("@");
      const urls = [
        "",
        urlOf(source),
        "kurrentdb://127.0.0.1:2113?tls=false",
        `postgresql://postgres@${at.replace("127.0.0.1", "127.0.0.1.example.com")}`,
        `${scratch.url}&host=event-store-rw`,
        `postgresql://postgres@event-store-rw:5432#@${at}`,
        "postgresql://postgres@127.0.0.1,event-store-rw:5432/postgres?sslmode=disable",
      ];
      for (const url of urls) expect(await refused({ SCRATCH_URL: url })).toEqual([1, rule]);
      expect(await refused({ RPO: "soon" })).toEqual([1, "RPO: soon must be a whole number"]);
      expect(await refused({ RESULTS: "" })).toEqual([1, "RESULTS is not set"]);
      expect([await scratch.events(), results()]).toEqual([[], []]);
    });

    test("kills end a drill without a result or with a right one, and change neither the store nor its backup", async () => {
      const random = randomly(8);
      await backedUp(60);
      const [events, before] = [await stored(), objects()];
      for (let kills = 0; kills < KILLS["restore drill in PostgreSQL"]; ) {
        const timer = setTimeout(() => program.kill(), random(2) === 0 ? 200 + random(600) : 60_000);
        const { code, text } = await program.killed(["drill"], 1 + random(40));
        clearTimeout(timer);
        if (code === null) {
          kills++;
          counted("restore drill in PostgreSQL");
        } else if (code !== 0) throw new Error(text);
        while ((await scratch.query("select from pg_stat_activity where application_name = 'stream-backup'")).length > 0) await pause(20);
        const found = await scratch.events();
        expect([0, events.length]).toContain(found.length);
        if (found.length > 0) await scratch.again();
      }
      expect(published().every(({ passed, restored }) => passed && restored.events === 60)).toBe(true);
      expect([await stored(), objects()]).toEqual([events, before]);
      expect(await drilled()).toMatchObject({ code: 0, result: { passed: true, restored: { events: 60 } } });
    }, 300_000);

    test("the scratch server has the tables of the store, begins empty, and listens on the loopback interface only", async () => {
      const tables =
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2";
      const migrated = (await (await source.as("migrator")).query(tables)).rows;
      expect(await scratch.query(tables)).toEqual(migrated.filter(({ table_name: table }) => table !== "schema_migrations"));
      expect(await scratch.query("show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
      expect(await scratch.query("show unix_socket_directories")).toEqual([{ unix_socket_directories: "" }]);
      expect(await scratch.query("show fsync")).toEqual([{ fsync: "on" }]);
      const outside = Object.values(networkInterfaces()).flatMap((all = []) =>
        all.filter(({ internal, family }) => !internal && family === "IPv4"),
      );
      for (const { address } of outside) await expect(scratch.query("select", address)).rejects.toThrow("ECONNREFUSED");
      await scratch.query("insert into events (aggregate_id, version, event_type, event_data) values ('left', 1, 'Left', '{}')");
      await scratch.again();
      expect(await scratch.events()).toEqual([]);
    });
  }),
);
