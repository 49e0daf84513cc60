import { readFileSync } from "node:fs";
import type { Billable } from "../../stacks/billable";
import { suggestion } from "../command-line";
import { Refused } from "../refused";
import { at } from "../told";

/** Prices of a user: the platform has none, because they change and depend on contracts. */
export interface Prices {
  /** Currency of all prices: `USD`. */
  readonly currency: string;

  /** Origin of the prices: `AWS price list, eu-west-1`. */
  readonly source: string;

  /** Date of the prices: `2026-11-28`. */
  readonly date: string;

  /** Price of one unit, by the item's name in the report: `{ "node m7i.xlarge": 0.2 }`. */
  readonly prices: Readonly<Record<string, number>>;
}

/** Cost of an environment in a month. */
export interface Cost {
  /** Sum of all items that have a price, at minimum and at maximum size. */
  readonly least: number;
  readonly most: number;

  /** Items without a price, which the sum leaves out. */
  readonly missing: readonly string[];
}

/** Reads a file of prices. @throws Refused with every problem */
export function readPrices(file: string, items: readonly string[]): Prices {
  const found = parsed(file) as Partial<Prices> | null;
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new Refused(`${file}: must be an object; write ${EXAMPLE}`);
  const problems = Object.keys(found)
    .filter((key) => !KEYS.includes(key))
    .map((key) => `${file}: ${key}: is not a setting here${suggestion(key, KEYS) || `; use one of ${KEYS.join(", ")}`}`);
  for (const key of ["currency", "source"] as const)
    if (typeof found[key] !== "string" || found[key].trim() === "")
      problems.push(`${file}: ${key}: must be a text; write ${EXAMPLES[key]}`);
  if (typeof found.date !== "string" || !/^\d{4}-\d\d-\d\d$/.test(found.date))
    problems.push(`${file}: date: must be a date; write ${EXAMPLES.date}`);
  const { prices } = found;
  if (typeof prices !== "object" || prices === null || Array.isArray(prices))
    problems.push(`${file}: prices: must be an object; write ${EXAMPLES.prices}`);
  else problems.push(...Object.entries(prices).flatMap(([item, price]) => priceProblems(file, item, price, items)));
  if (problems.length > 0) throw new Refused(problems.join("\n"));
  return found as Prices;
}

const KEYS = ["currency", "source", "date", "prices"];

const EXAMPLES = {
  currency: '"USD"',
  source: '"AWS price list, eu-west-1"',
  date: '"2026-11-28"',
  prices: '{ "EKS control plane": 0.1 }',
} as const;

const EXAMPLE = `{ ${Object.entries(EXAMPLES)
  .map(([key, value]) => `"${key}": ${value}`)
  .join(", ")} }`;

function priceProblems(file: string, item: string, price: unknown, items: readonly string[]): readonly string[] {
  if (!items.includes(item)) {
    const meant = items.length > 0 ? suggestion(item, items) : "";
    return [`${file}: prices.${item}: no environment has such an item${meant || "; the report lists them"}`];
  }
  if (typeof price === "number" && Number.isFinite(price) && price >= 0) return [];
  return [`${file}: prices.${item}: ${JSON.stringify(price)} must be a number, not below 0; write the price of one unit, like 0.1`];
}

function parsed(file: string): unknown {
  const text = at(file, () => readFileSync(file, "utf8"));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused(`${file}: can't be read as JSON (${(error as Error).message}); write ${EXAMPLE}`);
  }
}

/** Cost of what is billed, at the given prices. */
export function costOf(bill: readonly Billable[], { prices }: Pick<Prices, "prices">): Cost {
  const priced = bill.flatMap(({ item, quantity, atMost = quantity }) => {
    const price = priceOf(prices, item);
    return price === undefined ? [] : [{ least: quantity * price, most: atMost * price }];
  });
  return {
    least: priced.reduce((sum, { least }) => sum + least, 0),
    most: priced.reduce((sum, { most }) => sum + most, 0),
    missing: bill.map(({ item }) => item).filter((item) => priceOf(prices, item) === undefined),
  };
}

export function priceOf(prices: Prices["prices"], item: string): number | undefined {
  return Object.hasOwn(prices, item) ? prices[item] : undefined;
}
