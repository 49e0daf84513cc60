import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bucket } from "../../constructs/event-store/stream-backup/bucket";
import { verify } from "../../constructs/event-store/stream-backup/verify";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { contents, load, Program, type Ran, randomly, USERS } from "./stream-backup-program";

/** Random flips of a byte: each object is hit several times, at other places. */
const FLIPS = 60;

// Each request is repeated, with pauses.
jest.setTimeout(300_000);

onS3("faults of storage under a stream backup", () => {
  const s3 = new S3();
  let [source, scratch]: [LogStub, LogStub] = [undefined as never, undefined as never];
  let program: Program = undefined as never;
  let bucket = "";
  let buckets = 0;

  beforeAll(() => s3.begin());
  afterAll(() => s3.end());
  beforeEach(async () => {
    bucket = `faults-${buckets++}`;
    [source, scratch] = [new LogStub(USERS), new LogStub()];
    await Promise.all([source.begin(), scratch.begin(), s3.create(bucket)]);
    program = new Program(source, s3, bucket, {
      SCRATCH_URL: scratch.url(),
      RPO: "600",
      RTO: "600",
      RESULTS: "drills/event-store/event-store",
    });
  });
  afterEach(() => {
    s3.interfere = () => {};
    s3.change = (answer) => answer;
    return Promise.all([source.end(), scratch.end()]);
  });

  const backedUp = async (events: number, seed: number) => {
    load(source, events, randomly(seed));
    const { code, text } = await program.run(["backup"]);
    if (code !== 0) throw new Error(text);
  };
  /** Runs a command with a fault. A restore goes into the empty store. */
  const run = (command: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    program.run([command], command === "restore" ? { EVENT_STORE_URL: scratch.url(), ...env } : env);
  const COMMANDS = ["backup", "verify", "restore", "drill"] as const;

  test.each(COMMANDS)(
    "%s ends with an error under a wrong key, with a wrong clock, and if the bucket vanishes meanwhile",
    async (command) => {
      await backedUp(60, 1);
      const before = s3.files(bucket).length;
      load(source, 20, randomly(2));
      const wrong = await run(command, { AWS_SECRET_ACCESS_KEY: "another" });
      expect([wrong.code, wrong.text]).toEqual([1, expect.stringContaining("SignatureDoesNotMatch")]);
      const skewed = await run(command, clock(3600));
      expect([skewed.code, skewed.text]).toEqual([1, expect.stringContaining("RequestTimeTooSkewed")]);
      expect(s3.files(bucket)).toHaveLength(before);
      let requests = 0;
      s3.interfere = () => {
        if (++requests === 4) rmSync(s3.place(bucket), { recursive: true });
      };
      const vanished = await run(command);
      expect([vanished.code, vanished.text]).toEqual([1, expect.stringMatching(/NoSuchBucket|NoSuchKey/)]);
      expect(scratch.log.filter(({ stream }) => !stream.startsWith("$"))).toEqual([]);
    },
  );

  const objects = () => s3.files(bucket).filter(isObject);
  const generations = () => new Set(objects().map((file) => file.split("/").at(-2)));
  const isObject = (url: string) => url.includes(".ndjson.gz");
  const refusal = (status: number, code: string) => ({ status, headers: {}, body: Buffer.from(`<Error><Code>${code}</Code></Error>`) });

  test.each(COMMANDS)("%s ends with an error if it may read no object any more, and finds no damage in that", async (command) => {
    await backedUp(60, 8);
    load(source, 5, randomly(9));
    let reads = 0;
    s3.change = (answer, { method, url }) => (method === "GET" && isObject(url) && ++reads > 1 ? refusal(403, "AccessDenied") : answer);
    const { code, text } = await run(command);
    expect([code, text, generations().size]).toEqual([1, expect.stringContaining("AccessDenied"), 1]);
    expect(text).not.toContain("damaged");
  });

  test.each(COMMANDS)("%s ends with an error if a list of the bucket breaks off, or can't be continued", async (command) => {
    await backedUp(60, 10);
    const before = objects();
    for (const [broken, error] of [
      [(page: string) => page.slice(0, page.lastIndexOf("<Contents>")), "the answer is not a complete list"],
      [
        (page: string) => page.replace("<IsTruncated>false", "<IsTruncated>true"),
        "the list is truncated, and has no token for the next part",
      ],
      [() => "<html>a proxy</html>", "the answer is not a complete list"],
    ] as const) {
      s3.change = (answer, { url }) =>
        url.includes("list-type=2") ? { ...answer, body: Buffer.from(broken(String(answer.body))) } : answer;
      const { code, text } = await run(command);
      expect([code, text]).toEqual([1, expect.stringContaining(error)]);
    }
    expect([objects(), scratch.log.filter(({ stream }) => !stream.startsWith("$"))]).toEqual([before, []]);
  });

  test("a bucket that is slow, and refuses each request twice, loses and doubles nothing", async () => {
    const asked = new Map<string, number>();
    s3.interfere = () => new Promise((resolve) => setTimeout(resolve, 20));
    s3.change = (answer, { method, url }) => {
      const times = (asked.get(`${method} ${url}`) ?? 0) + 1;
      asked.set(`${method} ${url}`, times);
      // The first answer is lost after the request was applied.
      return times < 3 ? refusal(503, "SlowDown") : answer;
    };
    await backedUp(20, 11);
    expect((await run("verify")).code).toBe(0);
    expect((await run("restore")).code).toBe(0);
    expect(contents(scratch.log)).toEqual(contents(source.log));
  });

  test("a backup of 1001 objects, which a bucket lists in two parts, has every event", async () => {
    load(source, 1001, randomly(12));
    expect((await run("backup", { OBJECT_SIZE: "1" })).code).toBe(0);
    expect(objects().length).toBeGreaterThan(1000);
    expect((await run("restore")).code).toBe(0);
    expect(contents(scratch.log)).toEqual(contents(source.log));
  });

  test("a clock that is wrong by ten minutes, either way, loses and doubles nothing", async () => {
    await backedUp(30, 3);
    for (const skew of [600, -600, 600]) {
      load(source, 30, randomly(skew + 700));
      expect((await run("backup", { ...clock(skew), FULL_EVERY: "0" })).code).toBe(0);
    }
    expect((await run("verify")).code).toBe(0);
    expect((await run("restore")).code).toBe(0);
    expect(contents(scratch.log)).toEqual(contents(source.log));
  });

  test("every flipped byte is found, in every object, at any place", async () => {
    await backedUp(120, 4);
    const files = s3.files(bucket);
    const place = new Bucket(s3.env(bucket));
    const random = randomly(5);
    const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    for (let flip = 0; flip < FLIPS; flip++) {
      const file = files[flip % files.length] as string;
      const bytes = readFileSync(file);
      const at = random(bytes.length);
      writeFileSync(file, bytes.with(at, (bytes[at] as number) ^ (1 << random(8))));
      const problems = await verify(place);
      writeFileSync(file, bytes);
      if (!problems.some((problem) => problem.startsWith(file.split("/").slice(-2).join("/")))) {
        throw new Error(`byte ${at} of ${file}: ${problems.join("; ") || "no problem"}`);
      }
    }
    expect(await verify(place)).toEqual([]);
    written.mockRestore();
  });

  /** A clock that is ahead by so many seconds. */
  function clock(skew: number): Readonly<Record<string, string>> {
    const file = join(s3.authority, `../clock${skew}.mjs`);
    const code = `const real = Date, skew = ${skew * 1000};
globalThis.Date = class extends real {
  constructor(...time) { if (time.length > 0) super(...time); else super(real.now() + skew); }
  static now() { return real.now() + skew; }
};`;
    writeFileSync(file, code);
    return { BUN_OPTIONS: `--preload=${file}` };
  }
});

/** A disk of its own takes a user namespace, which not every machine allows. */
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
if (!canMount) process.stderr.write("SKIPPED a full disk of the storage: unshare can't mount\n");

(canMount ? onS3 : describe.skip)("a full disk of the storage", () => {
  const s3 = new S3("96k");
  const source = new LogStub(USERS);
  const target = new LogStub();
  beforeAll(() => Promise.all([s3.begin(), source.begin(), target.begin()]));
  afterAll(() => Promise.all([s3.end(), source.end(), target.end()]));

  test("ends the backup with an error, and is no backup to restore", async () => {
    await s3.create("full");
    const program = new Program(source, s3, "full");
    load(source, 20, randomly(6));
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));
    source.write("large", { json: false, data: Buffer.concat([bytes, randomBytes(bytes.length)]) });
    const { code, lines } = await program.run(["backup"]);
    expect([code, lines.at(-1)?.error]).toEqual([
      1,
      expect.stringMatching(/^PUT s3:\/\/full\/event-store\/stream\/.*: InsufficientStorage$/),
    ]);
    const restored = await new Program(target, s3, "full").run(["restore"]);
    expect([restored.code, restored.lines.at(-1)?.error]).toEqual([1, "bucket full: there is no complete generation"]);
    expect(target.log).toEqual([]);
  });
});
