import type { ITerraformDependable } from "cdktf";
import {
  type EventStore,
  KurrentDbStreamBackup,
  KurrentDbStreamDrill,
  streamBackupName,
  streamDrillName,
} from "../../../constructs/event-store";
import type { KubernetesTarget } from "../../../constructs/kubernetes";
import { describedAt } from "../../base/refusals";
import type { Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { pathOf } from "../../model/check/paths";
import { drillsPrefix, identitiesOf, streamBackupsPrefix } from "../../model/derive/identities";
import { priorityClass } from "../../model/derive/priorities";
import { streamBackupsOf } from "../../model/derive/stream-backups";
import type { StoreOf } from "../../model/system";

interface Place {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly after: readonly ITerraformDependable[];
}

/** Creates the jobs of a store's stream backup and of its drills, if it has one and the environment has a bucket. */
export function streamBackup({ site, stack, cluster, after }: Place, store: StoreOf, eventStore: EventStore): void {
  const { environment, foundation } = site;
  const { name, namespace } = store;
  const backup = streamBackupsOf(environment).find((one) => one.isPossible && one.store.name === name);
  const identity = identitiesOf(environment).find((one) => one.namespace === namespace && one.serviceAccount === streamBackupName(name));
  if (!backup || !identity || !foundation || !environment.aws) return;
  const path = `${pathOf(environment, store.keys)}.${backup.setting}`;
  const bucket = {
    name: stack.read(foundation.backup).backupBucket,
    prefix: streamBackupsPrefix(store),
    region: environment.aws.region,
  };
  const { ready } = describedAt(
    path,
    new KurrentDbStreamBackup(stack, streamBackupName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      bucket,
      every: backup.every,
      fullEvery: backup.fullEvery,
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
  if (!backup.drill) return;
  describedAt(
    path,
    new KurrentDbStreamDrill(stack, streamDrillName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      bucket,
      results: drillsPrefix(store),
      ...backup.drill,
      after: [...after, ...ready],
    }),
  );
}
