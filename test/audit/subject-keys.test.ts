import {
  SubjectKeys,
  type SubjectKeysPlace,
  type SubjectKeysProps,
  subjectKeyEraserStatements,
  subjectKeyReaderStatements,
  subjectKeyUserStatements,
} from "../../constructs/audit";
import { exemptionsOf } from "../../constructs/policy/contract";
import { allows, type Statement } from "../bootstrap/evaluator";
import { one, refusalsOf, synth } from "../synth";

const PROPS: SubjectKeysProps = { name: ["orders", "test"], key: "arn:key", recoveryDays: 7 };
const table = (changes: Partial<SubjectKeysProps> = {}) =>
  one(
    synth((stack) => void new SubjectKeys(stack, "keys", { ...PROPS, ...changes })),
    "aws_dynamodb_table",
  );

describe("SubjectKeys", () => {
  it("is an encrypted table with point-in-time recovery of the promised length, and no other backup", () => {
    expect(table()).toMatchObject({
      name: "orders-test-subject-keys",
      hash_key: "subject",
      billing_mode: "PAY_PER_REQUEST",
      deletion_protection_enabled: true,
      lifecycle: { prevent_destroy: true },
      point_in_time_recovery: { enabled: true, recovery_period_in_days: 7 },
      server_side_encryption: { enabled: true, kms_key_arn: "arn:key" },
    });
    expect(table().tags).toBeUndefined();
    synth((stack) => {
      const keys = new SubjectKeys(stack, "keys", PROPS);
      expect(exemptionsOf(keys.node.findChild("table")).map(({ rule }) => rule)).toEqual(["backups-select-it"]);
    });
  });

  it("has a copy in another region, which no backup outlives", () => {
    expect(table().replica).toBeUndefined();
    expect(table({ copy: { region: "eu-central-1", key: "arn:copy" } })).toMatchObject({
      stream_enabled: true,
      stream_view_type: "NEW_AND_OLD_IMAGES",
      replica: [{ region_name: "eu-central-1", kms_key_arn: "arn:copy", point_in_time_recovery: false }],
    });
  });

  it("can be destroyed if nothing protects it", () => {
    expect(table({ protect: false })).toMatchObject({ deletion_protection_enabled: false, lifecycle: { prevent_destroy: false } });
  });

  it.each([0, 36, 1.5])("refuses %d days of recovery", (recoveryDays) => {
    expect(refusalsOf((stack) => void new SubjectKeys(stack, "keys", { ...PROPS, recoveryDays }))).toEqual([
      `test/keys.recoveryDays: ${recoveryDays} must be a number of days that point-in-time recovery can have; use a whole number from 1 to 35`,
    ]);
  });
});

const [ACCOUNT, REGION] = ["111122223333", "eu-west-1"];
const PLACE: SubjectKeysPlace = {
  table: "orders-test-subject-keys",
  tableArn: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/orders-test-subject-keys`,
  keyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`,
  region: REGION,
};
const OF_SUBJECT = { "kms:EncryptionContext:subject": "hash", "kms:EncryptionContext:table": PLACE.table };
const may = (statements: readonly object[], action: string, resource: string, context: Readonly<Record<string, string>> = {}) =>
  allows({ arn: `arn:aws:iam::${ACCOUNT}:role/r`, identity: statements as readonly Statement[] }, { action, resource, context });
const [user, eraser] = [subjectKeyUserStatements(PLACE), subjectKeyEraserStatements(PLACE)];

describe("rights on data keys", () => {
  const TABLE = ["GetItem", "PutItem", "DeleteItem", "UpdateItem", "Scan", "Query", "BatchGetItem", "BatchWriteItem", "DeleteTable"];
  const LATER = ["ExportTableToPointInTime", "RestoreTableToPointInTime", "UpdateContinuousBackups", "CreateBackup", "PutResourcePolicy"];
  const onTable = (statements: readonly object[]) =>
    [...TABLE, ...LATER].filter((action) => may(statements, `dynamodb:${action}`, PLACE.tableArn));

  it("let users read and create single keys, erasers read and delete them, and nobody list, copy or restore them", () => {
    expect(onTable(user)).toEqual(["GetItem", "PutItem"]);
    expect(onTable(eraser)).toEqual(["GetItem", "DeleteItem"]);
    for (const statements of [user, eraser])
      expect(may(statements, "dynamodb:GetItem", `${PLACE.tableArn.slice(0, -"test-subject-keys".length)}other`)).toBe(false);
  });

  it("let only users unwrap keys, and only for a subject of their table", () => {
    const actions = ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:ScheduleKeyDeletion"];
    const onKey = (statements: readonly object[], context: Readonly<Record<string, string>>) =>
      actions.filter((action) => may(statements, action, PLACE.keyArn, context));
    expect(onKey(user, OF_SUBJECT)).toEqual(["kms:Decrypt", "kms:GenerateDataKey"]);
    expect(onKey(user, {})).toEqual([]);
    expect(onKey(user, { "kms:EncryptionContext:table": PLACE.table })).toEqual([]);
    expect(onKey(user, { ...OF_SUBJECT, "kms:EncryptionContext:table": "another" })).toEqual([]);
    expect(onKey(eraser, OF_SUBJECT)).toEqual([]);
  });

  it("let readers create nothing, and hold for keys of an alias only", () => {
    const readers = subjectKeyReaderStatements(PLACE);
    expect(onTable(readers)).toEqual(["GetItem"]);
    expect(may(readers, "kms:Decrypt", PLACE.keyArn, OF_SUBJECT)).toBe(true);
    expect(may(readers, "kms:GenerateDataKey", PLACE.keyArn, OF_SUBJECT)).toBe(false);
    const alias = "alias/orders-test-subject-keys";
    const shared = subjectKeyUserStatements({ ...PLACE, keyArn: PLACE.keyArn.replace(/1$/, "*"), alias });
    expect(may(shared, "kms:Decrypt", PLACE.keyArn, OF_SUBJECT)).toBe(false);
    expect(may(shared, "kms:Decrypt", PLACE.keyArn, { ...OF_SUBJECT, "kms:ResourceAliases": alias })).toBe(true);
  });

  it("let DynamoDB use the key of the table for both, and no other service", () => {
    const via = (service: string) => ({ "kms:ViaService": `${service}.${REGION}.amazonaws.com` });
    for (const statements of [user, eraser]) {
      expect(may(statements, "kms:Decrypt", PLACE.keyArn, via("dynamodb"))).toBe(true);
      expect(may(statements, "kms:Decrypt", PLACE.keyArn, via("s3"))).toBe(false);
    }
  });
});
