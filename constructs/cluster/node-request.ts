import type { NodePool } from "../capacity";
import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import { type Architecture, allocatable, type Generation, generationNames, instanceTypes, type NodeShape } from "./instances";

/** Number of nodes, fixed (`3`) or a range (`{ min: 3, max: 9 }`). */
export type NodeCount = number | { readonly min: number; readonly max: number };

/** Requested resources of a node. EC2 offers 2, 4, 8, 16, 32 or 64 cores with 2, 4 or 8 GiB for each. */
export interface NodeRequest {
  readonly cpu: Cores;
  readonly memory: Bytes;

  /** Size of its disk, for images, logs and scratch space. Volumes of pods are additional. */
  readonly storage: Bytes;

  /** @default "amd64" */
  readonly architecture?: Architecture;

  /**
   * Generations of instances to exclude: `["7a"]`, if a zone doesn't offer it. EKS can't create a group if one of its types is not offered.
   * @default - none
   */
  readonly excludeGenerations?: readonly Generation[];
}

/** A problem of one property of the request. */
export type PropertyProblem = Omit<Problem, "path"> & { readonly property: string };

/** Disk limits in GiB: the maximum of EBS gp3, and the minimum for images and logs of a node. */
const DISK = { min: 20, max: 16_384 } as const;

const GI = 2 ** 30;

/** Converts a request to the units of EC2. */
export function shapeOf({ cpu, memory, architecture = "amd64", excludeGenerations: without = [] }: NodeRequest): NodeShape {
  return { millicores: known(millicores(cpu)), memoryBytes: known(bytes(memory)), architecture, excludeGenerations: without };
}

/** Requested disk size in the unit of EBS. */
export function diskGib(node: NodeRequest): number {
  return known(bytes(node.storage)) / GI;
}

/** Number of nodes by zone, the first zones first: five on three zones are two, two and one. A zone without nodes has no group. */
export function spread(nodes: NodeCount, zones: readonly string[]) {
  const { min, max } = limits(nodes);
  const share = (count: number, index: number) => Math.floor(count / zones.length) + (index < count % zones.length ? 1 : 0);
  return zones
    .map((zone, index) => ({ zone, nodes: { min: share(min, index), max: share(max, index) } }))
    .filter((group) => group.nodes.max > 0);
}

/** Allocatable resources of the nodes by zone, before a scaler adds any. */
export function nodePool(nodes: NodeCount, node: NodeRequest, zones: readonly string[]): NodePool {
  const filled = spread(nodes, zones).filter((group) => group.nodes.min > 0);
  return { zones: Object.fromEntries(filled.map((group) => [group.zone, group.nodes.min])), node: allocatable(shapeOf(node)) };
}

/** Problems of requested nodes. */
export function nodeProblems({
  nodes,
  node,
  x86Only,
}: {
  readonly nodes: NodeCount;
  readonly node: NodeRequest;
  readonly x86Only?: string;
}): readonly PropertyProblem[] {
  const types = instanceTypes(shapeOf(node));
  const found: PropertyProblem[] = [];
  if ("rule" in types) found.push({ property: "node", value: `${known(millicores(node.cpu)) / 1000} cores with ${node.memory}`, ...types });
  if (x86Only && shapeOf(node).architecture !== "amd64") {
    found.push({ property: "node.architecture", value: node.architecture, rule: `is not possible: ${x86Only}`, remedy: 'use "amd64"' });
  }
  const generation = generationProblem(shapeOf(node));
  if (generation) found.push({ property: "node.excludeGenerations", ...generation });
  const disk = diskProblem(diskGib(node));
  if (disk) found.push({ property: "node.storage", value: node.storage, ...disk });
  const { min, max } = limits(nodes);
  if (![min, max].every((count) => Number.isInteger(count) && count >= 1) || min > max) {
    found.push({
      property: "nodes",
      value: nodes,
      rule: "must be a valid number of nodes",
      remedy: "use a whole number of 1 or more, or { min, max }",
    });
  }
  return found;
}

function generationProblem({ architecture, excludeGenerations: without = [] }: NodeShape): Omit<Problem, "path"> | undefined {
  const names = generationNames(architecture);
  const foreign = without.find((name) => !names.includes(name));
  if (foreign)
    return { value: foreign, rule: `is not an instance generation of ${architecture}`, remedy: `use some of ${names.join(", ")}` };
  return names.every((name) => without.includes(name))
    ? { value: without, rule: "leaves no type that a node could be", remedy: `keep one of ${names.join(", ")}` }
    : undefined;
}

function limits(nodes: NodeCount): { readonly min: number; readonly max: number } {
  return typeof nodes === "number" ? { min: nodes, max: nodes } : nodes;
}

function diskProblem(gib: number): { readonly rule: string; readonly remedy: string } | undefined {
  if (!Number.isInteger(gib)) return { rule: "must be a whole number of GiB, the unit of EBS", remedy: 'use one like "100Gi"' };
  if (gib < DISK.min) return { rule: "is too small for images and logs", remedy: `use ${DISK.min}Gi or more` };
  return gib > DISK.max ? { rule: "is more than a gp3 disk holds", remedy: `use at most ${DISK.max / 1024}Ti` } : undefined;
}
