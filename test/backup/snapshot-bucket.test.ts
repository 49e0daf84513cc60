import { BackupBucket, SnapshotBucket, type SnapshotBucketProps, snapshotBucket } from "../../constructs/backup";
import { all, one, synth } from "../synth";

const PLACE = { name: ["orders", "test"], account: "111122223333", region: "eu-west-1" };
const KEY = "arn:aws:kms:eu-west-1:111122223333:key/backup";
const NAME = "orders-test-snapshots-111122223333-eu-west-1";

const aBucket = (changes: Partial<SnapshotBucketProps> = {}) =>
  synth((stack) => {
    const { accessLogs } = new BackupBucket(stack, "backups", { ...PLACE, key: KEY, keepDays: 35 });
    new SnapshotBucket(stack, "made", { ...PLACE, key: KEY, accessLogs, ...changes });
  });
const madeIn = (json: ReturnType<typeof aBucket>, type: string, part: string) => one(json, type, `made/snapshots/${part}`);

describe("SnapshotBucket", () => {
  it("has a name that deploy roles know before it exists", () => {
    expect(madeIn(aBucket(), "aws_s3_bucket", "bucket").bucket).toBe(NAME);
    expect(snapshotBucket(PLACE)).toBe(NAME);
  });

  it("has no object lock, because Elasticsearch deletes old snapshots itself", () => {
    const json = aBucket();
    expect(madeIn(json, "aws_s3_bucket", "bucket").object_lock_enabled).toBe(false);
    const locks = all(json, "aws_s3_bucket_object_lock_configuration");
    expect(locks.map(({ bucket }) => bucket)).not.toContain(madeIn(json, "aws_s3_bucket_versioning", "versioning").bucket);
  });

  it("keeps what was deleted for two weeks, and expires nothing else", () => {
    const json = aBucket();
    expect(madeIn(json, "aws_s3_bucket_versioning", "versioning").versioning_configuration).toEqual({ status: "Enabled" });
    const [rule] = madeIn(json, "aws_s3_bucket_lifecycle_configuration", "lifecycle").rule;
    expect(rule).toMatchObject({ noncurrent_version_expiration: [{ noncurrent_days: 14 }] });
    expect(rule.expiration).toEqual([{ expired_object_delete_marker: true }]);
  });

  it("is encrypted under the key of backups, and accepts no other", () => {
    const json = aBucket();
    const [rule] = madeIn(json, "aws_s3_bucket_server_side_encryption_configuration", "encryption").rule;
    expect(rule.apply_server_side_encryption_by_default).toEqual({ kms_master_key_id: KEY, sse_algorithm: "aws:kms" });
    expect(madeIn(json, "aws_s3_bucket_policy", "policy").policy).toContain("NoOtherKey");
  });

  it("shares the bucket of access logs with backups", () => {
    const json = aBucket();
    const [logs, others] = [
      madeIn(json, "aws_s3_bucket_logging", "access-logs"),
      one(json, "aws_s3_bucket_logging", "primary/access-logs"),
    ];
    expect(logs).toMatchObject({ target_bucket: others.target_bucket, target_prefix: `${NAME}/` });
  });

  it.each([true, false])("is protected from deletion where the environment is: %s", (protect) => {
    expect(madeIn(aBucket({ protect }), "aws_s3_bucket", "bucket")).toMatchObject({
      force_destroy: !protect,
      lifecycle: { prevent_destroy: protect },
    });
  });
});
