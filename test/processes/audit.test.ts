import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { audit } from "../../cli/audit";
import { SETTLING } from "../../constructs/audit/trail/digester";
import { digestKey, hourOf, pathOf, signatureKey } from "../../constructs/audit/trail/format";
import { AwsStub } from "../aws-client/aws-stub";
import { runAlone } from "./alone";

const [DIGEST, VERIFY] = ["audit-digest.mjs", "audit-verify.mjs"].map((file) => join(process.cwd(), "dist/constructs/audit", file)) as [
  string,
  string,
];
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const HOUR_BEFORE = hourOf(Date.now() - SETTLING) - 1;
const RECORD = `commands/${pathOf(HOUR_BEFORE)}/write-side/command-api/1.json`;

let folder: string;
let aws: AwsStub;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdktf-cqrs-audit-"));
  write("private.pem", privateKey.export({ type: "pkcs8", format: "pem" }));
  write("public.pem", createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  aws = new AwsStub(privateKey);
  await aws.begin();
  aws.objects.set(RECORD, Buffer.from('{"command":"PlaceOrder"}'));
});
afterEach(async () => {
  await aws.end();
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const run = (program: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  runAlone(program, args, { cwd: folder, env: { ...aws.env, ...env } });

const digest = (env: Record<string, string> = {}) =>
  run(DIGEST, [], {
    BUCKET: "audit",
    KEEP_DAYS: '{"commands":3650,"access":400}',
    LOCK_MODE: "GOVERNANCE",
    SIGNING_KEY_FILE: join(folder, "private.pem"),
    ...env,
  });
const ofBucket = () => run(VERIFY, ["--key", "public.pem", "--bucket", "audit"]);
const copyTo = (name: string) => {
  for (const [key, content] of aws.objects) write(join(name, key), content);
  return join(folder, name);
};

describe("audit-digest.mjs and audit-verify.mjs", () => {
  it("sign a trail in a bucket, and verify the bucket and a copy of it", async () => {
    const digested = await digest();
    expect(digested).toMatchObject({ code: 0, error: "" });
    const [wrote] = digested.out.split("\n").map((line) => line && JSON.parse(line));
    expect(wrote).toMatchObject({ message: "wrote a digest", key: digestKey(HOUR_BEFORE), sequence: 0, records: 1 });
    expect(aws.retentions.get(RECORD)).toMatch(/^GOVERNANCE/);

    const verified = await ofBucket();
    expect(verified).toEqual({
      code: 0,
      error: "",
      out: [
        "1 digests, 1 records verified, 0 of them late, 0 expired, 0 without a digest yet",
        `newest digest: ${wrote.sha256}`,
        "no problems: the trail is complete and unchanged",
        "",
      ].join("\n"),
    });
    const copy = await run(VERIFY, ["--key", "public.pem", "--folder", copyTo("copy"), "--head", wrote.sha256]);
    const unread = "versions were not read: a record that was deleted before its digest leaves no other trace\n";
    expect(copy).toEqual({ ...verified, out: verified.out.replace("newest digest", `${unread}newest digest`) });
  });

  it("leave a signature that openssl verifies", async () => {
    await digest();
    const copy = copyTo("copy");
    const [signed, signature] = [digestKey(HOUR_BEFORE), signatureKey(HOUR_BEFORE)].map((key) => join(copy, key)) as [string, string];
    const args = ["dgst", "-sha256", "-verify", join(folder, "public.pem"), "-signature", signature, signed];
    expect(spawnSync("openssl", args, { encoding: "utf8" }).stdout).toBe("Verified OK\n");
  });

  it("name what was changed, with exit code 1", async () => {
    await digest();
    aws.objects.set(RECORD, Buffer.from('{"command":"CancelOrder"}'));
    const { code, out } = await ofBucket();
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^ALTERED ${RECORD}: has 25 bytes and SHA-256 [0-9a-f]{64}; ${digestKey(HOUR_BEFORE)} lists 24 bytes`));
    expect(out).toMatch(/\n1 problems\n$/);
    const { out: json } = await run(VERIFY, ["--key", "public.pem", "--bucket", "audit", "--json"]);
    expect(JSON.parse(json).problems).toEqual([expect.objectContaining({ kind: "altered", key: RECORD })]);
  });

  it("are part of the command line", async () => {
    await digest();
    const copy = copyTo("copy");
    const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
    const code = await audit(["verify", "--key", join(folder, "public.pem"), "--folder", copy]);
    written.mockRestore();
    expect(code).toBe(0);
    const said: string[] = [];
    const errors = jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
    expect([await audit([]), await audit(["check"])]).toEqual([2, 2]);
    errors.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/^audit: requires verify\n\nUsage:\n/),
      "audit check: is not supported; use audit verify\n",
    ]);
  });

  it.each([
    [["--ky", "public.pem"], "--ky: not an option here; use --key, --folder, --bucket, --as-of, --head, --json"],
    [[], "--key: is missing; give the file of the public key that signed the digests"],
    [["--key", "public.pem"], "--folder, --bucket: give exactly one of them"],
    [["--key", "public.pem", "--folder", "absent"], '--folder: "absent" does not exist; give the folder of a copy'],
    [["--key", "public.pem", "--folder", ".", "--as-of", "soon"], '--as-of: "soon" is not a time; write one like 2026-11-28T18:00:00Z'],
    [["--key", "public.pem", "--folder", ".", "--head", "1"], '--head: "1" is not a SHA-256; write 64 hexadecimal digits'],
  ])("refuse %j with exit code 2", async (args, message) => {
    expect(await run(VERIFY, args)).toEqual({ code: 2, out: "", error: `${message}\n` });
  });

  it("refuse a public key of another type, because it would verify nothing", async () => {
    write("rsa.pem", generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }));
    const { code, error } = await run(VERIFY, ["--key", "rsa.pem", "--folder", "."]);
    expect([code, error]).toEqual([2, expect.stringContaining('--key: "rsa.pem" is not an EC key on P-256')]);
  });

  it.each([
    [{ BUCKET: "" }, "BUCKET is not set"],
    [{ LOCK_MODE: "NONE" }, "LOCK_MODE: NONE must be GOVERNANCE or COMPLIANCE"],
    [{ SIGNING_KEY_FILE: "" }, "SIGNING_KEY_ARN is not set"],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: "" }, expect.stringContaining("AWS credentials are missing")],
  ])("digest nothing with %j", async (env, error) => {
    const { code, out } = await digest(env);
    expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ message: "failed", error })]);
    expect([...aws.objects.keys()]).toEqual([RECORD]);
  });
});
