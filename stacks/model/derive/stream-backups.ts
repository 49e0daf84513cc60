import { type Duration, daysIn } from "../../../constructs/core/quantities";
import type { Size } from "../../../constructs/sizing";
import type { DraftSystem } from "../check/drafts";
import { engineOf } from "../stores";
import type { StreamBackup } from "../stores/engine";
import type { StoreOf } from "../system";
import { drillPlan, type StreamDrill } from "./drills";
import { bucketOf, DEFAULT_KEEP } from "./store-backups";

/** Stream backup of an event store into the bucket of its environment. */
export interface StreamBackupOf {
  readonly store: StoreOf;

  /** Setting that configures it, below the store. */
  readonly setting: StreamBackup["setting"];
  readonly every: Duration;

  /** Period that a restore can reach back. */
  readonly keep: Duration;

  /** Time between two full backups: the difference between the retention in the bucket and `keep`. */
  readonly fullEvery: Duration;

  /** Bucket that its pods can write to: the environment's on AWS, or one outside of AWS. Undefined if there is none, and it is not made. */
  readonly place: ReturnType<typeof bucketOf>;

  /**
   * Restore drills.
   * @default - none
   */
  readonly drill?: StreamDrill;

  /**
   * Reason why its drills require amd64 nodes.
   * @default - the image of their server supports arm64 too
   */
  readonly drillsWithoutArm?: string;
}

/** Stream backups that are made. Before the promotion of a standby, its event stores follow those of the primary. */
export function streamBackupsOf(system: DraftSystem): readonly StreamBackupOf[] {
  return system.standbyOf !== undefined && !system.promoted ? [] : configuredStreamBackups(system);
}

/** Configured stream backups of event stores. */
export function configuredStreamBackups(system: DraftSystem): readonly StreamBackupOf[] {
  return system.stores.flatMap((store): StreamBackupOf[] => {
    const found = engineOf(store)?.streamBackup?.(store.settings, system.size as Size | undefined);
    if (!found?.every || !found.keep) return [];
    const { setting, every, keep, scratch, drillsWithoutArm } = found;
    const days = daysIn((system.backup?.keep ?? DEFAULT_KEEP) as Duration) - Math.ceil(daysIn(keep));
    const plan = drillPlan(system, store.keys, "stream");
    return [
      {
        store,
        setting,
        every,
        keep,
        fullEvery: `${days}d`,
        place: bucketOf(system, store),
        ...(plan ? { drill: { ...plan, scratch } } : {}),
        ...(drillsWithoutArm ? { drillsWithoutArm } : {}),
      },
    ];
  });
}
