/** Whole or decimal bytes with a binary unit, as Kubernetes writes them: `"16Gi"`. */
export type Bytes = `${number}${keyof typeof BYTES}`;

/** CPU cores, whole (`2`) or in millicores (`"500m"`). */
export type Cores = number | `${number}m`;

/** A duration in one unit: `"30s"`, `"15m"`, `"1h"`, `"30d"`. */
export type Duration = `${number}${keyof typeof SECONDS}`;

const BYTES = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** The reason why a quantity is unreadable, in the two halves of an error message. */
export interface Unreadable {
  readonly rule: string;
  readonly remedy: string;
}

/** A quantity as a number, or the reason why it is unreadable; distinguish them with `typeof`. */
export type Reading = number | Unreadable;

/** Parses a quantity like `"16Gi"`, in bytes. */
export function bytes(value: unknown): Reading {
  return measured(value, BYTES, "a size", "16Gi");
}

/** A limit of durations, in seconds. */
export interface DurationLimit extends Unreadable {
  readonly most: number;
}

/** Go, in which Prometheus and Kubernetes are written, counts up to 292 years. */
const COUNTABLE: DurationLimit = { most: 73_000 * SECONDS.d, rule: "is longer than 200 years", remedy: 'use up to "73000d"' };

/** Parses a duration like `"30d"`, in seconds. Prometheus and others read whole numbers only. */
export function seconds(value: unknown): Reading {
  return secondsUpTo(COUNTABLE, value);
}

/** Parses a duration that has a limit. */
export function secondsUpTo({ most, ...longer }: DurationLimit, value: unknown): Reading {
  const reading = measured(value, SECONDS, "a span of time", "30d");
  if (typeof reading !== "number") return reading;
  if (String(value).includes(".")) return { rule: "has a fraction", remedy: 'use a smaller unit, like "90m" for an hour and a half' };
  return reading > most ? longer : reading;
}

/** Parses CPU cores like `2` or `"500m"`, in millicores. */
export function millicores(value: unknown): Reading {
  const remedy = 'write cores as a number, like 2 or 0.5, or thousandths, like "500m"';
  const thousandths = typeof value === "string" ? /^(\d+)m$/.exec(value)?.[1] : undefined;
  const amount = typeof value === "number" ? value * 1000 : thousandths === undefined ? Number.NaN : Number(thousandths);
  if (!Number.isFinite(amount)) return { rule: "must be a valid number of cores", remedy };
  if (amount <= 0) return { rule: "must be a usable number of cores", remedy };
  // Kubernetes' smallest unit is a millicore; it would silently round.
  if (!isWhole(amount)) return { rule: "is finer than a thousandth of a core", remedy };
  return Math.round(amount);
}

/** Returns a quantity that validation has accepted. */
export function known(reading: Reading): number {
  if (typeof reading !== "number") throw new Error(`quantity ${reading.rule}; ${reading.remedy}`);
  return reading;
}

/** Days of a duration that validation has accepted; not whole for one like "36h". */
export function daysIn(duration: Duration): number {
  return known(seconds(duration)) / SECONDS.d;
}

function measured(value: unknown, units: Readonly<Record<string, number>>, what: string, example: string): Reading {
  const names = Object.keys(units);
  const remedy = `write a number and a unit, like "${example}"`;
  const match = typeof value === "string" ? /^((?:0|[1-9]\d*)(?:\.\d+)?)([A-Za-z]*)$/.exec(value) : null;
  if (!match) return { rule: `is not ${what}`, remedy };
  const [, digits, unit = ""] = match;
  const factor = units[unit];
  if (factor === undefined) {
    return { rule: unit ? `has an unknown unit "${unit}"` : "has no unit", remedy: `use one of ${names.join(", ")}, like "${example}"` };
  }
  const amount = Number(digits) * factor;
  if (amount === 0) return { rule: "is nothing at all", remedy };
  if (!isWhole(amount)) return { rule: `is not a whole number of ${names[0] === "s" ? "seconds" : "bytes"}`, remedy: "use a smaller unit" };
  return Math.round(amount);
}

// Floating-point errors: 0.001 * 1000 may miss the integer slightly.
function isWhole(amount: number): boolean {
  return Math.abs(amount - Math.round(amount)) < 1e-6 && Math.round(amount) <= Number.MAX_SAFE_INTEGER;
}
