import { recoveryOf, withoutMissing } from "../../cli/recovery";
import type { Account } from "../../stacks";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const EVERYTHING: NonNullable<Account["baseline"]> = {
  cloudTrail: { keep: "400d" },
  guardDuty: true,
  securityHub: true,
  accessAnalyzer: true,
  blockPublicBuckets: true,
  encryptVolumes: true,
  budget: { monthly: 5000, notify: ["oncall@example.com"] },
  costTags: true,
};

const audited = anEnvironment({
  cluster: { context: "kind" },
  domains: { sales: { workers: { worker: { image: "registry.example.com/orders/api:1.0.0", replicas: 1 } } } },
  audit: { events: "365d", writers: { worker: ["events"] } },
  exceptions: { disposable: "made by a test" },
});
const withBaseline = (baseline: object) => {
  const { accounts, ...program } = aProgram(audited);
  return { ...program, accounts: accounts.map((account) => ({ ...account, baseline })) };
};
const bootstrap = (baseline: object): Body => synthesisOf(withBaseline(baseline)).stacks.get("bootstrap-111122223333")?.json as Body;

const TYPES = [
  "aws_accessanalyzer_analyzer",
  "aws_budgets_budget",
  "aws_ce_cost_allocation_tag",
  "aws_cloudtrail",
  "aws_config_configuration_recorder",
  "aws_ebs_encryption_by_default",
  "aws_guardduty_detector",
  "aws_s3_account_public_access_block",
  "aws_securityhub_account",
];

