import Elk, { type ElkExtendedEdge, type ElkNode } from "elkjs";
import type { Flowchart } from "./flowchart";
import { escaped } from "./html";

/** Smallest scale at which text can be read. Below it, a flowchart scrolls. */
const SMALLEST = 0.6;

/** Sizes in pixels. */
const FONT = 13;
const LINE = 17;
const CHARACTER = 7;

/** Options of ELK (Eclipse Layout Kernel, reference): layers from left to right, right-angled lines, labels on the lines. */
const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.edgeLabels.inline": "true",
  "elk.layered.cycleBreaking.strategy": "GREEDY_MODEL_ORDER",
  "elk.layered.spacing.nodeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "6",
  "elk.spacing.edgeEdge": "6",
  "elk.spacing.nodeNode": "14",
  "elk.randomSeed": "1",
} as const;

const STYLE = `.flowchart { overflow-x: auto; margin: 1em 0 }
.flowchart svg { height: auto; font: ${FONT}px system-ui, sans-serif; text-anchor: middle }
.flowchart text { fill: currentColor }
.flowchart .node { fill: var(--color-background-secondary); stroke: currentColor }
.flowchart .back { fill: var(--color-background) }
.flowchart polyline { fill: none; stroke: currentColor; opacity: 0.7 }
.flowchart marker path { fill: currentColor }`;

interface Box {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
}

/** SVG of a flowchart in the colors of the page. Its text is that of the edges. */
export async function drawing({ nodes, edges }: Flowchart): Promise<string> {
  const chart: ElkNode = {
    id: "flowchart",
    layoutOptions: OPTIONS,
    children: [...nodes].map(([id, lines]) => ({ id, ...sizeOf(lines, 9) })),
    edges: edges.map(
      ({ from, to, label }, index): ElkExtendedEdge => ({
        id: String(index),
        sources: [from],
        targets: [to],
        labels: label.length > 0 ? [{ text: label.join("\n"), ...sizeOf(label, 3) }] : [],
      }),
    ),
  };
  const graph = await new Elk().layout(chart);
  const paths = (graph.edges ?? []).map(({ sections = [], labels = [] }) => [
    ...sections.map(({ startPoint, bendPoints = [], endPoint }) => {
      const points = [startPoint, ...bendPoints, endPoint].map(({ x, y }) => `${x},${y}`);
      return `<polyline points="${points.join(" ")}" marker-end="url(#arrow)"/>`;
    }),
    ...labels.map((label) => box(label, (label.text ?? "").split("\n"), "back")),
  ]);
  const boxes = (graph.children ?? []).map((child) => box(child, nodes.get(child.id) ?? [], "node"));
  const nameOf = (id: string) => (nodes.get(id) ?? [id]).join(" ");
  const told = edges.map(({ from, to, label }) => `${nameOf(from)} to ${nameOf(to)}${label.length > 0 ? `: ${label.join(", ")}` : ""}`);
  const { width = 0, height = 0 } = graph;
  const size = `width="${width}" viewBox="0 0 ${width} ${height}" style="max-width: max(100%, ${Math.round(width * SMALLEST)}px)"`;
  return `<figure class="flowchart" tabindex="0"><svg role="img" aria-label="${escaped(told.join("; "))}" ${size}>
<style>${STYLE}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 8,4 0,8z"/></marker></defs>
${[...paths.flat(), ...boxes].join("\n")}
</svg></figure>`;
}

function sizeOf(lines: readonly string[], padding: number) {
  return { width: Math.max(...lines.map(({ length }) => length)) * CHARACTER + 2 * padding, height: lines.length * LINE + 2 * padding };
}

/** Box with lines of text in its middle. */
function box({ x = 0, y = 0, width = 0, height = 0 }: Box, lines: readonly string[], kind: string): string {
  const top = y + height / 2 - ((lines.length - 1) * LINE) / 2 + FONT / 3;
  const texts = lines.map((line, index) => `<text x="${x + width / 2}" y="${top + index * LINE}">${escaped(line)}</text>`);
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>${texts.join("")}`;
}
