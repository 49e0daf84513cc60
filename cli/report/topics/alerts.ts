import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AlertRow } from "../alerts";
import type { Described } from "../contents";
import type { Context } from "../context";
import { counted, html, type Markup, nothing, table } from "../html";

/** Monitoring and receivers of an environment, and every alert with its runbook. */
export function alerts({ name, part: { monitoring }, alerts: rows }: Described, context: Context): Markup {
  const critical = rows.filter(({ severity }) => severity === "critical").length;
  return html`${
    monitoring.length === 0
      ? nothing("Metrics are not collected: set monitoring.")
      : table({ caption: `Monitoring of ${name}`, head: ["part", "monitoring"], rows: monitoring.map(({ what, how }) => [what, how]) })
  }
${
  rows.length > 0 &&
  html`<details><summary>${counted(rows.length, "alert")}, ${critical} of them critical</summary>
${table({
  caption: `Alerts of ${name}`,
  head: ["alert", "severity", "summary", "clusters", "runbook"],
  rows: rows.map((row) => [
    row.name,
    html`<span class="severity ${row.severity}">${row.severity}</span>`,
    row.summary,
    row.clusters.join(", "),
    runbookOf(row, context),
  ]),
})}</details>`
}`;
}

/** A link, unless it would lead nowhere: a relative one is followed from the page's directory. */
function runbookOf({ runbook }: AlertRow, { directory }: Context): Markup {
  const reachable = /^https?:\/\//.test(runbook) || (!/^[a-z][a-z0-9+.-]*:/i.test(runbook) && existsSync(join(directory, runbook)));
  return reachable ? html`<a href="${runbook}" rel="noreferrer">runbook</a>` : html`${runbook}`;
}