describe("the baseline of an account", () => {
  const json = bootstrap(EVERYTHING);

  it("is nothing unless it is chosen, part by part", () => {
    const made = (baseline: object) => TYPES.filter((type) => all(bootstrap(baseline), type).length > 0);
    expect(made({})).toEqual([]);
    expect(made({ blockPublicBuckets: true })).toEqual(["aws_s3_account_public_access_block"]);
    expect(TYPES.filter((type) => all(json, type).length > 0)).toEqual(TYPES);
  });

  it("leaves out a lost region, whose API would be waited for", () => {
    const regionsOf = (body: Body) =>
      new Set(
        Object.values(body.resource ?? {}).flatMap((of) => Object.values(of as Record<string, Body>).map(({ provider }) => provider)),
      );
    const without = (lostRegions: readonly string[]) => {
      const { accounts, ...program } = withBaseline(EVERYTHING);
      const changed = accounts.map((account) => ({ ...account, region: "eu-west-2" as const, lostRegions }));
      return { ...program, accounts: changed } as typeof program & { accounts: typeof accounts };
    };
    const { stacks } = synthesisOf(without(["eu-west-1"]));
    const body = stacks.get("bootstrap-111122223333")?.json as Body;
    expect(regionsOf(body)).toEqual(new Set([undefined, "aws.eu-central-1", "aws.eu-west-2"]));
    expect(JSON.stringify(body.provider)).not.toContain("eu-west-1");
    expect(errorsOf(without(["eu-west-2", "us-east-1"]))).toEqual([
      `accounts[0].lostRegions[0]: "eu-west-2" can't be lost: it is the region of the Terraform state; set region of the account to another one, or remove eu-west-2 here`,
      'accounts[0].lostRegions[1]: "us-east-1" must be a region of an environment in the account, or of its copies; remove it',
    ]);
  });

  it("is found again after its state was lost", () => {
    const { data, import: found } = recoveryOf(json as Parameters<typeof recoveryOf>[0], "111122223333");
    const ids = (type: string) => found.filter(({ to }) => to.startsWith(`${type}.`)).map(({ id }) => id);
    expect(ids("aws_cloudtrail")).toEqual(["arn:aws:cloudtrail:eu-west-1:111122223333:trail/orders-account"]);
    expect(ids("aws_budgets_budget")).toEqual(["111122223333:orders-account"]);
    expect(ids("aws_config_configuration_recorder_status")).toEqual(["orders-account", "orders-account"]);
    expect(ids("aws_securityhub_standards_subscription")).toContain(
      "arn:aws:securityhub:eu-central-1:111122223333:subscription/aws-foundational-security-best-practices/v/1.0.0",
    );
    const detectors = Object.entries(data?.aws_guardduty_detector ?? {});
    expect(detectors.map(([, { provider }]: [string, { provider?: string }]) => provider)).toEqual(["aws.eu-central-1", "aws.eu-west-1"]);
    expect(ids("aws_guardduty_detector")).toEqual(detectors.map(([id]) => `\${data.aws_guardduty_detector.${id}.id}`));
    // A region may have no detector yet.
    const said = `  with data.aws_guardduty_detector.${detectors[0]?.[0]},\n`;
    const rest = withoutMissing({ data: data ?? {}, import: found }, said);
    expect(rest?.import.length).toBe(found.length - 1);
    expect(Object.keys(rest?.data?.aws_guardduty_detector ?? {})).toEqual([detectors[1]?.[0]]);
  });

  it("records changes in all regions, and objects of state, backups and audit records", () => {
    const [trail] = all(json, "aws_cloudtrail");
    expect(trail).toMatchObject({
      name: "orders-account",
      enable_logging: true,
      enable_log_file_validation: true,
      is_multi_region_trail: true,
      include_global_service_events: true,
    });
    const [changes, objects] = trail?.advanced_event_selector ?? [];
    expect(changes.field_selector).toEqual([{ field: "eventCategory", equals: ["Management"] }]);
    expect(objects.field_selector).toEqual([
      { field: "eventCategory", equals: ["Data"] },
      { field: "resources.type", equals: ["AWS::S3::Object"] },
      {
        field: "resources.ARN",
        starts_with: [
          "arn:aws:s3:::orders-terraform-state-111122223333-eu-west-1/",
          "arn:aws:s3:::orders-test-backups-111122223333-eu-west-1/",
          "arn:aws:s3:::orders-test-backups-copy-111122223333-eu-central-1/",
          "arn:aws:s3:::orders-test-audit-111122223333-eu-west-1/",
          "arn:aws:s3:::orders-test-audit-copy-111122223333-eu-central-1/",
        ],
      },
    ]);
  });

  it("keeps log files locked and encrypted, in a bucket into which its trail alone writes", () => {
    expect(all(json, "aws_s3_bucket_object_lock_configuration").map(({ rule }) => rule.default_retention)).toEqual([
      { mode: "GOVERNANCE", days: 400 },
    ]);
    const trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/orders-account";
    const policy = statements(one(json, "aws_s3_bucket_policy", "trail/files/policy").policy);
    const writers = policy.filter(({ Effect }) => Effect === "Allow");
    expect(writers.map(({ Action, Principal, Condition }) => [Action, Principal.Service, Condition.StringEquals["aws:SourceArn"]])).toEqual(
      [
        ["s3:GetBucketAcl", "cloudtrail.amazonaws.com", trail],
        ["s3:PutObject", "cloudtrail.amazonaws.com", trail],
      ],
    );
    expect(writers[1]?.Resource).toMatch(/\/AWSLogs\/111122223333\/\*$/);
    const key = statements(one(json, "aws_kms_key", "trail/key/key").policy).find(({ Sid }) => Sid === "Trail");
    expect(key?.Condition).toEqual({ StringEquals: { "aws:SourceArn": trail } });
    const [keys] = all(bootstrap({ cloudTrail: true }), "aws_s3_bucket_object_lock_configuration");
    expect(keys?.rule.default_retention.days).toBe(365);
  });

  it("covers each region of the account's environments once", () => {
    for (const type of [
      "aws_guardduty_detector",
      "aws_securityhub_account",
      "aws_accessanalyzer_analyzer",
      "aws_ebs_encryption_by_default",
    ])
      expect(all(json, type).map(({ provider }) => provider)).toEqual(["aws.eu-central-1", "aws.eu-west-1"]);
    expect(all(json, "aws_guardduty_detector_feature").map(({ name, status }) => `${name} ${status}`)).toContain("EKS_AUDIT_LOGS ENABLED");
  });

  it("checks all regions by AWS's standard, once AWS Config records, and what has no region once", () => {
    const addressOf = (type: string) => Object.keys(json.resource[type]).map((name) => `${type}.${name}`);
    const standards = all(json, "aws_securityhub_standards_subscription").map(({ standards_arn }) => standards_arn);
    expect(standards).toEqual(
      ["eu-central-1", "eu-west-1"].map(
        (each) => `arn:aws:securityhub:${each}::standards/aws-foundational-security-best-practices/v/1.0.0`,
      ),
    );
    const running = addressOf("aws_config_configuration_recorder_status");
    expect(all(json, "aws_securityhub_account").map(({ depends_on }) => depends_on)).toEqual(running.map((each) => [each]));
    expect(all(json, "aws_config_configuration_recorder_status").map(({ is_enabled }) => is_enabled)).toEqual([true, true]);
    const groups = all(json, "aws_config_configuration_recorder").map(({ recording_group }) => recording_group);
    expect(groups.map(({ all_supported, include_global_resource_types: global }) => [all_supported, global])).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it("lets AWS Config deliver records into its bucket, for this account", () => {
    const rights = statements(one(json, "aws_iam_role_policy", "configuration/delivers").policy);
    expect(rights.map(({ Action }) => Action)).toEqual(["s3:GetBucketAcl", "s3:PutObject", ["kms:Decrypt", "kms:GenerateDataKey"]]);
    expect(rights[1]?.Resource).toMatch(/\/AWSLogs\/111122223333\/Config\/\*$/);
    const [trust] = statements(one(json, "aws_iam_role", "configuration/role").assume_role_policy);
    expect(trust).toMatchObject({
      Principal: { Service: "config.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
    });
    for (const { s3_kms_key_arn, depends_on } of all(json, "aws_config_delivery_channel")) {
      expect(s3_kms_key_arn).toMatch(/aws_kms_key\./);
      expect(depends_on).toEqual(expect.arrayContaining([expect.stringMatching(/recorder/), expect.stringMatching(/delivers/)]));
    }
  });

  it("blocks public buckets, and tells of cost before it is exceeded, by the platform's tags", () => {
    const [block] = all(json, "aws_s3_account_public_access_block");
    for (const setting of ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"])
      expect(block?.[setting]).toBe(true);
    const [budget] = all(json, "aws_budgets_budget");
    expect(budget).toMatchObject({ budget_type: "COST", limit_amount: "5000.0", limit_unit: "USD", time_unit: "MONTHLY" });
    expect(budget?.notification.map((each: Body) => [each.notification_type, each.threshold, each.subscriber_email_addresses])).toEqual([
      ["ACTUAL", 80, ["oncall@example.com"]],
      ["FORECASTED", 100, ["oncall@example.com"]],
      ["ACTUAL", 100, ["oncall@example.com"]],
    ]);
    expect(all(json, "aws_ce_cost_allocation_tag").map(({ tag_key, status }) => `${tag_key} ${status}`)).toEqual([
      "environment Active",
      "stack Active",
      "system Active",
    ]);
  });

  it("is refused with values that AWS refuses", () => {
    const wrong = { cloudTrail: { keep: "36h" }, budget: { monthly: 0.5, notify: ["oncall"] } };
    expect(errorsOf(withBaseline(wrong) as never)).toEqual([
      'accounts[0].baseline.cloudTrail.keep: "36h" must be a whole number of days; use a duration like "7d"',
      "accounts[0].baseline.budget.monthly: 0.5 is not possible here; use a whole number from 1 to 100000000",
      'accounts[0].baseline.budget.notify[0]: "oncall" must be a mail address; write one like oncall@example.com',
    ]);
  });
});
