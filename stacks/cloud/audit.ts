import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import type { App } from "cdktf";
import { AuditBucket, auditWriterStatements, SubjectKeys, type SubjectKeysPlace, subjectKeyEraserStatements } from "../../constructs/audit";
import { deployRoleArns, rolePath } from "../../constructs/bootstrap";
import { cloudName } from "../../constructs/core/names";
import { policyDocument } from "../../constructs/core/policy-document";
import type { AwsContext } from "../base/context";
import type { AuditOutputs, Keys, SubjectKeyOutputs } from "../base/outputs";
import { describedAt } from "../base/refusals";
import { awsStackProps, PlatformStack } from "../base/stack";
import type { SubjectKeySettings } from "../model/audit";
import { auditRetention, ERASURES, OPERATOR_PATH, ownsSubjectKeys, subjectKeyRecovery, subjectKeysAt } from "../model/derive/audit";

/** Bucket of an environment's audit trail, in a separate stack, because nothing else may change with it. None without `audit`. */
export function auditStacks(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
): readonly PlatformStack<AuditOutputs>[] {
  const { system, name, aws, audit } = environment;
  if (!audit) return [];
  const stack = new PlatformStack<AuditOutputs>(app, `${name}-audit-trail`, awsStackProps(environment, account, "audit-trail", true));
  const { auditKeyArn = "", auditCopyKeyArn = "", auditSigningKeyArn = "" } = stack.read(keys);
  const { recoveryRegion } = aws;
  const bucket = new AuditBucket(stack, "bucket", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    key: auditKeyArn,
    keepDays: auditRetention(environment),
    lock: audit.lock ?? "governance",
    protect: stack.protect,
    ...(recoveryRegion ? { recovery: { region: recoveryRegion, key: auditCopyKeyArn, provider: stack.providerIn(recoveryRegion) } } : {}),
    // Without deploy roles, an unknown principal applies, and would lock itself out.
    ...(account.github ? { administrators: [deployRoleArns(system, aws.account, name).apply] } : {}),
  });
  return [stack.publish({ auditBucket: bucket.id, auditBucketArn: bucket.arn, auditSigningKeyArn })];
}

/** Data keys of data subjects, or the rights on those of another environment, in a separate stack. None without `audit.subjectKeys`. */
export function subjectKeyStacks(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
  audit: PlatformStack<AuditOutputs>,
): readonly PlatformStack<SubjectKeyOutputs>[] {
  const { system, name } = environment;
  const settings = environment.audit?.subjectKeys;
  if (!settings) return [];
  const stack = new PlatformStack<SubjectKeyOutputs>(
    app,
    `${name}-subject-keys`,
    awsStackProps(environment, account, "subject-keys", true),
  );
  const { auditKeyArn = "" } = stack.read(keys);
  const { auditBucketArn } = stack.read(audit);
  const { region } = environment.aws;
  const place = ownsSubjectKeys(environment) ? ownTable(stack, environment, settings, keys) : subjectKeysAt(environment, environment.aws);
  const erasure = new IamPolicy(stack, "erasure", {
    name: cloudName("policy", system, name, "subject-key-erasure"),
    path: rolePath(system, name),
    description: "Deletes data keys of data subjects and records each deletion",
    policy: policyDocument([
      ...subjectKeyEraserStatements(place),
      ...auditWriterStatements({ bucketArn: auditBucketArn, keyArn: auditKeyArn, region }, [ERASURES], OPERATOR_PATH),
    ]),
  });
  const { table, tableArn } = place;
  return [stack.publish({ subjectKeysTable: table, subjectKeysTableArn: tableArn, subjectKeysErasurePolicyArn: erasure.arn })];
}

function ownTable(
  stack: PlatformStack<SubjectKeyOutputs>,
  { system, name, aws: { region, recoveryRegion } }: AwsContext["environment"],
  settings: SubjectKeySettings,
  keys: PlatformStack<Keys>,
): SubjectKeysPlace {
  const { subjectKeysKeyArn: keyArn = "", subjectKeysCopyKeyArn: copyKey = "" } = stack.read(keys);
  const table = describedAt(
    `${name}.audit.subjectKeys`,
    new SubjectKeys(stack, "subject-keys", {
      name: [system, name],
      key: keyArn,
      ...(recoveryRegion ? { copy: { region: recoveryRegion, key: copyKey } } : {}),
      recoveryDays: subjectKeyRecovery(settings),
      protect: stack.protect,
    }),
  );
  return { table: table.name, tableArn: table.arn, keyArn, region };
}
