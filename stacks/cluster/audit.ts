import type { App } from "cdktf";
import { AuditDigests } from "../../constructs/audit";
import { Namespace } from "../../constructs/kubernetes";
import { kubernetesStack, type Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { auditClusterOf, auditRetention } from "../model/derive/audit";
import { NAMESPACES } from "../model/derive/namespaces";

/** Digester of the audit trail, on one cluster, in a namespace that no other pod shares. Empty on other clusters. */
export function auditDigestStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key, foundation } = site;
  if (!foundation?.audit || auditClusterOf(environment) !== key) return [];
  const { stack, cluster } = kubernetesStack(app, site, "audit-digests");
  for (const each of [...after, ...(foundation.identities ? [foundation.identities] : [])]) stack.addDependency(each);
  const { auditBucket, auditSigningKeyArn } = stack.read(foundation.audit);
  const namespace = NAMESPACES.auditDigests;
  // One run at a time; twice that for a run that is being replaced.
  const { ready } = new Namespace(stack, "namespace", { cluster, name: namespace, quota: { cpu: "200m", memory: "1Gi", pods: 2 } });
  const lock = stack.protect ? environment.audit?.lock : undefined;
  new AuditDigests(stack, "digests", {
    cluster,
    namespace,
    bucket: { name: auditBucket, region: foundation.context.environment.aws.region },
    keepDays: auditRetention(environment),
    signingKey: { kmsArn: auditSigningKeyArn },
    ...(lock ? { lock } : {}),
    after: ready,
  });
  return [stack];
}
