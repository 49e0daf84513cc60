import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import type { TerraformStack } from "cdktf";
import {
  AuditBucket,
  type AuditBucketProps,
  auditBuckets,
  auditDigesterStatements,
  auditReaderStatements,
  auditWriterStatements,
} from "../../constructs/audit";
import { all, type Body, one, refusalsOf, statements, synth } from "../synth";

const PROPS: AuditBucketProps = {
  name: ["orders", "test"],
  account: "111122223333",
  region: "eu-west-1",
  key: "arn:aws:kms:eu-west-1:111122223333:key/audit",
  keepDays: { commands: 3650, events: 3650, access: 400 },
  lock: "governance",
};
const ADMINISTRATORS = ["arn:aws:iam::111122223333:role/orders/orders-test-apply"];
const build = (changes: Partial<AuditBucketProps> = {}) => synth((stack) => void new AuditBucket(stack, "audit", { ...PROPS, ...changes }));
const refused = (changes: Partial<AuditBucketProps>) =>
  refusalsOf((stack) => void new AuditBucket(stack, "audit", { ...PROPS, ...changes }));
const policyOf = (json: Body, bucket = "records") => statements(one(json, "aws_s3_bucket_policy", `/${bucket}/policy`).policy);
const statement = (json: Body, sid: string, bucket?: string) => policyOf(json, bucket).find(({ Sid }) => Sid === sid);
const recovery = (stack: TerraformStack) => ({
  region: "eu-central-1",
  key: "arn:aws:kms:eu-central-1:111122223333:key/audit-copy",
  provider: new AwsProvider(stack, "recovery", { region: "eu-central-1", alias: "recovery" }),
});
const withCopy = (changes: Partial<AuditBucketProps> = {}) =>
  synth((stack) => void new AuditBucket(stack, "audit", { ...PROPS, ...changes, recovery: recovery(stack) }));

