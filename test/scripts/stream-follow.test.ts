import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { backup } from "../../constructs/event-store/stream-backup/backup";
import { Bucket } from "../../constructs/event-store/stream-backup/bucket";
import { follow } from "../../constructs/event-store/stream-backup/follow";
import { Store } from "../../constructs/event-store/stream-backup/store";
import { counted, KILLS } from "./kills";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { contents, load, order, Program, randomly, USERS } from "./stream-backup-program";

const SETTINGS = { objectSize: 5000, fullEvery: 86_400, fullBudget: 60, quiet: 3600 };

/** Runs a part of the program without its output. */
async function here<T>(run: () => Promise<T>): Promise<T> {
  const output = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    return await run();
  } finally {
    output.mockRestore();
  }
}

onS3("a KurrentDB that follows the stream backup of another", () => {
  const s3 = new S3();
  let [primary, standby]: [LogStub, LogStub] = [undefined as never, undefined as never];
  let [from, into]: [Program, Program] = [undefined as never, undefined as never];
  let [bucket, copy] = ["", ""];
  let buckets = 0;

  beforeAll(() => s3.begin());
  afterAll(() => s3.end());

  beforeEach(async () => {
    [bucket, copy] = [`primary-${buckets}`, `copy-${buckets++}`];
    [primary, standby] = [new LogStub(USERS), new LogStub(USERS)];
    await Promise.all([primary.begin(), standby.begin(), s3.create(bucket), s3.create(copy)]);
    [from, into] = [new Program(primary, s3, bucket), new Program(standby, s3, copy)];
  });
  afterEach(() => Promise.all([primary.end(), standby.end()]));

  const done = async (program: Program, ...args: readonly string[]) => {
    const ran = await program.run(args);
    if (ran.code !== 0) throw new Error(ran.text);
    return ran;
  };
  const failed = async (program: Program, ...args: readonly string[]) => {
    const { code, lines, text } = await program.run(args);
    if (code !== 1) throw new Error(text);
    return String(lines.at(-1)?.error);
  };

  /** Copies objects to the other region, as S3 does: with their metadata, in any order, some later than others. */
  const replicate = async (arrives: (key: string) => boolean = () => true) => {
    const there = new Set(s3.files(copy).map(keyOf));
    for (const key of s3.files(bucket).map(keyOf)) {
      if (there.has(key) || !arrives(key)) continue;
      const source = `/${bucket}/event-store/stream/${key}`;
      expect(await s3.call("PUT", `/${copy}/event-store/stream/${key}`, { "x-amz-copy-source": source })).toBe(200);
    }
  };
  /** Backs up in this process: what is tried is on the other side. */
  const backUp = async (events: number, random: (bound: number) => number) => {
    load(primary, events, random);
    const store = new Store(primary.url("reader"));
    await here(() => backup(store, new Bucket(s3.env(bucket)), SETTINGS));
    store.close();
  };

  /** IDs in the order of the log, without those that wait for the promotion. */
  const following = (store: LogStub) => order(store.log).filter((id) => !id.startsWith("$"));

  test("appends what is new in each run, and metadata and deletions with the promotion", async () => {
    const random = randomly(31);
    for (let run = 0; run < 3; run++) {
      await backUp(60, random);
      await replicate();
      const { lines } = await done(into, "follow");
      expect(lines.at(-1)).toMatchObject({
        message: "follows",
        events: primary.log.filter(({ stream }) => !stream.startsWith("$")).length,
      });
      expect(following(standby)).toEqual(following(primary));
    }
    primary.write("$$order-1", { type: "$metadata", data: Buffer.from('{"$tb":2}') });
    primary.bury("account 7/8");
    await backUp(0, random);
    await replicate();
    await done(into, "follow");
    expect(standby.log.filter(({ stream, type }) => stream === "$$order-1" || type === "$streamDeleted")).toEqual([]);
    await done(into, "promote");
    expect(contents(standby.log)).toEqual(contents(primary.log));
    expect((await done(into, "promote")).lines.at(-1)?.message).toBe("was promoted");
    expect(await failed(into, "follow")).toBe("the store was promoted or restored, and follows no longer");
  });

  test("kills, and objects that arrive late and in any order, lose and double nothing", async () => {
    const random = randomly(32);
    for (let kills = 0; kills < KILLS.follower; ) {
      await backUp(6, random);
      await replicate(() => random(3) > 0);
      const { code, text } = await into.killed(["follow"], 1 + random(24));
      if (code === null) {
        kills++;
        counted("follower");
      } else if (code !== 0 && !text.includes("there is no complete generation") && !text.includes('"behind"')) throw new Error(text);
    }
    await replicate();
    await done(into, "follow");
    expect(following(standby)).toEqual(following(primary));
    for (let kill = 0; kill < KILLS.promotion; kill++) {
      const { code, text } = await into.killed(["promote"], 1 + random(4));
      if (code !== null) throw new Error(text);
      counted("promotion");
    }
    await done(into, "promote");
    expect(contents(standby.log)).toEqual(contents(primary.log));
    expect(order(standby.log)).toEqual(order(primary.log));
  }, 300_000);

  test("a promotion interrupts a run that follows, and both lose and double nothing", async () => {
    const random = randomly(33);
    await backUp(200, random);
    await replicate();
    const [, promoted] = await Promise.all([into.run(["follow"]), new Program(standby, s3, copy).run(["promote"])]);
    if (promoted.code !== 0) await done(into, "promote");
    expect(contents(standby.log)).toEqual(contents(primary.log));
    expect(await failed(into, "follow")).toContain("follows no longer");
  });

  test("a promotion fills an empty store, in which nothing ever followed", async () => {
    await backUp(60, randomly(43));
    primary.write("$$order-2", { type: "$metadata", data: Buffer.from('{"$tb":1}') });
    await backUp(5, randomly(44));
    await replicate();
    await done(into, "promote");
    expect(contents(standby.log)).toEqual(contents(primary.log));
    const { code, text } = await into.run(["promote", "--until", "position:7"]);
    expect([code, text]).toEqual([1, expect.stringContaining("a promotion ends with an object: --until sequence:N")]);
  });

  test("fails over and back, also with streams whose first events a scavenge has removed", async () => {
    const random = randomly(45);
    load(primary, 80, random);
    primary.scavenge(({ stream, revision }) => stream === "order-1" && revision < 5n);
    await backUp(20, random);
    await replicate();
    await done(into, "follow");
    // Not backed up, and lost with the region.
    const copied = contents(primary.log);
    load(primary, 5, random);
    await done(into, "promote");
    expect(contents(standby.log)).toEqual(copied);

    [bucket, copy] = [`${bucket}-back`, `${copy}-back`];
    await Promise.all([s3.create(bucket), s3.create(copy)]);
    load(standby, 40, random);
    await done(new Program(standby, s3, bucket), "backup");
    await replicate();
    const again = new LogStub(USERS);
    await again.begin();
    const back = new Program(again, s3, copy);
    await done(back, "follow");
    load(standby, 10, random);
    await done(new Program(standby, s3, bucket), "backup");
    await replicate();
    await done(back, "promote");
    expect(contents(again.log)).toEqual(contents(standby.log));
    await again.end();
  });

  test("goes on with a newer generation, also if a scavenge has removed events before it", async () => {
    const random = randomly(34);
    await backUp(120, random);
    await replicate();
    await done(into, "follow");
    const before = contents(primary.log);
    primary.scavenge(({ stream, revision }) => stream === "order-2" && revision < 12n);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    load(primary, 10, random);
    await from.run(["backup"], { FULL_EVERY: "1" });
    await backUp(30, random);
    await replicate();
    await done(into, "follow");
    const { text } = await done(into, "promote");
    expect(text).toContain("kept events that the backup has no longer");
    const [now, have] = [contents(primary.log), contents(standby.log)];
    expect(have["order-2"]).toEqual([...(before["order-2"] ?? []).slice(0, 12), ...(now["order-2"] ?? [])]);
    expect({ ...have, "order-2": [] }).toEqual({ ...now, "order-2": [] });
  });

  test("waits for an object that is late, and refuses to wait for one that is lost", async () => {
    const random = randomly(35);
    await backUp(60, random);
    await replicate();
    await done(into, "follow");
    await backUp(120, random);
    const [, , , , held = ""] = s3.files(bucket).map(keyOf);
    await replicate((key) => key !== held);
    expect((await done(into, "follow")).text).toContain(`"missing":"${held.slice(0, 25)}"`);
    await replicate();
    await done(into, "follow");
    expect(following(standby)).toEqual(following(primary));
  });

  test("a promotion leaves out what lies after a lost object, and says so", async () => {
    const random = randomly(36);
    await backUp(60, random);
    await replicate();
    await done(into, "follow");
    const before = s3.files(copy).length;
    await backUp(120, random);
    await replicate();
    const files = s3.files(copy);
    const lost = keyOf(files[before + 1] as string);
    unlinkSync(files[before + 1] as string);
    // Two hours later, it will not arrive any more.
    const [store, objects] = [new Store(standby.url("restorer")), new Bucket(s3.env(copy))];
    const later = () => new Date(Date.now() + 7_200_000);
    await expect(here(() => follow(store, objects, { maxLag: 9_000_000 }, later))).rejects.toThrow(`${lost.slice(0, 25)} is missing, and `);
    store.close();
    const { lines } = await done(into, "promote");
    expect(lines.find(({ message }) => message === "left out")).toMatchObject({ after: keyOf(files[before] as string) });
    const had = order(standby.log);
    expect(had).toEqual(order(primary.log).slice(0, had.length));
    expect(had.length).toBeGreaterThan(60);
  });

  test("a promotion ends before a damaged object if that is wanted", async () => {
    const random = randomly(46);
    await backUp(60, random);
    await replicate();
    await done(into, "follow");
    const before = order(primary.log);
    const objects = s3.files(copy).length;
    await backUp(10, random);
    await replicate();
    const last = s3.files(copy).at(-1) as string;
    writeFileSync(last, readFileSync(last).subarray(0, 40));
    expect(await failed(into, "promote")).toContain(keyOf(last));
    await done(into, "promote", "--until", `sequence:${objects}`);
    expect(order(standby.log)).toEqual(before);
  });

  test.each(["first", "middle", "last"])("refuses a damaged object: %s", async (place) => {
    await backUp(120, randomly(37));
    await replicate();
    const files = s3.files(copy);
    const file = files[place === "first" ? 0 : place === "middle" ? 2 : files.length - 1] as string;
    const bytes = readFileSync(file);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
    writeFileSync(file, bytes);
    expect(await failed(into, "follow")).toContain(keyOf(file));
    const had = following(standby);
    expect(had).toEqual(following(primary).slice(0, had.length));
  });

  test("refuses a store that has events, and one to which another client appends, and never appends to it again", async () => {
    const random = randomly(38);
    await backUp(60, random);
    await replicate();
    const other = new LogStub(USERS);
    await other.begin();
    other.write("order-9", {});
    expect(await failed(new Program(other, s3, copy), "follow")).toBe(
      "the store is not empty: it has the event 0@order-9; only an empty store can begin to follow",
    );
    expect(other.calls).toEqual([]);
    await other.end();

    await done(into, "follow");
    standby.write("order-9", {});
    await backUp(30, random);
    await replicate();
    const had = standby.log.length;
    for (const command of ["follow", "promote", "follow"]) {
      expect(await failed(into, command)).toMatch(
        /^the store has the event 0@order-9 .* of another client|^the promotion of the store has begun/,
      );
    }
    expect(standby.log.filter(({ stream }) => !stream.startsWith("$"))).toHaveLength(
      standby.log.slice(0, had).filter(({ stream }) => !stream.startsWith("$")).length,
    );
  });

  test("refuses the backup of a store that has replaced the other", async () => {
    await backUp(60, randomly(39));
    await replicate();
    await done(into, "follow");
    const third = new LogStub(USERS);
    await third.begin();
    load(third, 80, randomly(40));
    await done(new Program(third, s3, bucket), "backup");
    await replicate();
    expect(await failed(into, "follow")).toContain("the other store was replaced");
    await third.end();
  });

  test("is behind if there is no sign of life, and not if the other store is only quiet", async () => {
    await backUp(30, randomly(41));
    await replicate();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const behind = await into.run(["follow"], { MAX_LAG: "0" });
    expect([behind.code, behind.lines.at(-1)?.message]).toEqual([1, "behind"]);
    const objects = s3.files(bucket).length;
    await from.run(["backup"], { QUIET: "1" });
    expect(s3.files(bucket)).toHaveLength(objects + 1);
    await replicate();
    const { lines } = await done(into, "follow");
    expect(lines.at(-1)).toMatchObject({ message: "follows", sequence: objects + 1 });
    await done(from, "verify");
  });

  test("its own backup is not complete before the promotion", async () => {
    await backUp(30, randomly(42));
    await replicate();
    await done(into, "follow");
    await s3.create(`${copy}-own`);
    const own = new Program(standby, s3, `${copy}-own`);
    await done(own, "backup");
    expect((await own.run(["restore"])).text).toContain("there is no complete generation");
    await done(into, "promote");
    expect((await done(own, "backup")).lines.at(-1)).toMatchObject({ message: "backed up", events: 30 - systemEvents(primary) });
  });
});

/** Events that a backup leaves out. */
function systemEvents(store: LogStub): number {
  return 30 - store.log.filter(({ stream }) => !stream.startsWith("$")).length;
}

function keyOf(file: string): string {
  return file.split("/").slice(-2).join("/");
}
