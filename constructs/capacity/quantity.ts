import type { Reading } from "../core/quantities";

/** Suffixes that the Kubernetes API accepts (apimachinery, resource.Quantity). */
const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Parses a quantity of the API into whole thousandths (`scale` 1000) or ones, rounded up as Kubernetes does. */
export function quantity(value: unknown, scale: 1 | 1000): Reading {
  const match = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([A-Za-z]{0,2}))$/.exec(String(value));
  const [, digits, exponent, unit = ""] = match ?? [];
  const factor = exponent ? Number(`1${exponent}`) : UNITS[unit];
  if (!digits || factor === undefined) {
    return { rule: "must be a Kubernetes quantity", remedy: 'write a number with or without a unit, like "500m" or "2Gi"' };
  }
  const amount = Number(digits) * factor * scale;
  // Tolerates floating-point errors, such as that of 0.1 * 1000.
  return Math.ceil(amount - 1e-6);
}
