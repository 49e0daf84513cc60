import { recoveryOf, withoutMissing } from "../../cli/recovery";

const ACCOUNT = "444455556666";

/** A bucket under a key of its own, as cdktf writes it. */
const BUCKET = {
  resource: {
    aws_kms_key: { key: {} },
    aws_kms_alias: { alias: { name: "alias/orders", target_key_id: "${aws_kms_key.key.key_id}" } },
    aws_s3_bucket: { bucket: { bucket: "orders-state" } },
    aws_s3_bucket_versioning: { versioning: { bucket: "${aws_s3_bucket.bucket.id}" } },
  },
};

describe("recoveryOf", () => {
  it("finds everything by its name, and a key by its alias", () => {
    expect(recoveryOf(BUCKET, ACCOUNT)).toEqual({
      data: { aws_kms_alias: { alias: { name: "alias/orders" } } },
      import: [
        { to: "aws_kms_key.key", id: "${data.aws_kms_alias.alias.target_key_id}" },
        { to: "aws_kms_alias.alias", id: "alias/orders" },
        { to: "aws_s3_bucket.bucket", id: "orders-state" },
        { to: "aws_s3_bucket_versioning.versioning", id: "orders-state" },
      ],
    });
  });

  it("finds roles and what is attached to them", () => {
    const resource = {
      aws_iam_policy: { boundary: { name: "boundary", path: "/orders/" } },
      aws_iam_role: { plan: { name: "orders-plan" } },
      aws_iam_role_policy: { state: { name: "plan-state", role: "${aws_iam_role.plan.id}" } },
      aws_iam_role_policy_attachment: {
        reads: { role: "${aws_iam_role.plan.name}", policy_arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
      },
    };
    expect(recoveryOf({ resource }, ACCOUNT).import.map(({ id }) => id)).toEqual([
      `arn:aws:iam::${ACCOUNT}:policy/orders/boundary`,
      "orders-plan",
      "orders-plan:plan-state",
      "orders-plan/arn:aws:iam::aws:policy/ReadOnlyAccess",
    ]);
  });

  it("finds settings of AWS Backup by their region", () => {
    const resource = { aws_backup_region_settings: { settings: { provider: "aws.eu-central-1" } } };
    expect(recoveryOf({ resource }, ACCOUNT).import).toEqual([{ to: "aws_backup_region_settings.settings", id: "eu-central-1" }]);
  });

  it("refuses what it can't find", () => {
    expect(() => recoveryOf({ resource: { aws_vpc: { vpc: {} } } }, ACCOUNT)).toThrow(
      "aws_vpc.vpc: how it is found after its state was lost is not known",
    );
  });
});

describe("withoutMissing", () => {
  const recovery = recoveryOf(BUCKET, ACCOUNT);

  it("leaves to be made what Terraform did not find", () => {
    const said =
      'While attempting to import an existing object to\n"aws_s3_bucket_versioning.versioning", the provider detected that no object exists';
    expect(withoutMissing(recovery, said)?.import.map(({ to }) => to)).toEqual([
      "aws_kms_key.key",
      "aws_kms_alias.alias",
      "aws_s3_bucket.bucket",
    ]);
  });

  it("leaves a key without its alias to be made anew", () => {
    expect(withoutMissing(recovery, "  with data.aws_kms_alias.alias,\n")).toEqual({ import: recovery.import.slice(2) });
  });

  it("takes any other error for one", () => {
    expect(withoutMissing(recovery, "Error: AccessDenied")).toBeUndefined();
  });
});
