import { type Duration, seconds } from "../core/quantities";

/** Minutes after its time within which a job starts (AWS Backup: 60 at least). */
export const START_MINUTES = 60;

/** Minutes within which a job that has started ends, or is cancelled. */
export const COMPLETION_MINUTES = 240;

/**
 * Schedules by the hours between two snapshots. RDS starts none in the hour before its backup window (00:30) and its maintenance
 * window (Sunday, 02:00), so that jobs start at half past three and at distances of hours that divide a day without meeting them.
 */
const SCHEDULES: Readonly<Record<number, string>> = {
  6: "cron(30 3,9,15,21 * * ? *)",
  8: "cron(30 3,11,19 * * ? *)",
  12: "cron(30 3,15 * * ? *)",
  24: "cron(30 3 * * ? *)",
};

/** When snapshots are made that are so far apart. Undefined if no schedule has that distance. */
export function snapshotSchedule(every: Duration): string | undefined {
  const distance = seconds(every);
  return typeof distance === "number" ? SCHEDULES[distance / 3600] : undefined;
}

/** The longest time, in seconds, whose writes are not in any snapshot yet: one counts from its start, and is of use at its end. */
export function snapshotLoss(distance: number): number {
  return distance + (START_MINUTES + COMPLETION_MINUTES) * 60;
}
