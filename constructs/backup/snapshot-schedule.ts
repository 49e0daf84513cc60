import { type Duration, seconds } from "../core/quantities";

/** Start window of a job in minutes (AWS Backup: at least 60). */
export const START_MINUTES = 60;

/** Minutes after its start in which a job must complete. Otherwise it is cancelled. */
export const COMPLETION_MINUTES = 240;

/**
 * Schedules by the hours between snapshots. RDS takes no snapshot in the hour before its backup window (00:30) and its maintenance window
 * (Sunday, 02:00), so jobs start at 03:30 and at intervals that avoid both hours.
 */
const SCHEDULES: Readonly<Record<number, string>> = {
  6: "cron(30 3,9,15,21 * * ? *)",
  8: "cron(30 3,11,19 * * ? *)",
  12: "cron(30 3,15 * * ? *)",
  24: "cron(30 3 * * ? *)",
};

/** Schedule of snapshots at this interval. Undefined if there is none. */
export function snapshotSchedule(every: Duration): string | undefined {
  const distance = seconds(every);
  return typeof distance === "number" ? SCHEDULES[distance / 3600] : undefined;
}

/** Maximum data loss in seconds: a snapshot has the data of its start, and can be used after its end. */
export function snapshotLoss(distance: number): number {
  return distance + (START_MINUTES + COMPLETION_MINUTES) * 60;
}
