import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { costOf, type Prices, readPrices } from "../../cli/report/prices";
import type { Billable } from "../../stacks/billable";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "prices.json");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true }));

function refusalOf(content: unknown): readonly string[] {
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  try {
    readPrices(file, ["EKS control plane", "NAT gateway"]);
    return [];
  } catch (error) {
    return (error as Error).message.replaceAll(file, "prices.json").split("\n");
  }
}

const prices: Prices = { currency: "USD", source: "a price list", date: "2026-11-28", prices: { "EKS control plane": 0.1 } };

describe("prices", () => {
  it("are taken from a file", () => {
    writeFileSync(file, JSON.stringify(prices));
    expect(readPrices(file, ["EKS control plane"])).toEqual(prices);
  });

  it("are refused with everything that is wrong", () => {
    expect(refusalOf(prices)).toEqual([]);
    expect(refusalOf({ ...prices, currency: "", date: "yesterday", sauce: 1, prices: { "NAT gatway": 1, "NAT gateway": -1 } })).toEqual([
      "prices.json: sauce: is not a setting here; did you mean source?",
      'prices.json: currency: must be a text; write "USD"',
      'prices.json: date: must be a date; write "2026-11-28"',
      "prices.json: prices.NAT gatway: no environment has such an item; did you mean NAT gateway?",
      "prices.json: prices.NAT gateway: -1 must be a number, not below 0; write the price of one unit, like 0.1",
    ]);
    expect(refusalOf([])[0]).toMatch(/^prices\.json: must be an object; write \{ "currency": "USD", /);
    expect(refusalOf("{")[0]).toMatch(/^prices\.json: can't be read as JSON \(/);
    expect(refusalOf({ ...prices, prices: [] })).toEqual(['prices.json: prices: must be an object; write { "EKS control plane": 0.1 }']);
  });

  it("make a sum that says what it leaves out", () => {
    const bill: readonly Billable[] = [
      { item: "EKS control plane", unit: "hour", quantity: 730, counted: "1" },
      { item: "node m7i.large", unit: "hour", quantity: 730, atMost: 2190, counted: "1 to 3" },
      { item: "KMS key", unit: "month", quantity: 6, counted: "6" },
    ];
    expect(costOf(bill, { prices: { "EKS control plane": 0.1, "node m7i.large": 0.2 } })).toEqual({
      least: 219,
      most: 511,
      missing: ["KMS key"],
    });
    expect(costOf(bill, { prices: {} })).toEqual({ least: 0, most: 0, missing: ["EKS control plane", "node m7i.large", "KMS key"] });
  });
});
