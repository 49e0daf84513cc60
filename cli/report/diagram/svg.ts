import { counted, html, idOf, type Markup } from "../html";
import type { Box, Layout, Point } from "./layout";
import { type Area, type Diagram, type Shape, shapesIn } from "./parts";
import { HEADER, insetOf } from "./text";

/** Radius of the corners of lines. */
const BEND = 6;

/** Smallest scale at which texts stay legible; a narrower page scrolls the diagram. */
const LEAST_SCALE = 0.74;

/** Kinds of connections, in the order of the legend. */
export const KINDS = {
  request: "request from a client",
  call: "call of a service",
  use: "use of a store",
  egress: "egress",
} as const;

/** A diagram as SVG, whose colors are those of the page. */
export function svgOf(name: string, diagram: Diagram, layout: Layout): Markup {
  const { width, height, boxes } = layout;
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const title = idOf(name, "diagram-title");
  const at = (id: string): Box => boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 };
  return html`<svg class="diagram" viewBox="0 0 ${w} ${h}" style="--width:${w}px;--least:${Math.round(w * LEAST_SCALE)}px" role="img" aria-labelledby="${title}">
<title id="${title}">${describe(name, diagram)}</title>
<defs>${Object.keys(KINDS).map(
    (kind) =>
      html`<marker id="${idOf(name, "arrow", kind)}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head ${kind}" d="M0 .5 8 4 0 7.5z"/></marker>`,
  )}</defs>
${areasOf(diagram.areas, at)}
${diagram.connections.map(
  (
    { kind, from, to, detail },
    index,
  ) => html`<path class="line ${kind}" data-from="${from}" data-to="${to}" d="${curved(layout.paths[index] ?? [])}" marker-end="url(#${idOf(name, "arrow", kind)})"><title>${nameOf(diagram, from)} → ${nameOf(diagram, to)}${detail ? `: ${detail}` : ""}</title></path>
`,
)}
${titlesOf(diagram.areas, at)}
${shapesIn(diagram.areas).map((shape) => drawn(shape, at(shape.id)))}
</svg>`;
}

/** Name of a connection's end. */
export function nameOf({ names }: Pick<Diagram, "names">, id: string): string {
  return names.get(id) ?? id;
}

function describe(name: string, { areas, connections }: Diagram): string {
  const shapes = shapesIn(areas);
  return `Architecture of ${name}: ${counted(shapes.length, "part")} and ${counted(connections.length, "connection")}, which the table below lists`;
}

function areasOf(areas: readonly Area[], at: (id: string) => Box): Markup {
  return html`${areas.map(({ id, kind, areas: inner }) => {
    const { x, y, width, height } = at(id);
    return html`<g class="area ${kind}" data-area="${id}"><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="10"/></g>
${areasOf(inner, at)}`;
  })}`;
}

/** Titles and notes of areas, above the lines that cross them. */
function titlesOf(areas: readonly Area[], at: (id: string) => Box): Markup {
  return html`${areas.map(({ id, kind, title, notes, areas: inner }) => {
    const { x, y } = at(id);
    return html`<text class="area ${kind}" x="${round(x + 14)}" y="${round(y + HEADER.padding + 9)}"><tspan class="title">${title}</tspan>${notes.map(
      (note) => html`<tspan class="note" x="${round(x + 14)}" dy="${HEADER.note + 1}">${note}</tspan>`,
    )}</text>
${titlesOf(inner, at)}`;
  })}`;
}

function drawn(shape: Shape, box: Box): Markup {
  const { id, kind, title, note } = shape;
  const { x, y, width, height } = box;
  const left = round(x + insetOf(shape));
  return html`<g class="shape ${kind}" data-part="${id}">${kind === "store" ? cylinder(box) : html`<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${kind === "endpoint" || kind === "destination" ? height / 2 : 7}"/>`}
<text x="${left}" y="${round(y + (kind === "store" ? 23 : 20))}"><tspan class="title">${title}</tspan><tspan class="note" x="${left}" dy="15">${note}</tspan></text></g>
`;
}

function cylinder({ x, y, width, height }: Box): Markup {
  const [left, right, top, bottom] = [x, x + width, y + 4, y + height - 4].map(round);
  const arc = `${round(width / 2)} 4 0 0`;
  return html`<path d="M${left} ${top}A${arc} 1 ${right} ${top}V${bottom}A${arc} 1 ${left} ${bottom}Z"/><path class="rim" d="M${left} ${top}A${arc} 0 ${right} ${top}"/>`;
}

/** Path through points, with round corners. */
function curved(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (!before) return `M${round(point.x)} ${round(point.y)}`;
      if (!after) return `L${round(point.x)} ${round(point.y)}`;
      const [start, end] = [towards(point, before), towards(point, after)];
      return `L${round(start.x)} ${round(start.y)}Q${round(point.x)} ${round(point.y)} ${round(end.x)} ${round(end.y)}`;
    })
    .join("");
}

/** Point at the radius of a corner, on the way to its neighbor. */
function towards(corner: Point, neighbor: Point): Point {
  const distance = Math.hypot(neighbor.x - corner.x, neighbor.y - corner.y);
  const share = distance === 0 ? 0 : Math.min(BEND, distance / 2) / distance;
  return { x: corner.x + (neighbor.x - corner.x) * share, y: corner.y + (neighbor.y - corner.y) * share };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
