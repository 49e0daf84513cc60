import type { ITerraformDependable } from "cdktf";
import type { SecretReference } from "../../../constructs/connection";
import {
  type EventStore,
  KurrentDbStreamBackup,
  KurrentDbStreamDrill,
  KurrentDbStreamFollower,
  streamBackupName,
  streamDrillName,
  streamFollowerName,
} from "../../../constructs/event-store";
import type { KubernetesTarget } from "../../../constructs/kubernetes";
import { copyOnAws, streamBackupOnAws } from "../../base/archives";
import { describedAt } from "../../base/refusals";
import type { Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { pathOf } from "../../model/check/paths";
import { drillsPrefix, identitiesOf, streamBackupsPrefix } from "../../model/derive/identities";
import { priorityClass } from "../../model/derive/priorities";
import { followersOf } from "../../model/derive/standby";
import { streamBackupsOf } from "../../model/derive/stream-backups";
import { metricsReader } from "../../model/monitoring";
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
  const reader = metricsReader(environment.monitoring);
  const copied = environment.backup?.drillCopies ? environment.aws.recoveryRegion : undefined;
  const copy = copied ? { ...bucket, name: copyOnAws(environment, copied).bucket, region: copied } : undefined;
  describedAt(
    path,
    new KurrentDbStreamDrill(stack, streamDrillName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      bucket: copy ?? bucket,
      ...(copy ? { resultsIn: bucket } : {}),
      results: drillsPrefix(store),
      ...backup.drill,
      ...(reader ? { metricsFrom: reader } : {}),
      after: [...after, ...ready],
    }),
  );
}

/** Creates the job with which a store of a standby follows that of its primary, or the one that ends it. */
export function streamFollower(
  { site, stack, cluster, after }: Place,
  store: StoreOf,
  eventStore: EventStore,
  administrator: SecretReference,
) {
  const { environment, primary } = site;
  const found = primary && followersOf(environment, primary).find((follower) => follower.store.name === store.name);
  if (!found || !environment.aws) return;
  const { region } = environment.aws;
  const { bucket: name, prefix } = streamBackupOnAws(primary, found.origin, region);
  describedAt(
    pathOf(environment, store.keys),
    new KurrentDbStreamFollower(stack, streamFollowerName(store.name), {
      cluster,
      namespace: store.namespace,
      store: store.name,
      eventStore,
      administrator,
      bucket: { name, prefix, region },
      every: found.every,
      ...(environment.promoted ? { promoted: true } : {}),
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
}
