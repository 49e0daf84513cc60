import type { NodeRoom } from "../capacity";
import type { Unreadable } from "../core/quantities";

/** The processor's architecture, as Kubernetes names it. Graviton is `arm64`. */
export type Architecture = "amd64" | "arm64";

/** What a node is to have. */
export interface NodeShape {
  /** In thousandths. */
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly architecture: Architecture;

  /**
   * Generations whose types are left out.
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
 * Current generations, the preferred one first; each exists in every size below and every family above. Volumes have
 * slots of their own, or share them with network interfaces (aws-ebs-csi-driver 1.64, volume limits).
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

/** A generation of instance types, as it stands in their names: `7a` in `m7a.xlarge`. */
export type Generation = (typeof GENERATIONS)[Architecture][number]["name"];

/**
 * Sizes by cores. `leftMillicores` and `eniPods` are what nodeadm computes (amazon-eks-ami 2026-07-24):
 * 6 % of the first core, 1 % of the second, 0.5 % of the next two and 0.25 % of the rest are kept;
 * pods by the ENI formula of the generations above, on which the memory that is kept depends.
 * `enis` is what that formula counts with, `slots` what types with slots of their own have for volumes.
 */
const SIZES = [
  { cores: 2, name: "large", leftMillicores: 1930, eniPods: 29, enis: 3, slots: 32 },
  { cores: 4, name: "xlarge", leftMillicores: 3920, eniPods: 58, enis: 4, slots: 32 },
  { cores: 8, name: "2xlarge", leftMillicores: 7910, eniPods: 58, enis: 4, slots: 32 },
  { cores: 16, name: "4xlarge", leftMillicores: 15_890, eniPods: 234, enis: 8, slots: 32 },
  { cores: 32, name: "8xlarge", leftMillicores: 31_850, eniPods: 234, enis: 8, slots: 32 },
  { cores: 64, name: "16xlarge", leftMillicores: 63_770, eniPods: 737, enis: 15, slots: 48 },
] as const;

/** Slots of a Nitro instance for volumes and network interfaces together (EC2, volume limits). */
const SHARED_SLOTS = 28;

/** Pods on a node with prefix delegation: EKS advises no more, whatever addresses there are (EKS, choosing an instance type). */
const PODS = { small: 110, large: 250, largeFromCores: 30 } as const;

/** What a hypervisor takes of the memory that a type is sold with, as Karpenter reckons. */
const HYPERVISOR = 0.075;

/** Memory kept for kubelet and container runtime, for each pod of the ENI formula, and for eviction, in MiB (nodeadm). */
const KEPT_MEMORY = { base: 255, perPod: 11, eviction: 100 } as const;

/** The instance types that offer exactly a shape, the preferred first; or why none does. */
export function instanceTypes(shape: NodeShape): readonly string[] | Unreadable {
  const size = sizeOf(shape);
  const family = FAMILIES.find(({ gibPerCore }) => size && shape.memoryBytes === size.cores * gibPerCore * GI);
  if (!size || !family) return { rule: "is not a size that EC2 offers", remedy: nearest(shape) };
  return generations(shape).map((generation) => `${family.letter}${generation.name}.${size.name}`);
}

/** The names of the generations that nodes of an architecture are made of, the preferred one first. */
export function generationNames(architecture: Architecture): readonly Generation[] {
  return GENERATIONS[architecture].map(({ name }) => name);
}

/** What is left to pods of a node of a shape that EC2 offers, in the smallest of its types. */
export function allocatable(shape: NodeShape): NodeRoom {
  const size = sizeOf(shape);
  if (!size) throw new Error(`${shape.millicores}m is not a size that EC2 offers`);
  const { base, perPod, eviction } = KEPT_MEMORY;
  const memory = Math.floor((shape.memoryBytes / MI) * (1 - HYPERVISOR)) - base - perPod * size.eniPods - eviction;
  // One slot is its own disk's. Interfaces count in full, though with blocks of addresses a node rarely has a second.
  const volumes = generations(shape).map(({ slots }) => (slots === "own" ? size.slots : SHARED_SLOTS - size.enis) - 1);
  return { millicores: size.leftMillicores, memoryBytes: memory * MI, pods: podsOn(size.cores), volumes: Math.min(...volumes) };
}

/** How many pods a node of so many cores is told to take. */
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
  // By ratio, so that 3 cores are as near to 2 as to 4; memory for each core counts as much as either.
  const distance = ({ cores, gib }: { cores: number; gib: number }) =>
    times(cores * 1000, millicores) + times(gib * GI, memoryBytes) + times((gib * GI) / (cores * 1000), memoryBytes / millicores);
  const [first, second] = [...offers].sort((one, other) => distance(one) - distance(other));
  const show = (offer: typeof first) => `${offer?.cores} cores with ${offer?.gib}Gi`;
  return `use ${show(first)} or ${show(second)}`;
}
