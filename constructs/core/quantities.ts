/** Whole or decimal bytes with a binary unit, as Kubernetes writes them: `"16Gi"`. */
export type Bytes = `${number}${keyof typeof BYTES}`;

/** Processor cores, whole (`2`) or in thousandths (`"500m"`). */
export type Cores = number | `${number}m`;

/** A span of time in one unit: `"30s"`, `"15m"`, `"1h"`, `"30d"`. */
export type Duration = `${number}${keyof typeof SECONDS}`;

const BYTES = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Why a quantity can't be read, in the two halves that an error message needs. */
export interface Unreadable {
  readonly rule: string;
  readonly remedy: string;
}

/** A quantity that was read, or why it could not be: `typeof` tells which. */
export type Reading = number | Unreadable;

/** The number of bytes that `"16Gi"` stands for. */
export function bytes(value: unknown): Reading {
  return measured(value, BYTES, "a size", "16Gi");
}

/** The number of seconds that `"30d"` stands for. */
export function seconds(value: unknown): Reading {
  return measured(value, SECONDS, "a span of time", "30d");
}

/** The number of thousandths of a core that `2` or `"500m"` stand for. */
export function millicores(value: unknown): Reading {
  const remedy = 'write cores as a number, like 2 or 0.5, or thousandths, like "500m"';
  const thousandths = typeof value === "string" ? /^(\d+)m$/.exec(value)?.[1] : undefined;
  const amount = typeof value === "number" ? value * 1000 : thousandths === undefined ? Number.NaN : Number(thousandths);
  if (!Number.isFinite(amount)) return { rule: "is no number of cores", remedy };
  if (amount <= 0) return { rule: "is no number of cores that anything can run on", remedy };
  // Kubernetes counts nothing finer than a thousandth and would round it silently.
  if (!isWhole(amount)) return { rule: "is finer than a thousandth of a core", remedy };
  return Math.round(amount);
}

/** A quantity that validation has already accepted. */
export function known(reading: Reading): number {
  if (typeof reading !== "number") throw new Error(`quantity ${reading.rule}; ${reading.remedy}`);
  return reading;
}

function measured(value: unknown, units: Readonly<Record<string, number>>, what: string, example: string): Reading {
  const names = Object.keys(units);
  const remedy = `write a number and a unit, like "${example}"`;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(value) : null;
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

// 0.001 * 1000 and the like miss the whole number by a rounding error of the machine.
function isWhole(amount: number): boolean {
  return Math.abs(amount - Math.round(amount)) < 1e-6 && Math.round(amount) <= Number.MAX_SAFE_INTEGER;
}
