import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Digester, SETTLING } from "../../constructs/audit/trail/digester";
import { HOUR, hourOf, pathOf } from "../../constructs/audit/trail/format";
import { keySigner } from "../../constructs/audit/trail/signer";
import { verifyTrail } from "../../constructs/audit/trail/verifier";
import { S3Client, s3FromEnvironment } from "../../constructs/aws-client";
import { counted, KILLS } from "./kills";
import { onS3, S3 } from "./s3";
import { randomly } from "./stream-backup-program";

const PROGRAM = join(process.cwd(), "dist/constructs/audit/audit-digest.mjs");

/** Hours of the trail, each with records: enough for all kills. */
const HOURS = 40;

onS3("the digester of an audit trail that is killed", () => {
  const s3 = new S3();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  beforeAll(() => s3.begin());
  afterAll(() => s3.end());

  test("leaves a chain that the next run continues, over all records, and shows each flipped byte", async () => {
    await s3.create("audit");
    const client = new S3Client(s3FromEnvironment(s3.env("audit"), "audit"));
    const last = hourOf(Date.now() - SETTLING) - 1;
    for (let hour = 0; hour < HOURS; hour++) {
      await client.create(`commands/${pathOf(last - hour)}/write-side/command-api/${hour}.json`, Buffer.from(`{"command":${hour}}`));
    }
    const key = join(s3.authority, "../signing.pem");
    writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
    // The first digest, so that the program has one to write of each later hour.
    const settings = { bucket: "audit", keepDays: { commands: 2, events: 2, access: 2 }, lock: "GOVERNANCE" } as const;
    await new Digester(client, keySigner(readFileSync(key, "utf8")), settings).run(Date.now() - HOURS * HOUR);
    const env = {
      PATH: process.env.PATH,
      ...s3.env("audit"),
      KEEP_DAYS: JSON.stringify(settings.keepDays),
      LOCK_MODE: "GOVERNANCE",
      SIGNING_KEY_FILE: key,
    };
    const digest = async (after: number) => {
      const child = spawn("node", [PROGRAM], { env, stdio: "ignore" });
      let requests = 0;
      s3.interfere = () => void (++requests === after && child.kill("SIGKILL"));
      return await new Promise<number | null>((resolve) => child.on("close", resolve));
    };
    const random = randomly(51);
    for (let kill = 0; kill < KILLS["audit digester"]; kill++) {
      expect(await digest(1 + random(10))).toBeNull();
      counted("audit digester");
    }
    expect(await digest(0)).toBe(0);
    const verified = () => verifyTrail(client, { keys: [createPublicKey(privateKey)], asOf: Date.now() });
    const { problems, digests, records } = await verified();
    expect([problems, digests > HOURS, records]).toEqual([[], true, HOURS]);
    for (const kind of ["/commands/", ".json", ".sig"]) {
      const file = s3
        .files("audit")
        .filter((path) => path.includes(kind) && !(kind === ".json" && path.includes("/commands/")))[3] as string;
      const bytes = readFileSync(file);
      for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        writeFileSync(file, bytes.with(at, (bytes[at] as number) ^ 1));
        expect((await verified()).problems).not.toEqual([]);
      }
      writeFileSync(file, bytes);
    }
    expect((await verified()).problems).toEqual([]);
  }, 300_000);
});
