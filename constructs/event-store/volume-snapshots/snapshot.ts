import type { Snapshots, VolumeSnapshot } from "./api";
import type { ClaimedVolume, DrillClaim } from "./claim";
import type { Copies } from "./copies";
import { type CopyResult, copySnapshots } from "./copy";
import type { Follower, Nodes } from "./nodes";
import { LOCKED_LONGER, until, type Waiting } from "./wait";

export interface SnapshotRun extends Waiting {
  readonly nodes: Nodes;
  readonly snapshots: Snapshots;

  /** @default - snapshots are not copied */
  readonly copies?: Copies | undefined;

  /** @default - no drills */
  readonly drill?: { readonly claim: DrillClaim; readonly volume: ClaimedVolume } | undefined;

  /** Number of nodes. */
  readonly size: number;

  /** Name of the event store: prefix of names. */
  readonly store: string;

  /** Retention in seconds. */
  readonly keep: number;

  /** Time for a follower to catch up, and for everything, in seconds. */
  readonly patience: number;
  readonly timeout: number;
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

  /** The next drill restores this snapshot. @default - no drills */
  readonly offered?: boolean;

  /** @default - snapshots are not copied */
  readonly copy?: CopyResult;
}

/** A copy takes longer than a snapshot: looks are this many times rarer. */
const RARER = 6;

/** Time after which a snapshot that never became ready is deleted, in seconds. */
const UNREADY = 2 * 86_400;

/**
 * Makes a snapshot of the volume of a follower that has caught up, waits until the storage has all of it, and then deletes those whose
 * retention has ended. Nothing is deleted before there is a newer one that can be restored. Copies come last: if they fail, or the claim of
 * the next drill, snapshots are made and deleted all the same, and the job fails.
 */
export async function snapshot(run: SnapshotRun): Promise<SnapshotResult> {
  const { snapshots, store, copies, pause, timeout, now } = run;
  const end = now() + timeout * 1000;
  const left = () => Math.max(0, (end - now()) / 1000);
  const before = await snapshots.list();
  const { ordinal, position } = await follower(run, before);
  const name = `${store}-${new Date(now())
    .toISOString()
    .replace(/[-:]|\.\d+/g, "")
    .toLowerCase()}`;
  await snapshots.create(name, ordinal, position);
  const cut = await until(run, left(), `${name} has no data yet`, async () => {
    const made = await snapshots.read(name);
    return made.status?.creationTime ? made : failing(made);
  });
  if (!(await isServing(run, ordinal))) {
    await snapshots.remove(name);
    throw new Error(`${store}-${ordinal} lost its role during the snapshot; ${name} is deleted`);
  }
  const ready = await until(run, left(), `${name} is not ready`, async () => {
    const made = await snapshots.read(name);
    return made.status?.readyToUse ? made : failing(made);
  });
  const deleted = await prune(run, name);
  const { creationTime: made = cut.status?.creationTime, restoreSize } = ready.status ?? {};
  const offer = await offered(run, ready);
  const copy = copies && (await copySnapshots({ ...run, copies, pause: pause * RARER, made: Date.parse(made ?? ""), left }));
  if (offer instanceof Error) throw offer;
  const { persistentVolumeClaimName: claim } = ready.spec.source;
  return { snapshot: name, claim, position, made, restoreSize, deleted, ...offer, ...(copy ? { copy } : {}) };
}

/** Lets the next drill restore this snapshot. A failure must not prevent copies. */
async function offered({ drill, pause, now }: SnapshotRun, ready: VolumeSnapshot): Promise<Pick<SnapshotResult, "offered"> | Error> {
  if (!drill) return {};
  return drill.claim.offer(ready, drill.volume, { pause, now }).then(
    (isOffered) => ({ offered: isOffered }),
    (error: Error) => error,
  );
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
