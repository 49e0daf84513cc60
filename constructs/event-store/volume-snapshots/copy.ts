import type { Copies, Copy } from "./copies";
import { Refused } from "./kubernetes";
import { LOCKED_LONGER, until, type Waiting } from "./wait";

export interface CopyRun extends Waiting {
  readonly copies: Copies;

  /** Time of the data of the snapshot that was made, in milliseconds: EBS must have it, or a newer one. */
  readonly made: number;

  /** Retention in seconds. */
  readonly keep: number;

  /** Time within which EC2 finds what was just made, in seconds. */
  readonly patience: number;

  /** Remaining time of the run, in seconds. */
  readonly left: () => number;
}

export interface CopyResult {
  readonly region: string;

  /** Copy of the newest snapshot. */
  readonly snapshot: string;

  /** Copies that were deleted. */
  readonly deleted: readonly string[];
}

/** Difference between times of one snapshot, as Kubernetes and EC2 report them, in milliseconds. Another snapshot is an hour away. */
const ROUNDED = 60_000;

/**
 * Copies the newest snapshot, then those that earlier runs missed, and waits until each is complete and locked. Then deletes copies whose
 * retention has ended. What a killed run began is found by its tags and continued. Snapshots from before the first copy are not copied.
 */
export async function copySnapshots(run: CopyRun): Promise<CopyResult> {
  const { copies, made, patience } = run;
  const before = await settle(run);
  const since = Math.min(...before.map(({ started }) => started));
  const sources = await until(run, patience, "EBS has no complete snapshot with the tags of the store", async () => {
    const found = await copies.sources();
    return found[0] && found[0].started > made - ROUNDED ? found : undefined;
  });
  const complete = new Set(before.filter(({ state }) => state === "completed").map(({ source }) => source));
  const wanted = sources.filter(({ id, started }, index) => (index === 0 || started > since) && !complete.has(id));
  for (const { id } of wanted) {
    await copied(run, id);
    await settle(run);
  }
  return { region: copies.region, ...(await prune(run, sources[0]?.id ?? "")) };
}

/** Locks the copies that were completed, and deletes those that failed, of earlier runs too. Returns the others. */
async function settle(run: CopyRun): Promise<readonly Copy[]> {
  const { copies, keep, now } = run;
  return until(run, run.left(), "EBS doesn't answer", async () => {
    const all = await copies.list();
    const locks = await copies.locks();
    for (const { id, state, started } of all) {
      if (state === "error") await copies.remove(id);
      // An ended lock is not set again.
      else if (state === "completed" && locks && !locks.has(id) && ageOf(started, now) <= keep) await copies.lock(id);
    }
    return all.filter(({ state }) => state !== "error");
  });
}

/** Starts the copy of a snapshot unless there is one, and waits for it. */
async function copied(run: CopyRun, source: string): Promise<Copy> {
  const { copies, patience, left, now } = run;
  let begun: number | undefined;
  return until(run, left(), `the copy of ${source} is not complete`, async () => {
    const copy = (await copies.list()).find((one) => one.source === source);
    if (copy?.state === "completed") return copy;
    if (copy?.state === "error") throw new Refused(`the copy of ${source} failed: ${copy.message}`);
    if (copy) return copy.state;
    if (begun === undefined) {
      await copies.create(source);
      begun = now();
    } else if (ageOf(begun, now) > patience) throw new Refused(`the copy of ${source} is gone: EBS deletes copies that fail`);
    return undefined;
  });
}

/** Deletes the copies whose retention and lock have ended, except that of the newest snapshot and everything newer. */
async function prune(run: CopyRun, newest: string): Promise<Pick<CopyResult, "snapshot" | "deleted">> {
  const { copies, keep, left, now } = run;
  return until(run, left(), "EBS doesn't answer", async () => {
    const [all, locks] = [await copies.list(), await copies.locks()];
    const last = all.find(({ source, state }) => source === newest && state === "completed");
    if (!last) return undefined;
    const ended = all.filter(
      ({ id, started }) => started < last.started && ageOf(started, now) > keep + LOCKED_LONGER && (locks?.get(id) ?? 0) < now(),
    );
    for (const { id } of ended) await copies.remove(id);
    return { snapshot: last.id, deleted: ended.map(({ id }) => id) };
  });
}

/** Age in seconds. */
function ageOf(time: number, now: () => number): number {
  return (now() - time) / 1000;
}
