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
  return FIELDS.flatMap((field, index) => {
    const part = parts[index] ?? "";
    if (part.split(",").every((item) => isItem(item, field))) return [];
    return [{ value: part, rule: `is not a valid ${field.name}`, remedy: `use ${field.from} to ${field.to}, *, ranges, lists and steps` }];
  });
}

function isItem(item: string, field: (typeof FIELDS)[number]): boolean {
  const match = /^(\*|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(item);
  if (!match) return false;
  const [, range = "", step] = match;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.to)) return false;
  if (range === "*") return true;
  const [from, to = from] = range.split("-").map((word) => numberOf(word, field));
  return from !== undefined && to !== undefined && from >= field.from && to <= field.to && from <= to;
}

function numberOf(word: string, field: (typeof FIELDS)[number]): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  const index = "words" in field ? (field.words as readonly string[]).indexOf(word.toLowerCase()) : -1;
  return index < 0 ? undefined : index + field.from;
}
