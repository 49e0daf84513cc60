import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import type { TerraformStack } from "cdktf";
import { DatabaseBackups, type DatabaseBackupsProps, snapshotSchedule } from "../../constructs/backup";
import { all, one, refusalsOf, statements, synth } from "../synth";

const key = (name: string, region = "eu-west-1") => `arn:aws:kms:${region}:111122223333:key/${name}`;
const network = { subnetGroup: "orders-test-read-database", securityGroupIds: ["sg-1"] };

const PROPS: DatabaseBackupsProps = {
  name: ["orders", "test"],
  account: "111122223333",
  keys: { backup: key("backup"), data: key("data") },
  databases: [
    { store: "read-database", type: "Aurora", every: "1d", keepDays: 35, network },
    { store: "search", type: "RDS", every: "6h", keepDays: 90, network },
  ],
  protect: true,
};

const build =
  (changes: Partial<DatabaseBackupsProps> = {}) =>
  (stack: TerraformStack) => {
    const provider = new AwsProvider(stack, "recovery", { region: "eu-central-1", alias: "recovery" });
    new DatabaseBackups(stack, "vaults", { ...PROPS, recovery: { key: key("recovery", "eu-central-1"), provider }, ...changes });
  };
const made = (changes: Partial<DatabaseBackupsProps> = {}) => synth(build(changes));

