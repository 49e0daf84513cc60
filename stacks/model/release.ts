import type { Environment } from "./environment";
import type { ReleaseFile, SlotSettings } from "./workloads/release-file";
import type { Slot } from "./workloads/roles";
import { SLOTS } from "./workloads/roles";
import type { Workload } from "./workloads/workload";

/** Path of an environment's release file. */
export function releaseFile(environment: string): string {
  return `environments/${environment}.release.json`;
}

/** Returns the environment with another release file. */
export function released(environment: Environment, workloads: ReleaseFile): Environment {
  return { ...environment, release: { of: environment.name, workloads } };
}

/** Running version of a workload. */
interface Version {
  /**
   * Slot of the version.
   * @default - none: the only version
   */
  readonly slot?: Slot;

  readonly image: string;

  /** Marks the live version. */
  readonly live: boolean;

  /** Traffic weight in percent. */
  readonly weight: number;

  /** Answers requests that select it with a header. */
  readonly preview: boolean;
}

/** Running versions of a workload: one, or one per filled slot. */
export function versionsOf({ image, slots, live, weights, preview = false }: Workload & SlotSettings): readonly Version[] {
  if (!slots) return image === undefined ? [] : [{ image, live: true, weight: 100, preview: false }];
  return SLOTS.flatMap((slot) => {
    const held = slots[slot];
    if (held === undefined) return [];
    const isLive = slot === live;
    return [{ slot, image: held, live: isLive, weight: weights?.[slot] ?? (isLive ? 100 : 0), preview: preview && !isLive }];
  });
}
