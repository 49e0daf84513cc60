import type { App } from "cdktf";
import { cloudName } from "../../../constructs/core/names";
import { KurrentCloudUsers, kurrentCloudSecrets } from "../../../constructs/event-store";
import { Namespace } from "../../../constructs/kubernetes";
import { WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import { kubernetesStack, type Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { kurrentCloudAt } from "../../lookup/stores";
import { NAMESPACES } from "../../model/derive/namespaces";
import { quotaOf } from "../../model/derive/sizes";

/**
 * The users of an event store at its vendor, on the cluster that takes commands: what reaches it there makes them. None
 * where it makes its own.
 */
export function eventStoreUsersStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key } = site;
  const { system, name, eventStore } = environment;
  if (key === "readCluster" || eventStore?.engine !== "kurrent-cloud") return [];
  const { stack, cluster } = kubernetesStack(app, site, "event-store-users");
  for (const each of after) stack.addDependency(each);
  const namespace = NAMESPACES.eventStore;
  const { ready } = new Namespace(stack, "namespace", { cluster, name: namespace, quota: quotaOf(environment, "write") });
  const secrets = kurrentCloudSecrets();
  const releases = Object.values(secrets).map(
    (spec) => new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after: ready }).release,
  );
  const { persistentSubscriptions, systemStreams } = eventStore;
  describedAt(
    `${name}.eventStore`,
    new KurrentCloudUsers(stack, "users", {
      cluster,
      namespace,
      access: kurrentCloudAt(site, stack, eventStore),
      adminSecret: cluster.aws ? cloudName("secret", system, name, secrets.admin.name) : `the Secret ${secrets.admin.name}`,
      ...(persistentSubscriptions ? { persistentSubscriptions } : {}),
      ...(systemStreams ? { systemStreams } : {}),
      after: [...ready, ...releases],
    }),
  );
  return [stack];
}
