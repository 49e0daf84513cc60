import type { App } from "cdktf";
import { AuditBucket } from "../../constructs/audit";
import { deployRoleArns } from "../../constructs/bootstrap";
import type { AwsContext } from "../base/context";
import type { AuditOutputs, Keys } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { auditRetention } from "../model/derive/audit";

/** Bucket of an environment's audit trail, in a separate stack, because nothing else may change with it. None without `audit`. */
export function auditStacks(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
): readonly PlatformStack<AuditOutputs>[] {
  const { system, name, aws, audit } = environment;
  if (!audit) return [];
  const stack = new PlatformStack<AuditOutputs>(app, `${name}-audit-trail`, awsStackProps(environment, account, "audit-trail", true));
  const { auditKeyArn = "", auditSigningKeyArn = "" } = stack.read(keys);
  const bucket = new AuditBucket(stack, "bucket", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    key: auditKeyArn,
    keepDays: auditRetention(environment),
    lock: audit.lock ?? "governance",
    protect: stack.protect,
    // Without deploy roles, an unknown principal applies, and would lock itself out.
    ...(account.github ? { administrators: [deployRoleArns(system, aws.account, name).apply] } : {}),
  });
  return [stack.publish({ auditBucket: bucket.id, auditBucketArn: bucket.arn, auditSigningKeyArn })];
}
