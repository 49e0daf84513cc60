import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import type { Quota } from "../kubernetes";
import type { Size } from "../sizing";

/** Resources of each size. */
export interface NodeSize {
  readonly nodes: 1 | 3 | 5;
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly storage: Bytes;
}

/**
 * Based on the vendor's managed clusters (2026-02): 2 vCPU and 8 GiB hold about a million streams, 4 and 16 GiB six million. Moving from
 * `small` to another size takes a restore into a new store; from `medium` to `large` nodes and disks grow in place.
 */
export const SIZES: Readonly<Record<Size, NodeSize>> = {
  small: { nodes: 1, cpu: "500m", memory: "2Gi", storage: "20Gi" },
  medium: { nodes: 3, cpu: 1, memory: "8Gi", storage: "100Gi" },
  large: { nodes: 3, cpu: 3, memory: "12Gi", storage: "500Gi" },
};

/** Settings of a KurrentDB's nodes; omitted ones come from the size. */
export interface Sized extends Partial<Omit<NodeSize, "nodes">> {
  /** @default "medium" */
  readonly size?: Size;
  readonly nodes?: number;
}

/** Size of the nodes of KurrentDB: that of the environment's size, with what is set. */
export function nodeSize({ size = "medium", nodes, cpu, memory, storage }: Sized): NodeSize {
  const said = Object.fromEntries(Object.entries({ nodes, cpu, memory, storage }).filter(([, value]) => value !== undefined));
  return { ...SIZES[size], ...said };
}

/** All jobs at the same time, plus one retry. */
const JOBS = { pods: 10, millicores: 100, mebibytes: 640 } as const;

/** Returns the resource quota that the namespace of a KurrentDB needs, for nodes and jobs together. */
export function kurrentDbQuota(sized: Sized): Quota {
  const { nodes, cpu, memory } = nodeSize(sized);
  const mebibytes = Math.ceil((nodes * known(bytes(memory))) / 2 ** 20) + JOBS.mebibytes;
  return { cpu: `${nodes * known(millicores(cpu)) + JOBS.millicores}m`, memory: `${mebibytes}Mi`, pods: nodes + JOBS.pods, volumes: nodes };
}
