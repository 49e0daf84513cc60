import { createHash } from "node:crypto";
import { eraseSubject, SubjectKeyClient, subjectKeysFromEnvironment } from "../../constructs/subject-keys";
import { command } from "../../constructs/subject-keys/command";
import { SubjectKeysStub } from "./stub";

const SUBJECT = "customer-0815";
const HASH = createHash("sha256").update(SUBJECT).digest("hex");
let aws: SubjectKeysStub;
let keys: SubjectKeyClient;

beforeEach(async () => {
  // Requests are repeated without pauses.
  jest.spyOn(Math, "random").mockReturnValue(0);
  aws = new SubjectKeysStub();
  await aws.begin();
  keys = new SubjectKeyClient(subjectKeysFromEnvironment(aws.env));
});
afterEach(() => {
  jest.restoreAllMocks();
  return aws.end();
});

const targets = () => aws.requests.map(({ target }) => target.split(".")[1]);
const changed = (sealed: string, at: number) => {
  const [version, id, content = ""] = sealed.split(".");
  const bytes = Buffer.from(content, "base64url");
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return [version, id, bytes.toString("base64url")].join(".");
};

describe("SubjectKeyClient", () => {
  it("encrypts with one data key for each subject, and decrypts", async () => {
    const [mail, name] = [await keys.encrypt(SUBJECT, "r1", "ada@example.com"), await keys.encrypt(SUBJECT, "r2", "Ada Ünal")];
    expect(mail).not.toContain("ada");
    expect(await keys.decrypt(SUBJECT, "r1", mail)).toBe("ada@example.com");
    expect(await keys.decrypt(SUBJECT, "r2", name)).toBe("Ada Ünal");
    expect([...aws.items.keys()]).toEqual([HASH]);
    expect(targets().filter((target) => target === "GenerateDataKey")).toHaveLength(1);
    expect(await keys.encrypt(SUBJECT, "r1", "ada@example.com")).not.toBe(mail);
  });

  it("names no subject to AWS", async () => {
    await keys.decrypt(SUBJECT, "r1", await keys.encrypt(SUBJECT, "r1", "ada@example.com"));
    const sent = JSON.stringify(aws.requests);
    expect(sent).toContain(HASH);
    expect(sent).not.toMatch(/customer-0815|ada@/);
  });

  it("decrypts nothing after the erasure, also if the subject has a new key", async () => {
    const sealed = await keys.encrypt(SUBJECT, "r1", "ada@example.com");
    await keys.erase(SUBJECT);
    expect(await keys.decrypt(SUBJECT, "r1", sealed)).toBeUndefined();
    const later = await keys.encrypt(SUBJECT, "r9", "new");
    expect(await keys.decrypt(SUBJECT, "r1", sealed)).toBeUndefined();
    expect(await keys.decrypt(SUBJECT, "r9", later)).toBe("new");
  });

  it.each([0, 12, -17, -1])("refuses a text whose byte %d was changed", async (at) => {
    const sealed = await keys.encrypt(SUBJECT, "r1", "ada@example.com");
    await expect(keys.decrypt(SUBJECT, "r1", changed(sealed, at))).rejects.toThrow(
      "record r1: its sealed text was changed, or belongs to another record or subject",
    );
  });

  it("refuses a text of another record, and what is no sealed text", async () => {
    const sealed = await keys.encrypt(SUBJECT, "r1", "ada@example.com");
    await expect(keys.decrypt(SUBJECT, "r2", sealed)).rejects.toThrow("record r2: its sealed text was changed");
    for (const text of ["ada@example.com", sealed.slice(0, 50)])
      await expect(keys.decrypt(SUBJECT, "r1", text)).rejects.toThrow("is not a sealed text; use one that encrypt returned");
  });

  it("has KMS refuse the data key of one subject for another", async () => {
    const sealed = await keys.encrypt(SUBJECT, "r1", "ada@example.com");
    const other = createHash("sha256").update("customer-2").digest("hex");
    const item = aws.items.get(HASH);
    if (item) aws.items.set(other, item);
    await expect(keys.decrypt("customer-2", "r1", sealed)).rejects.toThrow(
      "KMS Decrypt with alias/orders-test-subject-keys: InvalidCiphertextException",
    );
  });

  it("keeps the key of whoever was first, also of a request that is repeated after it was throttled", async () => {
    const both = await Promise.all(["r1", "r2"].map((record) => keys.encrypt(SUBJECT, record, record)));
    expect(new Set(both.map((sealed) => sealed.split(".")[1])).size).toBe(1);
    expect(await Promise.all(both.map((sealed, index) => keys.decrypt(SUBJECT, `r${index + 1}`, sealed)))).toEqual(["r1", "r2"]);
    aws.failures.push("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "ThrottlingException");
    expect(await keys.decrypt(SUBJECT, "r1", both[0] ?? "")).toBe("r1");
  });

  it("reports what AWS refuses, and missing variables", async () => {
    aws.failures.push("com.amazon.coral.service#AccessDeniedException");
    await expect(keys.encrypt(SUBJECT, "r1", "x")).rejects.toThrow("DynamoDB GetItem of orders-test-subject-keys: AccessDeniedException");
    expect(() => subjectKeysFromEnvironment({})).toThrow("SUBJECT_KEYS_TABLE is not set");
    expect(() => subjectKeysFromEnvironment({ SUBJECT_KEYS_TABLE: "t" })).toThrow("SUBJECT_KEYS_KEY is not set");
  });
});

describe("subject-keys.mjs", () => {
  let more: NodeJS.ProcessEnv = {};
  beforeEach(() => {
    more = {};
  });
  const run = async (...args: readonly string[]) => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const code = await command(args, { out: print, error: print }, { ...aws.env, ...more });
    return { code, lines };
  };
  const erased = async () => {
    const { code, lines } = await run("erase", SUBJECT, "--actor", "privacy-team");
    expect(code).toBe(0);
    return { lines, key: /^record: (.*)$/m.exec(lines.join("\n"))?.[1] ?? "" };
  };

  it("erases, records the erasure without the subject's id, and proves it", async () => {
    const id = (await keys.encrypt(SUBJECT, "r1", "ada@example.com")).split(".")[1];
    const { lines, key } = await erased();
    expect(lines[0]).toBe(`erased: data key ${id} of ${HASH}`);
    expect(key).toMatch(/^access\/\d{4}\/\d\d\/\d\d\/\d\d\/subject-key-operators\/[0-9a-f-]{36}\.json$/);
    const [begun, record] = [...aws.objects.values()].map((content) => JSON.parse(content));
    expect([...aws.objects.keys()][1]).toBe(`/audit/${key}`);
    expect(JSON.stringify([...aws.objects])).not.toContain(SUBJECT);
    expect(begun).toMatchObject({ type: "EraseSubjectKey", subject: HASH, result: "begun", data: { keyId: id } });
    expect(record).toMatchObject({
      kind: "access",
      type: "EraseSubjectKey",
      actor: { id: "privacy-team" },
      subject: HASH,
      result: "erased",
    });
    expect(record.data).toMatchObject({ table: "orders-test-subject-keys", keyId: id });
    expect(Date.parse(record.data.final) - Date.parse(record.time)).toBeGreaterThan(6.9 * 86_400_000);
    const proof = await run("prove", SUBJECT, "--record", key);
    expect(proof.code).toBe(0);
    expect(proof.lines).toEqual([
      `data key ${id} of ${HASH} does not exist; erased at ${record.time}`,
      `final from ${record.data.final}: until then a backup can restore the key`,
    ]);
  });

  it("says that an erasure is final when no backup has the key, and that a subject has new data", async () => {
    aws.recoveryDays = undefined;
    await keys.encrypt(SUBJECT, "r1", "x");
    const refused = await run("erase", SUBJECT, "--actor", "privacy-team");
    expect(refused.code).toBe(2);
    expect(refused.lines.join()).toContain("has no point-in-time recovery in this region, so it is a copy, or recovery was turned off");
    expect(await keys.keyIdOf(SUBJECT)).toBeDefined();
    more = { SUBJECT_KEYS_RECOVERY_DAYS: "0" };
    const { key } = await erased();
    const id = (await keys.encrypt(SUBJECT, "r2", "y")).split(".")[1];
    const { code, lines } = await run("prove", SUBJECT, "--record", key);
    expect(code).toBe(0);
    expect(lines[1]).toBe(`data key ${id} was created since: the subject has new data`);
    expect(lines[2]).toMatch(/^final since .*: no backup has the key$/);
  });

  it("is final as the origin of a copied table says", async () => {
    aws.recoveryDays = undefined;
    more = { SUBJECT_KEYS_RECOVERY_DAYS: "14" };
    await keys.encrypt(SUBJECT, "r1", "x");
    const { lines } = await erased();
    expect(Date.parse(lines[2]?.slice("final: ".length) ?? "")).toBeGreaterThan(Date.now() + 13.9 * 86_400_000);
    more = { SUBJECT_KEYS_RECOVERY_DAYS: "a week" };
    expect((await run("erase", SUBJECT, "--actor", "privacy-team")).lines[0]).toContain("a week must be a whole number of days");
  });

  it("is a function of workloads too, below whose path the records are", async () => {
    await keys.encrypt(SUBJECT, "r1", "x");
    const { subject, record } = await eraseSubject(SUBJECT, "user-4711", { ...aws.env, AUDIT_PATH: "write-side/privacy" });
    expect(subject).toBe(HASH);
    expect([...aws.objects.keys()].every((url) => url.includes("/write-side/privacy/"))).toBe(true);
    expect((await run("prove", SUBJECT, "--record", record)).code).toBe(0);
  });

  it("records that a subject had no key", async () => {
    const { lines, key } = await erased();
    expect(lines[0]).toBe(`absent: ${HASH} had no data key`);
    expect((await run("prove", SUBJECT, "--record", key)).code).toBe(0);
  });

  it("proves nothing for a key that was restored, another subject, or a record that is none of an erasure", async () => {
    await keys.encrypt(SUBJECT, "r1", "x");
    const item = aws.items.get(HASH);
    const { key } = await erased();
    if (item) aws.items.set(HASH, item);
    expect(await run("prove", SUBJECT, "--record", key)).toEqual({ code: 1, lines: [`data key ${item?.id.S} exists`] });
    expect((await run("prove", "customer-2", "--record", key)).lines).toEqual([`${key}: is about another subject`]);
    expect((await run("prove", "customer-2", "--record", "access/none.json")).lines).toEqual(["access/none.json: does not exist"]);
    aws.objects.set("/audit/access/other.json", JSON.stringify({ type: "ReadCustomer", subject: HASH, data: { table: "another" } }));
    expect((await run("prove", SUBJECT, "--record", "access/other.json")).lines).toEqual([
      "access/other.json: is not the record of a completed erasure",
      "access/other.json: is about another table",
      `data key ${item?.id.S} exists`,
    ]);
  });

  it("deletes nothing if the trail can't be written", async () => {
    const sealed = await keys.encrypt(SUBJECT, "r1", "x");
    aws.refusesRecords = true;
    const { code, lines } = await run("erase", SUBJECT, "--actor", "me");
    expect([code, lines[0]?.replace(/[^/]*json/, "1.json")]).toEqual([
      2,
      expect.stringMatching(/^PUT s3:\/\/audit\/access\/.*\/subject-key-operators\/1.json: AccessDenied$/),
    ]);
    expect(await keys.decrypt(SUBJECT, "r1", sealed)).toBe("x");
  });

  it("proves nothing by the record of an erasure that was only begun, if the key is still there, and stops at wrong arguments", async () => {
    await keys.encrypt(SUBJECT, "r1", "x");
    aws.keepsItems = true;
    const { code, lines } = await run("erase", SUBJECT, "--actor", "me");
    expect([code, ...lines]).toEqual([2, `${HASH}: its data key ${aws.items.get(HASH)?.id.S} still exists`]);
    const [[url]] = [...aws.objects] as [[string, string]];
    const key = url.slice("/audit/".length);
    expect((await run("prove", SUBJECT, "--record", key)).lines).toEqual([
      `${key}: is not the record of a completed erasure`,
      `data key ${aws.items.get(HASH)?.id.S} exists`,
    ]);
    expect(await run("erase", SUBJECT)).toEqual({ code: 2, lines: ["--actor: is missing"] });
    expect(await run("prove", SUBJECT)).toEqual({ code: 2, lines: ["--record: is missing"] });
    for (const args of [[], ["erase"], ["forget", SUBJECT], ["erase", SUBJECT, "another"]]) {
      const { code, lines } = await run(...args);
      expect([code, lines[0]?.split("\n")[0]]).toEqual([2, "Usage:"]);
    }
    expect((await run("--help")).code).toBe(0);
  });
});
