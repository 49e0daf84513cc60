import { StateBucket, stateLocation } from "../../constructs/bootstrap";
import { all, one, statements, synth } from "../synth";

const PROPS = { system: "orders", account: "111122223333", region: "eu-west-1" };

const json = synth((stack) => void new StateBucket(stack, "state", PROPS));

describe("StateBucket", () => {
  it("lies where every other stack looks for it", () => {
    const location = stateLocation(PROPS);
    expect(one(json, "aws_s3_bucket").bucket).toBe(location.bucket);
    expect(location.key).toBe(`arn:aws:kms:eu-west-1:111122223333:${one(json, "aws_kms_alias").name}`);
  });

  it("keeps every version of a state for a while, under a key of its own", () => {
    expect(one(json, "aws_s3_bucket_versioning").versioning_configuration.status).toBe("Enabled");
    expect(one(json, "aws_s3_bucket_lifecycle_configuration").rule[0]).toMatchObject({
      id: "old-versions",
      noncurrent_version_expiration: [{ noncurrent_days: 90 }],
    });
    expect(
      one(json, "aws_s3_bucket_server_side_encryption_configuration").rule[0].apply_server_side_encryption_by_default.sse_algorithm,
    ).toBe("aws:kms");
  });

  it("is read over TLS only", () => {
    expect(statements(one(json, "aws_s3_bucket_policy").policy).map(({ Sid }) => Sid)).toContain("TlsOnly");
  });

  it("can't be destroyed in any environment, nor its key", () => {
    for (const type of ["aws_s3_bucket", "aws_kms_key"])
      for (const resource of all(json, type)) expect(resource.lifecycle.prevent_destroy).toBe(true);
  });
});
