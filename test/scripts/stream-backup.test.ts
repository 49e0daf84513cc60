import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { S3Client, s3FromEnvironment } from "../../constructs/aws-client";
import { Draft, hashOf, start, unpack } from "../../constructs/event-store/stream-backup/format";
import { counted, KILLS } from "./kills";
import { LogStub } from "./kurrentdb-log";
import { onS3, S3 } from "./s3";
import { contents, load, order, Program, randomly, USERS } from "./stream-backup-program";

onS3("stream backup of KurrentDB", () => {
  const s3 = new S3();
  let [source, target]: [LogStub, LogStub] = [undefined as never, undefined as never];
  let [from, into]: [Program, Program] = [undefined as never, undefined as never];
  let bucket = "";
  let buckets = 0;

  beforeAll(() => s3.begin());
  afterAll(() => s3.end());

  beforeEach(async () => {
    bucket = `backups-${buckets++}`;
    [source, target] = [new LogStub(USERS), new LogStub(USERS)];
    await Promise.all([source.begin(), target.begin(), s3.create(bucket)]);
    [from, into] = [new Program(source, s3, bucket), new Program(target, s3, bucket)];
  });
  afterEach(() => Promise.all([source.end(), target.end()]));

  const done = async (program: Program, ...args: readonly string[]) => {
    const ran = await program.run(args);
    if (ran.code !== 0) throw new Error(ran.text);
    return ran;
  };

  test("restores every event with its ID, revision, bytes and metadata, in order", async () => {
    load(source, 150, randomly(1));
    source.write("$$order-1", { type: "$metadata", data: Buffer.from('{"$tb":2}') });
    source.write("large", { json: false, data: Buffer.alloc(3_000_000, 7) });
    source.bury("account 7/8");
    source.write("order-1", {}, {}, {});
    await done(from, "backup");
    await done(from, "verify");
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
    expect(order(target.log)).toEqual(order(source.log));
    // The server would hide events at once, and append to the stream itself.
    const metadata = target.log.findIndex(({ stream }) => stream === "$$order-1");
    expect(target.log.slice(metadata).filter(({ type }) => !type.startsWith("$"))).toEqual([]);
  });

  test("adds what is new, also while clients append and a node is not the leader", async () => {
    const random = randomly(2);
    const reading = new Program(source, s3, bucket, { EVENT_STORE_URL: source.url("reader", "follower") });
    for (let run = 0; run < 4; run++) {
      load(source, 40, random);
      source.interfere = () => load(source, 2, random);
      await done(reading, "backup");
      source.interfere = () => {};
    }
    await done(reading, "backup");
    const objects = s3.files(bucket).length;
    await done(reading, "backup");
    expect(s3.files(bucket)).toHaveLength(objects);
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
    expect(source.calls).toEqual([]);
  });

  test("reads on after connections that end in the middle of an answer", async () => {
    load(source, 150, randomly(3));
    let cuts = 0;
    source.interfere = (moment) => {
      if (moment === "sending" && cuts++ < 3) source.disconnect();
    };
    await done(from, "backup");
    expect(cuts).toBeGreaterThan(3);
    source.interfere = () => {};
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
  });

  test("keeps revisions of streams whose first events a scavenge has removed", async () => {
    load(source, 100, randomly(4));
    source.scavenge(({ stream, revision }) => stream === "order-2" && revision < 12n);
    source.scavenge(({ stream, revision }) => stream === "order-1" && revision > 2n && revision < 6n);
    await done(from, "backup");
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
    expect(target.log.filter(({ type }) => type === "$stream-backup-gap")).toHaveLength(15);
  });

  test("kills of the backup lose and double nothing", async () => {
    const random = randomly(5);
    for (let kills = 0; kills < KILLS["stream backup"]; ) {
      load(source, 4, random);
      const { code, text } = await from.killed(["backup"], 1 + random(14));
      if (code === null) {
        kills++;
        counted("stream backup");
      } else if (code !== 0) throw new Error(text);
    }
    await done(from, "backup");
    await done(from, "verify");
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
  }, 300_000);

  test("kills of the restore lose and double nothing", async () => {
    const random = randomly(6);
    load(source, 400, random);
    await done(from, "backup");
    const before = contents(source.log);
    const killed = async (kills: number, program: Program) => {
      for (let kill = 0; kill < kills; kill++) {
        const { code, text } = await program.killed(["restore"], 1 + random(80));
        if (code !== null) throw new Error(text);
        counted("stream restore");
      }
    };
    await killed(32, into);
    const partly = order(target.log).length;
    expect([partly > 50, partly < 400]).toEqual([true, true]);
    // The backup continues, the restore keeps its target.
    load(source, 10, random);
    await done(from, "backup");
    await done(into, "restore");
    expect(contents(target.log)).toEqual(before);
    // More kills than fit into one restore.
    const other = new LogStub(USERS);
    await other.begin();
    const again = new Program(other, s3, bucket);
    await killed(KILLS["stream restore"] - 32, again);
    await done(again, "restore");
    expect(contents(other.log)).toEqual(contents(source.log));
    await other.end();
  }, 300_000);

  describe("damage", () => {
    const DAMAGES: Readonly<Record<string, (file: string, other: string) => void>> = {
      "a flipped bit": (file) =>
        change(file, (bytes) => bytes.with(Math.floor(bytes.length / 2), (bytes[Math.floor(bytes.length / 2)] as number) ^ 1)),
      "a truncated object": (file) => change(file, (bytes) => bytes.subarray(0, bytes.length - 9)),
      "an empty object": (file) => change(file, () => new Uint8Array()),
      "the content of another object": (file, other) => change(file, () => readFileSync(other)),
    };

    for (const [name, damage] of Object.entries(DAMAGES)) {
      for (const place of ["first", "middle", "last"]) {
        test(`${name}, ${place}`, async () => {
          load(source, 120, randomly(7));
          await done(from, "backup");
          const files = s3.files(bucket);
          const index = place === "first" ? 0 : place === "middle" ? 2 : files.length - 1;
          damage(files[index] as string, files[1] as string);
          const { code, lines } = await from.run(["verify"]);
          expect(code).toBe(1);
          expect(lines[0]?.problem).toContain(keyOf(files[index] as string));
          const restored = await into.run(["restore"]);
          expect(restored.code).toBe(1);
          expect(restored.text).toContain(keyOf(files[index] as string));
          expect(target.log).toEqual([]);
        });
      }
    }

    test("a deleted object, although its versions are locked", async () => {
      load(source, 120, randomly(8));
      await done(from, "backup");
      const key = keyOf(s3.files(bucket)[1] as string);
      expect(await s3.call("DELETE", `/${bucket}/event-store/stream/${key}`)).toBe(204);
      expect((await from.run(["verify"])).lines[0]?.problem).toBe(`${key.slice(0, 25)} is missing`);
      const restored = await into.run(["restore"]);
      expect([restored.code, restored.lines[0]?.error]).toEqual([1, `${key.slice(0, 25)} is missing`]);
      // The next backup reports the damage, and backs up everything again.
      const { code, text } = await from.run(["backup"]);
      expect([code, text]).toEqual([1, expect.stringContaining("the chain is damaged")]);
      await done(from, "backup");
      await done(into, "restore");
      expect(contents(target.log)).toEqual(contents(source.log));
    });

    test("the newest objects deleted, without which the backup would only be older, and undeleted", async () => {
      load(source, 40, randomly(21));
      await done(from, "backup");
      const kept = s3.files(bucket).length;
      load(source, 40, randomly(22));
      await done(from, "backup");
      const newest = s3.files(bucket).slice(kept).map(keyOf);
      for (const key of newest) expect(await s3.call("DELETE", `/${bucket}/event-store/stream/${key}`)).toBe(204);
      const { code, lines } = await from.run(["verify"]);
      expect([code, lines.filter(({ problem }) => problem).map(({ problem }) => problem)]).toEqual([
        1,
        newest.map((key) => `${key}: was deleted, and its versions are hidden by a delete marker`),
      ]);
      const refused = await into.run(["restore"]);
      expect([refused.code, refused.text, target.calls]).toEqual([1, expect.stringContaining(`${newest[0]}`), []]);
      // As docs/restore.md: the markers of the newest objects are deleted.
      const client = new S3Client(s3FromEnvironment(s3.env(bucket), bucket));
      for (const { key, marker } of (await client.changed("event-store/stream/")).deleted) {
        expect(await s3.call("DELETE", `/${bucket}/${key}?versionId=${marker}`)).toBe(204);
      }
      await done(from, "verify");
      await done(into, "restore");
      expect(contents(target.log)).toEqual(contents(source.log));
    });

    test("a foreign object", async () => {
      load(source, 10, randomly(9));
      await done(from, "backup");
      expect(await s3.call("PUT", `/${bucket}/event-store/stream/notes.txt`, {}, "hello")).toBe(200);
      const { code, lines } = await from.run(["verify"]);
      expect([code, lines.at(-1)?.problem]).toEqual([1, "notes.txt: was not written by this program"]);
      expect((await from.run(["backup"])).code).toBe(1);
    });

    test("an overwritten object, by a writer with the same credentials", async () => {
      load(source, 120, randomly(10));
      await done(from, "backup");
      const [, second = "", third = ""] = s3.files(bucket).map(keyOf);
      const moved = await s3.call("PUT", `/${bucket}/event-store/stream/${second}`, {
        "x-amz-copy-source": `/${bucket}/event-store/stream/${third}`,
      });
      expect(moved).toBe(200);
      expect((await from.run(["verify"])).lines.map(({ problem }) => problem)).toEqual(
        expect.arrayContaining([
          `${second}: was overwritten, and an earlier version is the right one`,
          `${second}: sequence: 3 instead of 2`,
        ]),
      );
    });
  });

  test("a chain that was written again as a whole, with hashes that agree, is found by its versions, and by the hash of a record", async () => {
    load(source, 60, randomly(23));
    const { lines } = await done(from, "backup");
    const { sha256, sequence, generation } = lines.at(-1) as Record<string, string>;
    const keys = s3.files(bucket).map(keyOf);
    let [was, now] = [start(String(generation)), start(String(generation))];
    for (const [index, key] of keys.entries()) {
      const body = readFileSync(s3.files(bucket)[index] as string);
      const { events, link } = unpack(key, body, hashOf(body), was);
      was = link;
      const draft = new Draft(now);
      for (const event of events) draft.add(event.stream === "order-1" ? { ...event, data: Buffer.from("{}") } : event);
      const forged = draft.finish(link.complete, new Date(link.made));
      now = forged.link;
      const headers = { "x-amz-meta-sha256": String(now.sha256) };
      expect(forged.key).toBe(key);
      expect(await s3.put(`/${bucket}/event-store/stream/${key}`, forged.body, headers)).toBe(200);
    }
    const { code, lines: found } = await from.run(["verify"]);
    expect([code, found.flatMap(({ problem }) => problem ?? [])]).toEqual([
      1,
      keys.map((key) => `${key}: was overwritten, and an earlier version is the right one`),
    ]);
    const newest = await into.run(["restore"]);
    expect([newest.code, newest.lines.at(-1)?.error]).toEqual([
      1,
      expect.stringMatching(/ overwritten: remove the newest version of each/),
    ]);
    const recorded = await into.run([
      "restore",
      "--generation",
      String(generation),
      "--until",
      `sequence:${sequence}`,
      "--sha256",
      String(sha256),
    ]);
    expect([recorded.code, recorded.lines.at(-1)?.error]).toEqual([
      1,
      `the SHA-256 of the last object, ${sequence}, is ${now.sha256}, and the record of the backup has ${sha256}`,
    ]);
    expect(target.calls).toEqual([]);
  });

  test("restores a record by the hash of its last object, although the backup has continued", async () => {
    load(source, 60, randomly(24));
    const { lines } = await done(from, "backup");
    const { sha256, sequence, generation } = lines.at(-1) as Record<string, string>;
    const before = contents(source.log);
    load(source, 10, randomly(25));
    await done(from, "backup");
    await done(into, "restore", "--generation", String(generation), "--until", `sequence:${sequence}`, "--sha256", String(sha256));
    expect(contents(target.log)).toEqual(before);
    const again = await into.run(["restore"]);
    expect(again.lines.at(-1)?.error).toMatch(new RegExp(`^the store was restored completely at \\S+ from ${generation}/${sequence}$`));
  });

  test("two backups at the same time write each object once", async () => {
    load(source, 80, randomly(11));
    const other = new Program(source, s3, bucket);
    await Promise.all([from.run(["backup"]), other.run(["backup"])]);
    await done(from, "backup");
    await done(from, "verify");
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
  });

  test("a store that was replaced starts a new generation", async () => {
    load(source, 30, randomly(12));
    await done(from, "backup");
    load(target, 40, randomly(13));
    const { text } = await done(into, "backup");
    expect(text).toContain("the chain belongs to another store");
    const third = new LogStub(USERS);
    await third.begin();
    await done(new Program(third, s3, bucket), "restore");
    expect(contents(third.log)).toEqual(contents(target.log));
    await third.end();
  });

  test("a new store is not backed up before it was restored", async () => {
    load(source, 60, randomly(20));
    await done(from, "backup");
    target.write("$settings", {});
    const empty = await into.run(["backup"]);
    expect([empty.code, empty.lines.at(-1)?.error]).toEqual([
      1,
      expect.stringMatching(/^the store has no events, and the backup is of another/),
    ]);
    await into.killed(["restore"], 40);
    await into.run(["backup"]);
    await done(into, "restore");
    expect(contents(target.log)).toEqual(contents(source.log));
    const { lines } = await done(into, "backup");
    expect(lines.at(-1)).toMatchObject({ message: "backed up", events: 60 });
    expect((await done(into, "verify")).lines.map(({ complete }) => complete)).toEqual([true, true]);
  });

  test("a new generation is built in parts, while the previous one is extended", async () => {
    load(source, 120, randomly(14));
    await done(from, "backup");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const parts = { FULL_EVERY: "1", FULL_BUDGET: "0" };
    const first = await from.run(["backup"], parts);
    expect(first.text).toContain("time is over");
    load(source, 5, randomly(15));
    // Until the new one is complete, the old one has the newest events.
    await from.run(["backup"], parts);
    const now = contents(source.log);
    await done(into, "restore");
    expect(contents(target.log)).toEqual(now);
    for (let run = 0; run < 40 && generations().size === 2; run++) {
      const { text } = await from.run(["backup"], { FULL_EVERY: "3600", FULL_BUDGET: "0" });
      if (!text.includes("time is over")) break;
    }
    const { lines } = await done(from, "verify");
    expect(lines.map(({ complete }) => complete)).toEqual([true, true]);
  });
  const generations = () => new Set(s3.files(bucket).map((file) => keyOf(file).slice(0, 16)));

  test("restores until an object or a position, and refuses another target in the same store", async () => {
    load(source, 120, randomly(16));
    await done(from, "backup");
    const { position } = source.log[40] as (typeof source.log)[number];
    await done(into, "restore", "--until", `position:${position.commit}`);
    expect(contents(target.log)).toEqual(contents(source.log.slice(0, 41)));
    const again = await into.run(["restore", "--until", `position:${position.commit}`]);
    expect([again.code, again.lines[0]?.error]).toEqual([1, expect.stringMatching(/^the store was restored completely at /)]);

    const other = new LogStub(USERS);
    await other.begin();
    const program = new Program(other, s3, bucket);
    await program.killed(["restore", "--until", "sequence:2"], 30);
    const refused = await program.run(["restore", "--until", "sequence:3"]);
    expect([refused.code, refused.lines[0]?.error]).toEqual([1, expect.stringContaining("the store holds part of a restore of")]);
    await done(program, "restore");
    await other.end();
  });

  test("refuses a store that has events, and one to which somebody else appends", async () => {
    load(source, 80, randomly(17));
    await done(from, "backup");
    target.write("order-9", {});
    const refused = await into.run(["restore"]);
    expect([refused.code, refused.lines[0]?.error]).toEqual([
      1,
      "the store is not empty: it has the event 0@order-9; restore into an empty one",
    ]);
    expect(target.calls).toEqual([]);

    const other = new LogStub(USERS);
    await other.begin();
    let appends = 0;
    other.interfere = (moment, method) => {
      if (moment === "applied" && method === "Append" && ++appends === 20) other.write("order-1", {});
    };
    const disturbed = await new Program(other, s3, bucket).run(["restore"]);
    expect([disturbed.code, disturbed.lines.at(-1)?.error]).toEqual([1, expect.stringMatching(/another client appends to it|in place of/)]);
    await other.end();
  });

  const FAILURES: readonly (readonly [string, () => Readonly<Record<string, string>>, string])[] = [
    ["a wrong key", () => ({ AWS_SECRET_ACCESS_KEY: "another" }), "SignatureDoesNotMatch"],
    ["no credentials", () => ({ AWS_ACCESS_KEY_ID: "" }), "AWS credentials are missing: set AWS_ACCESS_KEY_ID"],
    ["a bucket that is gone", () => ({ BUCKET: "gone" }), "GET s3://gone/event-store/stream/: NoSuchBucket"],
    ["a server with another CA", () => ({ AWS_CA_BUNDLE: source.authority }), "certificate"],
    ["a wrong password of the store", () => ({ EVENT_STORE_URL: source.url("reader").replace("reads", "writes") }), "gRPC status 16"],
    ["a wrong setting", () => ({ OBJECT_SIZE: "-1" }), "OBJECT_SIZE: -1 must be a whole number"],
  ];
  test.each(FAILURES)("%s ends the backup with an error", async (_, env, error) => {
    load(source, 10, randomly(18));
    const { code, lines } = await from.run(["backup"], env());
    expect([code, lines.at(-1)?.error]).toEqual([1, expect.stringContaining(error)]);
    expect(s3.files(bucket)).toEqual([]);
  });

  test("takes credentials from EKS Pod Identity, and from a web identity", async () => {
    load(source, 10, randomly(19));
    const asked: [string | undefined, IncomingHttpHeaders, string][] = [];
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const keys = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Expiration: new Date(Date.now() + 3_600_000).toISOString() };
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      asked.push([request.url, request.headers, body]);
      const xml = Object.entries(keys).map(([name, value]) => `<${name}>${value}</${name}>`);
      response.end(request.method === "GET" ? JSON.stringify(keys) : `<Credentials>${xml.join("")}</Credentials>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = join(s3.authority, "../token");
    writeFileSync(token, "token-of-pod\n");
    const none = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
    const pod = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token };
    const web = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: "arn:aws:iam::1:role/backup", AWS_ENDPOINT_URL_STS: url };
    for (const env of [pod, web]) expect((await from.run(["backup"], { ...none, ...env })).code).toBe(0);
    expect(asked[0]?.slice(0, 2)).toEqual(["/v1/credentials", expect.objectContaining({ authorization: "token-of-pod" })]);
    expect(asked[1]?.[2]).toContain("WebIdentityToken=token-of-pod");
    server.close();
  });

  test("rejects a wrong command line", async () => {
    for (const args of [[], ["dump"], ["backup", "--now"], ["restore", "--until", "12"], ["verify", "--until", "sequence:1"]]) {
      const { code, text } = await from.run(args);
      expect([code, text]).toEqual([2, expect.stringContaining("restore [--generation NAME] [--until …]")]);
    }
  });
});

function change(file: string, damage: (bytes: Uint8Array) => Uint8Array): void {
  writeFileSync(file, damage(readFileSync(file)));
}

function keyOf(file: string): string {
  return file.split("/").slice(-2).join("/");
}
