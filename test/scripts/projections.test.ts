import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { caughtUp } from "../../constructs/projection";
import { ProjectionWorker, type WorkerSettings } from "./projection-worker";
import { AS_POSTGRES, configOf, Database, onceAs, onServer, scripts } from "./server";

jest.setTimeout(120_000);

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A little longer than the shortest lease. */
const LEASE_OVER = 1_100;

onServer("projections in the read database", () => {
  const database = new Database("projections_test");
  let writer: Client;
  let other: Client;
  let reader: Client;
  let owner: Client;

  const migrate = () => database.migrate(join(scripts, "projection/sql"));
  const claim = async (client: Client, projection: string, partition: number, who: string, lease = "1 minute", slot = "a") =>
    (await client.query("select * from projections.claim($1, $2, $3, $4, $5)", [projection, slot, partition, who, lease])).rows[0];
  const advance = (
    client: Client,
    projection: string,
    partition: number,
    token: string,
    from: number | null,
    to: number | null,
    slot = "a",
  ) => client.query("select projections.advance($1, $2, $3, $4, $5, $6)", [projection, slot, partition, token, from, to]);
  const begin = (client: Client, projection: string | null, slot: string | null, partitions: number | null) =>
    client.query("select projections.begin($1, $2, $3)", [projection, slot, partitions]);
  const position = async (projection: string, partition: number, slot = "a") =>
    (
      await reader.query("select position from projections.progress where projection = $1 and slot = $2 and partition = $3", [
        projection,
        slot,
        partition,
      ])
    ).rows[0].position;

  beforeAll(async () => {
    await database.begin();
    expect((await database.roles()).code).toBe(0);
    expect(await migrate()).toEqual({ code: 0, output: "0001-projections applied\n0002-views applied\n" });
    writer = await database.as("writer");
    other = await database.as("writer");
    reader = await database.as("reader");
    owner = await database.as("migrator");
  });

  afterAll(() => database.end());

  it("are set up once", async () => {
    expect(await migrate()).toEqual({ code: 0, output: "0001-projections is there\n0002-views is there\n" });
  });

  describe("partitions", () => {
    it("have one owner each, at any number of workers", async () => {
      const { rows } = await reader.query(`
        select workers, partitions from generate_series(1, 60) as workers, (values (1), (7), (50), (64)) as counts (partitions)
        where (select array_agg(p order by p) from generate_series(0, workers - 1) as worker, projections.owned(worker, workers, partitions) as p)
          is distinct from (select array_agg(p order by p) from generate_series(0, partitions - 1) as p)`);
      expect(rows).toEqual([]);
      const { rows: third } = await reader.query("select projections.owned(2, 5, 12) as p");
      expect(third.map(({ p }) => p)).toEqual([2, 7]);
    });

    it.each([
      [5, 5, 50],
      [-1, 5, 50],
      [0, 5, 0],
    ])("are nobody's who is not a worker: %i of %i, %i partitions", async (worker, workers, partitions) => {
      await expect(reader.query("select projections.owned($1, $2, $3)", [worker, workers, partitions])).rejects.toMatchObject({
        message: `worker ${worker} of ${workers} has no part of ${partitions} partitions`,
        hint: "workers are counted from 0",
      });
    });

    it("take keys as any language deals them out, all about as many", async () => {
      const keys = Array.from({ length: 1000 }, (_, number) => `order-${number}-ä`);
      const { rows } = await reader.query("select projections.partition_of(key, 50) as p from unnest($1::text[]) as key", [keys]);
      expect(rows.map(({ p }) => p)).toEqual(keys.map((key) => createHash("sha256").update(key).digest().readUInt32BE() % 50));
      expect(new Set(rows.map(({ p }) => p)).size).toBe(50);
      // What docs/projections.md has as an example.
      expect((await reader.query("select projections.partition_of('order-1', 50) as p")).rows).toEqual([{ p: 15 }]);
    });

    it("keep their number: another one is refused", async () => {
      await begin(writer, "counted", "a", 50);
      await begin(writer, "counted", "a", 50);
      await expect(begin(writer, "counted", "a", 40)).rejects.toMatchObject({
        code: "PJ003",
        message: "counted/a has 50 partitions, not 40",
        hint: "for another number the read model is built anew, in the other slot",
      });
      await begin(writer, "counted", "b", 40);
      expect((await reader.query("select projections.live('counted') as live")).rows).toEqual([{ live: "a" }]);
    });

    it("are begun by all workers at once", async () => {
      const workers = await Promise.all(Array.from({ length: 5 }, () => database.as("writer")));
      await Promise.all(workers.map((worker) => begin(worker, "at_once", "a", 50)));
      expect((await reader.query("select from projections.progress where projection = 'at_once'")).rowCount).toBe(50);
    });

    it.each([
      ["Orders", "a", 5, "begin: Orders is no name of a projection"],
      ["orders_a", "a", 5, "begin: orders_a is no name of a projection"],
      ["public", "a", 5, "begin: public is no name of a projection"],
      [null, "a", 5, "begin: null is no name of a projection"],
      ["orders", "c", 5, "begin: orders has no slot c"],
      ["orders", "a", 0, "begin: orders/a can't have 0 partitions"],
      ["orders", "a", null, "begin: orders/a can't have null partitions"],
    ])("say what is wrong: %j %j %j", async (projection, slot, partitions, message) => {
      await expect(begin(writer, projection, slot, partitions)).rejects.toMatchObject({ code: "22023", message });
    });
  });

  describe("a claim", () => {
    beforeAll(() => begin(writer, "claims", "a", 20));

    it("is granted to one, and to the next when it is given back", async () => {
      const first = await claim(writer, "claims", 0, "one");
      expect(first).toEqual({ token: expect.any(String), position: null });
      expect(await claim(other, "claims", 0, "two")).toBeUndefined();
      expect((await writer.query("select projections.release('claims', 'a', 0, $1) as released", [first.token])).rows[0].released).toBe(
        true,
      );
      const second = await claim(other, "claims", 0, "two");
      expect(Number(second.token)).toBeGreaterThan(Number(first.token));
      expect((await writer.query("select projections.release('claims', 'a', 0, $1) as released", [first.token])).rows[0].released).toBe(
        false,
      );
    });

    it("is over with its lease, by the clock of the database", async () => {
      const first = await claim(writer, "claims", 1, "one", "2 seconds");
      expect(await claim(other, "claims", 1, "two")).toBeUndefined();
      await sleep(2_100);
      const second = await claim(other, "claims", 1, "two");
      expect(Number(second.token)).toBeGreaterThan(Number(first.token));
      expect((await writer.query("select projections.renew('claims', 'a', 1, $1) as renewed", [first.token])).rows[0].renewed).toBe(false);
    });

    it("is kept by renewing it, and by moving on", async () => {
      const { token } = await claim(writer, "claims", 2, "one", "2 seconds");
      await sleep(1_200);
      expect((await writer.query("select projections.renew('claims', 'a', 2, $1) as renewed", [token])).rows[0].renewed).toBe(true);
      await sleep(1_200);
      await advance(writer, "claims", 2, token, null, 5);
      await sleep(1_200);
      expect(await claim(other, "claims", 2, "two")).toBeUndefined();
    });

    it("is granted at once to the same owner, who was started anew; its earlier one is void", async () => {
      const first = await claim(writer, "claims", 3, "orders-0");
      const second = await claim(other, "claims", 3, "orders-0");
      await advance(other, "claims", 3, second.token, null, 1);
      await expect(advance(writer, "claims", 3, first.token, 1, 2)).rejects.toMatchObject({ code: "PJ001" });
    });

    it("is granted to one of many who ask at once", async () => {
      const workers = await Promise.all(Array.from({ length: 6 }, () => database.as("writer")));
      const granted = await Promise.all(workers.map((worker, number) => claim(worker, "claims", 4, `worker-${number}`)));
      expect(granted.filter(Boolean).length).toBeLessThanOrEqual(1);
      if (granted.every((one) => one === undefined)) expect(await claim(writer, "claims", 4, "last")).toBeDefined();
    });

    it.each([
      ["claims", 0, "", "1 minute", "claim: an owner has a name"],
      ["claims", 0, "one", "0.5 seconds", "claim: a lease of 00:00:00.5 is refused"],
      ["claims", 0, "one", "2 hours", "claim: a lease of 02:00:00 is refused"],
      ["claims", 20, "one", "1 minute", "claims/a has no partition 20"],
      ["nobody", 0, "one", "1 minute", "nobody/a has no partition 0"],
    ])("says what is wrong: %s %i %j %s", async (projection, partition, who, lease, message) => {
      await expect(claim(writer, projection, partition, who, lease)).rejects.toMatchObject({ message, hint: expect.any(String) });
    });
  });

  describe("a checkpoint", () => {
    beforeAll(() => begin(writer, "checkpoints", "a", 5));

    it("moves on from where it is, and nowhere else", async () => {
      const { token } = await claim(writer, "checkpoints", 0, "one");
      await advance(writer, "checkpoints", 0, token, null, 10);
      await advance(writer, "checkpoints", 0, token, 10, 12);
      await expect(advance(writer, "checkpoints", 0, token, 10, 14)).rejects.toMatchObject({
        code: "PJ002",
        message: "checkpoints/a partition 0 is at 12, not at 10",
        hint: "roll back, and go on from where it is",
      });
      await expect(advance(writer, "checkpoints", 0, token, null, 14)).rejects.toThrow(
        "checkpoints/a partition 0 is at 12, not at the beginning",
      );
      await expect(advance(writer, "checkpoints", 0, token, 12, 12)).rejects.toThrow("checkpoints/a partition 0: 12 is not after 12");
      await expect(advance(writer, "checkpoints", 0, token, 12, null)).rejects.toThrow("checkpoints/a partition 0: null is not after 12");
      expect(await position("checkpoints", 0)).toBe("12");
    });

    it("tells the next owner where to go on", async () => {
      const first = await claim(writer, "checkpoints", 1, "one");
      await advance(writer, "checkpoints", 1, first.token, null, 7);
      await writer.query("select projections.release('checkpoints', 'a', 1, $1)", [first.token]);
      expect(await claim(other, "checkpoints", 1, "two")).toMatchObject({ position: "7" });
    });
  });

  describe("two who write the same partition", () => {
    let partition = -1;
    let late: Client;
    let old: { token: string };

    beforeAll(async () => {
      await begin(writer, "fenced", "a", 20);
      await owner.query("create schema fenced_a; create table fenced_a.rows (partition int, by text)");
    });

    /** One has a partition whose lease is over, and has written to the read model in a transaction that is still open. */
    beforeEach(async () => {
      partition++;
      late = await database.as("writer");
      old = await claim(late, "fenced", partition, "old", "1 second");
    });

    const write = (client: Client, who: string) => client.query("insert into fenced_a.rows values ($1, $2)", [partition, who]);
    const written = async () =>
      (await reader.query("select by from fenced_a.rows where partition = $1", [partition])).rows.map(({ by }) => by);

    it("are not both let: who comes late can't move on, and what it wrote is gone", async () => {
      await late.query("begin");
      await write(late, "old");
      await sleep(LEASE_OVER);
      const next = await claim(writer, "fenced", partition, "new");
      await writer.query("begin");
      await write(writer, "new");
      await advance(writer, "fenced", partition, next.token, null, 5);
      await writer.query("commit");
      await expect(advance(late, "fenced", partition, old.token, null, 5)).rejects.toMatchObject({
        code: "PJ001",
        message: `fenced/a partition ${partition}: token ${old.token} is not the newest`,
        hint: "somebody else may have it: roll back, stop, and claim it anew",
      });
      await late.query("commit");
      expect(await written()).toEqual(["new"]);
    });

    it.each([
      ["holds it", (client: Client) => client.query("select projections.hold('fenced', 'a', $1, $2)", [partition, old.token])],
      ["has moved on and not committed", (client: Client) => advance(client, "fenced", partition, old.token, null, 5)],
    ])("are not both let: nobody claims it while the first %s, however old its lease", async (_, take) => {
      await late.query("begin");
      await write(late, "old");
      await take(late);
      await sleep(LEASE_OVER);
      expect(await claim(writer, "fenced", partition, "new")).toBeUndefined();
      if (_.startsWith("holds")) await advance(late, "fenced", partition, old.token, null, 5);
      await late.query("commit");
      await late.query("select projections.release('fenced', 'a', $1, $2)", [partition, old.token]);
      expect(await claim(writer, "fenced", partition, "new")).toMatchObject({ position: "5" });
      expect(await written()).toEqual(["old"]);
    });

    it("are not both let: a claim goes on where one that rolls back was", async () => {
      await late.query("begin");
      await write(late, "old");
      await advance(late, "fenced", partition, old.token, null, 5);
      await sleep(LEASE_OVER);
      await late.query("rollback");
      expect(await claim(writer, "fenced", partition, "new")).toMatchObject({ position: null });
      expect(await written()).toEqual([]);
    });

    it.each(["repeatable read", "serializable"])("are not both let where the late one is %s", async (isolation) => {
      await late.query(`begin isolation level ${isolation}`);
      await write(late, "old");
      await sleep(LEASE_OVER);
      await claim(writer, "fenced", partition, "new");
      await expect(advance(late, "fenced", partition, old.token, null, 5)).rejects.toMatchObject({ code: "40001" });
      await late.query("commit");
      expect(await written()).toEqual([]);
    });

    it("are not both let where the late one has given it back itself", async () => {
      await late.query("begin");
      await write(late, "old");
      await other.query("select projections.release('fenced', 'a', $1, $2)", [partition, old.token]);
      await expect(advance(late, "fenced", partition, old.token, null, 5)).rejects.toMatchObject({ code: "PJ001" });
      await late.query("rollback");
    });

    it("are not both let where the slot was begun anew between: tokens are not given twice", async () => {
      await begin(writer, "again", "b", 1);
      await begin(writer, "again", "a", 1);
      const before = await claim(writer, "again", 0, "old", "1 second");
      await sleep(LEASE_OVER);
      await owner.query("select projections.drop('again', 'a')");
      await expect(advance(late, "again", 0, before.token, null, 5)).rejects.toThrow("again/a has no partition 0");
      await begin(writer, "again", "a", 1);
      await claim(writer, "again", 0, "new");
      await expect(advance(late, "again", 0, before.token, null, 5)).rejects.toMatchObject({ code: "PJ001" });
    });
  });

  it("are not held for ever by a worker that is frozen in the middle of what it sends", async () => {
    await begin(writer, "frozen", "a", 1);
    const frozen = await database.as("writer");
    const { token } = await claim(frozen, "frozen", 0, "old", "1 second");
    // An execution and no Sync after it: no limit of PostgreSQL before 17 sees it.
    const { connection } = frozen as unknown as { connection: Record<string, (message?: object) => void> };
    connection.parse?.({ text: `select projections.hold('frozen', 'a', 0, ${token})`, name: "", types: [] });
    connection.bind?.({});
    connection.execute?.({ portal: "", rows: 0 });
    connection.flush?.();
    await sleep(2_100);
    expect(await claim(writer, "frozen", 0, "new")).toBeUndefined();
    await owner.query("select projections.end_frozen('1 second')");
    // A session that is told to end takes a moment.
    let claimed = await claim(writer, "frozen", 0, "new");
    for (const end = Date.now() + 10_000; !claimed && Date.now() < end; claimed = await claim(writer, "frozen", 0, "new")) await sleep(100);
    expect(claimed).toBeDefined();
  });

  describe("rights", () => {
    // What only a setting keeps readers from.
    beforeAll(async () => {
      await reader.query("set default_transaction_read_only = off");
      await begin(writer, "rights", "a", 1);
    });

    it.each(["read_models", "slots", "partitions"])("leave %s to the functions", async (table) => {
      for (const client of [writer, reader]) {
        for (const statement of [
          `select from projections.${table}`,
          `delete from projections.${table}`,
          `select from projections.${table} for share`,
        ]) {
          await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
        }
      }
      await expect(writer.query("select setval('projections.tokens', 1)")).rejects.toMatchObject({ code: "42501" });
      await expect(writer.query("update projections.progress set position = 0")).rejects.toThrow("cannot update view");
    });

    it.each(["switch('rights', 'a')", "drop('rights', 'a')", "publish('rights')"])("leave %s to the migrator", async (call) => {
      await expect(writer.query(`select projections.${call}`)).rejects.toMatchObject({ code: "42501" });
    });

    it("let readers read, and nothing else", async () => {
      const functions = [
        "begin('rights', 'a', 20)",
        "claim('rights', 'a', 0, 'me', '1 minute')",
        "renew('rights', 'a', 0, 1)",
        "release('rights', 'a', 0, 1)",
        "hold('rights', 'a', 0, 1)",
        "advance('rights', 'a', 0, 1, 1, 2)",
        "seen('rights', 'a', 1)",
      ];
      for (const call of functions) await expect(reader.query(`select projections.${call}`)).rejects.toMatchObject({ code: "42501" });
      expect((await reader.query("select projections.live('rights') as live")).rows).toEqual([{ live: "a" }]);
      expect((await reader.query("select from projections.health()")).rowCount).toBeGreaterThan(0);
    });
  });

  describe("progress", () => {
    const health = async (tolerated?: number) =>
      (await reader.query(`select * from projections.health(${tolerated ?? ""}) where projection = 'watched'`)).rows[0];

    it("is degraded while nobody looks, healthy when fewer than 1,000 behind, degraded from there on", async () => {
      await begin(writer, "watched", "a", 2);
      expect(await health()).toMatchObject({ state: "degraded", behind: null, position: null, partitions: "2", owned: "0" });
      await writer.query("select projections.seen('watched', 'a', 1999)");
      for (const partition of [0, 1]) {
        const { token } = await claim(writer, "watched", partition, "one");
        await advance(writer, "watched", partition, token, null, partition === 0 ? 1999 : 1000);
      }
      expect(await health()).toMatchObject({ state: "healthy", behind: "999", position: "1000", head: "1999", owned: "2", live: true });
      await writer.query("select projections.seen('watched', 'a', 2000)");
      expect(await health()).toMatchObject({ state: "degraded", behind: "1000" });
      expect(await health(1001)).toMatchObject({ state: "healthy" });
    });

    it("is degraded when nobody has looked for a minute", async () => {
      await owner.query("update projections.slots set seen_at = clock_timestamp() - interval '61 seconds' where projection = 'watched'");
      expect(await health(1_000_000)).toMatchObject({ state: "degraded" });
    });

    it("is what a release waits for, and is told as long as it has to", async () => {
      const answer = async (projection: string) => Object.values((await reader.query(caughtUp(projection, 1000))).rows[0])[0];
      expect(await answer("nothing")).toBe("no slot is read");
      await begin(writer, "released", "a", 1);
      expect(await answer("released")).toBe("no worker has reported the end of the event store");
      await writer.query("select projections.seen('released', 'a', 1500)");
      expect(await answer("released")).toMatch(/^1501 events behind, last reported at 20\d\d-/);
      const { token } = await claim(writer, "released", 0, "one");
      await advance(writer, "released", 0, token, null, 1400);
      expect(await answer("released")).toBe("t");
    });

    it("is told without waiting for others who tell it", async () => {
      await writer.query("begin");
      await writer.query("select projections.seen('watched', 'a', 3000)");
      await other.query("select projections.seen('watched', 'a', 4000)");
      await writer.query("commit");
      expect(await health()).toMatchObject({ head: "3000" });
    });
  });

  describe("a read model", () => {
    /** A worker that projects a slot to a position, all of its partitions. */
    const project = async (projection: string, slot: string, partitions: number, to: number) => {
      for (let partition = 0; partition < partitions; partition++) {
        const { token, position } = await claim(writer, projection, partition, "one", "1 second", slot);
        if (position !== String(to)) await advance(writer, projection, partition, token, position, to, slot);
      }
    };
    const switchTo = async (slot: string, more = "") =>
      (await owner.query(`select projections.switch('models', '${slot}'${more}) as views`)).rows[0].views;
    const shown = async () => (await reader.query("select made_by from models.totals")).rows.map(({ made_by }) => made_by);

    beforeAll(async () => {
      await begin(writer, "models", "a", 4);
      await owner.query(`
        create schema models_a;
        create table models_a.totals (id int, made_by text); insert into models_a.totals values (1, 'a');
        create table models_a.only_a (id int)`);
      await project("models", "a", 4, 100);
    });

    it("is read under the name of its projection once it is published", async () => {
      expect((await owner.query("select projections.publish('models') as views")).rows[0].views).toBe(2);
      expect((await owner.query("select projections.publish('models') as views")).rows[0].views).toBe(2);
      expect(await shown()).toEqual(["a"]);
    });

    it("is not written under that name", async () => {
      await expect(writer.query("insert into models.totals values (2, 'x')")).rejects.toMatchObject({ code: "42501" });
      await expect(writer.query("delete from models.totals")).rejects.toMatchObject({ code: "42501" });
      expect((await writer.query("select from models.totals")).rowCount).toBe(1);
    });

    it("is not switched to a slot that nobody began", async () => {
      await expect(switchTo("b")).rejects.toMatchObject({ message: "models/b was never begun", hint: "deploy its workers first" });
    });

    it("is not switched to a slot that has not caught up, of which one partition is enough", async () => {
      await begin(writer, "models", "b", 7);
      await owner.query(`
        create schema models_b;
        create table models_b.totals (made_by text, id bigint, more int default 5); insert into models_b.totals values ('b', 1)`);
      await project("models", "b", 6, 100);
      await expect(switchTo("b", ", '0 seconds'")).rejects.toMatchObject({
        code: "PJ004",
        message: "models/b is 101 behind models/a",
        hint: "wait until it has caught up; projections.progress shows how far it is",
      });
      expect(await shown()).toEqual(["a"]);
    });

    it("is switched in one step while it is read, with other partitions and columns, and switched back", async () => {
      await project("models", "b", 7, 100);
      const seen: string[] = [];
      let reading = true;
      const client = await database.as("reader");
      const reads = (async () => {
        while (reading) {
          const { rows } = await client.query("select made_by from models.totals");
          seen.push(...rows.map(({ made_by }) => made_by));
        }
      })();
      expect(await switchTo("b")).toBe(1);
      await sleep(20);
      expect(await shown()).toEqual(["b"]);
      expect(await switchTo("a")).toBe(2);
      await sleep(20);
      reading = false;
      await reads;
      expect(seen.join("")).toMatch(/^a*b+a+$/);
      expect(await switchTo("b")).toBe(1);
      expect((await reader.query("select to_regclass('models.only_a') as view")).rows[0].view).toBeNull();
      expect((await reader.query("select slot, live from projections.health() where projection = 'models'")).rows).toEqual([
        { slot: "a", live: false },
        { slot: "b", live: true },
      ]);
    });

    it("is not switched back to a slot that was left behind, unless it is forced", async () => {
      await project("models", "b", 7, 200);
      await expect(switchTo("a", ", '0 seconds'")).rejects.toThrow("models/a is 100 behind models/b");
      expect(await switchTo("a", ", '0 seconds', forced => true")).toBe(2);
      expect(await shown()).toEqual(["a"]);
    });

    it("stands still for the last stretch, so that nothing that was read is missing after a switch", async () => {
      await project("models", "a", 4, 300);
      await sleep(LEASE_OVER);
      // Somebody is about to commit to the live slot: the switch waits, and then for the other slot.
      const live = await database.as("writer");
      const { token } = await claim(live, "models", 0, "live", "1 minute");
      await project("models", "b", 7, 300);
      await live.query("begin");
      await advance(live, "models", 0, token, 300, 301);
      let done = false;
      const switched = switchTo("b").finally(() => {
        done = true;
      });
      await sleep(200);
      expect(done).toBe(false);
      await live.query("commit");
      await sleep(200);
      expect(done).toBe(false);
      const blocked = advance(live, "models", 0, token, 301, 302);
      await project("models", "b", 7, 301);
      await switched;
      await blocked;
      expect(await shown()).toEqual(["b"]);
    });

    it("is not switched where somebody built on what would change its shape", async () => {
      await owner.query("create view public.of_others as select more from models.totals");
      await expect(switchTo("a", ", forced => true")).rejects.toMatchObject({ code: "2BP01" });
      expect(await shown()).toEqual(["b"]);
      await owner.query("drop view public.of_others");
    });

    it("is not switched from a transaction that would see nobody catch up", async () => {
      await owner.query("begin isolation level repeatable read");
      await expect(switchTo("a")).rejects.toThrow("switch: a transaction that is repeatable read sees nobody catch up");
      await owner.query("rollback");
    });

    it("is not deleted while it is live or projected into; then it is, with its tables", async () => {
      await expect(owner.query("select projections.drop('models', 'b')")).rejects.toMatchObject({
        message: "models/b is live",
        hint: "switch to the other slot first",
      });
      await expect(owner.query("select projections.drop('models', 'a')")).rejects.toMatchObject({
        message: "models/a is projected into by live",
        hint: "take its workers away first",
      });
      await owner.query("update projections.partitions set lease_until = '-infinity' where projection = 'models' and slot = 'a'");
      await owner.query("select projections.drop('models', 'a')");
      expect((await reader.query("select to_regnamespace('models_a') as there")).rows[0].there).toBeNull();
      expect(await shown()).toEqual(["b"]);
    });

    it("that lies elsewhere than in schemas is switched all the same", async () => {
      await begin(writer, "elsewhere", "a", 1);
      await begin(writer, "elsewhere", "b", 2);
      expect((await owner.query("select projections.switch('elsewhere', 'b') as views")).rows[0].views).toBe(0);
      expect((await reader.query("select projections.live('elsewhere') as live")).rows).toEqual([{ live: "b" }]);
    });
  });

  describe("the jobs of a read model", () => {
    const SLOTS = { PROJECTION: "jobs", SLOTS: '{"a": 2}', LIVE: "a" };
    const BOTH = { ...SLOTS, SLOTS: '{"a": 2, "b": 3}' };
    const move = async (slot: string, partitions: number, to: number) => {
      for (let partition = 0; partition < partitions; partition++) {
        const { token, position } = await claim(writer, "jobs", partition, "one", "1 second", slot);
        await advance(writer, "jobs", partition, token, position, to, slot);
      }
      await writer.query("select projections.seen('jobs', $1, $2)", [slot, to]);
    };

    it("make the first slot live before a worker is there, and show its tables", async () => {
      await owner.query("create schema jobs_a; create table jobs_a.totals (id int)");
      expect(await database.slots("live", SLOTS)).toEqual({ code: 0, output: "jobs/a is live; views in schema jobs: 1\n" });
      expect((await reader.query("select from jobs.totals")).rowCount).toBe(0);
    });

    it("refuse another number of partitions", async () => {
      const { code, output } = await database.slots("live", { ...SLOTS, SLOTS: '{"a": 3}' });
      expect(code).not.toBe(0);
      expect(output).toContain("ERROR:  jobs/a has 2 partitions, not 3");
      expect(output).toContain("HINT:  for another number the read model is built anew, in the other slot");
    });

    it("register a second slot, and leave the first one live until the second has caught up", async () => {
      expect(await database.slots("live", BOTH)).toEqual({ code: 0, output: "jobs/a is live; views in schema jobs: 1\n" });
      await move("a", 2, 10);
      const { code, output } = await database.slots("live", { ...BOTH, LIVE: "b" });
      expect(code).not.toBe(0);
      expect(output).toContain("ERROR:  jobs/b is 11 behind jobs/a");
      expect((await reader.query("select projections.live('jobs') as live")).rows).toEqual([{ live: "a" }]);
    });

    it("show how far they are until all have caught up", async () => {
      const watched = database.slots("progress", BOTH);
      // Until it has looked once.
      await sleep(1_500);
      await move("b", 3, 10);
      const { code, output } = await watched;
      expect(code).toBe(0);
      expect(output.split("\n").slice(0, 2)).toEqual([
        "jobs/a (live): healthy, 0 behind, 2 of 2 partitions have a worker",
        "jobs/b: degraded, nobody knows how far behind, 0 of 3 partitions have a worker",
      ]);
      expect(output.split("\n").at(-2)).toBe("jobs/b: healthy, 0 behind, 3 of 3 partitions have a worker");
    });

    it("switch, and switch back", async () => {
      await owner.query("create schema jobs_b; create table jobs_b.totals (id int)");
      expect((await database.slots("live", { ...BOTH, LIVE: "b" })).output).toBe("jobs/b is live; views in schema jobs: 1\n");
      expect((await database.slots("live", { ...BOTH, LIVE: "a" })).output).toBe("jobs/a is live; views in schema jobs: 1\n");
      await move("a", 2, 20);
      expect((await database.slots("live", { ...BOTH, LIVE: "b", FORCED: "true" })).code).toBe(0);
    });

    it("delete what is not live, once nobody projects into it", async () => {
      await claim(writer, "jobs", 0, "one", "3 seconds", "a");
      const busy = await database.slots("drop", BOTH);
      expect(busy.code).not.toBe(0);
      expect(busy.output).toContain("ERROR:  jobs/a is projected into by one");
      await sleep(3_100);
      expect(await database.slots("drop", BOTH)).toEqual({ code: 0, output: "jobs/a is deleted\n" });
      expect((await reader.query("select to_regnamespace('jobs_a') as a, to_regnamespace('jobs_b') as b")).rows).toEqual([
        { a: null, b: "jobs_b" },
      ]);
      expect(await database.slots("drop", BOTH)).toEqual({ code: 0, output: "" });
    });

    it("do nothing that they were not told", async () => {
      expect(await database.slots("", SLOTS)).toEqual({ code: 2, output: "slots: say live, progress or drop\n" });
    });
  });

  describe("workers", () => {
    const PARTITIONS = 50;
    let pooler: Pooler | undefined;

    beforeAll(async () => {
      await owner.query(`
        create table public.log (position bigint generated always as identity primary key, key text not null)`);
      await happen(200);
      pooler = await Pooler.start(database);
    });

    afterAll(() => pooler?.stop());

    const readModel = async (projection: string) => {
      await begin(writer, projection, "a", PARTITIONS);
      await owner.query(
        `create schema ${projection}_a; create table ${projection}_a.applied (n bigint generated always as identity, partition int, position bigint, owner text)`,
      );
    };

    /** What every partition should have been given, and was given, in the order in which it was. */
    const applied = async (projection: string) => {
      const { rows } = await reader.query(`
        select p, (select array_agg(position order by position) from log where projections.partition_of(key, ${PARTITIONS}) = p) as due,
                  (select array_agg(position order by n) from ${projection}_a.applied where partition = p) as done
        from generate_series(0, ${PARTITIONS - 1}) as p`);
      return { due: rows.map(({ due }) => due), done: rows.map(({ done }) => done) };
    };

    const happen = (events: number) =>
      owner.query("insert into public.log (key) select 'order-' || n from generate_series(1, $1::integer) as n", [events]);

    const behind = async (projection: string) =>
      Number(
        (
          await reader.query(
            "select count(*) from projections.progress where projection = $1 and position is distinct from (select max(position) from log)",
            [projection],
          )
        ).rows[0].count,
      );

    /** Who has a transaction open and does nothing in it: one that pauses. */
    const inTransaction = async () =>
      (
        await onceAs(
          {},
          `select from pg_stat_activity where state = 'idle in transaction' and datname = '${database.name}'
           and state_change < clock_timestamp() - interval '300 milliseconds'`,
        )
      ).length;

    const until = async (condition: () => Promise<boolean>, seconds: number) => {
      const deadline = Date.now() + seconds * 1_000;
      while (!(await condition())) {
        if (Date.now() > deadline) throw new Error(`not within ${seconds} s`);
        await sleep(50);
      }
    };

    it("project each event once and in order while one of them is killed in the middle of its work", async () => {
      await readModel("killed");
      const settings = (worker: number): WorkerSettings => ({
        projection: "killed",
        slot: "a",
        owner: `killed-${worker}`,
        worker,
        workers: 2,
        partitions: PARTITIONS,
        // Long enough to be killed in.
        ...(worker === 0 ? { pause: 3_000 } : {}),
      });
      const connection = configOf({ ...database.logins.writer, database: database.name });
      const child = spawn(process.execPath, [
        join(__dirname, "projection-worker.js"),
        JSON.stringify({ connection, settings: settings(0) }),
      ]);
      const second = new ProjectionWorker(await database.as("writer"), settings(1));
      await until(async () => {
        await second.turn();
        return (await inTransaction()) > 0;
      }, 20);
      child.kill("SIGKILL");
      await new Promise((resolve) => child.on("close", resolve));
      expect(await behind("killed")).toBeGreaterThan(0);
      // The one that comes in its place waits for no lease: it has its name.
      const next = new ProjectionWorker(await database.as("writer"), { ...settings(0), pause: 0 });
      await until(async () => {
        await Promise.all([next.turn(), second.turn()]);
        return (await behind("killed")) === 0;
      }, 20);
      const { due, done } = await applied("killed");
      expect(done).toEqual(due);
    });

    it.each(["directly", "through PgBouncer in transaction mode"])(
      "project each event once and in order while they are rolled from 5 to 7 to 3, and some come late or are cut off: %s",
      async (way) => {
        if (way !== "directly" && !pooler) {
          process.stderr.write(`SKIPPED workers ${way}: pgbouncer is not installed\n`);
          return;
        }
        const projection = way === "directly" ? "rolled" : "pooled";
        await readModel(projection);
        const clients: Client[] = [];
        const connect = async () => {
          const client = way === "directly" ? await database.as("writer") : await (pooler as Pooler).connect();
          clients.push(client);
          return client;
        };
        const refusals: string[] = [];
        const running: Promise<void>[] = [];
        let finished = false;
        /** A worker that goes on until it is told to stop; `abrupt` leaves its leases to run out. */
        const start = (name: string, worker: number, workers: number, pause: number) => {
          const told = { stop: false, abrupt: false };
          running.push(
            (async () => {
              while (!told.stop && !finished) {
                const client = await connect();
                const one = new ProjectionWorker(client, {
                  projection,
                  slot: "a",
                  owner: name,
                  worker,
                  workers,
                  partitions: PARTITIONS,
                  pause,
                });
                try {
                  while (!told.stop && !finished) {
                    await one.turn();
                    await sleep(10);
                  }
                  if (!told.abrupt) await one.stop();
                } catch {
                  // Cut off: as a pod that is started anew.
                } finally {
                  refusals.push(...one.refusals);
                  await client.end().catch(() => {});
                }
              }
            })(),
          );
          return told;
        };
        const roll = async (before: readonly { stop: boolean; abrupt: boolean }[], round: string, workers: number) => {
          const next: { stop: boolean; abrupt: boolean }[] = [];
          for (let worker = 0; worker < Math.max(workers, before.length); worker++) {
            const old = before[worker];
            if (old) {
              old.abrupt = worker % 2 === 1;
              old.stop = true;
            }
            // New ones come before old ones are gone: several believe that a partition is theirs.
            if (worker < workers) next.push(start(`${round}-${worker}`, worker, workers, worker % 3 === 1 ? 1_200 : 0));
            await sleep(60);
          }
          return next;
        };
        // One that stops in the middle of a transaction, and goes on when another has its partition.
        const zombie = await database.as("writer");
        const { token } = await claim(zombie, projection, 13, "zombie", "1 second");
        const { pid } = (await zombie.query("select pg_backend_pid() as pid")).rows[0];
        await zombie.query("begin");
        await zombie.query(`insert into ${projection}_a.applied (partition, position, owner) values (13, 1, 'zombie')`);
        const five = await roll([], "five", 5);
        await until(async () => (await inTransaction()) > 1, 20);
        await happen(200);
        await onceAs(
          {},
          `select pg_terminate_backend(pid) from (select pid from pg_stat_activity where datname = '${database.name}'
          and usename = '${database.logins.writer.user}' and state = 'idle in transaction' and pid <> ${pid} limit 2) as cut`,
        );
        const seven = await roll(five, "seven", 7);
        await happen(200);
        await sleep(1_500);
        await happen(200);
        await roll(seven, "three", 3);
        await happen(200);
        await until(async () => (await behind(projection)) === 0, 60);
        finished = true;
        await Promise.all(running);
        await expect(advance(zombie, projection, 13, token, null, 1)).rejects.toMatchObject({ code: "PJ001" });
        await zombie.query("commit");
        const { due, done } = await applied(projection);
        expect(done).toEqual(due);
        expect(refusals.filter((code) => /^PJ/.test(code) && code !== "PJ001")).toEqual([]);
        const { rows } = await reader.query(
          `select distinct left(owner, position('-' in owner) - 1) as round from ${projection}_a.applied order by 1`,
        );
        expect(rows.map(({ round }) => round)).toEqual(["five", "seven", "three"]);
      },
    );
  });
});

