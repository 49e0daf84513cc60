import { fullBuckets, protections } from "../../cli/protection";
import type { State } from "../../cli/workspace";

/** A state with a resource of a type, as it is deployed. */
function deployed(type: string, attributes: object): State {
  const resource = { mode: "managed", type, name: "one", provider: 'provider["registry.terraform.io/hashicorp/aws"]' } as const;
  return { lineage: "1", resources: [{ ...resource, instances: [{ attributes: attributes as Record<string, unknown> }] }] };
}

const configured = (type: string, body: object) => ({ resource: { [type]: { one: body } } });

describe("what can't be destroyed", () => {
  it.each([
    ["aws_rds_cluster", "deletion_protection", true],
    ["aws_lb", "enable_deletion_protection", true],
    ["aws_dynamodb_table", "deletion_protection_enabled", true],
    ["aws_cognito_user_pool", "deletion_protection", "ACTIVE"],
  ])("is what the API still protects: %s by %s", (type, argument, value) => {
    const state = deployed(type, { [argument]: value });
    // The configuration has lifted the protection, and nobody has applied that.
    expect(protections(configured(type, { [argument]: false }), state).deployed).toEqual([
      expect.stringMatching(new RegExp(`^${type}\\.one \\(${argument}`)),
    ]);
    expect(protections(configured(type, { [argument]: false }), deployed(type, { [argument]: false })).deployed).toEqual([]);
  });

  it.each([
    ["aws_secretsmanager_secret", "recovery_window_in_days", 30, 0],
    ["aws_s3_bucket", "force_destroy", false, true],
    ["aws_db_instance", "skip_final_snapshot", false, true],
    ["aws_kms_key", "deletion_window_in_days", 30, 7],
  ])("is what would be destroyed otherwise than configured: %s by %s", (type, argument, now, wanted) => {
    expect(protections(configured(type, { [argument]: wanted }), deployed(type, { [argument]: now }))).toEqual({
      declared: [],
      deployed: [`${type}.one (${argument} is still ${now})`],
    });
    expect(protections(configured(type, { [argument]: wanted }), deployed(type, { [argument]: wanted })).deployed).toEqual([]);
  });

  it("is what the configuration protects, named once", () => {
    const json = configured("aws_rds_cluster", { lifecycle: { prevent_destroy: true }, deletion_protection: true });
    expect(protections(json, deployed("aws_rds_cluster", { deletion_protection: true }))).toEqual({
      declared: ["aws_rds_cluster.one"],
      deployed: [],
    });
  });

  it("is a bucket that holds something, unless the provider is to empty it", async () => {
    const bucket = (force_destroy: boolean) => deployed("aws_s3_bucket", { bucket: "logs", region: "eu-west-1", force_destroy });
    const holds = async (name: string, region: string) => `${name} ${region}` === "logs eu-west-1";
    expect(await fullBuckets(bucket(false), holds)).toEqual(["aws_s3_bucket.one (holds objects)"]);
    expect(await fullBuckets(bucket(true), holds)).toEqual([]);
    expect(await fullBuckets(bucket(false), async () => false)).toEqual([]);
  });
});
