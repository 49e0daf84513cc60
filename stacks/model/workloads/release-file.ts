import { choice, flag, object, optional, records, whole } from "../check/shape";
import { anything, image } from "../common";
import { SLOTS, type Slot } from "./roles";

/** Images and traffic of a service's slots. A pipeline changes them, so they are part of the release file. */
export interface SlotSettings {
  /** Image in each slot. A slot without an image runs nothing. */
  readonly slots?: { readonly [Name in Slot]?: string };

  /** Slot that receives requests. */
  readonly live?: Slot;

  /**
   * Traffic weight of each slot in percent.
   * @default - 100 for the live slot
   */
  readonly weights?: { readonly [Name in Slot]: number };

  /**
   * Routes requests with a preview header to the slot that is not live.
   * @default false
   */
  readonly preview?: boolean;
}

/** Released versions of an environment. */
export interface Release {
  /** Name of the environment, so that a copy for another environment is detected. */
  readonly of: string;

  /** Content of the release file. */
  readonly workloads: ReleaseFile;
}

/** Release settings of each workload, by name. */
export type ReleaseFile = Readonly<Record<string, WorkloadRelease>>;

/** Release settings of one workload. */
export interface WorkloadRelease extends Omit<SlotSettings, "live"> {
  /** Image of a workload without slots. */
  readonly image?: string;

  /** Previous image that received requests, for a rollback. It doesn't affect the deployment. */
  readonly previous?: string;

  /** Slot that receives requests: "blue" or "green". JSON has no narrower type. */
  readonly live?: string;
}

export const slotSettings = {
  slots: optional(object<NonNullable<SlotSettings["slots"]>>({ blue: image, green: image })),
  live: optional(choice(SLOTS, "slot")),
  weights: optional(object<NonNullable<SlotSettings["weights"]>>({ blue: whole(0, 100), green: whole(0, 100) })),
  preview: optional(flag),
};

export const releaseShape = object<Release>({
  of: anything,
  workloads: records(object<WorkloadRelease>({ image, previous: image, ...slotSettings })),
});