/** A PgBouncer with fewer connections than it has clients, each of which is anybody's between two transactions. */
class Pooler {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
    private readonly database: Database,
  ) {}

  static async start(database: Database): Promise<Pooler | undefined> {
    if (spawnSync("pgbouncer", ["--version"]).error) return undefined;
    const { PGHOST, PGPORT = "5432", PGSSLROOTCERT } = process.env;
    const port = await freePort();
    const { user, password } = database.logins.writer;
    chmodSync(database.directory, 0o755);
    const users = join(database.directory, "users.txt");
    writeFileSync(users, `"${user}" "${password.replaceAll('"', '""')}"\n`);
    const settings = join(database.directory, "pgbouncer.ini");
    writeFileSync(
      settings,
      `[databases]
${database.name} = host=${PGHOST} port=${PGPORT}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 5
${PGSSLROOTCERT ? `server_tls_sslmode = verify-full\nserver_tls_ca_file = ${PGSSLROOTCERT}` : "server_tls_sslmode = prefer"}
`,
    );
    const [command = "", ...args] = [...AS_POSTGRES, "pgbouncer", settings];
    const child = spawn(command, args, { stdio: "ignore" });
    const pooler = new Pooler(child, port, database);
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        await (await pooler.connect()).end();
        return pooler;
      } catch {
        await sleep(100);
      }
    }
    child.kill();
    throw new Error("pgbouncer does not answer");
  }

  async connect(): Promise<Client> {
    const client = new Client({
      host: "127.0.0.1",
      port: this.port,
      database: this.database.name,
      ...this.database.logins.writer,
      ssl: false,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  stop(): void {
    this.child.kill("SIGKILL");
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
