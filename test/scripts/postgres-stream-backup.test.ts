import { readFileSync, writeFileSync } from "node:fs";
import type { Client } from "pg";
import { counted, KILLS } from "./kills";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { Database, onServer } from "./server";
import { Program, randomly, USERS } from "./stream-backup-program";

const { PGHOST, PGPORT, PGSSLROOTCERT } = process.env;

/** Everything that a restore keeps, as text of the server. */
const ALL = "select events::text as event from public.events order by position";

onServer("stream backup of PostgreSQL", () =>
  onS3("with an S3 server", () => {
    const s3 = new S3();
    const databases: Database[] = [];
    let source: Database;
    let writer: Client;
    let from: Program;
    let bucket = "";
    let buckets = 0;

    beforeAll(() => s3.begin());
    afterAll(() => s3.end());

    beforeEach(async () => {
      bucket = `events-${buckets++}`;
      await s3.create(bucket);
      source = await aStore();
      writer = await source.as("writer");
      from = programOf(source);
    });
    afterEach(async () => {
      for (const database of databases.splice(0)) await database.end();
    });

    async function aStore(): Promise<Database> {
      const database = new Database(`stream_${Math.random().toString(36).slice(2, 10)}`);
      databases.push(database);
      await database.begin();
      for (const { code, output } of [await database.roles(), await database.migrate()]) if (code !== 0) throw new Error(output);
      return database;
    }

    const programOf = (database: Database, role: "reader" | "migrator" = "reader") => {
      const { user, password } = database.logins[role];
      const login = `${user}:${encodeURIComponent(password)}`;
      const tls = PGSSLROOTCERT ? `sslmode=verify-full&sslrootcert=${PGSSLROOTCERT}` : "sslmode=disable";
      return new Program({ url: () => `postgresql://${login}@${PGHOST}:${PGPORT}/${database.name}?${tls}` }, s3, bucket);
    };
    const into = (database: Database) => programOf(database, "migrator");

    const done = async (program: Program, ...args: readonly string[]) => {
      const ran = await program.run(args);
      if (ran.code !== 0) throw new Error(ran.text);
      return ran;
    };
    const all = async (database: Database) => (await (await database.as("migrator")).query(ALL)).rows.map(({ event }) => event as string);

    const append = (client: Client, aggregate: string, expected: number, ...data: readonly unknown[]) => {
      const events = data.map((one, index) => ({ type: `Type${index % 3}`, data: one, metadata: { by: "test" } }));
      return client.query("select * from append_events($1, $2, $3)", [aggregate, expected, JSON.stringify(events)]);
    };
    const versions = new Map<string, number>();
    beforeEach(() => versions.clear());

    /** Appends events of several aggregates, with numbers that a double can't hold, and leaves out positions as a rollback does. */
    const load = async (events: number, random: (bound: number) => number) => {
      for (let index = 0; index < events; ) {
        const aggregate = ["order-1", "$order-2", "客户-ü", 'a "b" \\ {c,d} NULL'][random(4)] as string;
        if (random(6) === 0) {
          await writer.query("begin");
          await append(writer, aggregate, versions.get(aggregate) ?? 0, { lost: true });
          await writer.query("rollback");
        }
        const count = 1 + random(3);
        const text = Array.from({ length: random(80) }, () => String.fromCodePoint(32 + random(700))).join("");
        const raw = `{"n": 12345678901234567890.123456789, "text": ${JSON.stringify(text)}}`;
        const list = Array.from({ length: count }, () => `{"type": "Placed", "data": ${raw}}`).join(",");
        await writer.query("select append_events($1, $2, $3)", [aggregate, versions.get(aggregate) ?? 0, `[${list}]`]);
        versions.set(aggregate, (versions.get(aggregate) ?? 0) + count);
        index += count;
      }
    };

    test("restores every event with its position, ID, version and time, as a reader backed it up", async () => {
      await load(400, randomly(1));
      await append(writer, "large", 0, "x".repeat(3_000_000), "y", { z: "z".repeat(2_000_000) });
      await done(from, "backup");
      await done(from, "verify");
      const target = await aStore();
      const { lines } = await done(into(target), "restore");
      const events = await all(source);
      expect(await all(target)).toEqual(events);
      expect(lines.at(-1)).toMatchObject({ message: "restored", events: events.length });
      // Later events come after them, with the next versions.
      const client = await target.as("writer");
      await append(client, "large", 3, "later");
      const [last] = (await client.query("select max(position)::int as position, count(*)::int as count from events")).rows;
      const [before] = (await writer.query("select max(position)::int as position from events")).rows;
      expect([last.position, last.count]).toEqual([before.position + 1, events.length + 1]);
    });

    test("continues after the last object, and never passes a position whose transaction is open", async () => {
      await load(60, randomly(2));
      await done(from, "backup");
      const objects = s3.files(bucket).length;
      await done(from, "backup");
      expect(s3.files(bucket)).toHaveLength(objects);
      await writer.query("begin");
      await append(writer, "open", 0, 1, 2);
      const other = await source.as("writer");
      const waits = append(other, "waits", 0, 1);
      await done(from, "backup");
      expect(s3.files(bucket)).toHaveLength(objects);
      await writer.query("commit");
      await waits;
      await done(from, "backup");
      const target = await aStore();
      await done(into(target), "restore");
      expect(await all(target)).toEqual(await all(source));
    });

    test("kills of the backup, while clients append, lose and double nothing", async () => {
      const random = randomly(3);
      for (let kills = 0; kills < KILLS["stream backup of PostgreSQL"]; ) {
        await load(10, random);
        const appended = load(10, random);
        const { code, text } = await killed(from, ["backup"], random);
        await appended;
        if (code === null) {
          kills++;
          counted("stream backup of PostgreSQL");
        } else if (code !== 0) throw new Error(text);
      }
      await done(from, "backup");
      await done(from, "verify");
      const target = await aStore();
      await done(into(target), "restore");
      expect(await all(target)).toEqual(await all(source));
    }, 300_000);

    test("kills of the restore leave nothing or everything", async () => {
      const random = randomly(4);
      await load(1500, random);
      await done(from, "backup");
      const events = await all(source);
      let target = await aStore();
      for (let kills = 0; kills < KILLS["stream restore into PostgreSQL"]; ) {
        const { code, text } = await killed(into(target), ["restore"], random);
        const found = await settled(target);
        if (code === null) {
          kills++;
          counted("stream restore into PostgreSQL");
        } else if (code !== 0) throw new Error(text);
        expect([0, events.length]).toContain(found.length);
        if (found.length === 0) continue;
        expect(found).toEqual(events);
        // As the operator does who saw no result.
        await done(into(target), "restore");
        target = await aStore();
      }
      await done(into(target), "restore");
      expect(await all(target)).toEqual(events);
    }, 300_000);

    /** Kills the program at a request to the bucket, or at any moment. */
    const killed = async (program: Program, args: readonly string[], random: (bound: number) => number) => {
      if (random(2) === 0) return await program.killed(args, 1 + random(60));
      const timer = setTimeout(() => program.kill(), 100 + random(900));
      const ran = await program.run(args);
      clearTimeout(timer);
      return ran;
    };

    /** Events of a store once no session of the program is left. */
    const settled = async (database: Database) => {
      const client = await database.as("migrator");
      const left = "select from pg_stat_activity where datname = current_database() and application_name = 'stream-backup'";
      while ((await client.query(left)).rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return await all(database);
    };

    describe("damage", () => {
      const half = (bytes: Uint8Array) => Math.floor(bytes.length / 2);
      const DAMAGES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
        "a flipped bit": (bytes) => bytes.with(half(bytes), (bytes[half(bytes)] as number) ^ 1),
        "a truncated object": (bytes) => bytes.subarray(0, bytes.length - 9),
        "an empty object": () => new Uint8Array(),
      };
      test.each(Object.entries(DAMAGES))("%s is found, and nothing is restored", async (_, damage) => {
        await load(120, randomly(5));
        await done(from, "backup");
        const files = s3.files(bucket);
        const target = await aStore();
        for (const index of [0, Math.floor(files.length / 2), files.length - 1]) {
          const file = files[index] as string;
          const bytes = readFileSync(file);
          writeFileSync(file, damage(bytes));
          const key = file.split("/").slice(-2).join("/");
          const verified = await from.run(["verify"]);
          expect([verified.code, verified.lines[0]?.problem]).toEqual([1, expect.stringContaining(key)]);
          const restored = await into(target).run(["restore"]);
          expect([restored.code, restored.text]).toEqual([1, expect.stringContaining(key)]);
          expect(await all(target)).toEqual([]);
          writeFileSync(file, bytes);
        }
        await done(into(target), "restore");
        expect(await all(target)).toEqual(await all(source));
      });
    });

    test("restores until a position", async () => {
      await load(60, randomly(6));
      await done(from, "backup");
      const events = await all(source);
      const [row] = (await writer.query("select position::text from events order by events.position offset 29 limit 1")).rows;
      const target = await aStore();
      await done(into(target), "restore", "--until", `position:${row.position}`);
      expect(await all(target)).toEqual(events.slice(0, 30));
    });

    test("refuses a store with other events, a reader, and commands for KurrentDB", async () => {
      await load(20, randomly(7));
      await done(from, "backup");
      await append(writer, "later", 0, 1);
      const events = await all(source);
      const again = await into(source).run(["restore"]);
      const refusal = /^the store has \d+ events \(\w+\) instead of \d+ events \(\w+\); restore into an empty one$/;
      expect([again.code, again.lines.at(-1)?.error]).toEqual([1, expect.stringMatching(refusal)]);
      expect(await all(source)).toEqual(events);
      const target = await aStore();
      const reader = await programOf(target).run(["restore"]);
      expect([reader.code, reader.lines.at(-1)?.error]).toEqual([1, "permission denied for function take_turn"]);
      expect(await all(target)).toEqual([]);
      // A command of KurrentDB's program.
      expect((await from.run(["follow"])).code).toBe(2);
    });

    test("refuses events of KurrentDB", async () => {
      const log = new LogStub(USERS);
      await log.begin();
      log.write("order-1", { data: Buffer.from('{"total": 1}') });
      await done(new Program({ url: () => log.url("reader") }, s3, bucket), "backup");
      await log.end();
      const target = await aStore();
      const { code, lines } = await into(target).run(["restore"]);
      const refusal = /^the event at \d+ is not of an event store in PostgreSQL; restore it into a KurrentDB$/;
      expect([code, lines.at(-1)?.error]).toEqual([1, expect.stringMatching(refusal)]);
      expect(await all(target)).toEqual([]);
    });

    test("a store that lost its newest events starts a new generation", async () => {
      await load(30, randomly(8));
      await done(from, "backup");
      const owner = await source.as("migrator");
      await owner.query("alter table events disable trigger events_append_only");
      await owner.query("delete from events where position = (select max(position) from events)");
      await owner.query("alter table events enable always trigger events_append_only");
      const { text } = await done(from, "backup");
      expect(text).toContain("the chain belongs to another store");
      const target = await aStore();
      await done(into(target), "restore");
      expect(await all(target)).toEqual(await all(source));
    });

    test("a new store is not backed up before it was restored", async () => {
      await load(30, randomly(9));
      await done(from, "backup");
      const empty = await programOf(await aStore()).run(["backup"]);
      expect([empty.code, empty.lines.at(-1)?.error]).toEqual([
        1,
        expect.stringMatching(/^the store has no events, and the backup is of another/),
      ]);
    });

    test("continues with the chain in a store that was restored from it", async () => {
      await load(40, randomly(10));
      await done(from, "backup");
      const target = await aStore();
      await done(into(target), "restore");
      const client = await target.as("writer");
      await append(client, "later", 0, 1);
      const { lines } = await done(programOf(target), "backup");
      expect(lines.at(-1)).toMatchObject({ message: "backed up", events: (await all(target)).length });
      expect((await done(from, "verify")).lines).toHaveLength(1);
    });

    test("waits for a server that restarts, and reports one that refuses", async () => {
      await load(40, randomly(11));
      const server = await source.as("migrator");
      let ended = 0;
      s3.interfere = async (moment, method) => {
        if (moment !== "arrived" || method !== "PUT" || ended++ > 2) return;
        await server.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stream-backup' and datname = current_database()",
        );
      };
      await done(from, "backup");
      s3.interfere = () => {};
      expect(ended).toBeGreaterThan(2);
      const target = await aStore();
      await done(into(target), "restore");
      expect(await all(target)).toEqual(await all(source));
      source.logins = { ...source.logins, reader: { ...source.logins.reader, password: "wrong" } };
      const refused = await programOf(source).run(["backup"]);
      expect([refused.code, refused.lines.at(-1)?.error]).toEqual([1, expect.stringContaining("password authentication failed")]);
    });
  }),
);
