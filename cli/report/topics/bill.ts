import { HOURS_PER_MONTH } from "../../../stacks/billable";
import type { Described } from "../contents";
import type { Context } from "../context";
import { html, type Markup, nothing, table } from "../html";
import { costOf, type Prices, priceOf } from "../prices";

const LEFT_OUT =
  "Not counted, because it depends on use: data transfer and processing, requests, logs and metrics, backups and snapshots, restore tests of AWS Backup, buckets, storage of Aurora, " +
  "public addresses of load balancers, edges, extended support, support plans and taxes.";

/** Items that are billed by count and size. A sum only with prices of the user. */
export function bill({ name, bill: items }: Described, { prices }: Context): Markup {
  if (items.length === 0) return nothing("Nothing here is billed by a cloud provider: clusters and stores exist already, or run on them.");
  const assumption = `A month has ${HOURS_PER_MONTH} hours. Nodes are counted as the first instance type of their group. ${LEFT_OUT}`;
  const counts = items.map(({ item, counted, unit, quantity, atMost }) => [
    item,
    counted,
    atMost === undefined ? number(quantity) : `${number(quantity)} to ${number(atMost)}`,
    unit,
  ]);
  const head = ["item", "count", "units in a month", "unit"];
  if (!prices)
    return html`${table({ caption: `Billable resources of ${name}`, head, numbers: [1, 2], rows: counts })}
<p>${assumption} For a sum, pass your prices with <code>--prices</code>.</p>`;
  const { currency } = prices;
  const priced = items.map(({ item, quantity, atMost = quantity }) => {
    const price = priceOf(prices.prices, item);
    return price === undefined ? ["no price", "–"] : [String(price), range(quantity * price, atMost * price)];
  });
  return html`${sumOf(items, prices)}
${table({
  caption: `Billable resources of ${name}, with prices`,
  head: [...head, `price in ${currency}`, `${currency} in a month`],
  numbers: [1, 2, 4, 5],
  rows: counts.map((row, index) => [...row, ...(priced[index] ?? [])]),
})}
<p>${assumption}</p>`;
}

function sumOf(items: Described["bill"], prices: Prices): Markup {
  const { least, most, missing } = costOf(items, prices);
  return html`<p class="sum"><strong>${range(least, most)} ${prices.currency}</strong> in a month, at the prices of ${prices.source}, ${prices.date}${
    missing.length > 0 && html`, <span class="warn">without ${missing.join(", ")}, which have no price</span>`
  }.</p>`;
}

function range(least: number, most: number): string {
  return most > least ? `${number(least)} to ${number(most)}` : number(least);
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
