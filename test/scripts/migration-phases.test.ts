import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Database, onServer } from "./server";

jest.setTimeout(60_000);

const examples = join(__dirname, "../../../examples");
const PHASES = "off,parallel,non-critical,all";

/** What a job of an example does with psql, as the migrator. */
async function psql({ name, logins }: Database, ...args: readonly string[]): Promise<string> {
  const { user, password } = logins.migrator;
  const env = { ...process.env, PGUSER: user, PGPASSWORD: password, PGDATABASE: name };
  return promisify(execFile)("psql", ["-q", "-v", "ON_ERROR_STOP=1", ...args], { env }).then(
    () => "done",
    ({ stderr }) => /ERROR: +(.*)/.exec(stderr)?.[1] ?? stderr,
  );
}

onServer("the phases of a migration of messages", () => {
  const messaging = new Database("messaging_phases");

  beforeAll(async () => {
    await messaging.begin();
    expect((await messaging.roles()).code).toBe(0);
  });

  afterAll(() => messaging.end());

  const to = (phase: string) =>
    psql(messaging, "-v", `phase=${phase}`, "-v", `phases=${PHASES}`, "-f", join(examples, "hotswap-messaging/sql/phase.sql"));

  it("change one at a time, forth and back", async () => {
    for (const phase of ["parallel", "parallel", "non-critical", "all", "non-critical", "parallel", "off"])
      expect(await to(phase)).toBe("done");
    const { rows } = await (await messaging.as("migrator")).query("select phase from migration_phases order by id");
    expect(rows.map(({ phase }) => phase)).toEqual(["parallel", "non-critical", "all", "non-critical", "parallel", "off"]);
  });

  it("are refused out of order, and by any other name", async () => {
    const order = "change one phase at a time, in the order off → parallel → non-critical → all";
    expect(await to("all")).toBe(`phase all can't follow off: ${order}`);
    expect(await to("most")).toBe(`phase most can't follow off: ${order}`);
    expect(await to("parallel")).toBe("done");
  });
});

onServer("the tables of events that an application has migrations of its own for", () => {
  const orchestrix = new Database("orchestrix");

  beforeAll(async () => {
    await orchestrix.begin();
    expect((await orchestrix.roles()).code).toBe(0);
    const file = join(examples, "orchestrix/migrations/0001-events.sql");
    expect([await psql(orchestrix, "-f", file), await psql(orchestrix, "-f", file)]).toEqual(["done", "done"]);
  });

  afterAll(() => orchestrix.end());

  it("take one event for each version of an aggregate, and keep it", async () => {
    const writer = await orchestrix.as("writer");
    const append = "insert into events (aggregate_id, event_type, event_data, version) values ('order-1', 'Placed', '{}', 1)";
    await writer.query(append);
    await expect(writer.query(append)).rejects.toMatchObject({ code: "23505" });
    for (const change of ["update events set version = 2", "delete from events", "truncate events"])
      await expect(writer.query(change)).rejects.toMatchObject({ code: "42501" });
    await writer.query("insert into snapshots (aggregate_id, aggregate_type, snapshot_data, version) values ('order-1', 'Order', '{}', 1)");
  });
});
