import type { Environment } from "./environment";
import type { ReleaseFile, SlotSettings } from "./workloads/release-file";
import type { Slot } from "./workloads/roles";
import { SLOTS } from "./workloads/roles";
import type { Workload } from "./workloads/workload";

/** The file that holds the release of an environment. */
export function releaseFile(environment: string): string {
  return `environments/${environment}.release.json`;
}

/** An environment with another release file. */
export function released(environment: Environment, workloads: ReleaseFile): Environment {
  return { ...environment, release: { of: environment.name, workloads } };
}

/** A version of a workload that runs. */
interface Version {
  /**
   * The slot that it is in.
   * @default - none: it is the only one
   */
  readonly slot?: Slot;

  readonly image: string;

  /** Whether it is the one that requests are meant for. */
  readonly live: boolean;

  /** The share of requests that it takes, of 100. */
  readonly weight: number;

  /** Whether it answers requests that ask for it by a header. */
  readonly preview: boolean;
}

/** The versions of a workload that run: one, or one for each slot that is filled. */
export function versionsOf({ image, slots, live, weights, preview = false }: Workload & SlotSettings): readonly Version[] {
  if (!slots) return image === undefined ? [] : [{ image, live: true, weight: 100, preview: false }];
  return SLOTS.flatMap((slot) => {
    const held = slots[slot];
    if (held === undefined) return [];
    const isLive = slot === live;
    return [{ slot, image: held, live: isLive, weight: weights?.[slot] ?? (isLive ? 100 : 0), preview: preview && !isLive }];
  });
}
