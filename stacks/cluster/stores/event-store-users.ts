import type { App } from "cdktf";
import { cloudName } from "../../../constructs/core/names";
import { KurrentCloudUsers, kurrentCloudSecrets } from "../../../constructs/event-store";
import { Namespace } from "../../../constructs/kubernetes";
import { WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import { kubernetesStack, type Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { kurrentCloudAt, kurrentCloudOf } from "../../lookup/stores";
import { pathOf } from "../../model/check/paths";
import { isAtVendor } from "../../model/derive/members";
import { storeQuota } from "../../model/derive/sizes";
import { streamBackup, streamFollower } from "./stream-backup";

/** Users of event stores at a vendor. They are created from the cluster that can connect to the store. */
export function eventStoreUsersStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key } = site;
  const { system, name } = environment;
  return environment.stores.flatMap((store) => {
    if (store.cluster !== key || !isAtVendor(store)) return [];
    const { namespace, settings } = store;
    const { stack, cluster } = kubernetesStack(app, site, `${store.stack}-users`);
    for (const each of after) stack.addDependency(each);
    const { ready } = new Namespace(stack, "namespace", { cluster, name: namespace, quota: storeQuota(environment, store.stack) });
    const secrets = kurrentCloudSecrets(store.name);
    const releases = Object.values(secrets).map(
      (spec) => new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after: ready }).release,
    );
    const { persistentSubscriptions, systemStreams } = settings;
    const users = describedAt(
      pathOf(environment, store.keys),
      new KurrentCloudUsers(stack, "users", {
        cluster,
        namespace,
        access: kurrentCloudAt(site, stack, store),
        adminSecret: cluster.aws ? cloudName("secret", system, name, secrets.admin.name) : `the Secret ${secrets.admin.name}`,
        ...(persistentSubscriptions ? { persistentSubscriptions } : {}),
        ...(systemStreams ? { systemStreams } : {}),
        after: [...ready, ...releases],
      }),
    );
    const jobs = { site, stack, cluster, after: [...ready, ...releases, ...users.ready] };
    const eventStore = kurrentCloudOf(site, stack, store);
    streamBackup(jobs, store, eventStore);
    streamFollower(jobs, store, eventStore, { secret: secrets.admin, home: namespace, key: "password" });
    return [stack];
  });
}
