import type { NodeRoom } from "../capacity";
import type { Unreadable } from "../core/quantities";

/** Processor architecture, as Kubernetes names it. Graviton is `arm64`. */
export type Architecture = "amd64" | "arm64";

/** Required resources of a node. */
export interface NodeShape {
  /** CPU in thousandths of a core. */
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly architecture: Architecture;

  /**
   * Generations of instance types to exclude.
   * @default - none
   */
  readonly excludeGenerations?: readonly Generation[];
}

const GI = 2 ** 30;
const MI = 2 ** 20;

/** Families by memory for each core: compute, general purpose, memory (EC2, instance types). */
const FAMILIES = [
  { letter: "c", gibPerCore: 2 },
  { letter: "m", gibPerCore: 4 },
  { letter: "r", gibPerCore: 8 },
] as const;

/**
 * Current generations, in order of preference; each exists in every size below and every family above. Volumes have dedicated slots, or
 * share slots with network interfaces (aws-ebs-csi-driver 1.64, volume limits).
 */
const GENERATIONS = {
  amd64: [
    { name: "7i", slots: "own" },
    { name: "7a", slots: "own" },
    { name: "6i", slots: "shared" },
    { name: "6a", slots: "shared" },
  ],
  arm64: [
    { name: "8g", slots: "own" },
    { name: "7g", slots: "shared" },
    { name: "6g", slots: "shared" },
  ],
} as const satisfies Readonly<Record<Architecture, readonly { readonly name: string; readonly slots: "own" | "shared" }[]>>;

/** A generation of instance types, as in their names: `7a` in `m7a.xlarge`. */
export type Generation = (typeof GENERATIONS)[Architecture][number]["name"];

/**
 * Sizes by cores. `leftMillicores` and `eniPods` are what nodeadm computes (amazon-eks-ami 2026-07-24): it reserves 6% of the first core,
 * 1% of the second, 0.5% of the next two and 0.25% of the rest; the number of pods follows the ENI formula for the generations above,
 * and reserved memory depends on it. `enis` is the number of interfaces in that formula, `slots` the number of volumes of types with
 * dedicated slots.
 */
const SIZES = [
  { cores: 2, name: "large", leftMillicores: 1930, eniPods: 29, enis: 3, slots: 32 },
  { cores: 4, name: "xlarge", leftMillicores: 3920, eniPods: 58, enis: 4, slots: 32 },
  { cores: 8, name: "2xlarge", leftMillicores: 7910, eniPods: 58, enis: 4, slots: 32 },
  { cores: 16, name: "4xlarge", leftMillicores: 15_890, eniPods: 234, enis: 8, slots: 32 },
  { cores: 32, name: "8xlarge", leftMillicores: 31_850, eniPods: 234, enis: 8, slots: 32 },
  { cores: 64, name: "16xlarge", leftMillicores: 63_770, eniPods: 737, enis: 15, slots: 48 },
] as const;

/** Shared slots of a Nitro instance for volumes and network interfaces (EC2, volume limits). */
const SHARED_SLOTS = 28;

/**
 * Maximum pods of a node with prefix delegation: the recommendation of EKS, for any number of addresses (EKS, choosing an instance type).
 */
const PODS = { small: 110, large: 250, largeFromCores: 30 } as const;

/** Share of an instance type's nominal memory that the hypervisor uses, in Karpenter's estimate. */
const HYPERVISOR = 0.075;

/** Reserved memory in MiB: for kubelet and container runtime, for each pod of the ENI formula, and for eviction (nodeadm). */
const KEPT_MEMORY = { base: 255, perPod: 11, eviction: 100 } as const;

/** Instance types with exactly this shape, in order of preference, or the reason why there is none. */
export function instanceTypes(shape: NodeShape): readonly string[] | Unreadable {
  const size = sizeOf(shape);
  const family = FAMILIES.find(({ gibPerCore }) => size && shape.memoryBytes === size.cores * gibPerCore * GI);
  if (!size || !family) return { rule: "is not a size that EC2 offers", remedy: nearest(shape) };
  return generations(shape).map((generation) => `${family.letter}${generation.name}.${size.name}`);
}

/** Names of the generations for nodes of an architecture, in order of preference. */
export function generationNames(architecture: Architecture): readonly Generation[] {
  return GENERATIONS[architecture].map(({ name }) => name);
}

/** Allocatable resources of a node with a shape that EC2 offers, for the smallest of its types. */
export function allocatable(shape: NodeShape): NodeRoom {
  const size = sizeOf(shape);
  if (!size) throw new Error(`${shape.millicores}m is not a size that EC2 offers`);
  const { base, perPod, eviction } = KEPT_MEMORY;
  const memory = Math.floor((shape.memoryBytes / MI) * (1 - HYPERVISOR)) - base - perPod * size.eniPods - eviction;
  // One slot is used by the node's own disk. All interfaces are counted, although with prefix delegation a node rarely has a second.
  const volumes = generations(shape).map(({ slots }) => (slots === "own" ? size.slots : SHARED_SLOTS - size.enis) - 1);
  return { millicores: size.leftMillicores, memoryBytes: memory * MI, pods: podsOn(size.cores), volumes: Math.min(...volumes) };
}

/** Maximum pods (`maxPods`) of a node with this many cores. */
export function podsOn(cores: number): number {
  return cores < PODS.largeFromCores ? PODS.small : PODS.large;
}

function generations({ architecture, excludeGenerations: without = [] }: NodeShape) {
  return GENERATIONS[architecture].filter(({ name }) => !without.includes(name));
}

function sizeOf({ millicores }: NodeShape) {
  return SIZES.find(({ cores }) => cores * 1000 === millicores);
}

function nearest({ millicores, memoryBytes }: NodeShape): string {
  const offers = SIZES.flatMap(({ cores }) => FAMILIES.map(({ gibPerCore }) => ({ cores, gib: cores * gibPerCore })));
  const times = (one: number, other: number) => Math.abs(Math.log(one / other));
  // By ratio, so that 3 cores are as near to 2 as to 4; memory for each core counts as much as cores.
  const distance = ({ cores, gib }: { cores: number; gib: number }) =>
    times(cores * 1000, millicores) + times(gib * GI, memoryBytes) + times((gib * GI) / (cores * 1000), memoryBytes / millicores);
  const [first, second] = [...offers].sort((one, other) => distance(one) - distance(other));
  const show = (offer: typeof first) => `${offer?.cores} cores with ${offer?.gib}Gi`;
  return `use ${show(first)} or ${show(second)}`;
}
