import { readFileSync, writeFileSync } from "node:fs";
import { copyObjects } from "../../cli/backup/copy-objects";
import { type BackupRecord, newId } from "../../cli/backup/record";
import { Records } from "../../cli/backup/records";
import { S3Client, s3FromEnvironment } from "../../constructs/aws-client";
import { onS3, S3 } from "./s3";

const record = (changes: Partial<BackupRecord> = {}): BackupRecord => ({
  format: 1,
  id: newId(new Date()),
  system: "orders",
  environment: "production",
  started: "2026-11-28T21:47:28.000Z",
  completed: "2026-11-28T21:49:00.000Z",
  versions: { platform: "0.1.0", images: {} },
  stores: [],
  without: [],
  ...changes,
});

onS3("records of backups in a bucket with locks", () => {
  const s3 = new S3();
  let records: Records;
  beforeAll(async () => {
    await s3.begin();
    await s3.create("backups");
    records = new Records(new S3Client(s3FromEnvironment(s3.env("backups"), "backups")), "backup-records/");
  });
  afterAll(() => s3.end());

  it("are written once, and read as they were written", async () => {
    const [older, newer] = [record({ id: "20261128-214728-000001" }), record({ id: "20261128-224728-000002" })];
    await records.create(newer);
    await records.create(older);
    expect(await records.ids()).toEqual([older.id, newer.id]);
    expect(await records.read(older.id)).toEqual(older);
    // A repeated request, whose first answer was lost.
    await records.create(older);
    await expect(records.create({ ...older, environment: "staging" })).rejects.toThrow(/exists with other content$/);
    expect(await records.read(older.id)).toEqual(older);
  });

  it("are refused after one byte has changed", async () => {
    const one = record({ id: "20261129-000000-000003" });
    await records.create(one);
    const file = s3.files("backups").find((path) => path.endsWith(`${one.id}.json`)) ?? "";
    writeFileSync(file, readFileSync(file, "utf8").replace("production", "productioN"));
    await expect(records.read(one.id)).rejects.toThrow(/its SHA-256 is \w{64}, and \w{64} was recorded; restore an earlier version/);
  });

  it("are copied to another bucket with their metadata, once, and the copy is as good", async () => {
    await s3.create("elsewhere");
    const [from, to] = ["backups", "elsewhere"].map((name) => new S3Client(s3FromEnvironment(s3.env(name), name))) as [S3Client, S3Client];
    const one = record({ id: "20261129-010000-000005" });
    await records.create(one);
    const places = [
      { s3: from, prefix: "backup-records/20261129-01" },
      { s3: to, prefix: "orders-other/backup-records/20261129-01" },
    ] as const;
    await copyObjects(...places);
    await copyObjects(...places);
    const copy = new Records(to, "orders-other/backup-records/");
    expect(await copy.ids()).toEqual([one.id]);
    expect(await copy.read(one.id)).toEqual(one);
    expect((await to.headersOf(`orders-other/backup-records/${one.id}.json`))["content-type"]).toBe("application/json");
    await expect(copyObjects(places[0], { s3: new S3Client(s3FromEnvironment(s3.env("absent"), "absent")), prefix: "" })).rejects.toThrow(
      "GET s3://absent/: NoSuchBucket",
    );
  });

  it("are missing loudly", async () => {
    await expect(records.read("20261130-000000-000004")).rejects.toThrow(
      /GET s3:\/\/backups\/backup-records\/20261130-000000-000004.json: NoSuchKey/,
    );
  });
});