describe("DatabaseBackups", () => {
  it("keep a vault in each region, under a key of that region", () => {
    expect(one(made(), "aws_backup_vault", "/primary")).toMatchObject({ name: "orders-test", kms_key_arn: key("backup") });
    expect(one(made(), "aws_backup_vault", "/copy")).toMatchObject({
      name: "orders-test-copy",
      kms_key_arn: key("recovery", "eu-central-1"),
      provider: "aws.recovery",
    });
  });

  it("lock both vaults, for nothing shorter than the shortest retention and nothing too long", () => {
    const locks = (changes: object) =>
      all(made(changes), "aws_backup_vault_lock_configuration").map((lock) => [
        lock.min_retention_days,
        lock.max_retention_days,
        lock.changeable_for_days,
      ]);
    expect(locks({})).toEqual([
      [35, undefined, undefined],
      [35, undefined, undefined],
    ]);
    expect(locks({ lock: "compliance" })).toEqual([
      [35, undefined, 7],
      [35, undefined, 7],
    ]);
  });

  it("can be thrown away where nothing is protected, and refuse a lock there", () => {
    const json = made({ protect: false });
    expect(all(json, "aws_backup_vault_lock_configuration")).toEqual([]);
    expect(all(json, "aws_backup_restore_testing_plan")).toEqual([]);
    for (const vault of all(json, "aws_backup_vault"))
      expect(vault).toMatchObject({ force_destroy: true, lifecycle: { prevent_destroy: false } });
    expect(refusalsOf(build({ protect: false, lock: "compliance" }))).toEqual([
      'test/vaults.lock: "compliance" locks what is not protected, and can\'t be destroyed then; leave it out',
    ]);
  });

  it("select each database by its own tag, and copy its snapshots for as long as they are kept", () => {
    const plan = one(made(), "aws_backup_plan", "/search-plan");
    expect(plan.rule).toEqual([
      expect.objectContaining({
        schedule: "cron(30 3,9,15,21 * * ? *)",
        start_window: 60,
        lifecycle: { delete_after: 90 },
        copy_action: [expect.objectContaining({ lifecycle: { delete_after: 90 } })],
      }),
    ]);
    const selection = one(made(), "aws_backup_selection", "/search-selection");
    expect(selection.selection_tag).toEqual([{ key: "backup-plan", type: "STRINGEQUALS", value: plan.name }]);
    expect(selection.depends_on).toHaveLength(2);
  });

  it("copy nothing without a recovery region", () => {
    const json = synth((stack) => void new DatabaseBackups(stack, "vaults", PROPS));
    expect(all(json, "aws_backup_vault")).toHaveLength(1);
    for (const plan of all(json, "aws_backup_plan")) expect(plan.rule[0]).not.toHaveProperty("copy_action");
  });

  it("restore each database every week, into its own network", () => {
    const plan = one(made(), "aws_backup_restore_testing_plan");
    expect(plan).toMatchObject({ name: "orders_test", schedule_expression: "cron(0 6 ? * SUN *)" });
    const test = one(made(), "aws_backup_restore_testing_selection", "/read-database-restore-test");
    expect(test).toMatchObject({
      name: "read_database",
      protected_resource_type: "Aurora",
      restore_metadata_overrides: { dbSubnetGroupName: network.subnetGroup, vpcSecurityGroupIds: '["sg-1"]' },
    });
    expect(test.protected_resource_conditions).toEqual([
      { string_equals: [{ key: "aws:ResourceTag/backup-plan", value: "orders-test-read-database" }] },
    ]);
    // The provider takes exactly one of the two.
    expect(test).not.toHaveProperty("protected_resource_arns");
  });

  it("let AWS Backup use the keys on both sides, and give grants to services of AWS alone", () => {
    const rights = statements(one(made(), "aws_iam_role_policy", "/backup-role-keys").policy);
    expect(rights.map(({ Resource }) => Resource)).toEqual(Array(2).fill([key("data"), key("backup"), key("recovery", "eu-central-1")]));
    expect(rights.find(({ Action }) => Action === "kms:CreateGrant")?.Condition).toEqual({ Bool: { "kms:GrantIsForAWSResource": "true" } });
  });

  it("tell of jobs that failed, and of those that never started", () => {
    const json = made({ notify: ["oncall@example.com"] });
    const pattern = JSON.parse(one(json, "aws_cloudwatch_event_rule").event_pattern);
    expect(pattern["detail-type"]).toHaveLength(3);
    expect(pattern.$or).toEqual(["state", "status"].map((field) => ({ detail: { [field]: ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"] } })));
    const alarms = all(json, "aws_cloudwatch_metric_alarm").map((alarm) => [alarm.dimensions.ResourceType, alarm.evaluation_periods]);
    // Time between snapshots, an hour to start, four to end.
    expect(alarms).toEqual([
      ["Aurora", 29],
      ["RDS", 11],
    ]);
    for (const alarm of all(json, "aws_cloudwatch_metric_alarm"))
      expect(alarm).toMatchObject({
        treat_missing_data: "breaching",
        period: 3600,
        threshold: 1,
        comparison_operator: "LessThanThreshold",
      });
    expect(all(json, "aws_sns_topic_subscription")).toMatchObject([{ protocol: "email", endpoint: "oncall@example.com" }]);
  });

  it("let EventBridge publish without a condition, with which it delivers nothing", () => {
    const byService = statements(one(made({}), "aws_sns_topic_policy").policy).map(({ Principal, Condition }) => [
      Principal.Service,
      Condition,
    ]);
    expect(byService).toEqual([
      ["cloudwatch.amazonaws.com", { StringEquals: { "aws:SourceAccount": "111122223333" } }],
      ["events.amazonaws.com", undefined],
    ]);
  });

  it("refuse distances that meet the windows of RDS", () => {
    const [aurora] = PROPS.databases;
    expect(refusalsOf(build({ databases: [{ ...(aurora as (typeof PROPS.databases)[number]), every: "4h" }] }))).toEqual([
      'test/vaults.databases.read-database.every: "4h" is not a time between snapshots that a schedule can have; use one of 6h, 8h, 12h, 1d',
    ]);
    // RDS: none starts in the hour before its backup window at 00:30, nor in it.
    for (const every of ["6h", "8h", "12h", "1d"] as const) {
      const [, hours = ""] = /^cron\(30 ([\d,]+) /.exec(snapshotSchedule(every) ?? "") ?? [];
      for (const hour of hours.split(",").map(Number)) expect(hour >= 3 && hour <= 21).toBe(true);
    }
  });
});
