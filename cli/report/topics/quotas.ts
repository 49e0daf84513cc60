import { isTight } from "../../../stacks";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

export function quotas({ system, quotas: needs }: Described): Markup {
  if (!system.aws) return nothing("No AWS account, and no quotas.");
  const tight = needs.filter(isTight);
  const rows = [...tight, ...needs.filter((need) => !isTight(need))];
  return html`<p>What account ${system.aws.account} needs for all of its environments, and the default quotas of AWS. A new account may have less. ${
    tight.length === 0 ? "All needs are below 80% of the defaults." : "Quotas marked with ! reach 80% of the default: request an increase."
  }</p>
${table({
  caption: `Quotas of account ${system.aws.account}`,
  head: ["quota", "region", "needed", "default", "code"],
  numbers: [2, 3],
  rows: rows.map((need) => [
    isTight(need) ? html`<span class="${need.needed > need.default ? "bad" : "warn"}">! ${need.quota}</span>` : need.quota,
    need.region,
    need.needed.toLocaleString("en"),
    need.default.toLocaleString("en"),
    need.code,
  ]),
})}`;
}
