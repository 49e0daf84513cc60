import type { Slot, WorkloadRelease } from "../stacks";
import { otherSlot } from "../stacks/model/workloads/roles";
import { Refused } from "./refused";

/** The workload to release. */
export interface Workload {
  /** Its name on the command line: `production command-api`. */
  readonly path: string;

  readonly blueGreen: boolean;

  /**
   * Reason why it can't have slots: `would run twice: …`
   * @default - it may have slots
   */
  readonly single?: string;

  /**
   * Rejects a rollback, because an older image doesn't undo changes.
   * @default false
   */
  readonly forwardOnly?: boolean;
}

/** A change of a workload's release entry. @throws Refused */
export type Change = (entry: WorkloadRelease, workload: Workload) => WorkloadRelease;

/** Replaces the image of a rolling release. */
export function roll(image: string): Change {
  return (entry, { path, blueGreen }) => {
    if (blueGreen) {
      const idle = entry.slots && entry.live ? otherSlot(entry.live as Slot) : "blue";
      throw new Refused(`${path} is released blue-green; name the slot: --slot ${idle} --image ${image}`);
    }
    // After a change from blue-green to rolling, the live slot's image is the running one.
    const running = entry.image ?? entry.slots?.[entry.live as Slot];
    if (running === image) return { image, ...(entry.previous ? { previous: entry.previous } : {}) };
    return { image, ...(running ? { previous: running } : {}) };
  };
}

/** Sets the image of a slot. A slot with traffic is replaced only with `force`. */
export function fill(slot: Slot, image: string, force: boolean): Change {
  return (before, workload) => {
    const { path } = workload;
    needSlots(workload);
    const entry = begun(before, slot, image);
    if (!force && entry.slots?.[slot] !== image) guard(entry, slot, path, "a version put there replaces the running one at once");
    return { live: slot, ...entry, slots: { ...entry.slots, [slot]: image } };
  };
}

/** Converts a rolling release to slots: the running image takes the slot that the new image does not. */
function begun({ image: running, previous, ...entry }: WorkloadRelease, slot: Slot, image: string): WorkloadRelease {
  if (entry.slots || running === undefined) return { ...entry, ...(previous ? { previous } : {}) };
  const home = running === image ? slot : otherSlot(slot);
  return { ...entry, slots: { [home]: running }, live: home };
}

/** Removes the image of a slot, and with it the pods and the preview. */
export function empty(slot: Slot): Change {
  return (entry, workload) => {
    needSlots(workload);
    if (entry.slots?.[slot] === undefined) return entry;
    const { [slot]: _, ...slots } = entry.slots;
    guard(entry, slot, workload.path, "empty it would answer none", false);
    return { ...without(entry, "preview"), slots };
  };
}

/** Shifts all requests to the slot that is not live. */
export const switchOver: Change = (entry, workload) => {
  const { live, image } = liveOf(entry, workload);
  const idle = otherSlot(live);
  if (entry.slots?.[idle] === undefined) {
    throw new Refused(`${workload.path}: ${idle} has no image; put one there first: --slot ${idle} --image <image>`);
  }
  return { ...without(entry, "weights"), live: idle, previous: image };
};

/** Sets the traffic weight of each slot. */
export function share(weights: Readonly<Record<Slot, number>>): Change {
  return (entry, workload) => {
    const { live } = liveOf(entry, workload);
    if (weights[live] === 0)
      throw new Refused(`${workload.path}: ${live} is live and would take nothing; to turn to ${otherSlot(live)} say --switch`);
    return weights[live] === 100 ? without(entry, "weights") : { ...entry, weights };
  };
}

/** Enables the preview: the slot that is not live serves requests with a header. */
export function showIdle(shown: boolean): Change {
  return (entry, workload) => {
    liveOf(entry, workload);
    return shown ? { ...entry, preview: true } : without(entry, "preview");
  };
}

/** Rolls back to the version that had all requests before, and to no other. */
export const rollBack: Change = (entry, workload) => {
  const { path } = workload;
  const { previous } = entry;
  if (workload.forwardOnly) {
    throw new Refused(
      `${path}: an older image takes nothing back; run the script that undoes the change, or add a change: --image <image>`,
    );
  }
  if (!workload.blueGreen) {
    if (previous === undefined) throw new Refused(`${path} has no version to go back to; name one: --image <image>`);
    return { image: previous };
  }
  const { live } = liveOf(entry, workload);
  const idle = otherSlot(live);
  const held = entry.slots?.[idle];
  if (held !== undefined && held === previous) return { ...without(entry, "weights", "previous"), live: idle };
  if (entry.weights) return without(entry, "weights");
  if (previous === undefined) {
    const instead = held === undefined ? `${idle} is empty as well` : `to turn to ${idle} all the same, say --switch`;
    throw new Refused(`${path} has no version to go back to; ${instead}`);
  }
  const instead = held === undefined ? `${idle}, which had ${previous}, is empty` : `${idle} has ${held}, which was never live`;
  throw new Refused(`${path}: ${instead}; put the one before back with --slot ${idle} --image ${previous}, then --switch`);
};

function needSlots({ path, blueGreen, single }: Workload): void {
  if (single) throw new Refused(`${path} ${single}; use --image alone`);
  if (!blueGreen) throw new Refused(`${path} is released by rolling; use --image alone, or say release: "blue-green" in the environment`);
}

/** The live slot and its image. */
function liveOf({ slots, live }: WorkloadRelease, workload: Workload): { readonly live: Slot; readonly image: string } {
  needSlots(workload);
  const image = slots?.[live as Slot];
  if (image === undefined) throw new Refused(`${workload.path} has nothing live; begin with --slot blue --image <image>`);
  return { live: live as Slot, image };
}

/** Refuses to change a slot that has traffic. */
function guard({ live, slots, weights }: WorkloadRelease, slot: Slot, path: string, why: string, forcible = true): void {
  if (slots?.[slot] === undefined) return;
  const force = forcible ? ", or say --force" : "";
  const idle = otherSlot(slot);
  if (slot === live) {
    const instead = forcible ? `put it into ${idle}` : `turn to ${idle} first with --switch`;
    throw new Refused(`${path}: ${slot} is live, and ${why}; ${instead}${force}`);
  }
  const taken = weights?.[slot] ?? 0;
  if (taken > 0)
    throw new Refused(`${path}: ${slot} takes ${taken} of 100 requests, and ${why}; take them away first with --weights ${slot}=0${force}`);
}

function without<Key extends keyof WorkloadRelease>(entry: WorkloadRelease, ...keys: readonly Key[]): Omit<WorkloadRelease, Key> {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.includes(key as Key))) as Omit<WorkloadRelease, Key>;
}
