import type { Problem } from "../core/errors";

/** Maintenance and backup windows of an AWS data store, in UTC. */
export interface Windows {
  /**
   * Weekly window for upgrades and changes that wait for it: `sun:02:00-sun:03:00`. At least half an hour.
   * @default "sun:02:00-sun:03:00"
   */
  readonly maintenance?: string;

  /**
   * Daily window for a snapshot: `00:30-01:30`. At least half an hour, an hour for ElastiCache. Must not overlap `maintenance`.
   * @default "00:30-01:30"
   */
  readonly backup?: string;
}

/** Default windows: at night in Europe, without overlap. */
export const WINDOWS = { maintenance: "sun:02:00-sun:03:00", backup: "00:30-01:30" } as const satisfies Required<Windows>;

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const [DAY, WEEK] = [24 * 60, 7 * 24 * 60];

/** Problems of windows. The minimum lengths in minutes depend on the engine. */
export function windowProblems(
  { maintenance, backup }: Required<Windows>,
  shortest: { readonly maintenance: number; readonly backup: number },
): readonly Omit<Problem, "path">[] {
  const weekly = span(/^(?:(\w{3}):)(\d\d):(\d\d)-(?:(\w{3}):)(\d\d):(\d\d)$/, maintenance, WEEK);
  const daily = span(/^()(\d\d):(\d\d)-()(\d\d):(\d\d)$/, backup, DAY);
  const found: Omit<Problem, "path">[] = [];
  if (!weekly) found.push({ value: maintenance, rule: "must be a weekly time", remedy: `write it like ${WINDOWS.maintenance}` });
  if (!daily) found.push({ value: backup, rule: "must be a time of day", remedy: `write it like ${WINDOWS.backup}` });
  if (weekly && weekly.length < shortest.maintenance) {
    found.push({ value: maintenance, rule: "is too short for maintenance", remedy: `use ${shortest.maintenance} minutes or more` });
  }
  if (daily && daily.length < shortest.backup) {
    found.push({ value: backup, rule: "is too short for a backup", remedy: `use ${shortest.backup} minutes or more` });
  }
  if (weekly && daily && overlap(weekly, daily)) {
    found.push({ value: backup, rule: `meets the maintenance at ${maintenance}, and AWS does one at a time`, remedy: "keep them apart" });
  }
  return found;
}

interface Span {
  /** In minutes since the start of the week or day. */
  readonly start: number;
  readonly length: number;
}

function span(pattern: RegExp, window: string, period: number): Span | undefined {
  const match = pattern.exec(window);
  if (!match) return undefined;
  const [, ...parts] = match;
  const [start, end] = [minutes(parts.slice(0, 3)), minutes(parts.slice(3))];
  if (start === undefined || end === undefined) return undefined;
  return { start, length: (end - start + period) % period };
}

function minutes([day = "", hour, minute]: readonly string[]): number | undefined {
  const index = day === "" ? 0 : DAYS.indexOf(day);
  const [hours, rest] = [Number(hour), Number(minute)];
  return index < 0 || hours > 23 || rest > 59 ? undefined : index * DAY + hours * 60 + rest;
}

/** Checks that a daily window overlaps a weekly one on any day, also across midnight and the end of the week. */
function overlap(weekly: Span, daily: Span): boolean {
  return DAYS.some((_, day) => {
    const from = day * DAY + daily.start;
    const apart = (from - weekly.start + WEEK) % WEEK;
    return apart < weekly.length || (weekly.start - from + WEEK) % WEEK < daily.length;
  });
}
