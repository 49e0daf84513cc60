import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { projectionVariables, type ReadModelSlot } from "../../constructs/projection";
import { StubStreams } from "./kurrentdb-streams";
import { Database, onceAs, onServer, scripts } from "./server";

const SAMPLE = join(process.cwd(), "sample/programs");
const BUN = join(process.cwd(), "node_modules/.bin/bun");
const PARTITIONS = 4;

const slotOf = (slot: ReadModelSlot) => projectionVariables("orders", slot);

/** A role of the sample as its container runs it: nothing but its variables, nothing to write but a directory of its own. */
class Role {
  output = "";
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private ended = false;

  constructor(
    script: string,
    private readonly port: number,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(BUN, ["--smol", join(SAMPLE, script)], { env: { PORT: String(port), ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on("data", (data) => (this.output += data));
    this.exited = new Promise((resolve) => this.child.on("close", resolve));
    this.exited.then(() => (this.ended = true));
  }

  /** What it says under a path. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  async status(path: string): Promise<number> {
    return (await this.ask(path).catch(() => undefined))?.status ?? 0;
  }

  async ready(): Promise<this> {
    await until(async () => this.ended || (await this.status("/health")) === 200);
    if (this.ended) throw new Error(this.output);
    return this;
  }

  /** Ends it as Kubernetes does, and tells with what code it went. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }

  get done(): Promise<number | null> {
    return this.exited;
  }
}

async function until(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) if (await condition()) return;
  throw new Error("it did not happen in time");
}

/** The series of an exposition, each with its value. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets through to the database, until it is closed. */
class Door {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private open = true;

  constructor(host: string, port: number) {
    this.server = createServer((from) => {
      if (!this.open) {
        from.destroy();
        return;
      }
      const to = connect(port, host);
      for (const [one, other] of [[from, to] as const, [to, from] as const]) {
        this.sockets.add(one);
        one
          .on("error", () => {})
          .on("close", () => {
            this.sockets.delete(one);
            other.destroy();
          });
        one.pipe(other);
      }
    });
  }

  async begin(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  reopen(): void {
    this.open = true;
  }

  async end(): Promise<void> {
    this.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const runtime = spawnSync(BUN, ["--version"]);
const missing = runtime.status !== 0;
if (missing) process.stderr.write("SKIPPED the sample: bun is not installed\n");

(missing ? describe.skip : onServer)("the sample", () => {
  const events = new StubStreams({
    commands: { password: "c:0/m%?", appends: true },
    subscriptions: { password: "subscriptions", appends: false },
  });
  const database = new Database("sample");
  const { PGHOST = "localhost", PGPORT = "5432", PGSSLROOTCERT } = process.env;
  const door = new Door(PGHOST, Number(PGPORT));
  let doorway = Number(PGPORT);
  const running: Role[] = [];
  let commandApi: Role;
  let queryApi: Role;
  let processors: readonly Role[];
  let projections: readonly Role[];

  /** As the platform writes it for a role. */
  const databaseUrl = (role: "migrator" | "writer" | "reader", port = Number(PGPORT)) => {
    const { user, password } = database.logins[role];
    const query = PGSSLROOTCERT ? `sslmode=verify-full&sslrootcert=${PGSSLROOTCERT}` : "sslmode=disable";
    return `postgresql://${user}:${encodeURIComponent(password)}@${PGHOST}:${port}/${database.name}?${query}`;
  };
  const start = async (script: string, env: NodeJS.ProcessEnv) => {
    const role = new Role(script, await freePort(), { TMPDIR: mkdtempSync(join(database.directory, "tmp-")), ...env });
    running.push(role);
    return role;
  };
  const startProjection = (worker: number, workers = 2, env: NodeJS.ProcessEnv = {}) =>
    start("projection.ts", {
      EVENT_STORE_URL: events.url("subscriptions"),
      DATABASE_URL: databaseUrl("writer"),
      ...slotOf("a"),
      WORKER: String(worker),
      WORKERS: String(workers),
      PARTITIONS: String(PARTITIONS),
      HOSTNAME: `projection-${worker}`,
      ...env,
    });
  const startProcessor = () => start("command-processor.ts", { EVENT_STORE_URL: events.url("commands") });
  const startCommandApi = (env: NodeJS.ProcessEnv = {}) => start("command-api.ts", { EVENT_STORE_URL: events.url("commands"), ...env });
  const migrate = async (env: NodeJS.ProcessEnv = {}) => {
    const role = await start("migrate.ts", { DATABASE_URL: databaseUrl("migrator"), ...slotOf("a"), ...env });
    return { code: await role.done, output: role.output };
  };

  const place = (key: string, order: object = { item: "book", quantity: 1 }, api = commandApi) =>
    api.ask("/orders", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(order),
    });
  const orders = async (): Promise<{ id: string; item: string; quantity: number; status: string }[]> =>
    (await queryApi.ask("/orders")).json() as any;
  const order = async (id: string) => (await queryApi.ask(`/orders/${id}`)).json() as Promise<any>;
  const written = (type: string) => (events.streams.get("orders") ?? []).filter((event) => event.type === type);
  const rows = async (statement: string) => onceAs({ database: database.name }, statement);

  beforeAll(async () => {
    await Promise.all([events.begin(), database.begin()]);
    doorway = await door.begin();
    for (const { code, output } of [await database.roles(), await database.migrate(join(scripts, "projection/sql")), await migrate()])
      if (code !== 0) throw new Error(output);
    // What the job of a read model does once its tables are there.
    const migrator = await database.as("migrator");
    await migrator.query(`select projections.begin('orders', 'a', ${PARTITIONS}), projections.publish('orders')`);
    [commandApi, queryApi, processors, projections] = await Promise.all([
      startCommandApi({ ALLOWED_ORIGIN: "http://localhost:8080" }),
      start("query-api.ts", { DATABASE_URL: databaseUrl("reader", doorway), COMMANDS_URL: "http://localhost:8081" }),
      Promise.all([startProcessor(), startProcessor()]),
      Promise.all([startProjection(0), startProjection(1)]),
    ]);
    await Promise.all([commandApi, queryApi, ...processors, ...projections].map((role) => role.ready()));
  });

  afterAll(async () => {
    await Promise.all(running.map((role) => role.end("SIGKILL")));
    await Promise.all([events.end(), door.end()]);
    await database.end();
  });

  it("is of the right types", () => {
    const { stdout, status } = spawnSync(join(process.cwd(), "node_modules/.bin/tsc"), ["-p", SAMPLE], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });

  it("writes an order down, confirms it, projects it and serves it", async () => {
    const answer = await place("first");
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as { id: string };
    expect(answer.headers.get("location")).toBe(`/orders/${id}`);
    await until(async () => (await order(id)).status === "confirmed");
    expect(await order(id)).toEqual({
      id,
      item: "book",
      quantity: 1,
      status: "confirmed",
      placedAt: expect.any(String),
      confirmedAt: expect.any(String),
    });
    expect(await orders()).toEqual([expect.objectContaining({ id })]);
  });

  it("takes a command that is sent again for the same", async () => {
    const before = written("OrderPlaced").length;
    const answers = await Promise.all(Array.from({ length: 5 }, () => place("again")));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ headers }) => headers.get("location"))).size).toBe(1);
    const anew = await (await startCommandApi()).ready();
    expect((await place("again", undefined, anew)).status).toBe(200);
    expect(written("OrderPlaced").length).toBe(before + 1);
    expect(await (await place("again", { item: "pen", quantity: 1 })).json()).toEqual({
      error: "this Idempotency-Key was sent with another order",
    });
    await anew.end();
  });

  it("refuses what is no order", async () => {
    const wrong = [{}, { item: "", quantity: 1 }, { item: "book", quantity: 1.5 }, { item: "book", quantity: 1001 }, []];
    const answers = await Promise.all(wrong.map((body) => place("wrong", body)));
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    const unnamed = await commandApi.ask("/orders", { method: "POST", body: '{"item":"book","quantity":1}' });
    expect(await unnamed.json()).toEqual({ error: "send an Idempotency-Key of at most 255 characters" });
    expect((await queryApi.ask("/orders/none")).status).toBe(404);
    expect((await queryApi.ask("/other")).status).toBe(404);
  });

  it("tells Prometheus of commands and queries by their outcome, and of every request but its own", async () => {
    const api = await (await startCommandApi()).ready();
    const counted = async (role: Role) => samplesOf(await (await role.ask("/metrics")).text());
    expect((await counted(api)).get('cqrs_command_total{command_type="PlaceOrder",status="success"}')).toBe(0);
    await place("counted", undefined, api);
    await place("counted", undefined, api);
    await place("counted", { item: "", quantity: 1 }, api);
    const placed = await counted(api);
    const outcomes = (of: ReadonlyMap<string, number>) =>
      ["success", "rejected", "error"].map((status) => of.get(`cqrs_command_total{command_type="PlaceOrder",status="${status}"}`));
    expect(outcomes(placed)).toEqual([2, 1, 0]);
    expect(placed.get('cqrs_command_duration_count{command_type="PlaceOrder",success="true"}')).toBe(2);
    expect(placed.get('cqrs_command_duration_bucket{command_type="PlaceOrder",success="true",le="+Inf"}')).toBe(2);
    const requests = [...placed].filter(([series]) => series.startsWith("http_server_request_duration_seconds_count"));
    expect(requests.map(([series, count]) => [/route="([^"]+)".*code="(\d+)"/.exec(series)?.slice(1).join(" "), count])).toEqual([
      ["/orders 201", 1],
      ["/orders 200", 1],
      ["/orders 400", 1],
    ]);
    // Its user may only read.
    const barred = await (await startCommandApi({ EVENT_STORE_URL: events.url("subscriptions") })).ready();
    expect((await place("barred", undefined, barred)).status).toBe(503);
    expect(outcomes(await counted(barred))).toEqual([0, 0, 1]);
    await Promise.all([api, barred].map((role) => role.end()));

    const before = await counted(queryApi);
    const { length } = await orders();
    const after = await counted(queryApi);
    const grown = (series: string) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
    expect(grown('cqrs_query_duration_count{query_type="ListOrders"}')).toBe(1);
    expect(grown('cqrs_query_result_count_sum{query_type="ListOrders"}')).toBe(length);
    const confirmed = await Promise.all(processors.map(counted));
    const successes = confirmed.map((one) => one.get('cqrs_command_total{command_type="ConfirmOrders",status="success"}') ?? 0);
    expect(Math.max(...successes)).toBeGreaterThan(0);
  });

  it("shows a browser a page that sends commands to the command API", async () => {
    const page = await queryApi.ask("/");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain('<body data-commands="http://localhost:8081">');
    const asked = await commandApi.ask("/orders", { method: "OPTIONS" });
    expect(asked.headers.get("access-control-allow-origin")).toBe("http://localhost:8080");
    expect(asked.headers.get("access-control-allow-headers")).toBe("content-type, idempotency-key");
  });

  it("confirms each order once, whoever of several processors is first", async () => {
    // Time enough for both to decide before one of them has written.
    events.slow = 30;
    await Promise.all(Array.from({ length: 30 }, (_, number) => place(`many-${number}`)));
    await until(() => written("OrderConfirmed").length === written("OrderPlaced").length);
    const confirmed = written("OrderConfirmed").map(({ data }) => (data as { order: string }).order);
    expect(new Set(confirmed).size).toBe(confirmed.length);
    expect(events.conflicts).toBeGreaterThan(0);
    events.slow = 0;
  });

  it("projects each partition by one worker, and each event once", async () => {
    const last = String((events.streams.get("orders") ?? []).length - 1);
    await until(async () => (await rows("select distinct position from projections.progress")).every(({ position }) => position === last));
    const placed = written("OrderPlaced").map(({ data }) => (data as { order: string }).order);
    expect((await orders()).map(({ id }) => id).sort()).toEqual([...placed].sort());
    expect((await orders()).every(({ status }) => status === "confirmed")).toBe(true);
    expect(await rows("select partition, owner from projections.progress order by partition")).toEqual(
      Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, owner: `projection-${partition % 2}` })),
    );
  });

  it("says how many orders there are, and how far the projection is behind", async () => {
    const count = written("OrderPlaced").length;
    // The head is told once every few seconds.
    await until(async () => ((await (await queryApi.ask("/progress")).json()) as any).projection.behind === 0);
    expect(await (await queryApi.ask("/progress")).json()).toEqual({
      total: count,
      confirmed: count,
      projection: { state: "healthy", behind: 0, partitions: PARTITIONS, workers: 2 },
    });
  });

  it("goes on where a worker was lost, and with another number of workers", async () => {
    const [first, second] = projections as [Role, Role];
    await first.end("SIGKILL");
    expect(await second.end()).toBe(0);
    const only = await startProjection(0, 1, { HOSTNAME: "projection-0" });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => place(`after-${number}`)));
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
    for (const id of ids) await until(async () => (await order(id)).status === "confirmed");
    expect(await rows("select distinct owner from projections.progress")).toEqual([{ owner: "projection-0" }]);
    expect(await only.end()).toBe(0);
    // What is given back is free at once.
    expect(await rows("select distinct owner from projections.progress")).toEqual([{ owner: null }]);
    projections = await Promise.all([startProjection(0), startProjection(1)]);
    await Promise.all(projections.map((role) => role.ready()));
  });

  it("claims a partition anew when its claim is no longer the newest", async () => {
    await rows("update projections.partitions set token = nextval('projections.tokens'), owner = 'somebody', lease_until = '-infinity'");
    const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => place(`void-${number}`)));
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
    for (const id of ids) await until(async () => (await order(id)).status === "confirmed");
    expect(await rows("select from projections.progress where owner = 'somebody'")).toEqual([]);
  });

  it("does not begin with another number of partitions", async () => {
    const role = await startProjection(0, 2, { PARTITIONS: "5" });
    expect(await role.done).toBe(1);
    expect(role.output).toContain("orders/a has 4 partitions, not 5\n");
  });

  it("finishes the command that it has in hand before it ends", async () => {
    const api = await (await startCommandApi()).ready();
    events.slow = 700;
    const answer = place("in hand", undefined, api);
    await pause(200);
    const end = api.end();
    await pause(100);
    await expect(api.ask("/live")).rejects.toThrow();
    expect((await answer).status).toBe(201);
    expect(await end).toBe(0);
    events.slow = 0;
  });

  it("ends with a connection open that nothing is asked on", async () => {
    const role = await (await startProcessor()).ready();
    expect(await role.status("/live")).toBe(200);
    expect(await role.end()).toBe(0);
  });

  it("is not ready while the database is away, but lives", async () => {
    door.close();
    await until(async () => (await queryApi.status("/health")) === 503);
    expect(await queryApi.status("/live")).toBe(200);
    expect((await queryApi.ask("/orders")).status).toBe(503);
    door.reopen();
    await until(async () => (await queryApi.status("/health")) === 200);
    expect((await orders()).length).toBeGreaterThan(0);
  });

  it("is not ready while the event store refuses it", async () => {
    const role = await start("command-api.ts", { EVENT_STORE_URL: events.url("commands").replace("commands:", "nobody:") });
    await until(async () => (await role.status("/health")) === 503);
    expect(await (await role.ask("/health")).json()).toEqual({ status: "unhealthy", error: expect.stringContaining("event store: 401") });
    expect((await place("refused", undefined, role)).status).toBe(503);
  });

  it("trusts nobody but the authority that it was given", async () => {
    const url = events.url("commands").replace(events.authority, PGSSLROOTCERT ?? events.authority);
    const role = await start("command-api.ts", { EVENT_STORE_URL: url });
    await until(async () => (await role.status("/health")) === (PGSSLROOTCERT ? 503 : 200));
    if (!PGSSLROOTCERT) return;
    const strange = databaseUrl("migrator").replace(PGSSLROOTCERT, events.authority);
    expect((await migrate({ DATABASE_URL: strange })).code).not.toBe(0);
  });

  it("makes its tables once", async () => {
    expect((await migrate()).code).toBe(0);
    expect((await orders()).length).toBeGreaterThan(0);
  });

  it("builds its read model anew in the other slot, beside the live one", async () => {
    expect((await migrate(slotOf("b"))).code).toBe(0);
    const role = await startProjection(0, 1, slotOf("b"));
    await until(
      async () => (await rows("select from projections.progress where slot = 'b' and (position is null or behind > 0)")).length === 0,
    );
    const of = (slot: string) => rows(`select * from orders_${slot}.orders order by id`);
    await until(async () => JSON.stringify(await of("b")) === JSON.stringify(await of("a")));
    expect(await role.end()).toBe(0);
  });
});
