import type { BackupLock } from "../../../constructs/backup";
import type { Duration } from "../../../constructs/core/quantities";
import type { Size } from "../../../constructs/sizing";
import type { DraftSystem } from "../check/drafts";
import { isProtected } from "../exceptions";
import { engineOf } from "../stores";
import type { StoreOf, System } from "../system";
import { drillPlan, type EventDrill } from "./drills";
import { isOnEks } from "./store-backups";

/** Snapshots of the volumes of a store. */
export interface VolumeSnapshotsOf {
  readonly store: StoreOf;
  readonly every: Duration;
  readonly keep: Duration;

  /**
   * VolumeSnapshotClass on an existing cluster.
   * @default - the environment creates the cluster, and a class of EBS
   */
  readonly className?: string;

  readonly onEks: boolean;

  /**
   * Restore drills.
   * @default - none
   */
  readonly drill?: EventDrill;

  /**
   * Lock on snapshots of EBS.
   * @default - none
   */
  readonly lock?: BackupLock;

  /**
   * Region to which snapshots of EBS are copied.
   * @default - none
   */
  readonly copiedTo?: string;
}

/** Snapshots of volumes, as configured. */
export function volumeSnapshotsOf(system: DraftSystem): readonly VolumeSnapshotsOf[] {
  const lock = isProtected(system as System) ? ((system.backup?.lock ?? "governance") as BackupLock) : undefined;
  return system.stores.flatMap((store): VolumeSnapshotsOf[] => {
    const found = engineOf(store)?.volumeSnapshots?.(store.settings, system.size as Size | undefined);
    if (!found?.every || !found.keep) return [];
    const { every, keep, class: className, scratch } = found;
    const plan = drillPlan(system, store.keys, "volume");
    const onEks = isOnEks(system, store);
    const copiedTo = onEks ? system.aws?.recoveryRegion : undefined;
    return [
      {
        store,
        every,
        keep,
        onEks,
        ...(plan ? { drill: { ...plan, scratch } } : {}),
        ...(className ? { className } : {}),
        ...(lock && onEks ? { lock } : {}),
        ...(copiedTo ? { copiedTo } : {}),
      },
    ];
  });
}
