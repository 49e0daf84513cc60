import type { Described } from "../contents";
import type { Layout } from "../diagram/layout";
import type { Diagram } from "../diagram/parts";
import { KINDS, nameOf, svgOf } from "../diagram/svg";
import { counted, html, type Markup, nothing, table } from "../html";

/** The diagram, its legend, and a table of the same connections. */
export function architecture({ name, diagram, layout }: Described): Markup {
  if (diagram.areas.length === 0) return nothing("Nothing runs in this environment.");
  const { connections } = diagram;
  if (connections.length === 0)
    return html`${layout && drawingOf(name, diagram, layout)}${nothing("No workload connects to another part.")}`;
  const list = table({
    caption: `Connections in ${name}`,
    head: ["from", "to", "kind", "detail"],
    rows: connections.map(({ kind, from, to, detail }) => [nameOf(diagram, from), nameOf(diagram, to), KINDS[kind], detail]),
  });
  const count = counted(connections.length, "connection");
  if (!layout) return html`<p>A diagram of ${count} would not be legible. The connections as a table:</p>${list}`;
  return html`${drawingOf(name, diagram, layout)}
<details><summary>The same as a table: ${count}</summary>
${list}</details>`;
}

function drawingOf(name: string, diagram: Diagram, layout: Layout): Markup {
  const used = Object.entries(KINDS).filter(([kind]) => diagram.connections.some((one) => one.kind === kind));
  return html`<div class="canvas" role="region" aria-label="Diagram of ${name}, scrollable" tabindex="0">${svgOf(name, diagram, layout)}</div>
<ul class="legend">${used.map(([kind, meaning]) => html`<li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="line ${kind}" d="M0 4h26"/></svg>${meaning}</li>`)}</ul>
`;
}
