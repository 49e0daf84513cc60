import type { Client } from "pg";
import { Archive, ArchivedServer, onArchive } from "./archived-server";
import { counted, KILLS } from "./kills";
import { randomly } from "./stream-backup-program";

jest.setTimeout(300_000);

interface Stored {
  readonly position: string;
  readonly [column: string]: unknown;
}

const ALL = "select position, id, aggregate_id, version, event_type, event_data, metadata, timestamp from events order by position";

/** Events of each part: before the base backup, meanwhile, before the record, and after it. */
const COUNT = 200;

/** Appends that many events, in transactions of ten. */
async function append(client: Client, aggregate: string, count: number): Promise<void> {
  for (let version = 0; version < count; version += 10) {
    const events = Array.from({ length: 10 }, (_, index) => ({
      type: "OrderPlaced",
      data: { number: version + index, note: "x".repeat(100) },
    }));
    await client.query("select append_events($1, $2, $3)", [aggregate, version, JSON.stringify(events)]);
  }
}

/** The same under kills of the server: a client connects again, and repeats a transaction whose end it doesn't know. */
async function appendUnderKills(server: ArchivedServer, aggregate: string, count: number): Promise<void> {
  const random = randomly(41);
  let client = await server.client();
  const at = new Set(Array.from({ length: KILLS["PostgreSQL under load"] }, (_, kill) => kill * 40 + 10 * random(4)));
  for (let version = 0; version < count; version += 10) {
    const crashed = at.has(version)
      ? new Promise<void>((resolve) => setTimeout(() => resolve(server.crash()), random(8))).then(() => counted("PostgreSQL under load"))
      : undefined;
    const events = JSON.stringify(Array.from({ length: 10 }, (_, index) => ({ type: "OrderPlaced", data: { number: version + index } })));
    const send = () => client.query("select append_events($1, $2, $3)", [aggregate, version, events]);
    const done = await send().then(
      () => true,
      () => false,
    );
    await crashed;
    if (crashed) client = await server.client();
    // Of two appends of the same version one is refused (23505): the first one was committed.
    if (!done) await send().catch((error: { code?: string }) => error.code === "23505" || Promise.reject(error));
  }
}

