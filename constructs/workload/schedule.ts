import type { Problem } from "../core/errors";

/** Fields of a schedule in order, with their ranges. */
const FIELDS = [
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of the month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12, words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { name: "day of the week", from: 0, to: 6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
] as const;

const REMEDY = 'write five fields, like "30 2 * * *" for half past two at night (UTC)';

/** Schedule of jobs that apply rotated secrets: as often as a changed secret arrives. */
export const SECRETS_ARRIVE = "*/15 * * * *";

/** Settings of scheduled store maintenance: one job at a time, at most 10 minutes late, the last successful one kept. */
export const BY_THE_CLOCK = {
  timezone: "Etc/UTC",
  concurrencyPolicy: "Forbid",
  startingDeadlineSeconds: 600,
  successfulJobsHistoryLimit: 1,
} as const;

/** Settings of a job that only an operator starts: suspended, on February 30th, one at a time. */
export const BY_HAND = {
  ...BY_THE_CLOCK,
  schedule: "0 0 30 2 *",
  suspend: true,
  failedJobsHistoryLimit: 1,
} as const;

/** Returns the problems of a Kubernetes schedule. Macros such as `@daily` and time zones are not supported: fields are more explicit. */
export function scheduleProblems(schedule: string): readonly Omit<Problem, "path">[] {
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return [{ value: schedule, rule: "must be a cron schedule", remedy: REMEDY }];
  const invalid = FIELDS.flatMap((field, index) => {
    const part = parts[index] ?? "";
    if (part.split(",").every((item) => rangeOf(item, field))) return [];
    return [{ value: part, rule: `is not a valid ${field.name}`, remedy: `use ${field.from} to ${field.to}, *, ranges, lists and steps` }];
  });
  if (invalid.length > 0 || occurs(parts)) return invalid;
  return [{ value: schedule, rule: "never occurs: no such month has that day", remedy: "use a day that the month has" }];
}

/** Days of each month, in a leap year. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Checks if a day of the month exists in one of the months. A day of the week, if there is one, is an alternative. */
function occurs([, , days = "", months = "", weekdays = ""]: readonly string[]): boolean {
  const [, , day, month] = FIELDS;
  const rangesOf = (part: string, field: (typeof FIELDS)[number]) => part.split(",").flatMap((item) => rangeOf(item, field) ?? []);
  const first = Math.min(...rangesOf(days, day).map(({ from }) => from));
  const longest = Math.max(
    ...rangesOf(months, month).flatMap(({ from, to, step }) => DAYS.filter((_, index) => isIn(index + 1, from, to, step))),
  );
  return weekdays !== "*" || first <= longest;
}

function isIn(value: number, from: number, to: number, step: number): boolean {
  return value >= from && value <= to && (value - from) % step === 0;
}

/** Range of an item: `5`, `1-5`, `*`, each with a step: `*\/15`. Undefined if it is not valid. */
function rangeOf(
  item: string,
  field: (typeof FIELDS)[number],
): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const match = /^(\*|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(item);
  if (!match) return undefined;
  const [, range = "", said] = match;
  const step = Number(said ?? 1);
  if (step < 1 || step > field.to) return undefined;
  if (range === "*") return { from: field.from, to: field.to, step };
  // A single number with a step is the beginning of a range.
  const [from, to = said === undefined ? from : field.to] = range.split("-").map((word) => numberOf(word, field));
  return from !== undefined && to !== undefined && from >= field.from && to <= field.to && from <= to ? { from, to, step } : undefined;
}

function numberOf(word: string, field: (typeof FIELDS)[number]): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  const index = "words" in field ? (field.words as readonly string[]).indexOf(word.toLowerCase()) : -1;
  return index < 0 ? undefined : index + field.from;
}
