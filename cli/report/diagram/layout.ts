import type { ELK, ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api";
import { Refused } from "../../refused";
import type { Area, Diagram, Shape } from "./parts";
import { HEADER, headerHeight, widthOf } from "./text";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Diagram with the positions of everything in it. */
export interface Layout {
  readonly width: number;
  readonly height: number;

  /** Boxes of areas and shapes, by their ids. */
  readonly boxes: ReadonlyMap<string, Box>;

  /** Path of each connection, in the order of the diagram. */
  readonly paths: readonly (readonly Point[])[];
}

const SHAPE_HEIGHT = 46;

/** Width that a page of 1,440 pixels shows at the smallest legible scale. A wider diagram has its layers from top to bottom. */
const WIDEST = 1400;

/** Options of ELK (Eclipse Layout Kernel, reference): layers in one direction, right-angled lines, in the order of the model. */
const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.randomSeed": "1",
  "elk.padding": "[top=8,left=8,bottom=8,right=8]",
  "elk.spacing.nodeNode": "16",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "9",
  "elk.layered.spacing.nodeNodeBetweenLayers": "44",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
} as const;

/** Positions of a diagram's parts. The same diagram always has the same layout. @throws Refused if elkjs isn't installed */
export async function layoutOf({ areas, connections }: Diagram): Promise<Layout> {
  const laidOut = (direction: "RIGHT" | "DOWN"): Promise<ElkNode> => {
    // A copy, because elkjs ignores arrays of another realm.
    const edges = [...connections].map(({ from, to }, index): ElkExtendedEdge => ({ id: String(index), sources: [from], targets: [to] }));
    const layoutOptions = { ...OPTIONS, "elk.direction": direction };
    return kernel().layout({ id: "root", layoutOptions, children: areas.map(nodeOf), edges });
  };
  const across = await laidOut("RIGHT");
  const root = (across.width ?? 0) > WIDEST ? narrower(across, await laidOut("DOWN")) : across;
  const boxes = new Map<string, Box>();
  collect(root, { x: 0, y: 0 }, boxes);
  return { width: root.width ?? 0, height: root.height ?? 0, boxes, paths: (root.edges ?? []).map((edge) => pathOf(edge, boxes)) };
}

function narrower(one: ElkNode, other: ElkNode): ElkNode {
  return (other.width ?? 0) < (one.width ?? 0) ? other : one;
}

/** ELK, loaded for reports only: it is an optional peer dependency. */
function kernel(): ELK {
  try {
    const Kernel = require("elkjs/lib/elk.bundled.js") as new () => ELK;
    return new Kernel();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Refused("elkjs: is not installed, and report needs it to draw diagrams; run npm install --save-dev elkjs");
  }
}

function nodeOf(area: Area): ElkNode {
  const { id, areas, shapes } = area;
  const width = widthOf(area);
  const height = headerHeight(area);
  return {
    id,
    width,
    height: height + HEADER.padding,
    layoutOptions: {
      "elk.padding": `[top=${height},left=14,bottom=14,right=14]`,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": `(${width},${height + HEADER.padding})`,
    },
    children: [...areas.map(nodeOf), ...shapes.map((shape: Shape) => ({ id: shape.id, width: widthOf(shape), height: SHAPE_HEIGHT }))],
  };
}

function collect(node: ElkNode, { x, y }: Point, boxes: Map<string, Box>): void {
  const box = { x: x + (node.x ?? 0), y: y + (node.y ?? 0), width: node.width ?? 0, height: node.height ?? 0 };
  boxes.set(node.id, box);
  for (const child of node.children ?? []) collect(child, box, boxes);
}

/** Points of an edge, which ELK gives relative to the area that contains both ends. */
function pathOf(edge: ElkExtendedEdge, boxes: ReadonlyMap<string, Box>): readonly Point[] {
  const { container = "root" } = edge as ElkExtendedEdge & { readonly container?: string };
  const { x, y } = boxes.get(container) ?? { x: 0, y: 0 };
  return (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map((point) => ({ x: x + point.x, y: y + point.y })),
  );
}
