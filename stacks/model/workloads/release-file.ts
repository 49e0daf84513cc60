import { choice, flag, object, optional, records, whole } from "../check/shape";
import { anything, image } from "../common";
import { SLOTS, type Slot } from "./roles";

/** What runs in the slots of a service. A pipeline changes it, so that it has its place in the release file. */
export interface SlotSettings {
  /** The image in each slot. Nothing runs in a slot without one. */
  readonly slots?: { readonly [Name in Slot]?: string };

  /** The slot that takes requests. */
  readonly live?: Slot;

  /**
   * The share of requests that each slot takes, of 100.
   * @default - all of them to the live slot
   */
  readonly weights?: { readonly [Name in Slot]: number };

  /**
   * Whether the slot that is not live answers requests that ask for it by a header.
   * @default false
   */
  readonly preview?: boolean;
}

/** What is released of an environment. */
export interface Release {
  /** The environment's name, so that no other one takes it over with the rest. */
  readonly of: string;

  /** The release file. */
  readonly workloads: ReleaseFile;
}

/** What is released of each workload, by its name. */
export type ReleaseFile = Readonly<Record<string, WorkloadRelease>>;

/** What is released of one workload. */
export interface WorkloadRelease extends Omit<SlotSettings, "live"> {
  /** The image of what is in no slots. */
  readonly image?: string;

  /** The image that took requests before, for the way back. Nothing that is deployed depends on it. */
  readonly previous?: string;

  /** The slot that takes requests: "blue" or "green". JSON knows no narrower type. */
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
