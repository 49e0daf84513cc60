import type { Bytes, Cores } from "../core/quantities";
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
 * From `small` to the others events are copied by a backup and a restore, from `medium` to `large` nodes and disks grow.
 */
export const SIZES: Readonly<Record<Size, NodeSize>> = {
  small: { nodes: 1, cpu: "500m", memory: "2Gi", storage: "20Gi" },
  medium: { nodes: 3, cpu: 1, memory: "8Gi", storage: "100Gi" },
  large: { nodes: 3, cpu: 3, memory: "12Gi", storage: "500Gi" },
};
