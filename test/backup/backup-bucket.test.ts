import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import type { TerraformStack } from "cdktf";
import { BackupBucket, type BackupBucketProps } from "../../constructs/backup";
import { all, one, refusalsOf, statements, synth } from "../synth";

const PROPS: BackupBucketProps = {
  name: ["orders", "test"],
  account: "111122223333",
  region: "eu-west-1",
  key: "arn:aws:kms:eu-west-1:111122223333:key/backup",
  keepDays: 35,
};

const recovery = (stack: TerraformStack) => ({
  region: "eu-central-1",
  key: "arn:aws:kms:eu-central-1:111122223333:key/recovery",
  provider: new AwsProvider(stack, "recovery", { region: "eu-central-1", alias: "recovery" }),
});

const aBucket = (changes: Partial<BackupBucketProps> = {}) =>
  synth((stack) => void new BackupBucket(stack, "backups", { ...PROPS, ...changes }));
const withCopy = () => synth((stack) => void new BackupBucket(stack, "backups", { ...PROPS, recovery: recovery(stack) }));

describe("BackupBucket", () => {
  it("is named so that no other account or region can have the name", () => {
    expect(one(aBucket(), "aws_s3_bucket", "/primary/bucket").bucket).toBe("orders-test-backups-111122223333-eu-west-1");
  });

  it("is encrypted under the key it was given", () => {
    const [rule] = one(aBucket(), "aws_s3_bucket_server_side_encryption_configuration", "/primary/encryption").rule;
    expect(rule).toEqual({
      apply_server_side_encryption_by_default: { kms_master_key_id: PROPS.key, sse_algorithm: "aws:kms" },
      bucket_key_enabled: true,
    });
  });

  it("lets nobody delete a backup before its time, and keeps none longer", () => {
    const json = aBucket();
    expect(one(json, "aws_s3_bucket_object_lock_configuration").rule).toEqual({ default_retention: { days: 35, mode: "GOVERNANCE" } });
    const [rule] = one(json, "aws_s3_bucket_lifecycle_configuration", "/primary/lifecycle").rule;
    expect(rule).toMatchObject({ expiration: [{ days: 35 }], noncurrent_version_expiration: [{ noncurrent_days: 1 }] });
    expect(one(json, "aws_s3_bucket", "/primary/bucket")).toMatchObject({
      force_destroy: false,
      object_lock_enabled: true,
      lifecycle: { prevent_destroy: true },
    });
  });

  it("is locked in compliance mode by choice alone", () => {
    const mode = (changes: object) => one(aBucket(changes), "aws_s3_bucket_object_lock_configuration").rule.default_retention.mode;
    expect([mode({}), mode({ lock: "compliance" })]).toEqual(["GOVERNANCE", "COMPLIANCE"]);
  });

  it("can be thrown away where nothing is protected", () => {
    const json = aBucket({ protect: false });
    expect(all(json, "aws_s3_bucket_object_lock_configuration")).toEqual([]);
    expect(one(json, "aws_s3_bucket", "/primary/bucket")).toMatchObject({ force_destroy: true, lifecycle: { prevent_destroy: false } });
  });

  it("can begin or cease to be protected without being replaced", () => {
    const decided = (protect: boolean) =>
      all(aBucket({ protect }), "aws_s3_bucket").map(({ bucket, object_lock_enabled }) => [bucket, object_lock_enabled]);
    expect(decided(true)).toEqual(decided(false));
  });

  it.each([
    [7, undefined],
    [60, [{ days: 30, storage_class: "STANDARD_IA" }]],
    [
      365,
      [
        { days: 30, storage_class: "STANDARD_IA" },
        { days: 90, storage_class: "GLACIER_IR" },
      ],
    ],
  ])("lets backups of %d days grow as cold as pays, and never so cold that a restore waits", (keepDays, transition) => {
    expect(one(aBucket({ keepDays }), "aws_s3_bucket_lifecycle_configuration", "/primary/lifecycle").rule[0].transition).toEqual(
      transition,
    );
  });

  it("refuses plain HTTP, old TLS, and uploads under another encryption or key", () => {
    const policy = statements(one(aBucket(), "aws_s3_bucket_policy", "/primary/policy").policy);
    expect(policy.map(({ Sid, Effect }) => [Sid, Effect])).toEqual([
      ["TlsOnly", "Deny"],
      ["NoOldTls", "Deny"],
      ["NoOtherEncryption", "Deny"],
      ["NoOtherKey", "Deny"],
      ["NoNamelessKey", "Deny"],
    ]);
  });

  it("writes its access logs to a bucket beside it, which takes them from S3 only", () => {
    const json = aBucket();
    expect(one(json, "aws_s3_bucket_logging")).toMatchObject({ target_prefix: "orders-test-backups-111122223333-eu-west-1/" });
    const delivery = statements(one(json, "aws_s3_bucket_policy", "/primary-logs/policy").policy).find(({ Sid }) => Sid === "AccessLogs");
    expect(delivery).toMatchObject({
      Principal: { Service: "logging.s3.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
    });
  });

  it("is closed to the public in each of its buckets", () => {
    const json = withCopy();
    expect(all(json, "aws_s3_bucket")).toHaveLength(4);
    for (const type of [
      "aws_s3_bucket_public_access_block",
      "aws_s3_bucket_ownership_controls",
      "aws_s3_bucket_versioning",
      "aws_s3_bucket_policy",
    ])
      expect(all(json, type)).toHaveLength(4);
  });

  it("is copied within a quarter of an hour to another region, under a key of that region", () => {
    const json = withCopy();
    const [rule] = one(json, "aws_s3_bucket_replication_configuration").rule;
    expect(rule).toMatchObject({
      status: "Enabled",
      source_selection_criteria: { sse_kms_encrypted_objects: { status: "Enabled" } },
      destination: {
        encryption_configuration: { replica_kms_key_id: "arn:aws:kms:eu-central-1:111122223333:key/recovery" },
        replication_time: { time: { minutes: 15 } },
      },
    });
    expect(one(json, "aws_s3_bucket", "/copy/bucket")).toMatchObject({
      bucket: "orders-test-backups-copy-111122223333-eu-central-1",
      provider: "aws.recovery",
      object_lock_enabled: true,
    });
  });

  it("carries no deletion over to the copy", () => {
    expect(one(withCopy(), "aws_s3_bucket_replication_configuration").rule[0].delete_marker_replication).toEqual({ status: "Disabled" });
  });

  it("is copied by a role that can do nothing else", () => {
    const rights = statements(one(withCopy(), "aws_iam_role_policy").policy);
    expect(rights.every(({ Resource }) => Resource !== "*")).toBe(true);
    expect(rights.flatMap(({ Action }) => Action)).not.toContain("s3:ReplicateDelete");
  });

  it("refuses a copy beside itself, and a time that is none", () => {
    expect(
      refusalsOf(
        (stack) =>
          void new BackupBucket(stack, "backups", { ...PROPS, keepDays: 0.5, recovery: { ...recovery(stack), region: "eu-west-1" } }),
      ),
    ).toEqual([
      "test/backups.keepDays: 0.5 must be a number of days that S3 can lock; use a whole number from 1 to 36500",
      'test/backups.recovery.region: "eu-west-1" is the region of the bucket itself, and is lost with it; choose another region',
    ]);
  });
});
