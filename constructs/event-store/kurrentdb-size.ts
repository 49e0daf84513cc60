import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import type { Quota } from "../kubernetes";
import type { Size } from "../sizing";

/** What a node of each size has. */
export interface NodeSize {
  readonly nodes: 1 | 3 | 5;
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly storage: Bytes;
}

/**
 * After the vendor's sizes of managed clusters (2026-02): 2 vCPU and 8 GiB hold about a million streams, 4 and 16 GiB six.
 * From `small` to the others a backup is restored into a new store, from `medium` to `large` nodes and disks grow.
 */
export const SIZES: Readonly<Record<Size, NodeSize>> = {
  small: { nodes: 1, cpu: "500m", memory: "2Gi", storage: "20Gi" },
  medium: { nodes: 3, cpu: 1, memory: "8Gi", storage: "100Gi" },
  large: { nodes: 3, cpu: 3, memory: "12Gi", storage: "500Gi" },
};

/** What is said of a KurrentDB's nodes; the rest is its size's. */
export interface Sized extends Partial<Omit<NodeSize, "nodes">> {
  /** @default "medium" */
  readonly size?: Size;
  readonly nodes?: number;
}

export function nodeSize({ size = "medium", nodes, cpu, memory, storage }: Sized): NodeSize {
  const said = Object.fromEntries(Object.entries({ nodes, cpu, memory, storage }).filter(([, value]) => value !== undefined));
  return { ...SIZES[size], ...said };
}

/** Every job at once, and once more for one that is repeated. */
const JOBS = { pods: 10, millicores: 100, mebibytes: 640 } as const;

/** What the namespace of a KurrentDB has to allow, for nodes and jobs together. */
export function kurrentDbQuota(sized: Sized): Quota {
  const { nodes, cpu, memory } = nodeSize(sized);
  const mebibytes = Math.ceil((nodes * known(bytes(memory))) / 2 ** 20) + JOBS.mebibytes;
  return { cpu: `${nodes * known(millicores(cpu)) + JOBS.millicores}m`, memory: `${mebibytes}Mi`, pods: nodes + JOBS.pods, volumes: nodes };
}
