import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";

/** Backup interval and retention of a Kurrent Cloud cluster. */
export interface KurrentCloudBackup {
  /** Time between backups, at least one hour: `"1h"`, `"6h"`, `"1d"`, `"7d"`. */
  readonly every: Duration;

  /** Retention, applied as a number of backups: `"30d"` with one per hour are 720. */
  readonly keep: Duration;
}

const HOUR = 3600;

/**
 * Supported schedules, by the hours between two backups (Kurrent Cloud, job schedules): an hourly rate restarts at midnight, so it must
 * divide a day.
 */
const SCHEDULES: Readonly<Record<number, string>> = {
  ...Object.fromEntries([1, 2, 3, 4, 6, 8, 12].map((hours) => [hours, `0 */${hours} * * *`])),
  24: "0 3 * * *",
  168: "0 3 * * 0",
};

/** Returns the reasons why Kurrent Cloud doesn't support such backups. */
export function kurrentCloudBackupProblems({ every, keep }: KurrentCloudBackup): readonly Omit<Problem, "path">[] {
  const [between, kept] = [seconds(every), seconds(keep)];
  if (typeof between !== "number") return [{ value: every, ...between }];
  if (typeof kept !== "number") return [{ value: keep, ...kept }];
  if (SCHEDULES[between / HOUR] === undefined) {
    return [
      {
        value: every,
        rule: "is not a backup interval that Kurrent Cloud supports",
        remedy: `use one of ${Object.keys(SCHEDULES)
          .map((hours) => (Number(hours) < 24 ? `${hours}h` : `${Number(hours) / 24}d`))
          .join(", ")}`,
      },
    ];
  }
  return kept < between
    ? [{ value: keep, rule: `ends before the next backup, ${every} later`, remedy: "keep backups longer than the time between them" }]
    : [];
}

/** Returns the schedule of a Kurrent Cloud backup job; unsupported ones are reported elsewhere. */
export function scheduleOf({ every, keep }: KurrentCloudBackup): { readonly schedule: string; readonly maxBackupCount: number } {
  const [between, kept] = [every, keep].map(seconds).map((read) => (typeof read === "number" ? read : Number.NaN)) as [number, number];
  return { schedule: SCHEDULES[between / HOUR] ?? "", maxBackupCount: Math.floor(kept / between) || 0 };
}
