import type { App } from "cdktf";
import { AUDIT_DIGESTER, AuditSigningKey, subjectKeyAlias } from "../../constructs/audit";
import { podIdentityRole } from "../../constructs/cluster";
import { cloudName } from "../../constructs/core/names";
import { CLOUDFRONT_REGION } from "../../constructs/edge";
import { CustomerKey, deliveryMayUse, disksMayUse, logsMayUse, noticesMayUse } from "../../constructs/encryption";
import type { AwsContext } from "../base/context";
import type { Keys } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { auditClusterOf, ownsSubjectKeys } from "../model/derive/audit";
import { newClusters } from "../model/derive/clusters";
import { edgeOf } from "../model/derive/endpoints";
import { presentStores, runsAt } from "../model/derive/members";
import { NAMESPACES } from "../model/derive/namespaces";
import { managedServersOf } from "../model/derive/servers";

/** KMS keys of an environment, in a separate stack: destroying a store never destroys its key. */
export function keysStack(app: App, { environment, account }: AwsContext): PlatformStack<Keys> {
  const { system, name, aws } = environment;
  const stack = new PlatformStack<Keys>(app, `${name}-keys`, awsStackProps(environment, account, "keys", true));
  const key = (use: string, description: string) => ({
    alias: cloudName("alias", system, name, use),
    description: `${description} of ${system} ${name}`,
    account: aws.account,
    protect: stack.protect,
  });
  const logs = new CustomerKey(stack, "logs", { ...key("logs", "Log groups"), statements: [logsMayUse(aws.account, aws.region)] });
  const backup = new CustomerKey(stack, "backup", {
    ...key("backup", "Backups"),
    statements: aws.recoveryRegion || managedServersOf(environment).length > 0 ? noticesMayUse(aws.account) : [],
  });
  const recovery = aws.recoveryRegion
    ? new CustomerKey(stack, "recovery", { ...key("recovery", "Copies of backups"), provider: stack.providerIn(aws.recoveryRegion) })
    : undefined;
  const clusters = newClusters(environment).length > 0;
  const managed = presentStores(environment).some((store) => runsAt(store) === "aws");
  const secrets =
    clusters || managed ? new CustomerKey(stack, "secrets", key("secrets", "Secrets in clusters and in Secrets Manager")) : undefined;
  const disks = clusters
    ? new CustomerKey(stack, "nodes", { ...key("nodes", "Disks and volumes of nodes"), statements: [disksMayUse(aws.account, aws.region)] })
    : undefined;
  const data = managed ? new CustomerKey(stack, "data", key("data", "Databases and caches")) : undefined;
  const audit = environment.audit ? new CustomerKey(stack, "audit", key("audit", "Audit trail")) : undefined;
  const auditCopy =
    environment.audit && aws.recoveryRegion
      ? new CustomerKey(stack, "audit-copy", {
          ...key("audit-copy", "Copy of the audit trail"),
          provider: stack.providerIn(aws.recoveryRegion),
        })
      : undefined;
  const signing = environment.audit
    ? new AuditSigningKey(stack, "audit-signing", {
        ...key("audit-signing", "Signatures of the audit trail"),
        signers: digesterRoles(environment),
      })
    : undefined;
  const subjects = ownsSubjectKeys(environment)
    ? new CustomerKey(stack, "subject-keys", {
        ...key("subject-keys", "Data keys of data subjects"),
        alias: subjectKeyAlias([system, name]),
        multiRegion: aws.recoveryRegion ? { copyIn: stack.providerIn(aws.recoveryRegion) } : {},
      })
    : undefined;
  const edge =
    edgeOf(environment)?.edge.provider === "cloudfront"
      ? new CustomerKey(stack, "edge", {
          ...key("edge", "Logs of the edge"),
          statements: [logsMayUse(aws.account, CLOUDFRONT_REGION), deliveryMayUse(aws.account, CLOUDFRONT_REGION)],
          ...(aws.region === CLOUDFRONT_REGION ? {} : { provider: stack.providerIn(CLOUDFRONT_REGION) }),
        })
      : undefined;
  return stack.publish({
    logsKeyArn: logs.arn,
    backupKeyArn: backup.arn,
    recoveryKeyArn: recovery?.arn ?? "",
    secretsKeyArn: secrets?.arn ?? "",
    dataKeyArn: data?.arn ?? "",
    disksKeyArn: disks?.arn ?? "",
    ...(audit && signing ? { auditKeyArn: audit.arn, auditSigningKeyArn: signing.arn } : {}),
    ...(auditCopy ? { auditCopyKeyArn: auditCopy.arn } : {}),
    ...(subjects ? { subjectKeysKeyArn: subjects.arn } : {}),
    ...(subjects?.copyArn ? { subjectKeysCopyKeyArn: subjects.copyArn } : {}),
    ...(edge ? { edgeKeyArn: edge.arn } : {}),
  });
}

/** Role of the digester, at any path. Empty if its cluster exists already: the owner of the cluster assigns a role of another name. */
function digesterRoles(environment: AwsContext["environment"]): readonly string[] {
  const { system, name, aws } = environment;
  if (!newClusters(environment).some(([key]) => key === auditClusterOf(environment))) return [];
  const role = podIdentityRole({ name: [system, name], namespace: NAMESPACES.auditDigests, serviceAccount: AUDIT_DIGESTER });
  return ["", "*/"].map((path) => `arn:aws:iam::${aws.account}:role/${path}${role}`);
}
