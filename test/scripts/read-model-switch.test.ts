import { cpSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { caughtUp } from "../../constructs/projection";
import { Database, onServer, scripts } from "./server";

jest.setTimeout(120_000);

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How long a reader may wait while another slot is shown, in milliseconds: a busy machine's, not the server's. */
const BOUND = 1_000;

onServer("a read model that is read while it is switched", () => {
  const database = new Database("switched");
  let owner: Client;
  let writer: Client;
  let reader: Client;

  /** Runs something beside readers that come again and again, and tells how long the slowest of them took. */
  const whileReading = async (query: string, run: () => Promise<unknown>): Promise<number> => {
    let running = true;
    let slowest = 0;
    const clients = await Promise.all([database.as("reader"), database.as("reader")]);
    const reading = clients.map(async (client) => {
      while (running) {
        const before = Date.now();
        await client.query(query);
        slowest = Math.max(slowest, Date.now() - before);
        await sleep(5);
      }
    });
    try {
      await run();
    } finally {
      running = false;
    }
    await Promise.all(reading);
    return slowest;
  };
  const views = async (schema: string) =>
    Object.fromEntries(
      (await owner.query("select relname, oid from pg_class where relnamespace = $1::regnamespace and relkind = 'v'", [schema])).rows.map(
        ({ relname, oid }) => [relname, oid],
      ),
    );
  const schemas = async (like: string) =>
    (await owner.query("select nspname from pg_namespace where nspname like $1 order by 1", [like])).rows.map(({ nspname }) => nspname);
  const slotOf = (projection: string, slot: string, rows: number, more = "") =>
    owner.query(`
      select projections.begin('${projection}', '${slot}', 1);
      create schema ${projection}_${slot};
      create table ${projection}_${slot}.totals as select '${slot}' as made_by, n${more} from generate_series(1, ${rows}) as n;
      create table ${projection}_${slot}.plain (id int)`);
  const live = (projection: string, slot: string, slots = '{"a": 1, "b": 1}') =>
    database.slots("live", { PROJECTION: projection, SLOTS: slots, LIVE: slot });

  beforeAll(async () => {
    await database.begin();
    expect((await database.roles()).code).toBe(0);
    const former = mkdtempSync(join(database.directory, "former-"));
    cpSync(join(scripts, "projection/sql/0001-projections.sql"), join(former, "0001-projections.sql"));
    expect((await database.migrate(former)).code).toBe(0);
    owner = await database.as("migrator");
  });

  afterAll(() => database.end());

  it("is taken over as it was made before, while somebody reads all of it, and its views stay the ones that they were", async () => {
    await slotOf("former", "a", 3);
    await owner.query(`
      select projections.publish('former');
      revoke select on former.totals from switched_reader; grant select (made_by) on former.totals to switched_reader`);
    const before = await views("former");
    reader = await database.as("reader");
    await reader.query("begin; select made_by from former.totals; select * from former.plain; select * from projections.progress");
    expect(await database.migrate(join(scripts, "projection/sql"))).toEqual({
      code: 0,
      output: "0001-projections is there\n0002-views applied\n",
    });
    expect((await live("former", "a")).output).toContain("former/a is live; views in schema former: 2\n");
    expect(await views("former")).toEqual(before);
    await owner.query("create table former_a.further (id int)");
    expect((await live("former", "a")).output).toContain("views in schema former: 3\n");
    expect(await views("former")).toMatchObject(before);
    await reader.query("rollback");
  });

  it("hands rights on to what is read under the same name, columns included, and lets nobody write it", async () => {
    await owner.query("create schema former_b; create table former_b.totals as select 'b' as made_by, 1 as n, 2 as more");
    expect((await live("former", "b")).output).toContain("former/b is live; views in schema former: 1\n");
    expect((await reader.query("select made_by from former.totals")).rows).toEqual([{ made_by: "b" }]);
    await expect(reader.query("select n from former.totals")).rejects.toMatchObject({ code: "42501" });
    writer = await database.as("writer");
    expect((await writer.query("select n, more from former.totals")).rows).toEqual([{ n: 1, more: 2 }]);
    await expect(writer.query("delete from former.totals")).rejects.toMatchObject({ code: "42501" });
    expect(await schemas("former$%")).toEqual([]);
  });

  it("holds nobody up, whether a reader has forgotten its transaction or has a report that takes long", async () => {
    await slotOf("models", "a", 5);
    await slotOf("models", "b", 7, ", 5 as more");
    expect((await live("models", "a")).code).toBe(0);
    const forgotten = await database.as("reader");
    await forgotten.query("begin; select count(*) from models.totals");
    const report = await database.as("reader");
    const { pid } = (await report.query("select pg_backend_pid() as pid")).rows[0];
    const reported = report.query("select count(*), pg_sleep(60) from models.totals").catch(() => undefined);
    let said = "";
    const slowest = await whileReading("select made_by from models.totals", async () => {
      said = (await live("models", "b")).output;
    });
    expect(slowest).toBeLessThan(BOUND);
    expect(said).toContain("models/b is live; views in schema models: 2\n");
    // One that does nothing is ended, one that works is not; both are told.
    expect(said).toMatch(
      /^ended session \d+ of switched_reader_a, which had done nothing for .* in a transaction that reads models\$\d+$/m,
    );
    expect(said).toMatch(new RegExp(`^session ${pid} of switched_reader_a still reads models\\$\\d+, in a transaction since 20.*$`, "m"));
    expect(said).toMatch(/^models\$\d+, with views that were read before, is still read; the next job deletes it$/m);
    await expect(forgotten.query("select")).rejects.toThrow();
    expect((await reader.query("select distinct made_by from models.totals")).rows).toEqual([{ made_by: "b" }]);
    await owner.query("select pg_terminate_backend($1, 5000)", [pid]);
    await reported;
    expect((await live("models", "b")).output).toBe("models/b is live; views in schema models: 2\n");
    expect(await schemas("models$%")).toEqual([]);
  });

  it("holds nobody up where a migration has changed what is live", async () => {
    const open = await database.as("reader");
    await open.query("begin; select count(*) from models.plain");
    await owner.query("alter table models_b.totals add column further int default 9");
    const slowest = await whileReading("select made_by from models.totals", () => owner.query("select projections.publish('models')"));
    expect(slowest).toBeLessThan(BOUND);
    expect((await reader.query("select distinct further from models.totals")).rows).toEqual([{ further: 9 }]);
    await open.query("rollback");
  });

  it("is not switched where something was built on it, of any shape, that would go on reading the slot of before", async () => {
    for (const [built, what, gone] of [
      ["create view public.report as select made_by from models.totals", "rule _RETURN on view public.report", "view public.report"],
      ["create function models.find() returns int language sql as 'select 1'", "function models.find\\(\\)", "function models.find()"],
      [
        "create function public.all_of() returns setof models.totals language sql as 'select * from models.totals'",
        "function public.all_of\\(\\)",
        "function public.all_of()",
      ],
    ]) {
      await owner.query(built as string);
      await expect(owner.query("select projections.switch('models', 'a', forced => true)")).rejects.toMatchObject({
        code: "2BP01",
        message: expect.stringMatching(new RegExp(`^models: schema models is also used by ${what}, which would be left behind$`)),
      });
      await owner.query(`drop ${gone}`);
    }
  });

  it("is deleted, once those who read its tables are gone: who does nothing is ended, who works is named", async () => {
    const report = await database.as("reader");
    const { pid } = (await report.query("select pg_backend_pid() as pid")).rows[0];
    const reported = report.query("select count(*), pg_sleep(60) from models_a.totals").catch(() => undefined);
    const jobs = { PROJECTION: "models", SLOTS: '{"b": 1}', LIVE: "b" };
    const busy = await database.slots("drop", jobs);
    expect(busy.code).not.toBe(0);
    expect(busy.output).toMatch(
      new RegExp(`ERROR:  models/a: session ${pid} of switched_reader_a still reads .*models_a, in a transaction since`),
    );
    await owner.query("select pg_terminate_backend($1, 5000)", [pid]);
    await reported;
    const forgotten = await database.as("reader");
    await forgotten.query("begin; select count(*) from models_a.totals");
    const { code, output } = await database.slots("drop", jobs);
    expect(output).toMatch(/WARNING: {2}ended session \d+ of switched_reader_a, which had done nothing for /);
    expect(output).toContain("models/a is deleted\n");
    expect(code).toBe(0);
  });

  describe("whose event store was restored", () => {
    const health = async (slot = "a") =>
      (await reader.query("select state from projections.health() where projection = 'restored' and slot = $1", [slot])).rows[0]?.state;
    const seen = (head: number, slot = "a") => writer.query("select projections.seen('restored', $1, $2)", [slot, head]);
    const project = async (slot: string, from: number | null, to: number) => {
      const { token } = (await writer.query("select token from projections.claim('restored', $1, 0, 'one', '1 minute')", [slot])).rows[0];
      await writer.query("select projections.advance('restored', $1, 0, $2, $3, $4)", [slot, token, from, to]);
    };
    /** As if it had happened so many seconds ago. */
    const ago = (seconds: number) =>
      owner.query(`
        update projections.partitions set advanced_at = advanced_at - interval '${seconds} seconds' where projection = 'restored';
        update projections.ahead set since = since - interval '${seconds} seconds'`);

    it("is not taken for ahead where a worker tells late what it has read", async () => {
      await slotOf("restored", "a", 1);
      expect((await live("restored", "a", '{"a": 1}')).code).toBe(0);
      await project("a", null, 100);
      await seen(99);
      expect(await health()).toBe("healthy");
      await ago(60);
      await seen(99);
      expect(await health()).toBe("ahead");
      await seen(100);
      expect(await health()).toBe("healthy");
    });

    it("is ahead, and stays so when the store has as many events again", async () => {
      await seen(50);
      await ago(6);
      await seen(51);
      expect(await health()).toBe("ahead");
      await project("a", 100, 120);
      await ago(60);
      await seen(130);
      expect(await health()).toBe("ahead");
      expect(Object.values((await reader.query(caughtUp("restored", 1000))).rows[0])).toEqual([
        "ahead of the event store, which ends at 130: build it again",
      ]);
    });

    it("is left for a slot that has all that the store has, and not taken again before it is built again", async () => {
      await slotOf("restored", "b", 1);
      await seen(130, "b");
      const { output } = await database.slots("live", { PROJECTION: "restored", SLOTS: '{"a": 1, "b": 1}', LIVE: "b" });
      expect(output).toContain("ERROR:  restored/b is 131 behind the event store");
      await project("b", null, 130);
      expect((await live("restored", "b")).output).toContain("restored/b is live");
      const back = await live("restored", "a");
      expect(back.code).not.toBe(0);
      expect(back.output).toContain("ERROR:  restored/a is ahead of its event store");
      await owner.query("update projections.partitions set lease_until = '-infinity' where projection = 'restored' and slot = 'a'");
      await owner.query("select projections.drop('restored', 'a')");
      await slotOf("restored", "a", 1);
      await project("a", null, 130);
      await seen(130);
      expect(await health()).toBe("healthy");
    });

    it("is said by who watches, who does not wait for it", async () => {
      await ago(60);
      await seen(10);
      await ago(6);
      await seen(10);
      await seen(130, "b");
      const watch = (slots: string) => database.slots("progress", { PROJECTION: "restored", SLOTS: slots, LIVE: "b" });
      const both = await watch('{"a": 1, "b": 1}');
      expect(both.output).toMatch(/^restored\/a: ahead, 0 behind, .*\nrestored\/b \(live\): healthy, 0 behind, .*\n$/);
      expect(both.code).toBe(0);
      const alone = await watch('{"a": 1}');
      expect(alone.output).toContain("slots: restored is ahead of its event store, which was restored; build it in the other slot\n");
      expect(alone.code).toBe(1);
    });
  });

  it("is watched until each slot that has workers has caught up, whatever is left of others, and watched again", async () => {
    const watch = () => database.slots("progress", { PROJECTION: "degraded", SLOTS: '{"b": 1}', LIVE: "b" });
    let ended = false;
    const first = watch().finally(() => {
      ended = true;
    });
    await sleep(1_000);
    expect(ended).toBe(false);
    // A slot that was let go is not waited for.
    await owner.query("select projections.begin('degraded', 'a', 1); select projections.begin('degraded', 'b', 1)");
    await sleep(500);
    expect(ended).toBe(false);
    await writer.query("select projections.seen('degraded', 'b', 2000)");
    const { token } = (await writer.query("select token from projections.claim('degraded', 'b', 0, 'one', '1 minute')")).rows[0];
    await writer.query("select projections.advance('degraded', 'b', 0, $1, null, 900)", [token]);
    await sleep(500);
    expect(ended).toBe(false);
    await writer.query("select projections.advance('degraded', 'b', 0, $1, 900, 2000)", [token]);
    const { code, output } = await first;
    expect(code).toBe(0);
    expect(output).toContain("degraded/b: not begun, nobody knows how far behind, 0 of 1 partitions have a worker\n");
    expect(output.endsWith("degraded/b: healthy, 0 behind, 1 of 1 partitions have a worker\n")).toBe(true);
    expect((await watch()).output).toBe("degraded/b: healthy, 0 behind, 1 of 1 partitions have a worker\n");
  });
});
