import {
  type EventStore,
  KurrentDbVolumeDrill,
  KurrentDbVolumeSnapshots,
  volumeDrillName,
  volumeSnapshotsName,
} from "../../../constructs/event-store";
import { snapshotCopiesOf } from "../../base/archives";
import { describedAt } from "../../base/refusals";
import { pathOf } from "../../model/check/paths";
import { volumeDrillsPrefix } from "../../model/derive/identities";
import { priorityClass } from "../../model/derive/priorities";
import { bucketOf } from "../../model/derive/store-backups";
import { volumeSnapshotsOf } from "../../model/derive/volume-snapshots";
import { metricsReader } from "../../model/monitoring";
import type { StoreOf } from "../../model/system";
import { type Place, storeBucket } from "./stream-backup";

/** Creates the jobs of the snapshots of a store's volume and of their drills, if it has snapshots. */
export function volumeSnapshots(place: Place, store: StoreOf, eventStore: EventStore): void {
  const { site, stack, cluster } = place;
  const { environment } = site;
  const snapshots = volumeSnapshotsOf(environment).find((one) => one.store.name === store.name);
  if (!snapshots) return;
  const { name, namespace, keys } = store;
  const { every, keep, className, lock, copiedTo } = snapshots;
  const read = copiedTo && site.foundation ? stack.read(site.foundation.keys) : undefined;
  const copies = read && snapshotCopiesOf(environment, snapshots, read.recoveryKeyArn);
  const bucket = snapshots.drill && storeBucket(place, store, bucketOf(environment, store));
  const drill = bucket && snapshots.drill;
  const path = `${pathOf(environment, keys)}.volumeSnapshots`;
  describedAt(
    path,
    new KurrentDbVolumeSnapshots(stack, volumeSnapshotsName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      every,
      keep,
      snapshots: className ? { className } : { ebs: { ...(lock ? { lock } : {}), ...(copies ? { copies } : {}) } },
      ...(drill ? { drill: { storage: drill.scratch.storage } } : {}),
      priority: priorityClass(environment, "stores"),
      after: place.after,
    }),
  );
  if (!drill) return;
  const reader = metricsReader(environment.monitoring);
  describedAt(
    path,
    new KurrentDbVolumeDrill(stack, volumeDrillName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      results: { ...bucket.location, prefix: bucket.below + volumeDrillsPrefix(store) },
      ...drill,
      ...(reader ? { metricsFrom: reader } : {}),
      after: [...place.after, ...bucket.secrets],
    }),
  );
}
