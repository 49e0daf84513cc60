import { readFileSync, writeFileSync } from "node:fs";
import { counted, KILLS } from "./kills";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { contents, load, Program, randomly, USERS } from "./stream-backup-program";

const SECOND = 1000;
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

onS3("restore drills of stream backups", () => {
  const s3 = new S3();
  let [source, scratch]: [LogStub, LogStub] = [undefined as never, undefined as never];
  let program: Program = undefined as never;
  let bucket = "";
  let buckets = 0;

  beforeAll(() => s3.begin());
  afterAll(() => s3.end());

  beforeEach(async () => {
    bucket = `drills-${buckets++}`;
    // The scratch server of the pod has neither TLS nor users.
    [source, scratch] = [new LogStub(USERS), new LogStub()];
    await Promise.all([source.begin(), scratch.begin(), s3.create(bucket)]);
    const settings = { EVENT_STORE_URL: source.url("reader"), SCRATCH_URL: scratch.url(), RPO: "60", RTO: "60" };
    program = new Program(source, s3, bucket, { ...settings, RESULTS: "drills/event-store/event-store" });
  });
  afterEach(() => Promise.all([source.end(), scratch.end()]));

  const backedUp = async (events: number, seed: number) => {
    load(source, events, randomly(seed));
    const { code, text } = await program.run(["backup"]);
    if (code !== 0) throw new Error(text);
  };
  const objects = () => s3.files(bucket).filter((file) => file.includes("/event-store/stream/"));
  const results = () => s3.files(bucket).filter((file) => file.includes("/drills/event-store/event-store/"));
  const published = () => results().map((file) => JSON.parse(readFileSync(file, "utf8")));

  test("restores the newest backup into the scratch server, and publishes what was restored and how long it took", async () => {
    await backedUp(150, 1);
    const { code, text, lines } = await program.run(["drill"]);
    expect([code, text]).toEqual([0, expect.any(String)]);
    expect(contents(scratch.log)).toEqual(contents(source.log));
    const [result] = published();
    const { restored } = result;
    expect(result).toMatchObject({ drill: "stream-backup", passed: true, problems: [], lossSeconds: 0, rpoSeconds: 60, rtoSeconds: 60 });
    expect(restored).toMatchObject({ sequence: objects().length, events: 150, content: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(result.restoreSeconds).toBeGreaterThan(0);
    expect(lines.at(-1)).toMatchObject({ message: "drilled", passed: true, restored });
    expect(source.calls).toEqual([]);
    // Results are no objects of the backup.
    expect((await program.run(["verify"])).code).toBe(0);
  });

  test("restores a copy of the backup, and publishes in another bucket", async () => {
    await backedUp(30, 10);
    const results = `${bucket}-results`;
    await s3.create(results);
    expect((await program.run(["drill"], { RESULTS_BUCKET: results, RESULTS_REGION: "eu-west-1" })).code).toBe(0);
    expect([published(), s3.files(results).length]).toEqual([[], 1]);
  });

  test("measures the age of the oldest event without a backup, and fails above the RPO", async () => {
    await backedUp(40, 2);
    source.write("$ce-order", {});
    source.write("order-1", {});
    await pause(2 * SECOND);
    source.write("order-1", {});
    expect((await program.run(["drill"])).code).toBe(0);
    const [{ lossSeconds }] = published();
    expect([lossSeconds >= 2, lossSeconds < 30]).toEqual([true, true]);
    const strict = await other().run(["drill"], { RPO: "1" });
    expect(strict.code).toBe(1);
    const [, failed] = published();
    expect(failed).toMatchObject({ passed: false, restored: { events: 40 } });
    expect(failed.problems).toEqual([expect.stringMatching(/^the oldest event without a backup was [\d.]+ s old, and the RPO is 1 s$/)]);
  });

  const extra: LogStub[] = [];
  /** A program whose scratch server is another one: each drill starts with an empty one. */
  const other = () => {
    const store = new LogStub();
    extra.push(store);
    return {
      run: async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
        await store.begin();
        await pause(SECOND);
        return program.run(args, { SCRATCH_URL: store.url(), ...env });
      },
    };
  };
  afterEach(() => Promise.all(extra.splice(0).map((store) => store.end())));

  test("fails if the restore takes longer than the RTO, and ends at twice the RTO", async () => {
    await backedUp(120, 3);
    let delays = 0;
    scratch.interfere = async (moment, method) => {
      if (moment === "arrived" && method === "Append" && delays++ === 0) await pause(5.2 * SECOND);
    };
    expect((await program.run(["drill"], { RTO: "5" })).code).toBe(1);
    const [slow] = published();
    expect(slow).toMatchObject({ passed: false, restored: { events: 120 } });
    expect(slow.problems).toEqual([expect.stringMatching(/^the restore took [5-9][\d.]* s, and the RTO is 5 s$/)]);

    const endless = new LogStub();
    extra.push(endless);
    await endless.begin();
    endless.interfere = (_, method) => (method === "Append" ? pause(SECOND / 2) : undefined) as Promise<void>;
    const began = Date.now();
    expect((await program.run(["drill"], { SCRATCH_URL: endless.url(), RTO: "1" })).code).toBe(1);
    expect(Date.now() - began).toBeLessThan(30 * SECOND);
    expect(published()[1]).toMatchObject({
      passed: false,
      problems: ["the restore has not ended within 2 s, twice the RTO"],
      restored: null,
      restoreSeconds: null,
      lossSeconds: null,
    });
  });

  test("kills end a drill without a result or with a right one, and change neither the store nor its backup", async () => {
    const random = randomly(8);
    await backedUp(60, 9);
    const [events, before] = [contents(source.log), objects()];
    for (let kill = 0; kill < KILLS["restore drill"]; kill++) {
      const store = new LogStub();
      extra.push(store);
      await store.begin();
      let requests = 0;
      const at = 1 + random(30);
      const strike = () => {
        if (++requests === at) program.kill();
      };
      [store.interfere, s3.interfere] = [strike, strike];
      const { code } = await program.run(["drill"], { SCRATCH_URL: store.url() });
      [store.interfere, s3.interfere] = [() => {}, () => {}];
      expect(code).toBeNull();
      counted("restore drill");
    }
    expect(published().every(({ passed, restored }) => passed && restored.events === 60)).toBe(true);
    expect([contents(source.log), objects(), source.calls]).toEqual([events, before, []]);
    await pause(SECOND);
    expect((await program.run(["drill"])).code).toBe(0);
  }, 300_000);

  test("fails if an object is damaged or missing, and says which", async () => {
    await backedUp(120, 4);
    const [, second = ""] = objects();
    const bytes = readFileSync(second);
    writeFileSync(second, bytes.with(40, (bytes[40] as number) ^ 1));
    expect((await program.run(["drill"])).code).toBe(1);
    const key = second.split("/").slice(-2).join("/");
    expect(published()[0]).toMatchObject({ passed: false, problems: [expect.stringContaining(key)], restored: null });
    expect(scratch.log).toEqual([]);
    writeFileSync(second, bytes);
    expect(await s3.call("DELETE", `/${bucket}/event-store/stream/${key}`)).toBe(204);
    expect((await other().run(["drill"])).code).toBe(1);
    expect(published()[1].problems).toEqual([`${key.slice(0, 25)} is missing`]);
  });

  test("fails if there is no backup, if it is of another store, and if the store does not answer", async () => {
    expect((await program.run(["drill"])).code).toBe(1);
    expect(published()[0].problems).toEqual([`bucket ${bucket}: there is no complete generation`]);
    await backedUp(20, 5);
    const replaced = new LogStub(USERS);
    extra.push(replaced);
    await replaced.begin();
    load(replaced, 5, randomly(6));
    expect((await other().run(["drill"], { EVENT_STORE_URL: replaced.url("reader") })).code).toBe(1);
    expect(published()[1].problems).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z is a backup of another store: /)]);
    const wrong = await other().run(["drill"], { EVENT_STORE_URL: source.url("reader").replace("reads", "writes") });
    expect([wrong.code, published()[2].problems, published()[2].restored.events]).toEqual([1, ["gRPC status 16"], 20]);
  });

  test("appends to a server of its own machine only, and needs its objectives", async () => {
    await backedUp(10, 7);
    const refused = async (env: Readonly<Record<string, string>>) => {
      const { code, lines } = await program.run(["drill"], env);
      return [code, lines.at(-1)?.error];
    };
    const rule = "SCRATCH_URL must be a connection string of this machine: kurrentdb://127.0.0.1:2113?tls=false";
    for (const url of ["", "kurrentdb://event-store:2113", "kurrentdb://127.0.0.1.example.com", "kurrentdb://localhost,event-store:2113"]) {
      expect(await refused({ SCRATCH_URL: url })).toEqual([1, rule]);
    }
    expect(await refused({ RPO: "soon" })).toEqual([1, "RPO: soon must be a whole number"]);
    expect(await refused({ RESULTS: "" })).toEqual([1, "RESULTS is not set"]);
    expect([scratch.log, results()]).toEqual([[], []]);
  });
});
