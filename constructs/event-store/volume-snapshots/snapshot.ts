import { Refused, type Snapshots, type VolumeSnapshot } from "./api";
import type { Follower, Nodes } from "./nodes";

export interface SnapshotRun {
  readonly nodes: Nodes;
  readonly snapshots: Snapshots;

  /** Number of nodes. */
  readonly size: number;

  /** Name of the event store: prefix of names. */
  readonly store: string;

  /** Retention in seconds. */
  readonly keep: number;

  /** Time for a follower to catch up, and for the storage to make the snapshot, in seconds. */
  readonly patience: number;
  readonly timeout: number;

  /** Time between two looks, in milliseconds. */
  readonly pause: number;
  readonly now: () => number;
}

export interface SnapshotResult {
  readonly snapshot: string;
  readonly claim: string | undefined;

  /** It has every event up to this position. */
  readonly position: number;

  /** Time of its data. */
  readonly made: string | undefined;
  readonly restoreSize: string | undefined;

  /** Snapshots that were deleted. */
  readonly deleted: readonly string[];
}

/** A lock of the storage begins a moment after the snapshot, and a deletion before its end would fail and be repeated. */
const LOCKED_LONGER = 3600;

/** Time after which a snapshot that never became ready is deleted, in seconds. */
const UNREADY = 2 * 86_400;

/**
 * Makes a snapshot of the volume of a follower that has caught up, waits until the storage has all of it, and then deletes those whose
 * retention has ended. Nothing is deleted before there is a newer one that can be restored.
 */
export async function snapshot(run: SnapshotRun): Promise<SnapshotResult> {
  const { snapshots, store, now } = run;
  const before = await snapshots.list();
  const { ordinal, position } = await follower(run, before);
  const name = `${store}-${new Date(now())
    .toISOString()
    .replace(/[-:]|\.\d+/g, "")
    .toLowerCase()}`;
  await snapshots.create(name, ordinal, position);
  const cut = await until(run, run.timeout, `${name} has no data yet`, async () => {
    const made = await snapshots.read(name);
    return made.status?.creationTime ? made : failing(made);
  });
  if (!(await isServing(run, ordinal))) {
    await snapshots.remove(name);
    throw new Error(`${store}-${ordinal} lost its role during the snapshot; ${name} is deleted`);
  }
  const ready = await until(run, run.timeout, `${name} is not ready`, async () => {
    const made = await snapshots.read(name);
    return made.status?.readyToUse ? made : failing(made);
  });
  const deleted = await prune(run, name);
  const { creationTime: made = cut.status?.creationTime, restoreSize } = ready.status ?? {};
  return { snapshot: name, claim: ready.spec.source.persistentVolumeClaimName, position, made, restoreSize, deleted };
}

/** The follower of the last snapshot if it can be: storage keeps only what has changed on the same volume. */
async function follower(run: SnapshotRun, before: readonly VolumeSnapshot[]): Promise<Follower> {
  const { nodes, snapshots, size, patience } = run;
  const last = before.slice(0, 1).map((one) => snapshots.ordinalOf(one));
  const order = [...last, ...Array.from({ length: size }, (_, index) => size - 1 - index)].filter((one) => one >= 0 && one < size);
  return until(run, patience, "no follower has caught up with a leader", () => nodes.caughtUp(order));
}

async function isServing({ nodes, size }: SnapshotRun, ordinal: number): Promise<boolean> {
  const role = await nodes.role(ordinal);
  return role === "follower" || (role === "leader" && size === 1);
}

/** Deletes the snapshots whose retention has ended, except this one and everything newer. Returns their names. */
async function prune({ snapshots, keep, now }: SnapshotRun, name: string): Promise<readonly string[]> {
  const ended = (await snapshots.list()).filter(({ metadata, status }) => {
    const age = (now() - Date.parse(metadata.creationTimestamp)) / 1000;
    return metadata.name !== name && age > (status?.readyToUse ? keep + LOCKED_LONGER : Math.min(keep, UNREADY) + LOCKED_LONGER);
  });
  for (const { metadata } of ended) await snapshots.remove(metadata.name);
  return ended.map((one) => one.metadata.name);
}

/** Undefined, or what the storage reports: the controller tries again, so that it may pass. */
function failing({ status }: VolumeSnapshot): string | undefined {
  return status?.error?.message;
}

/** Repeats a look until it finds an object, also while the API is away. A text is the reason why there is none yet. */
async function until<T extends object>(
  { pause, now }: SnapshotRun,
  seconds: number,
  otherwise: string,
  look: () => Promise<T | string | undefined>,
): Promise<T> {
  for (const end = now() + seconds * 1000; ; ) {
    const found = await look().catch((error: Error) => {
      if (error instanceof Refused) throw error;
      return error.message;
    });
    if (typeof found === "object") return found;
    if (now() >= end) throw new Error(`${otherwise} after ${seconds} s${found ? `: ${found}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
