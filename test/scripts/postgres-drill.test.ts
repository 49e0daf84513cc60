import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Archive, ArchivedServer, BUCKET, onArchive } from "./archived-server";
import { scripts } from "./server";

jest.setTimeout(300_000);

const PROGRAM = join(scripts, "postgres/postgres-drill.mjs");
const BUN = join(process.cwd(), "node_modules/.bin/bun");
const OWNER = { apiVersion: "v1", kind: "Pod", name: "event-store-drill-1", uid: "7b0c" };

/** What of the Kubernetes API and of CloudNativePG's operator makes a server from a backup, and removes it. */
class Operator {
  readonly calls: string[] = [];
  created: { readonly spec: { readonly bootstrap: { readonly recovery: object } }; readonly metadata: object } | undefined;
  server = new ArchivedServer();

  /** Called after a Cluster was restored, before it is ready. */
  after: (server: ArchivedServer) => unknown = () => {};

  /** Ends when a restore has ended. */
  restoring: Promise<void> = Promise.resolve();
  private exists = false;
  private ready = false;
  private readonly api = createServer((request, response) => this.answer(request, response));

  async begin(): Promise<string> {
    await new Promise<void>((resolve) => this.api.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.api.address() as AddressInfo).port}`;
  }

  async end(): Promise<void> {
    this.api.closeAllConnections();
    this.api.close();
    await this.restoring.catch(() => {});
    this.server.destroy();
  }

  /** A Cluster of a drill that was killed. */
  leave(): void {
    this.exists = true;
  }

  private async restore(lsn: string): Promise<void> {
    await this.server.restore({ recovery_target_lsn: lsn });
    await this.after(this.server);
    this.ready = true;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    let body = "";
    for await (const part of request) body += part;
    this.calls.push(`${method} ${url}`);
    const path = "/apis/postgresql.cnpg.io/v1/namespaces/event-store/clusters";
    const say = (status: number, content: object) => response.writeHead(status).end(JSON.stringify(content));
    if (headers.authorization !== "Bearer token-of-pod") say(401, { message: "Unauthorized" });
    else if (method === "POST" && url === path) {
      if (this.exists) return void say(409, { message: "already exists" });
      [this.exists, this.ready, this.created] = [true, false, JSON.parse(body)];
      say(201, {});
      this.restoring = this.restore(JSON.parse(body).spec.bootstrap.recovery.recoveryTarget.targetLSN);
      this.restoring.catch(() => {});
    } else if (url !== `${path}/event-store-scratch` || !this.exists) say(404, { message: "not found" });
    else if (method === "DELETE") {
      this.exists = false;
      say(200, {});
    } else
      say(200, { status: { phase: this.ready ? "Cluster in healthy state" : "Setting up primary", readyInstances: this.ready ? 1 : 0 } });
  }
}

onArchive("restore drills of a PostgreSQL server", () => {
  const lost = new ArchivedServer();
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-drill-"));
  let archive: Archive;
  let operator: Operator;
  let url = "";
  let child: ChildProcess | undefined;

  const append = async (aggregate: string, count: number) => {
    const client = await lost.client();
    const events = JSON.stringify(Array.from({ length: count }, (_, number) => ({ type: "OrderPlaced", data: { number } })));
    await client.query("select append_events($1, 0, $2)", [aggregate, events]);
  };

  beforeAll(async () => {
    archive = await Archive.begin();
    await lost.create();
    await append("before", 100);
    await lost.query("create table customers (id int primary key)", "insert into customers select generate_series(1, 50)");
    // Like the role of the platform, it is no superuser.
    await lost.query("create role migrator login", "grant select on all tables in schema public to migrator");
    await lost.query("grant execute on function take_turn() to migrator", "vacuum (freeze) events", "checkpoint");
    await lost.backUp();
    await append("after", 100);
    // As CloudNativePG, which closes a file of the log after five minutes.
    await lost.query("alter system set archive_timeout = '1s'", "select pg_reload_conf()");
    const manifest = {
      apiVersion: "postgresql.cnpg.io/v1",
      kind: "Cluster",
      metadata: { name: "event-store-scratch", namespace: "event-store" },
      spec: { instances: 1, bootstrap: { recovery: { source: "origin", recoveryTarget: { targetLSN: "0/0" } } } },
    };
    writeFileSync(join(directory, "cluster.json"), JSON.stringify(manifest));
    writeFileSync(join(directory, "token"), "token-of-pod\n");
  });
  afterAll(() => {
    lost.destroy();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    operator = new Operator();
    url = await operator.begin();
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    await operator.end();
  });

  const at = (server: ArchivedServer) => `postgresql://migrator@/postgres?host=${server.directory}`;
  const begin = (more: Readonly<Record<string, string>> = {}) => {
    const { S3_ENDPOINT = "", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = process.env;
    const aws = { AWS_ENDPOINT_URL_S3: S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION: "us-east-1", BUCKET };
    const pod = {
      API: url,
      TOKEN: join(directory, "token"),
      POD: OWNER.name,
      POD_UID: OWNER.uid,
      MANIFEST: join(directory, "cluster.json"),
    };
    const stores = { SOURCE_URL: at(lost), SCRATCH_URL: at(operator.server), DIGEST: join(scripts, "event-store/records/digest.sql") };
    const env = {
      ...aws,
      ...pod,
      ...stores,
      RESULTS: "drills/event-store/event-store",
      RPO: "60",
      RTO: "900",
      PAUSE: "100",
      UPLOAD: "0",
      ...more,
    };
    child = spawn(BUN, ["--smol", PROGRAM], { env, stdio: ["ignore", "pipe", "pipe"] });
    return child;
  };
  const drill = async (more: Readonly<Record<string, string>> = {}) => {
    const running = begin(more);
    let text = "";
    for (const stream of [running.stdout, running.stderr]) stream?.on("data", (data) => (text += data));
    const code = await new Promise<number | null>((resolve) => running.on("close", resolve));
    const line = text.split("\n").find((one) => one.startsWith("{"));
    if (!line) throw new Error(text);
    return { code, result: JSON.parse(line) };
  };
  const results = () => archive.keys("drills/event-store/event-store/");

  it("restores up to a position of the running server, compares the events, and deletes the scratch server", async () => {
    operator.leave();
    const { code, result } = await drill();
    expect(result).toMatchObject({ drill: "postgres", passed: true, problems: [], rpoSeconds: 60, rtoSeconds: 900 });
    expect(code).toBe(0);
    const [{ lsn = "", tables = 0, rows = 0, events = {} } = {}] = [result.restored];
    expect(events).toMatchObject({ count: "200", hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect([tables >= 2, rows >= 250]).toEqual([true, true]);
    expect([result.restoreSeconds > 0, result.lossSeconds >= 0, result.lossSeconds < 60]).toEqual([true, true, true]);
    expect(operator.created).toMatchObject({
      metadata: { name: "event-store-scratch", ownerReferences: [OWNER] },
      spec: { instances: 1, bootstrap: { recovery: { source: "origin", recoveryTarget: { targetLSN: lsn } } } },
    });
    // First what another drill left, at the end its own.
    const deletions = operator.calls.map((call, index) => (call.startsWith("DELETE") ? index : -1)).filter((index) => index >= 0);
    const creation = operator.calls.findIndex((call) => call.startsWith("POST"));
    expect(deletions.map((index) => index < creation)).toEqual([true, true, false, false]);
    expect(await results()).toEqual([`drills/event-store/event-store/${result.time.replace(/[-:]|\.\d+/g, "")}.json`]);
  });

  it("fails if the restored events are others, or a table is missing, and still deletes the scratch server", async () => {
    operator.after = (server) =>
      server.query(
        "alter table events disable trigger events_append_only",
        "delete from events where position = (select max(position) from events)",
        "drop table customers",
      );
    const { code, result } = await drill();
    expect([code, result.passed, result.restored.events.count]).toEqual([1, false, "199"]);
    expect(result.problems).toEqual([
      "tables are missing: public.customers",
      expect.stringMatching(/^the restored events are 199 up to position \d+ \(\w{64}\) instead of 200 up to /),
    ]);
    expect(operator.calls.at(-1)).toMatch(/^DELETE /);
  });

  it("fails if a byte of the log is another, because the server does not start", async () => {
    const logs = (await archive.keys("/wals/")).filter((key) => /[0-9A-F]{24}\.gz$/.test(key));
    const repair = await archive.flip(logs.at(-2) ?? "", "middle");
    const { code, result } = await drill({ RTO: "2" });
    await expect(operator.restoring).rejects.toThrow("recovery ended before configured recovery target was reached");
    await repair();
    expect([code, result.restored, result.restoreSeconds]).toEqual([1, null, null]);
    expect(result.problems).toEqual(["the restore has not ended within 4 s, twice the RTO: Setting up primary"]);
    expect(operator.calls.at(-1)).toMatch(/^DELETE /);
  });

  it("fails if the log is not archived within the RPO, without a restore", async () => {
    await lost.query("alter system set archive_timeout = 0", "select pg_reload_conf()");
    const { code, result } = await drill({ RPO: "2" });
    await lost.query("alter system set archive_timeout = '1s'", "select pg_reload_conf()");
    expect([code, result.lossSeconds, result.restored]).toEqual([1, null, null]);
    expect(result.problems).toEqual([
      expect.stringMatching(/^the log up to \S+ was not archived within the RPO of 2 s and 0 s for its upload$/),
    ]);
    expect(operator.calls.filter((call) => call.startsWith("POST"))).toEqual([]);
  });

  it("fails if the API refuses it", async () => {
    writeFileSync(join(directory, "wrong"), "of another");
    const { code, result } = await drill({ TOKEN: join(directory, "wrong") });
    expect([code, result.problems]).toEqual([1, Array(2).fill("cluster event-store-scratch can't be deleted: 401 Unauthorized")]);
  });
});