describe("AuditBucket", () => {
  it("has names that are known before it exists", () => {
    const names = ["orders-test-audit-111122223333-eu-west-1", "orders-test-audit-logs-111122223333-eu-west-1"];
    expect(auditBuckets(PROPS)).toEqual(names);
    expect(
      all(build(), "aws_s3_bucket")
        .map(({ bucket }) => bucket)
        .sort(),
    ).toEqual([...names].sort());
  });

  it("expires each kind after its own retention, and digests after all of them", () => {
    const { rule } = one(build(), "aws_s3_bucket_lifecycle_configuration", "/records/lifecycle");
    expect(rule.slice(0, 4).map((each: Body) => [each.filter[0].prefix, each.expiration[0].days])).toEqual([
      ["commands/", 3650],
      ["events/", 3650],
      ["access/", 400],
      ["digests/", 3681],
    ]);
  });

  it.each(["governance", "compliance"] as const)("locks every object for the shortest retention in %s mode", (lock) => {
    expect(one(build({ lock }), "aws_s3_bucket_object_lock_configuration").rule.default_retention).toEqual({
      days: 400,
      mode: lock.toUpperCase(),
    });
  });

  it("accepts no upload that could replace an object", () => {
    expect(statement(build(), "NoOverwrite")).toEqual({
      Sid: "NoOverwrite",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:PutObject",
      Resource: expect.stringMatching(/\/\*$/),
      Condition: { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
    });
  });

  it("denies deletion and bypass of the lock to every principal", () => {
    const json = build();
    expect(statement(json, "NoDeletion")).toMatchObject({ Principal: "*", Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"] });
    expect(statement(json, "NoLockBypass")?.Action).toContain("s3:BypassGovernanceRetention");
    for (const sid of ["NoDeletion", "NoLockBypass"]) expect(statement(json, sid)).not.toHaveProperty("Condition");
  });

  it("lets administrators alone change versioning, lifecycle, lock and policy", () => {
    const guard = statement(build({ administrators: ADMINISTRATORS }), "OnlyAdministratorsConfigure");
    expect(guard?.Condition).toEqual({ ArnNotLike: { "aws:PrincipalArn": ADMINISTRATORS } });
    expect(guard?.Action).toEqual(
      expect.arrayContaining(["s3:PutBucketVersioning", "s3:PutLifecycleConfiguration", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]),
    );
    expect(statement(build(), "OnlyAdministratorsConfigure")).toBeUndefined();
  });

  it("is encrypted with its key, over TLS, versioned, closed to the public, and logs accesses", () => {
    const json = build();
    const [rule] = one(json, "aws_s3_bucket_server_side_encryption_configuration", "/records/encryption").rule;
    expect(rule.apply_server_side_encryption_by_default.kms_master_key_id).toBe(PROPS.key);
    expect(policyOf(json).map(({ Sid }) => Sid)).toEqual(expect.arrayContaining(["TlsOnly", "NoOldTls", "NoOtherKey"]));
    expect(one(json, "aws_s3_bucket_versioning", "/records/versioning").versioning_configuration).toEqual({ status: "Enabled" });
    expect(all(json, "aws_s3_bucket_public_access_block")).toHaveLength(2);
    expect(one(json, "aws_s3_bucket_logging")).toMatchObject({ target_prefix: "orders-test-audit-111122223333-eu-west-1/" });
  });

  it("can be destroyed with its content if it is not protected", () => {
    const json = build({ protect: false });
    expect(one(json, "aws_s3_bucket", "/records/bucket")).toMatchObject({ force_destroy: true, lifecycle: { prevent_destroy: false } });
    expect(all(json, "aws_s3_bucket_object_lock_configuration")).toEqual([]);
    expect(statement(json, "NoDeletion")).toBeUndefined();
    expect(statement(json, "NoOverwrite")).toBeDefined();
  });

  describe("with a copy in another region", () => {
    it("has names that are known before it exists", () => {
      const names = auditBuckets(PROPS, "eu-central-1");
      expect(names[2]).toBe("orders-test-audit-copy-111122223333-eu-central-1");
      const buckets = all(withCopy(), "aws_s3_bucket").map(({ bucket }) => bucket);
      expect(buckets.sort()).toEqual([...names].sort());
    });

    it("copies every object, but no deletion, under the key of that region", () => {
      const json = withCopy();
      expect(one(json, "aws_s3_bucket_replication_configuration").rule).toMatchObject([
        {
          status: "Enabled",
          filter: { prefix: "" },
          delete_marker_replication: { status: "Disabled" },
          destination: { encryption_configuration: { replica_kms_key_id: "arn:aws:kms:eu-central-1:111122223333:key/audit-copy" } },
        },
      ]);
      expect(one(json, "aws_iam_role").name).toBe("orders-test-audit-replication");
    });

    it("locks, keeps and guards the copy like the trail", () => {
      const json = withCopy({ administrators: ADMINISTRATORS });
      for (const [type, id] of [
        ["aws_s3_bucket_object_lock_configuration", "lock"],
        ["aws_s3_bucket_lifecycle_configuration", "lifecycle"],
      ] as const)
        expect(one(json, type, `/copy/${id}`).rule).toEqual(one(json, type, `/records/${id}`).rule);
      for (const sid of ["NoDeletion", "NoLockBypass", "OnlyAdministratorsConfigure"])
        expect(statement(json, sid, "copy")).toMatchObject({ Effect: "Deny", Action: statement(json, sid)?.Action });
      expect(one(json, "aws_s3_bucket", "/copy/bucket")).toMatchObject({ provider: "aws.recovery", force_destroy: false });
    });

    it("lets nobody but S3 write to the copy", () => {
      const only = statement(withCopy(), "OnlyReplication", "copy");
      expect(only).toMatchObject({ Effect: "Deny", Principal: "*", Action: "s3:PutObject" });
      expect(only).not.toHaveProperty("Condition");
    });

    it("is refused in the bucket's own region", () => {
      const same = (stack: TerraformStack) => ({ ...recovery(stack), region: "eu-west-1" });
      expect(refusalsOf((stack) => void new AuditBucket(stack, "audit", { ...PROPS, recovery: same(stack) }))).toEqual([
        'test/audit.recovery.region: "eu-west-1" is the region of the bucket itself, and is lost with it; choose another region',
      ]);
    });
  });

  it.each([
    [{ keepDays: {} }, "test/audit.keepDays: {} records nothing; set the days of one of commands, events, access"],
    [
      { keepDays: { commands: 0 } },
      "test/audit.keepDays.commands: 0 must be a number of days that S3 can lock, digests included; use a whole number from 1 to 36469",
    ],
    [
      { keepDays: { commands: 36_470 } },
      "test/audit.keepDays.commands: 36470 must be a number of days that S3 can lock, digests included; use a whole number from 1 to 36469",
    ],
    [
      { lock: "compliance", protect: false },
      `test/audit.lock: "compliance" can't be removed by anyone, so the bucket could not be deleted; use "governance", or protect the bucket`,
    ],
  ] as const)("refuses %j", (changes, message) => {
    expect(refused(changes)).toEqual([message]);
  });
});

describe("rights to the audit bucket", () => {
  const place = { bucketArn: "arn:aws:s3:::audit", keyArn: PROPS.key, region: "eu-west-1" };
  const actions = (given: readonly object[]) => (given as Body[]).flatMap(({ Action }) => Action).sort();

  it("let a writer add records below its own path, and nothing else", () => {
    const given = auditWriterStatements(place, ["commands", "access"], "write-side/command-api") as Body[];
    expect(actions(given)).toEqual(["kms:GenerateDataKey", "s3:PutObject"]);
    expect(given[0]?.Resource).toEqual([
      "arn:aws:s3:::audit/commands/????/??/??/??/write-side/command-api/*",
      "arn:aws:s3:::audit/access/????/??/??/??/write-side/command-api/*",
    ]);
  });

  it("let the digester add only digests, and never delete or shorten a lock", () => {
    const given = auditDigesterStatements(place, "arn:aws:kms:eu-west-1:111122223333:key/signing") as Body[];
    expect(given.find(({ Action }) => Action === "s3:PutObject")?.Resource).toBe("arn:aws:s3:::audit/digests/*");
    expect(actions(given).filter((action) => /Delete|Bypass|PutBucket|\*/.test(action))).toEqual([]);
  });

  it("let an auditor read and change nothing", () => {
    expect(actions(auditReaderStatements(place)).filter((action) => !/^(s3:(Get|List)|kms:Decrypt$)/.test(action))).toEqual([]);
  });
});
