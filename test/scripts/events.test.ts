import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { Database, onceAs, onServer, scripts } from "./server";

jest.setTimeout(60_000);

const anEvent = (type = "OrderPlaced", more: object = {}) => ({ type, data: { total: 5 }, ...more });

const append = (client: Client, aggregate: string, expected: number | null, events: unknown = [anEvent()]) =>
  client.query("select * from append_events($1, $2, $3)", [aggregate, expected, JSON.stringify(events)]);

/** Whether a query has to wait for somebody: it is neither done nor failed after a while. */
async function waits(query: Promise<unknown>): Promise<boolean> {
  let done = false;
  query.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  return !done;
}

onServer("the store of events", () => {
  const events = new Database("events_store");
  let writer: Client;
  let reader: Client;
  let owner: Client;

  beforeAll(async () => {
    await events.begin();
    expect((await events.roles()).code).toBe(0);
    expect(await events.migrate()).toEqual({ code: 0, output: "0001-events applied\n0002-bounds applied\n" });
    writer = await events.as("writer");
    reader = await events.as("reader");
    owner = await events.as("migrator");
  });

  afterAll(() => events.end());

  describe("appending", () => {
    it("numbers the events of an aggregate, and all events", async () => {
      const { rows } = await append(writer, "order-1", 0, [anEvent(), anEvent("OrderPaid")]);
      expect(rows).toEqual([
        { id: expect.any(String), version: "1", position: expect.any(String) },
        { id: expect.any(String), version: "2", position: String(Number(rows[0].position) + 1) },
      ]);
      expect((await append(writer, "order-1", 2)).rows[0].version).toBe("3");
    });

    it("is refused to one of two who decided on the same state", async () => {
      const other = await events.as("writer");
      await writer.query("begin");
      await append(writer, "order-2", 0);
      const second = append(other, "order-2", 0);
      expect(await waits(second)).toBe(true);
      await writer.query("commit");
      await expect(second).rejects.toMatchObject({
        code: "23505",
        constraint: "events_aggregate_version",
        message: "order-2 is at version 1, not at 0",
        hint: "somebody else was faster: read it again and decide anew",
      });
    });

    it("is refused likewise to one who inserts without asking", async () => {
      const insert = "insert into events (aggregate_id, version, event_type, event_data) values ('order-3', 1, 'OrderPlaced', '{}')";
      await writer.query(insert);
      await expect(writer.query(insert)).rejects.toMatchObject({ code: "23505", constraint: "events_aggregate_version" });
    });

    it("is refused to one whose view of the data is older than what was appended", async () => {
      const other = await events.as("writer");
      await other.query("begin isolation level repeatable read");
      await other.query("select count(*) from events");
      await append(writer, "order-4", 0);
      await expect(append(other, "order-4", 0)).rejects.toMatchObject({ code: "23505", constraint: "events_aggregate_version" });
      await other.query("rollback");
    });

    it("is refused when it is the same append once more", async () => {
      const once = anEvent("OrderPlaced", { id: "7b0f2f0e-1f5c-4c59-8f0c-0b1e0f1d2c3a" });
      await append(writer, "order-5", 0, [once]);
      await expect(append(writer, "order-5", 1, [once])).rejects.toMatchObject({ code: "23505", constraint: "events_id" });
    });

    it("appends all or nothing", async () => {
      await expect(append(writer, "order-6", 0, [anEvent(), anEvent("")])).rejects.toThrow("append_events: an event has a type and data");
      expect((await reader.query("select from events where aggregate_id = 'order-6'")).rowCount).toBe(0);
    });

    it.each([
      ["", 0, [anEvent()], "append_events: an aggregate has a name"],
      ["order-7", null, [anEvent()], "append_events: null is no version to expect; use that of the last event, or 0 where there is none"],
      ["order-7", -1, [anEvent()], "append_events: -1 is no version to expect; use that of the last event, or 0 where there is none"],
      ["order-7", 0, [], "append_events: events are a list with one event or more"],
      ["order-7", 0, anEvent(), "append_events: events are a list with one event or more"],
      ["order-7", 0, [{ data: {} }], "append_events: an event has a type and data"],
      ["order-7", 0, [{ type: "OrderPlaced" }], "append_events: an event has a type and data"],
      ["order-7", 0, ["OrderPlaced"], "append_events: an event has a type and data"],
    ])("says what is wrong: %j %j %j", async (aggregate, expected, list, message) => {
      await expect(append(writer, aggregate, expected, list)).rejects.toMatchObject({ code: "22023", message });
    });
  });

  describe("what was appended", () => {
    const CHANGES = ["update events set event_data = '{}'", "delete from events", "truncate events"];

    it.each(CHANGES)("is not the writer's to change: %s", async (statement) => {
      await expect(writer.query(statement)).rejects.toThrow("permission denied for table events");
    });

    it.each(CHANGES)("is not changed by its owner either, unless the guard is taken away first: %s", async (statement) => {
      const [verb] = statement.split(" ");
      await expect(owner.query(statement)).rejects.toMatchObject({
        message: `${verb?.toUpperCase()} of events is refused: what was written stays`,
        hint: "append an event that corrects it",
      });
    });

    it.each(["alter table events disable trigger all", "drop table events", "set session_replication_role = replica"])(
      "is guarded from the writer: %s",
      async (statement) => {
        await expect(writer.query(statement)).rejects.toMatchObject({ code: "42501" });
      },
    );

    it("is guarded where replication skips triggers", async () => {
      const superuser = { database: events.name };
      await expect(onceAs(superuser, "set session_replication_role = replica; delete from events")).rejects.toThrow(
        "DELETE of events is refused",
      );
    });

    it("is not the reader's to append to, and the turn is not the reader's to take", async () => {
      await expect(append(reader, "order-8", 0)).rejects.toThrow("permission denied for function append_events");
      await reader.query("set default_transaction_read_only = off");
      await expect(reader.query("insert into events default values")).rejects.toThrow("permission denied for table events");
      await expect(reader.query("select from events_turn for share")).rejects.toThrow("permission denied for table events_turn");
    });

    it("is not appended to at all where the order of those who append is lost", async () => {
      await owner.query("begin; delete from events_turn");
      await expect(append(owner, "order-8", 0)).rejects.toThrow("events_turn is empty, so that nothing orders those who append");
      await owner.query("rollback");
    });

    it("keeps its rights when roles are set up again", async () => {
      expect((await events.roles()).code).toBe(0);
      await expect(writer.query("delete from events")).rejects.toThrow("permission denied for table events");
    });
  });

  it("keeps a snapshot as it was taken, and lets old ones go", async () => {
    const take = "insert into snapshots (aggregate_id, aggregate_type, snapshot_data, version) values ('order-1', 'Order', '{}', $1)";
    await writer.query(take, [1]);
    await writer.query(take, [2]);
    await expect(writer.query("update snapshots set version = 3")).rejects.toThrow("permission denied for table snapshots");
    await expect(owner.query("update snapshots set version = 3")).rejects.toThrow("UPDATE of snapshots is refused: what was written stays");
    expect((await writer.query("delete from snapshots where version < 2")).rowCount).toBe(1);
  });

  it("tells those who listen how far it is, when the events can be seen", async () => {
    const told: (string | undefined)[] = [];
    reader.on("notification", ({ payload }) => told.push(payload));
    await reader.query("listen events");
    await writer.query("begin");
    const { rows } = await append(writer, "order-9", 0, [anEvent(), anEvent()]);
    await reader.query("select");
    expect(told).toEqual([]);
    await writer.query("commit");
    await reader.query("select");
    expect(told).toEqual([rows[1].position]);
    await writer.query("begin");
    await append(writer, "order-9", 2);
    await writer.query("rollback");
    await reader.query("select");
    expect(told).toHaveLength(1);
    await reader.query("unlisten events");
  });

  describe("a reader by position", () => {
    /** Reads to the end, from where it was. */
    class Projection {
      private position: string | null = null;
      readonly seen: string[] = [];

      constructor(private readonly next: string) {}

      async catchUp(): Promise<void> {
        for (;;) {
          const { rows } = await reader.query(this.next, [this.position]);
          if (rows.length === 0) return;
          this.seen.push(...rows.map(({ aggregate_id }) => aggregate_id));
          this.position = rows[rows.length - 1].position;
        }
      }
    }

    it("begins at the beginning, and goes on in steps", async () => {
      const { rows } = await reader.query("select * from events_after(null, 2)");
      expect(rows.map(({ aggregate_id, version }) => [aggregate_id, version])).toEqual([
        ["order-1", "1"],
        ["order-1", "2"],
      ]);
      const next = await reader.query("select * from events_after($1, 1)", [rows[1].position]);
      expect(next.rows).toMatchObject([{ aggregate_id: "order-1", version: "3", event_data: { total: 5 }, metadata: {} }]);
    });

    it("misses a transaction that commits late, where a table only numbers its rows", async () => {
      // The same columns, defaults and constraints; no turn to take.
      await owner.query("create table naive (like events including all)");
      const insert = "insert into naive (aggregate_id, version, event_type, event_data) values ($1, 1, 'OrderPlaced', '{}')";
      const late = await events.as("writer");
      const projection = new Projection("select * from naive where position > coalesce($1, 0) order by position limit 1");
      await late.query("begin");
      await late.query(insert, ["late"]);
      await writer.query(insert, ["quick"]);
      await projection.catchUp();
      await late.query("commit");
      await projection.catchUp();
      expect(projection.seen).toEqual(["quick"]);
      expect((await reader.query("select from naive where aggregate_id = 'late'")).rowCount).toBe(1);
      await owner.query("drop table naive");
    });

    it.each([
      ["with append_events", 'select append_events($1, 0, \'[{"type": "OrderPlaced", "data": {}}]\')'],
      ["with insert", "insert into events (aggregate_id, version, event_type, event_data) values ($1, 1, 'OrderPlaced', '{}')"],
      [
        "at an isolation of its own",
        "insert into events (aggregate_id, version, event_type, event_data) values ($1, 1, 'OrderPlaced', '{}')",
      ],
    ])("does not miss it here, where writers append %s", async (how, statement) => {
      const isolation = how.startsWith("at") ? "isolation level serializable" : "";
      const late = await events.as("writer");
      const quick = await events.as("writer");
      const projection = new Projection("select * from events_after($1, 1)");
      await projection.catchUp();
      const before = projection.seen.length;
      await late.query(`begin ${isolation}`);
      await late.query(statement, [`late ${how}`]);
      await quick.query(`begin ${isolation}`);
      const appended = quick.query(statement, [`quick ${how}`]);
      expect(await waits(appended)).toBe(true);
      await projection.catchUp();
      await late.query("commit");
      await projection.catchUp();
      await appended;
      await quick.query("commit");
      await projection.catchUp();
      expect(projection.seen.slice(before)).toEqual([`late ${how}`, `quick ${how}`]);
    });

    it("sees every event once and in order while many writers append, some of which give up", async () => {
      const projection = new Projection("select * from events_after($1, 7)");
      await projection.catchUp();
      const before = projection.seen.length;
      const WRITERS = 8;
      const APPENDS = 40;
      let writing = WRITERS;
      const expected: string[] = [];
      const write = async (number: number) => {
        const client = await events.as("writer");
        for (let turn = 0; turn < APPENDS; turn++) {
          const aggregate = `many-${number}-${turn}`;
          await client.query("begin");
          await append(client, aggregate, 0);
          // Not all at the same pace.
          await client.query("select pg_sleep($1)", [((number * 7 + turn * 3) % 5) / 1000]);
          const kept = turn % 4 !== 3;
          await client.query(kept ? "commit" : "rollback");
          if (kept) expected.push(aggregate);
        }
        writing--;
      };
      const writers = Promise.all(Array.from({ length: WRITERS }, (_, number) => write(number)));
      while (writing > 0) await projection.catchUp();
      await writers;
      await projection.catchUp();
      const seen = projection.seen.slice(before);
      expect([...seen].sort()).toEqual([...expected].sort());
      const { rows } = await reader.query("select aggregate_id from events where aggregate_id like 'many-%' order by position");
      expect(seen).toEqual(rows.map(({ aggregate_id }) => aggregate_id));
    });
  });

  describe("its migrations", () => {
    const directory = (...files: readonly (readonly [name: string, text: string])[]) => {
      const copy = mkdtempSync(join(events.directory, "migrations-"));
      cpSync(join(scripts, "event-store/sql"), copy, { recursive: true });
      for (const [name, text] of files) writeFileSync(join(copy, name), text);
      return copy;
    };
    const applied = async () =>
      (await reader.query("select version from schema_migrations order by version")).rows.map((row) => row.version);

    it("are applied once", async () => {
      expect(await events.migrate()).toEqual({ code: 0, output: "0001-events is there\n0002-bounds is there\n" });
    });

    it("are applied once by runners at the same time", async () => {
      const further = directory(["0003-wait.sql", "create table waited (n int); select pg_sleep(0.3) \\g /dev/null\n"]);
      const runs = await Promise.all(Array.from({ length: 3 }, () => events.migrate(further)));
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(runs.map(({ output }) => output.split("\n")[2]).sort()).toEqual([
        "0003-wait applied",
        "0003-wait is there",
        "0003-wait is there",
      ]);
    });

    it("of several at the same time in a new database are applied once too", async () => {
      const fresh = new Database("events_fresh");
      try {
        await fresh.begin();
        expect((await fresh.roles()).code).toBe(0);
        const runs = await Promise.all(Array.from({ length: 3 }, () => fresh.migrate()));
        // Whose turn it is may change from one to the next.
        expect(runs.flatMap(({ output }) => output.trimEnd().split("\n")).sort()).toEqual([
          "0001-events applied",
          "0001-events is there",
          "0001-events is there",
          "0002-bounds applied",
          "0002-bounds is there",
          "0002-bounds is there",
        ]);
      } finally {
        await fresh.end();
      }
    });

    it("are refused where a file was changed after it was applied, and nothing after it runs", async () => {
      const text = readFileSync(join(scripts, "event-store/sql/0001-events.sql"), "utf8");
      const { code, output } = await events.migrate(
        directory(["0001-events.sql", `${text}\n`], ["0004-after.sql", "create table after ();\n"]),
      );
      expect(code).not.toBe(0);
      expect(output).toContain("ERROR:  migration 0001-events was changed after it was applied");
      expect(output).toContain("HINT:  restore the file and write a further one");
      expect(await applied()).not.toContain("0004-after");
    });

    it("that fail leave nothing behind, and are applied once they are mended", async () => {
      const { code, output } = await events.migrate(directory(["0005-half.sql", "create table half ();\nselect 1 / 0;\n"]));
      expect(code).not.toBe(0);
      expect(output).toContain("division by zero");
      expect((await reader.query("select to_regclass('half') as half")).rows).toEqual([{ half: null }]);
      expect(await applied()).not.toContain("0005-half");
      expect((await events.migrate(directory(["0005-half.sql", "create table half ();\n"]))).output).toContain("0005-half applied");
    });

    it("are refused where two have the same number", async () => {
      const { code, output } = await events.migrate(directory(["0001-orders.sql", "select 1;\n"]));
      expect(code).toBe(1);
      expect(output).toContain("migrate: two migrations have the number 0001");
    });

    it("are the migrator's to write down", async () => {
      await expect(writer.query("delete from schema_migrations")).rejects.toThrow("permission denied for table schema_migrations");
    });
  });
});
