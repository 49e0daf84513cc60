import type { DrillResult } from "./result";

/** Recovery objectives in seconds. */
export interface Objectives {
  /** Maximum age of the oldest event without a backup. */
  readonly rpo: number;

  /** Maximum duration of the restore. After twice this time, the drill ends without having restored everything. */
  readonly rto: number;
}

/** Drill of the backup of an event store. */
export interface Measured<Restored> extends Objectives {
  /** Kind of the backup. */
  readonly drill: string;

  /** Start of the restore. */
  readonly started: Date;

  /** Restores, and compares what was restored. */
  readonly restore: () => Promise<Restored>;

  /** Age in seconds of the oldest event, at the start, that a restore lacks. */
  readonly loss: (restored: Restored) => Promise<number>;

  readonly time: () => Date;
}

/** Restores, and compares duration and data loss with the objectives. Never throws. */
export async function measure<Restored>(props: Measured<Restored>): Promise<DrillResult<Restored>> {
  const { drill, started, rpo, rto, restore, loss, time } = props;
  const seconds = () => (time().getTime() - started.getTime()) / 1000;
  const problems: string[] = [];
  const restored = await attempt(problems, () => within(2 * rto - seconds(), rto, restore()));
  const restoreSeconds = restored ? seconds() : null;
  const lossSeconds = restored ? await attempt(problems, () => loss(restored)) : null;
  if (restoreSeconds !== null && restoreSeconds > rto) problems.push(`the restore took ${restoreSeconds} s, and the RTO is ${rto} s`);
  if (lossSeconds !== null && lossSeconds > rpo) {
    problems.push(`the oldest event without a backup was ${lossSeconds} s old, and the RPO is ${rpo} s`);
  }
  const measured = { restored, restoreSeconds, lossSeconds, rpoSeconds: rpo, rtoSeconds: rto };
  return { drill, time: started.toISOString(), passed: problems.length === 0, problems, ...measured };
}

async function attempt<T>(problems: string[], part: () => Promise<T>): Promise<T | null> {
  try {
    return await part();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  }
}

async function within<T>(seconds: number, rto: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the restore has not ended within ${2 * rto} s, twice the RTO`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
