import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClaimsApi, DRILL } from "./claims";
import { counted, KILLS } from "./kills";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { scripts } from "./server";
import { load, randomly, USERS } from "./stream-backup-program";

jest.setTimeout(120_000);

const PROGRAM = join(scripts, "event-store/volume-drill.mjs");
const BUN = join(process.cwd(), "node_modules/.bin/bun");
const SNAPSHOT = "event-store-20261129t020000z";
const MADE = "2026-11-29T02:00:01Z";
const SECOND = 1000;
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

onS3("restore drills of volume snapshots", () => {
  const s3 = new S3();
  let [source, scratch]: [LogStub, LogStub] = [undefined as never, undefined as never];
  let claims: ClaimsApi = undefined as never;
  let [directory, bucket, buckets] = ["", "", 0];
  let api: Server = undefined as never;
  let child: ChildProcess | undefined;

  beforeAll(() => s3.begin());
  afterAll(() => s3.end());

  beforeEach(async () => {
    bucket = `volumes-${buckets++}`;
    directory = mkdtempSync(join(tmpdir(), "volume-drill-"));
    writeFileSync(join(directory, "token"), "a-token\n");
    // The scratch server of the pod has neither TLS nor users.
    [source, scratch, claims] = [new LogStub(USERS), new LogStub(), new ClaimsApi()];
    api = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      if (request.headers.authorization !== "Bearer a-token" || !(await claims.answer(request, response, body))) response.destroy();
    });
    await Promise.all([source.begin(), scratch.begin(), s3.create(bucket)]);
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    api.closeAllConnections();
    api.close();
    rmSync(directory, { recursive: true });
    await Promise.all([source.end(), scratch.end()]);
  });

  /** A pod that has just been created for a drill, with the restarts of its server. */
  const aPod = (restartCount = 0, age = 0) => ({
    metadata: { creationTimestamp: new Date(Date.now() - age).toISOString() },
    status: {
      initContainerStatuses: [
        { name: "wait", restartCount: 0 },
        { name: "kurrentdb", restartCount, lastState: { terminated: { exitCode: 1, message: "Corrupt chunk-000000.000000" } } },
      ],
    },
  });

  /** A volume of the store as it is now, offered to the next drill, and the pod of that drill. */
  const snapshotted = (changes: Readonly<Record<string, string>> = {}) => {
    const position = String(source.log.at(-1) ? endOf(source) : 0n);
    const annotations = { "cdktf-cqrs/position": position, "cdktf-cqrs/made": MADE, ...changes };
    const spec = { storageClassName: "scratch", resources: {}, dataSource: { name: SNAPSHOT } };
    claims.claim = { metadata: { name: DRILL, annotations }, spec };
    claims.pods = [aPod()];
    scratch.log = [];
    for (const event of source.log) scratch.take(event);
    // The server on the volume writes events of its own.
    scratch.write("$settings", {});
  };
  const endOf = ({ log }: LogStub) => {
    const { position, data, metadata } = log.at(-1) as LogStub["log"][number];
    return position.commit + BigInt(100 + data.length + metadata.length);
  };
  const drill = async (env: Readonly<Record<string, string>> = {}) => {
    const settings = {
      ...s3.env(bucket),
      API: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      CLAIM: DRILL,
      EVENT_STORE_URL: source.url("reader"),
      NAMESPACE: "event-store",
      PAUSE: "50",
      POD: "drill-1",
      RESULTS: "drills/event-store/event-store-volume",
      RPO: "60",
      RTO: "60",
      SCRATCH_URL: scratch.url(),
      TOKEN: join(directory, "token"),
    };
    child = spawn(BUN, ["--smol", PROGRAM], { env: { ...settings, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (text += data));
    const code = await new Promise<number | null>((resolve) => child?.on("close", resolve));
    return { code, text, lines: text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : [])) };
  };
  const published = () => s3.files(bucket).map((file) => JSON.parse(readFileSync(file, "utf8")));

  test("compares the server on the volume with the store, and publishes what it found and how long it took", async () => {
    load(source, 150, randomly(1));
    snapshotted();
    const { code, text, lines } = await drill();
    expect([code, text]).toEqual([0, expect.any(String)]);
    const [result] = published();
    expect(result).toMatchObject({
      drill: "volume-snapshot",
      passed: true,
      problems: [],
      restored: {
        snapshot: SNAPSHOT,
        made: MADE,
        position: String(endOf(source)),
        events: 150,
        content: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      lossSeconds: 0,
      rpoSeconds: 60,
      rtoSeconds: 60,
    });
    expect(lines.at(-1)).toEqual({ message: "drilled", ...result });
    expect([source.calls, scratch.calls]).toEqual([[], []]);
  });

  test("deletes its claim at its start, so that Kubernetes deletes the volume with the pod", async () => {
    load(source, 20, randomly(2));
    snapshotted();
    const deleted: boolean[] = [];
    scratch.interfere = () => void deleted.push(claims.claim?.deletionTimestamp !== undefined);
    expect((await drill()).code).toBe(0);
    expect([deleted.length > 0, deleted.includes(false)]).toEqual([true, false]);
    claims.removePods();
    expect(claims.claim).toBeUndefined();
  });

  test("counts the time since the creation of the pod, and fails above the RTO", async () => {
    load(source, 20, randomly(3));
    snapshotted();
    claims.pods = [aPod(0, 90 * SECOND)];
    expect((await drill()).code).toBe(1);
    const [{ problems, restoreSeconds, restored }] = published();
    expect([problems, restored.events]).toEqual([[expect.stringMatching(/^the restore took 9\d[\d.]* s, and the RTO is 60 s$/)], 20]);
    expect(restoreSeconds).toBeGreaterThan(89);
  });

  test("ends at twice the RTO", async () => {
    load(source, 20, randomly(4));
    snapshotted();
    scratch.interfere = () => pause(6 * SECOND) as Promise<void>;
    const began = Date.now();
    expect((await drill({ RTO: "1" })).code).toBe(1);
    expect(Date.now() - began).toBeLessThan(30 * SECOND);
    expect(published()[0]).toMatchObject({
      problems: ["the restore has not ended within 2 s, twice the RTO"],
      restored: null,
      lossSeconds: null,
    });
  });

  test("measures the age of the oldest event that the volume lacks, and fails above the RPO", async () => {
    load(source, 40, randomly(5));
    snapshotted();
    source.write("$ce-order", {});
    source.write("order-1", {});
    await pause(2 * SECOND);
    source.write("order-1", {});
    claims.pods = [aPod()];
    expect((await drill({ RPO: "1" })).code).toBe(1);
    const [{ lossSeconds, problems, restored }] = published();
    expect([lossSeconds >= 1, lossSeconds < 30, restored.events]).toEqual([true, true, 40]);
    expect(problems).toEqual([expect.stringMatching(/^the oldest event without a backup was [\d.]+ s old, and the RPO is 1 s$/)]);
  });

  test("fails if the volume lacks an event that its record has, has another one, or is of another store", async () => {
    load(source, 60, randomly(6));
    const problemOf = async (change: () => void) => {
      snapshotted();
      change();
      await pause(SECOND);
      expect((await drill()).code).toBe(1);
      return published().at(-1).problems;
    };
    const lost = source.log.filter(({ stream }) => stream === "order-1").at(-1) as LogStub["log"][number];
    expect(await problemOf(() => scratch.scavenge(({ id }) => id === lost.id))).toEqual([
      `the volume lacks ${lost.revision}@order-1 (${lost.type}, ${lost.id}) at position ${lost.position.commit}`,
    ]);
    const tail = source.log.length - 1;
    expect(await problemOf(() => (scratch.log = scratch.log.slice(0, tail)))).toEqual([expect.stringMatching(/^the volume lacks /)]);
    const changed = (event: LogStub["log"][number]) => (event.id === lost.id ? { ...event, data: Buffer.from("other") } : event);
    expect(await problemOf(() => (scratch.log = scratch.log.map(changed)))).toEqual([
      expect.stringMatching(/^the volume has .* in place of /),
    ]);
    expect(await problemOf(() => (source.log = []))).toEqual(["the volume is of another store: none of its 60 events is in this one"]);
  });

  test("accepts what was scavenged, on either side", async () => {
    load(source, 60, randomly(7));
    snapshotted();
    const first = (store: LogStub, stream: string) => store.log.find((event) => event.stream === stream);
    const [here, there] = [first(source, "order-1"), first(source, "order-2")];
    source.scavenge((event) => event === here);
    // The node of the snapshot was scavenged before the leader, whose stream no longer has the event.
    scratch.scavenge(({ id }) => id === there?.id);
    source.interfere = () => {};
    source.hides = (event) => event.id === there?.id;
    const { code, text } = await drill();
    expect([code, text]).toEqual([0, expect.any(String)]);
    expect(published()[0].restored.events).toBe(59);
  });

  test("waits for a server that restarts a few times", async () => {
    load(source, 20, randomly(12));
    snapshotted();
    claims.pods = [aPod(4)];
    let refused = 0;
    const target = Number(new URL(scratch.url().replace("kurrentdb:", "http:")).port);
    // More connections than the client attempts.
    const door = createTcpServer((socket) => {
      socket.on("error", () => {});
      if (refused++ < 11) return void socket.destroy();
      const inner = connect(target, "127.0.0.1");
      inner.on("error", () => socket.destroy());
      socket.pipe(inner).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const { code } = await drill({ SCRATCH_URL: `kurrentdb://127.0.0.1:${(door.address() as AddressInfo).port}?tls=false` });
    door.close();
    expect([code, refused > 11]).toEqual([0, true]);
  });

  test("fails with the reason if the server does not start on the volume", async () => {
    load(source, 20, randomly(8));
    snapshotted();
    claims.pods = [aPod(5)];
    const { code } = await drill({ SCRATCH_URL: "kurrentdb://127.0.0.1:9?tls=false" });
    expect(code).toBe(1);
    expect(published()[0]).toMatchObject({
      problems: ["the server on the volume has ended 5 times, last with code 1: Corrupt chunk-000000.000000"],
      restored: null,
    });
    expect(claims.claim?.deletionTimestamp).toBeDefined();
  });

  test("fails if the claim is gone, has no record, or can't be deleted", async () => {
    load(source, 5, randomly(9));
    snapshotted({ "cdktf-cqrs/position": "" });
    const problems = async () => {
      await pause(SECOND);
      expect((await drill()).code).toBe(1);
      return published().at(-1).problems;
    };
    expect(await problems()).toEqual([`the claim ${DRILL} has no record of a snapshot`]);
    claims.claim = undefined;
    expect(await problems()).toEqual([`the claim ${DRILL} has no record of a snapshot`]);
    snapshotted();
    claims.onCall = (call) => (call.startsWith("DELETE") ? 403 : undefined);
    expect(await problems()).toEqual([`DELETE persistentvolumeclaims/${DRILL}: 403 is refused`]);
  });

  test("kills end a drill without a result or with a right one, and change nothing", async () => {
    const random = randomly(10);
    load(source, 60, randomly(11));
    const events = [...source.log];
    for (let kill = 0; kill < KILLS["volume drill"]; kill++) {
      snapshotted();
      let requests = 0;
      const at = 1 + random(8);
      const strike = () => {
        if (++requests === at) child?.kill("SIGKILL");
      };
      [source.interfere, scratch.interfere, s3.interfere] = [strike, strike, strike];
      claims.onCall = () => void strike();
      await drill();
      [source.interfere, scratch.interfere, s3.interfere] = [() => {}, () => {}, () => {}];
      claims.onCall = () => undefined;
      counted("volume drill");
      claims.removePods();
    }
    expect(published().every(({ passed, restored }) => passed && restored.events === 60)).toBe(true);
    expect([source.log, source.calls, scratch.calls]).toEqual([events, [], []]);
  });

  test("reads a server of its own pod only, and needs its settings", async () => {
    const refused = async (env: Readonly<Record<string, string>>) => (await drill(env)).lines.at(-1)?.error;
    expect(await refused({ SCRATCH_URL: "kurrentdb://event-store:2113" })).toMatch(
      /^SCRATCH_URL must be a connection string of this machine/,
    );
    expect(await refused({ CLAIM: "" })).toBe("CLAIM is not set");
    expect(await refused({ RESULTS: "" })).toBe("RESULTS is not set");
    expect(claims.calls).toEqual([]);
  });
});
