import type { Described } from "../contents";
import { KINDS, nameOf, svgOf } from "../diagram/svg";
import { counted, html, type Markup, nothing, table } from "../html";

/** The diagram, its legend, and a table of the same connections. */
export function architecture({ name, diagram, layout }: Described): Markup {
  if (diagram.areas.length === 0) return nothing("Nothing runs in this environment.");
  const { connections } = diagram;
  const used = Object.entries(KINDS).filter(([kind]) => connections.some((one) => one.kind === kind));
  return html`<div class="canvas" role="region" aria-label="Diagram of ${name}, scrollable" tabindex="0">${svgOf(name, diagram, layout)}</div>
<ul class="legend">${used.map(([kind, meaning]) => html`<li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="line ${kind}" d="M0 4h26"/></svg>${meaning}</li>`)}</ul>
${
  connections.length === 0
    ? nothing("No workload connects to another part.")
    : html`<details><summary>The same as a table: ${counted(connections.length, "connection")}</summary>
${table({
  caption: `Connections in ${name}`,
  head: ["from", "to", "kind", "detail"],
  rows: connections.map(({ kind, from, to, detail }) => [nameOf(diagram, from), nameOf(diagram, to), KINDS[kind], detail]),
})}</details>`
}`;
}