onArchive("a store of events that is lost", () => {
  const lost = new ArchivedServer();
  const servers: ArchivedServer[] = [lost];
  let archive: Archive;
  let before: readonly Stored[];
  let record: { readonly lsn: string; readonly position: number; readonly count: number; readonly time: string };
  let printed: string;
  let moment: { readonly time: string; readonly position: string };
  let table: string;
  let middle: string;

  const restored = async (target: Readonly<Record<string, string>>): Promise<ArchivedServer> => {
    const server = new ArchivedServer();
    servers.push(server);
    await server.restore(target);
    return server;
  };
  const upTo = (position: string | number) => before.filter((event) => BigInt(event.position) <= BigInt(position));

  beforeAll(async () => {
    archive = await Archive.begin();
    await lost.create();
    const writer = await lost.client();
    await append(writer, "first", COUNT);
    // What is in the base backup stays as it is: nothing of it is in the log again.
    const [{ path = "" } = {}] = await lost.query("vacuum (freeze) events", "checkpoint", "select pg_relation_filepath('events') as path");
    table = path;
    for (let kill = 1; kill <= KILLS["base backup"]; kill++) {
      await lost.backUpKilled(100 * (kill - 1));
      counted("base backup");
    }
    const load = append(await lost.client(), "meanwhile", COUNT);
    await Promise.all([lost.backUp(), load]);
    const [{ time = "", position = "" } = {}] = await lost.query(
      "select max(position) as position, clock_timestamp()::text as time from events",
    );
    moment = { time, position };
    // The damaged file is the one in which the next events begin.
    const [{ next = "" } = {}] = await lost.query(
      "select pg_walfile_name(pg_switch_wal()) as previous",
      "select pg_walfile_name(pg_current_wal_insert_lsn() + 1) as next",
    );
    middle = next;
    await appendUnderKills(lost, "second", COUNT);
    await lost.query("select pg_switch_wal()");
    printed = (await lost.records("record")).output.trim();
    record = JSON.parse(printed);
    await append(await lost.client(), "third", COUNT);
    before = (await lost.query(ALL)) as readonly Stored[];
    const [{ last = "" } = {}] = await lost.query("select pg_walfile_name(pg_switch_wal()) as last");
    for (;;) {
      const [{ done } = {}] = await lost.query(`select last_archived_wal >= '${last}' as done from pg_stat_archiver`);
      if (done) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    lost.destroy();
  });

  afterAll(() => {
    for (const server of servers) server.destroy();
  });

  describe("from an archive without faults", () => {
    let toRecord: ArchivedServer;
    let toTime: ArchivedServer;

    // At once, because most of the time goes to starting barman for each file.
    beforeAll(async () => {
      [toRecord, toTime] = await Promise.all([
        restored({ recovery_target_lsn: record.lsn }),
        restored({ recovery_target_time: moment.time }),
      ]);
    });
    afterAll(() => {
      for (const server of [toRecord, toTime]) server?.destroy();
    });

    it("is refused a directory in which a killed restore left a part, and has all events in another one", async () => {
      for (let kill = 1; kill <= KILLS["restore of a base backup"]; kill++) {
        const partly = new ArchivedServer();
        servers.push(partly);
        await partly.restoreKilled(5 * (kill - 1));
        counted("restore of a base backup");
        await expect(partly.restore({ recovery_target_lsn: record.lsn })).rejects.toThrow();
        partly.destroy();
      }
    });

    it("has every event again up to the position of its record, and no other", async () => {
      expect(record).toMatchObject({ count: 3 * COUNT });
      expect(await toRecord.query(ALL)).toEqual(upTo(record.position));
      expect(await toRecord.records("verify", printed)).toEqual({
        code: 0,
        output: expect.stringMatching(/^600 events up to position \d+ are those of record [0-9a-f-]{36} of \S+; 0 are later\n$/),
      });
    });

    it("goes on from there, and shows in its hash when one event is another", async () => {
      await append(await toRecord.client(), "afterwards", 10);
      expect(await toRecord.records("verify", printed)).toMatchObject({ code: 0, output: expect.stringContaining("; 10 are later") });
      await toRecord.query(
        "alter table events disable trigger events_append_only",
        `update events set metadata = '{"a": 1}' where position = ${record.position}`,
      );
      const { code, output } = await toRecord.records("verify", printed);
      expect(code).not.toBe(0);
      expect(output).toMatch(/not the events of record .*: hash is [0-9a-f]{64}, recorded was [0-9a-f]{64}\n/);
    });

    it("has those up to a time, to the very event, and says so where the record is of more", async () => {
      expect(await toTime.query(ALL)).toEqual(upTo(moment.position));
      expect(upTo(moment.position)).toHaveLength(2 * COUNT);
      const { code, output } = await toTime.records("verify", printed);
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /these are not the events of record .*count is 400, recorded was 600; position is \d+, recorded was \d+; hash is/,
      );
    });
  });

  describe("when a byte of a WAL file is another", () => {
    let withTarget: PromiseSettledResult<ArchivedServer>;
    let without: PromiseSettledResult<ArchivedServer>;

    beforeAll(async () => {
      const [damaged = ""] = await archive.keys(`/${middle}.gz`);
      const repair = await archive.flip(damaged, "middle");
      [withTarget, without] = await Promise.allSettled([restored({ recovery_target_lsn: record.lsn }), restored({})]);
      await repair();
    });

    it("does not start with a target", () => {
      expect(withTarget).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringContaining("recovery ended before configured recovery target was reached") },
      });
    });

    it("starts with less where no target is stated, which the record shows", async () => {
      if (without.status === "rejected") throw without.reason;
      const server = without.value;
      const [{ count } = {}] = await server.query("select count(*)::int as count from events");
      expect(count).toBeLessThan(record.count);
      const { code, output } = await server.records("verify", printed);
      expect(code).not.toBe(0);
      expect(output).toContain(`count is ${count}, recorded was 600`);
      server.destroy();
    });
  });

  it("is refused when a byte of its base backup is another, with a record and without", async () => {
    const [tar = ""] = await archive.keys("/data.tar");
    const repair = await archive.flip(tar, { path: table, offset: 4000 });
    const server = await restored({ recovery_target_lsn: record.lsn });
    for (const known of [printed, ""]) {
      const { code, output } = await server.records("verify", known);
      expect(code).not.toBe(0);
      expect(output).toContain("invalid page in block 0 of relation");
    }
    server.destroy();
    await repair();
  });
});
