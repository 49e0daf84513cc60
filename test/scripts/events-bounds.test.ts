import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client, Connection } from "pg";
import { configOf, Database, onServer } from "./server";

jest.setTimeout(120_000);

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Until a frozen client loses its turn: ten seconds, and what a busy machine takes. */
const BOUND = 18_000;

onServer("those who append", () => {
  const events = new Database("events_bounds");
  let writer: Client;
  let number = 0;
  const append = (client: Client) =>
    client.query('select * from append_events($1, 0, \'[{"type": "OrderPlaced", "data": {}}]\')', [`order-${number++}`]);
  const appending = () => `select append_events('order-${number++}', 0, '[{"type": "OrderPlaced", "data": {}}]')`;

  beforeAll(async () => {
    await events.begin();
    expect((await events.roles()).code).toBe(0);
    expect((await events.migrate()).code).toBe(0);
    writer = await events.as("writer");
  });

  afterAll(() => events.end());

  /** A process of a client that is stopped in the middle of a transaction, as a node that is suspended stops it. */
  const stopped = async () => {
    const client = `
      const { Client } = require("pg");
      (async () => {
        const client = new Client(JSON.parse(process.argv[1]));
        await client.connect();
        await client.query("begin");
        await client.query(process.argv[2]);
        process.stdout.write("has the turn");
      })();`;
    const config = JSON.stringify(configOf({ ...events.logins.writer, database: events.name }));
    const child = spawn(process.execPath, ["-e", client, config, appending()], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGSTOP");
    return () => child.kill("SIGKILL");
  };

  /** One that has sent an append and nothing that would end it: no limit of PostgreSQL before 17 sees it. */
  const withoutSync = async () => {
    const client = await events.as("writer");
    const { connection } = client as unknown as { connection: Connection };
    const wire = connection as unknown as Record<"parse" | "bind" | "execute", (message: object) => void> & { flush(): void };
    wire.parse({ text: appending(), name: "", types: [] });
    wire.bind({});
    wire.execute({ portal: "", rows: 0 });
    wire.flush();
    await sleep(500);
    return () => connection.stream.destroy();
  };

  /** One that has begun a message and not ended it. */
  const halfSent = async () => {
    const client = await events.as("writer");
    await client.query("begin");
    await client.query(appending());
    const { connection } = client as unknown as { connection: Connection };
    connection.stream.write(Buffer.from([0x51, 0, 0, 1, 0, 0x73, 0x65]));
    return () => connection.stream.destroy();
  };

  /** One that copies events in, and stops before the end. */
  const halfCopied = async () => {
    const client = await events.as("writer");
    const { connection } = client as unknown as { connection: Connection };
    (connection as unknown as { query(text: string): void }).query(
      "copy events (aggregate_id, version, event_type, event_data) from stdin",
    );
    await sleep(500);
    return () => connection.stream.destroy();
  };

  it.each([
    ["is stopped in a transaction", stopped],
    ["has sent half of a message", halfSent],
    ["has sent an append without an end", withoutSync],
    ["has sent half of a copy", halfCopied],
  ])("go on after ten seconds where one of them %s, and lose nothing that was committed", async (_, freeze) => {
    await append(writer);
    const before = (await writer.query("select count(*) from events")).rows[0].count;
    const thaw = await freeze();
    const begun = Date.now();
    await append(writer);
    const took = Date.now() - begun;
    thaw();
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(BOUND);
    expect((await writer.query("select count(*) from events")).rows[0].count).toBe(String(Number(before) + 1));
  });

  it("keep the turn as long as they use it: who waits gives up after half a minute, and is told so", async () => {
    const busy = await events.as("writer");
    await busy.query("begin");
    await append(busy);
    let waiting = true;
    const refused = append(writer)
      .then(
        () => undefined,
        (error) => error,
      )
      .finally(() => {
        waiting = false;
      });
    while (waiting) {
      await busy.query("select");
      await sleep(200);
    }
    expect(await refused).toMatchObject({ code: "55P03", message: "another transaction has had the turn to append for half a minute" });
    await busy.query("commit");
    await append(writer);
  });

  it.each([
    ["insert into events (position, aggregate_id, version, event_type, event_data) overriding system value values (1, 'x', 1, 'X', '{}')"],
    ["insert into events (aggregate_id, version, event_type, event_data, \"timestamp\") values ('x', 1, 'X', '{}', now())"],
    ["insert into snapshots (aggregate_id, aggregate_type, snapshot_data, version, \"timestamp\") values ('x', 'X', '{}', 1, now())"],
    ["select nextval('events_position_seq')"],
    ["select end_frozen_turn('0 seconds')"],
  ])("don't choose places or times, nor who is ended: %s", async (statement) => {
    await expect(writer.query(statement)).rejects.toMatchObject({ code: "42501" });
  });

  it("are given the time of the append, not that at which their transaction began, so that times rise with positions", async () => {
    const early = await events.as("writer");
    await early.query("begin");
    await early.query("select");
    await sleep(300);
    await append(writer);
    await append(early);
    await early.query("commit");
    const { rows } = await writer.query(
      'select from (select "timestamp" < lag("timestamp") over (order by position) as falls from events) as times where falls',
    );
    expect(rows).toEqual([]);
  });

  it("are held up for a second at a time by a migration that waits for a lock, which tells whose it is", async () => {
    const further = mkdtempSync(join(events.directory, "further-"));
    writeFileSync(join(further, "0003-further.sql"), "alter table public.events add column further text;\n");
    const reader = await events.as("reader");
    const { pid } = (await reader.query("select pg_backend_pid() as pid")).rows[0];
    await reader.query("begin");
    await reader.query("select from events limit 1");
    let migrating = true;
    const migrated = events.migrate(further, { ATTEMPTS: "2", PAUSE: "2" }).finally(() => {
      migrating = false;
    });
    let slowest = 0;
    while (migrating) {
      const before = Date.now();
      await append(writer);
      slowest = Math.max(slowest, Date.now() - before);
      await sleep(5);
    }
    const { code, output } = await migrated;
    expect(slowest).toBeLessThan(2_000);
    expect(code).toBe(3);
    expect(output).toContain("ERROR:  canceling statement due to lock timeout\n");
    expect(output).toContain("migrate: 0003-further needs a lock that one of these transactions holds; end it and apply again:\n");
    expect(output).toContain(`session ${pid}, events_bounds_reader_a, idle in transaction, since 20`);
    expect(output).not.toMatch(/LOCATION|55P03/);
    await reader.query("rollback");
    expect(await events.migrate(further)).toMatchObject({ code: 0, output: expect.stringContaining("0003-further applied\n") });
  });

  it("are known to the server, which looks whether their connections are there", async () => {
    for (const role of ["migrator", "writer", "reader"] as const) {
      const { rows } = await (await events.as(role)).query(
        "select name || '=' || setting as is from pg_settings where name in ('client_connection_check_interval', 'tcp_keepalives_idle')",
      );
      expect(rows.map((row) => row.is).sort()).toEqual(["client_connection_check_interval=10000", "tcp_keepalives_idle=30"]);
    }
  });
});
