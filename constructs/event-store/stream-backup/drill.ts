import type { DrillResult } from "../../drill/contract";
import { differenceOf, isBackedUp } from "./backup";
import type { Bucket } from "./bucket";
import { contentsOf, lastLink } from "./generations";
import { restore, type Target } from "./restore";
import type { Store } from "./store";

/** Recovery objectives in seconds. */
export interface Objectives {
  /** Maximum age of the oldest event without a backup. */
  readonly rpo: number;

  /** Maximum duration of the restore. After twice this time, the drill ends without having restored everything. */
  readonly rto: number;
}

/** Stores that a drill uses. */
export interface DrillStores {
  /** The store that is backed up. It is only read. */
  readonly source: Store;

  /** An empty one, to restore into. */
  readonly scratch: Store;
}

/** Restores the newest backup into an empty store, and compares duration and data loss with the objectives. Never throws. */
export async function drill(
  bucket: Bucket,
  stores: DrillStores,
  objectives: Objectives,
  time = () => new Date(),
): Promise<DrillResult<Target>> {
  const { rpo, rto } = objectives;
  const started = time();
  const seconds = () => (time().getTime() - started.getTime()) / 1000;
  const problems: string[] = [];
  const restored = await attempt(problems, () => within(2 * rto, restore(bucket, stores.scratch, {})));
  // All objects checked, all events appended and compared.
  const restoreSeconds = restored ? seconds() : null;
  const lossSeconds = restored ? await attempt(problems, () => lossOf(bucket, stores.source, restored, started)) : null;
  if (restoreSeconds !== null && restoreSeconds > rto) problems.push(`the restore took ${restoreSeconds} s, and the RTO is ${rto} s`);
  if (lossSeconds !== null && lossSeconds > rpo) {
    problems.push(`the oldest event without a backup was ${lossSeconds} s old, and the RPO is ${rpo} s`);
  }
  const measured = { restored, restoreSeconds, lossSeconds, rpoSeconds: rpo, rtoSeconds: rto };
  return { drill: "stream-backup", time: started.toISOString(), passed: problems.length === 0, problems, ...measured };
}

async function attempt<T>(problems: string[], part: () => Promise<T>): Promise<T | null> {
  try {
    return await part();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  }
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the restore has not ended within ${seconds} s, twice the RTO`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Age of the oldest event of the store at a time that a restore of this target lacks. */
async function lossOf(bucket: Bucket, source: Store, { generation, sequence }: Target, at: Date): Promise<number> {
  const found = (await contentsOf(bucket)).generations.find(({ name }) => name === generation);
  if (!found) throw new Error(`${generation} was deleted during the drill`);
  const link = await lastLink(bucket, { ...found, keys: found.keys.slice(0, sequence) });
  const difference = await differenceOf(source, link);
  if (difference) throw new Error(`${generation} is a backup of another store: ${difference}`);
  const end = await source.end();
  if (!end) return 0;
  for await (const event of source.read(link.through?.position, end)) {
    // Ticks of 100 ns.
    if (isBackedUp(event)) return Math.max(0, (at.getTime() - Number(BigInt(event.created) / 10_000n)) / 1000);
  }
  return 0;
}
