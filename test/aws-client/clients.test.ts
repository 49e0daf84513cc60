import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { credentialsFrom, KmsClient, kmsFromEnvironment, S3Client, s3FromEnvironment } from "../../constructs/aws-client";
import { AwsStub, SIGNED } from "./aws-stub";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
let aws: AwsStub;
let s3: S3Client;
beforeEach(async () => {
  // Requests are repeated without pauses.
  jest.spyOn(Math, "random").mockReturnValue(0);
  aws = new AwsStub(privateKey);
  await aws.begin();
  s3 = new S3Client(s3FromEnvironment(aws.env, "audit"));
});
afterEach(() => {
  jest.restoreAllMocks();
  return aws.end();
});

const until = new Date("2030-01-01T00:00:00Z");

describe("S3Client", () => {
  it.each([false, true])(
    "lists all pages in order, with names of any characters, from a service that ignores encodings: %s",
    async (ignores) => {
      aws.ignoresEncoding = ignores;
      const keys = ["a/1 ü&<'.json", "a/2+.json", "a/3.json", "a/4&.json", "b/5.json"];
      for (const key of keys) aws.objects.set(key, Buffer.from(key));
      expect(await s3.list("")).toEqual(keys.map((key) => ({ key, size: Buffer.byteLength(key) })));
      expect((await s3.list("a/", "a/2+.json")).map(({ key }) => key)).toEqual(["a/3.json", "a/4&.json"]);
      expect(String(await s3.get(keys[0] ?? ""))).toBe(keys[0]);
      expect(await s3.get("absent")).toBeUndefined();
    },
  );

  it("tells deleted and overwritten objects by their versions", async () => {
    const entry = (kind: "Version" | "DeleteMarker", key: string, isLatest: boolean) =>
      `<${kind}><Key>${key}</Key><VersionId>${key}-1</VersionId><IsLatest>${isLatest}</IsLatest></${kind}>`;
    aws.versions = [
      entry("Version", "a", true),
      entry("Version", "b", true) + entry("Version", "b", false),
      entry("DeleteMarker", "c", true) + entry("Version", "c", false),
      entry("Version", "d", true) + entry("DeleteMarker", "d", false) + entry("Version", "d", false),
    ].join("");
    expect(await s3.changed("")).toEqual({
      deleted: [{ key: "c", marker: "c-1" }],
      overwritten: [
        { key: "b", wasDeleted: false },
        { key: "d", wasDeleted: true },
      ],
    });
  });

  it("creates an object once, locked", async () => {
    expect(await s3.create("a/b", Buffer.from("1"), { mode: "GOVERNANCE", until })).toBe(true);
    expect(await s3.create("a/b", Buffer.from("2"))).toBe(false);
    expect(String(aws.objects.get("a/b"))).toBe("1");
    expect(aws.retentions.get("a/b")).toBe("GOVERNANCE 2030-01-01T00:00:00.000Z");
  });

  it("extends a lock", async () => {
    aws.objects.set("a/b", Buffer.from("1"));
    await s3.retain("a/b", { mode: "COMPLIANCE", until });
    expect(aws.retentions.get("a/b")).toMatch(/^COMPLIANCE +2030-01-01T00:00:00.000Z$/);
  });

  it("fetches credentials of the pod once, and repeats what failed for a moment", async () => {
    aws.failures.push(503);
    await s3.get("x");
    aws.failures.push(503, 409);
    await s3.get("y");
    expect(aws.requests).toEqual([
      "GET /v1/credentials",
      "GET /v1/credentials",
      "GET /audit/x",
      "GET /audit/y",
      "GET /audit/y",
      "GET /audit/y",
    ]);
  });

  it("reports what S3 answered", async () => {
    aws.failures.push(0, 403);
    await expect(s3.get("a/b")).rejects.toThrow("GET s3://audit/a/b: Failure");
  });
});

describe("KmsClient", () => {
  it("signs a digest", async () => {
    const kms = new KmsClient(kmsFromEnvironment(aws.env));
    const signature = await kms.sign("arn:key", createHash("sha256").update(SIGNED).digest());
    expect(verify("sha256", SIGNED, createPublicKey(privateKey), signature)).toBe(true);
    await expect(kms.sign("arn:other", Buffer.alloc(32))).rejects.toThrow("KMS Sign with arn:other: ValidationException");
  });
});

describe("credentialsFrom", () => {
  it("prefers static credentials, and says which variables are missing", async () => {
    const env = { ...aws.env, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    expect(await credentialsFrom(env)()).toEqual({ accessKeyId: "a", secretAccessKey: "b" });
    expect(() => credentialsFrom({})).toThrow("AWS credentials are missing: set AWS_ACCESS_KEY_ID");
  });
});
